/** `probe rules`: the alert rules of this package, made to measure for a config. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { z } from 'zod';
import { systemClock } from '../../core/clock.ts';
import { checked, readText } from '../../core/config.ts';
import { folderAt, openPlaces } from '../../core/places.ts';
import type { Io } from '../../core/program.ts';
import { writeTextfile } from '../../core/textfile.ts';
import { checksFile, detectionTable, ruleFiles, runbooks, withRunbooks } from '../rules.ts';
import { configOption, planIn } from './config-option.ts';

const settings = z.strictObject({
  config: z.string().min(1),
  out: z.string().min(1),
  runbooks: z
    .string()
    .regex(/^[^\s#"'{}]+$/, 'must be an address without spaces, quotes, braces and #')
    .default(runbooks),
});

/** Beside `src` and beside `dist` alike. */
const ours = fileURLToPath(new URL('../../../dashboards/rules/', import.meta.url));

const examples = `
Objectives, intervals and severities are metrics, so the rules are the same for everybody; checks.yml is yours alone: it
misses checks that are configured and not measured. Printed is how soon an outage is told.

Examples:
  glm-testkit probe rules -o rules
  glm-testkit probe rules -c probe.yaml -o /etc/prometheus/rules --runbooks https://wiki.example/glm-alerts`;

export const rulesCommand = (io: Io): Command =>
  new Command('rules')
    .description('write Prometheus alert rules for your checks')
    .addOption(configOption())
    .requiredOption('-o, --out <folder>', 'where to write')
    .option('--runbooks <url>', 'where the paragraph of every alert is kept (default: dashboards/README.md)')
    .addHelpText('after', examples)
    .action((flags: Record<string, unknown>) => rulesVerb(flags, io));

async function rulesVerb(flags: Record<string, unknown>, io: Io): Promise<void> {
  const given = checked(settings, flags, 'options');
  const { checks } = await planIn(given.config);
  const nowMs = systemClock.wall();
  openPlaces({ out: folderAt(given.out) });
  const write = (file: string, text: string) => {
    writeTextfile(join(given.out, file), withRunbooks(text, given.runbooks));
    io.out(`${join(given.out, file)}\n`);
  };
  for (const file of ruleFiles) write(file, readText(join(ours, file)));
  write('checks.yml', checksFile(checks, nowMs));
  io.out(`\n${detectionTable(checks, nowMs)}`);
}
