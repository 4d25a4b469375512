/** `glm-testkit probe …`: describes the verbs and hands over. */
import { Command } from 'commander';
import type { Io } from '../core/program.ts';
import { checkCommand } from './verbs/check.ts';
import { dashboardsCommand } from './verbs/dashboards.ts';
import { doctorCommand } from './verbs/doctor.ts';
import { explainCommand } from './verbs/explain.ts';
import { initCommand } from './verbs/init.ts';
import { pageCommand } from './verbs/page.ts';
import { rulesCommand } from './verbs/rules.ts';
import { schemaCommand } from './verbs/schema.ts';
import { serveCommand } from './verbs/serve.ts';
import { statusCommand } from './verbs/status.ts';
import { validateCommand } from './verbs/validate.ts';

const verbs = [
  initCommand,
  validateCommand,
  checkCommand,
  serveCommand,
  statusCommand,
  pageCommand,
  dashboardsCommand,
  rulesCommand,
  explainCommand,
  doctorCommand,
  schemaCommand,
] as const;

export const command = (io: Io): Command => {
  const probe = new Command('probe').description('check a GLM endpoint: is it well, and if not, whose fault is it');
  for (const verb of verbs) probe.addCommand(verb(io));
  return probe;
};
