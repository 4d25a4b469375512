/** `probe dashboards`: the Grafana dashboards of this package, made to measure for a config. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { z } from 'zod';
import { systemClock } from '../../core/clock.ts';
import { checked, readText } from '../../core/config.ts';
import { folderAt, openPlaces } from '../../core/places.ts';
import type { Io } from '../../core/program.ts';
import { writeTextfile } from '../../core/textfile.ts';
import { type Dashboard, dashboardFiles, factsOf, tailored } from '../dashboards.ts';
import { configOption, planIn } from './config-option.ts';

const settings = z.strictObject({ config: z.string().min(1), out: z.string().min(1) });

/** Beside `src` and beside `dist` alike. */
const ours = fileURLToPath(new URL('../../../dashboards/', import.meta.url));

const examples = `
Windows become long enough for your intervals, and your objectives become lines. Grafana reads the files by provisioning:
they need no import, ask for no data source, and keep their addresses.

Examples:
  glm-testkit probe dashboards -o /var/lib/grafana/dashboards
  glm-testkit probe dashboards -c probe.yaml -o dashboards`;

export const dashboardsCommand = (io: Io): Command =>
  new Command('dashboards')
    .description('write Grafana dashboards for your checks')
    .addOption(configOption())
    .requiredOption('-o, --out <folder>', 'where to write')
    .addHelpText('after', examples)
    .action((flags: Record<string, unknown>) => dashboardsVerb(flags, io));

async function dashboardsVerb(flags: Record<string, unknown>, io: Io): Promise<void> {
  const { config, out } = checked(settings, flags, 'options');
  const { checks } = await planIn(config);
  const facts = factsOf(checks, systemClock.wall());
  openPlaces({ out: folderAt(out) });
  for (const file of dashboardFiles) {
    const dashboard = tailored(JSON.parse(readText(join(ours, file))) as Dashboard, facts);
    writeTextfile(join(out, file), `${JSON.stringify(dashboard, null, 2)}\n`);
    io.out(`${join(out, file)}\n`);
  }
}
