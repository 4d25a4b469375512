/** `probe serve`: probes on a schedule until it is stopped. */
import { Command } from 'commander';
import { z } from 'zod';
import { onceAborted } from '../../core/aborted.ts';
import { systemClock } from '../../core/clock.ts';
import { checked } from '../../core/config.ts';
import { counted } from '../../core/counted.ts';
import { plainLines } from '../../core/one-line.ts';
import type { Io } from '../../core/program.ts';
import { createRandom, freshSeed } from '../../core/random.ts';
import { configKeys } from '../../core/spelling.ts';
import { systemReaders } from '../secret.ts';
import { serve } from '../serve.ts';
import { configOption } from './config-option.ts';

const settings = z.strictObject({
  config: z.string().min(1),
  seed: z.string().min(1).optional(),
  allow_open: z.boolean().default(false),
});

const examples = `
The file is read again on SIGHUP and when it changes; a wrong one is told of, and the old one stays.
Ctrl-C ends running runs as skipped and stops; the exit code is 0.

Examples:
  glm-testkit probe serve
  glm-testkit probe serve -c probe.yaml --seed 7`;

export const serveCommand = (io: Io): Command =>
  new Command('serve')
    .description('probe on a schedule; with metrics, a status page and notifications')
    .addOption(configOption('checks to run'))
    .option('--seed <text>', 'jitter and questions come from it (default: a new one, printed)')
    .option('--allow-open', 'let other machines read the page without a password')
    .addHelpText('after', examples)
    .action((flags: Record<string, unknown>) => serveVerb(flags, io));

async function serveVerb(given: Record<string, unknown>, io: Io): Promise<void> {
  const { config, seed = freshSeed(), allow_open: allowOpen } = checked(settings, configKeys(given), 'options');
  const say = (sentence: string) => io.err(`${new Date(systemClock.wall()).toISOString()} ${plainLines(sentence)}\n`);
  const readers = systemReaders(io.env);
  const serving = await serve({
    file: config,
    readers,
    clock: systemClock,
    random: createRandom(seed),
    say,
    allowOpen,
  });
  io.onHangup?.(() => void serving.reload());
  io.out(`probing: ${counted(serving.plan.checks.length, 'check')}, seed ${seed}, ${serving.url}\n`);
  await onceAborted(io.stop);
  await serving.close();
}
