/** `glm-testkit load capacity`: the highest load that keeps an SLO, and the account's own ceiling. */
import { Command } from 'commander';
import { checked } from '../../core/config.ts';
import { UsageError } from '../../core/errors.ts';
import { exitCodes, type Io, stoppedByHangup } from '../../core/program.ts';
import { configKeys } from '../../core/spelling.ts';
import { readLoadConfig } from '../config.ts';
import { findCapacity } from '../search/capacity.ts';
import { findLimit } from '../search/limit.ts';
import { refuseLevels, searchSchema } from '../search/settings.ts';
import { targetFlags } from './flags.ts';

export const capacityCommand = (io: Io) =>
  targetFlags(new Command('capacity').description('find the highest load that keeps an SLO'))
    .option('--slo <limits>', 'what a good request keeps, such as ttft_content<800ms,tpot<50ms')
    .option('--by <what>', 'concurrency (default) or rate')
    .option('--from <level>', 'first level, requests under way or per second (default: 1)')
    .option('--to <level>', 'highest level that may be tried (default: 256)')
    .option('--attainment <share>', 'of requests that must be good (default: 95%)')
    .option('--precision <share>', 'how close the answer has to be (default: 5%)')
    .option('--find-limit', 'find the account’s limit of requests in flight instead, with requests of one token, or 64')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Exit code: 0 an answer was found, 1 not even the first level keeps the SLO, 2
wrong usage, 3 unclear.

Examples:
  glm-testkit load capacity --url http://127.0.0.1:4010/api/paas/v4 \\
    --model glm-4.6 --slo 'ttft_content<800ms' --to 64
  glm-testkit load capacity --url http://127.0.0.1:4010/api/paas/v4 \\
    --model glm-4.6 --find-limit --to 100`,
    )
    .action(flags => runCapacity(flags, stoppedByHangup(io)));

async function runCapacity(flags: Record<string, unknown>, io: Io): Promise<void> {
  const given = configKeys(flags);
  const names = Object.keys(searchSchema.shape);
  const own = Object.fromEntries(Object.entries(given).filter(([key]) => names.includes(key)));
  const rest = Object.fromEntries(Object.entries(given).filter(([key]) => !names.includes(key)));
  const search = checked(searchSchema, own, 'options');
  refuseLevels(search);
  // The levels are the search's own; that they are rates decides which driver can make them.
  const rate = search.by === 'rate' && !search.find_limit ? { rate: String(search.from) } : {};
  const { config, plan } = readLoadConfig({ ...rest, ...rate, calibrate: false }, io.env);
  if (!search.find_limit && plan.slo.length === 0)
    throw new UsageError(
      'no_slo',
      'capacity needs --slo, what a good request keeps: for example ttft_content<800ms,tpot<50ms',
    );
  const answer = await (search.find_limit ? findLimit : findCapacity)(plan, search, io);
  if (answer === undefined) io.err('stopped before the search had an answer\n');
  else io.out(config.json ? `${JSON.stringify(answer.result, null, 2)}\n` : `${answer.text}\n`);
  io.exitWith(answer?.code ?? exitCodes.unmeasurable);
}
