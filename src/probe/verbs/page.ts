/** `probe page`: the status page as files that any web server can show. */
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { checked } from '../../core/config.ts';
import { folderAt, openPlaces } from '../../core/places.ts';
import type { Io } from '../../core/program.ts';
import { writeTextfile } from '../../core/textfile.ts';
import { pageOf } from '../page.ts';
import { configOption, overviewIn } from './config-option.ts';

const settings = z.strictObject({ config: z.string().min(1), out: z.string().min(1) });

const examples = `
Writes index.html and status.json, each as a whole: readers see the old one or the new one.
Exit code: 0 written, 2 wrong usage, 3 there is no state yet.

Examples:
  glm-testkit probe page -o public
  glm-testkit probe page -c probe.yaml -o /var/www/status`;

export const pageCommand = (io: Io): Command =>
  new Command('page')
    .description('write the status page as static files')
    .addOption(configOption())
    .requiredOption('-o, --out <folder>', 'where to write')
    .addHelpText('after', examples)
    .action((flags: Record<string, unknown>) => pageVerb(flags, io));

async function pageVerb(flags: Record<string, unknown>, io: Io): Promise<void> {
  const { config, out } = checked(settings, flags, 'options');
  const overview = await overviewIn(config, io);
  if (overview === undefined) return;
  openPlaces({ out: folderAt(out) });
  writeTextfile(join(out, 'index.html'), pageOf(overview));
  writeTextfile(join(out, 'status.json'), `${JSON.stringify(overview, null, 2)}\n`);
  io.out(`${join(out, 'index.html')}\n`);
}
