/** `probe status`: how everything is, in the terminal, out of the state file. */
import { Command } from 'commander';
import { z } from 'zod';
import { checked } from '../../core/config.ts';
import { exitCodes, type Io } from '../../core/program.ts';
import type { Overview } from '../overview.ts';
import { statusReport } from '../report/status.ts';
import { configOption, overviewIn } from './config-option.ts';

const settings = z.strictObject({ config: z.string().min(1), json: z.boolean().default(false) });

const examples = `
Exit code: 0 nothing is down, 1 something is, 2 wrong usage, 3 of something nothing is known, or there is no state yet.

Examples:
  glm-testkit probe status
  glm-testkit probe status -c probe.yaml --json`;

export const statusCommand = (io: Io): Command =>
  new Command('status')
    .description('how the checks of serve are, as bars')
    .addOption(configOption())
    .option('--json', 'print JSON')
    .addHelpText('after', examples)
    .action((flags: Record<string, unknown>) => statusVerb(flags, io));

async function statusVerb(flags: Record<string, unknown>, io: Io): Promise<void> {
  const { config, json } = checked(settings, flags, 'options');
  const overview = await overviewIn(config, io);
  if (overview === undefined) return;
  io.out(json ? `${JSON.stringify(overview, null, 2)}\n` : statusReport(overview));
  io.exitWith(exitCodeOf(overview));
}

function exitCodeOf({ checks }: Overview): number {
  if (checks.some(({ state }) => state === 'down')) return exitCodes.failed;
  return checks.some(({ state }) => state === 'unknown') ? exitCodes.unmeasurable : exitCodes.ok;
}
