/** `glm-testkit load capacity`: the highest load that keeps an SLO, and the account's own ceiling. */
import { Command } from 'commander';
import { checked } from '../../core/config.ts';
import { UsageError } from '../../core/errors.ts';
import { exitCodes, type Io, stoppedByHangup } from '../../core/program.ts';
import { configKeys } from '../../core/spelling.ts';
import { readLoadConfig } from '../config.ts';
import { allOf } from '../mistakes.ts';
import { findCapacity } from '../search/capacity.ts';
import { findLimit } from '../search/limit.ts';
import { refuseIdleFlags, refuseLevels, type SearchConfig, searchSchema } from '../search/settings.ts';
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
  const { search, load } = readSearch(configKeys(flags), io);
  const answer = await (search.find_limit ? findLimit : findCapacity)(load.plan, search, io);
  if (answer === undefined) io.err('stopped before the search had an answer\n');
  else io.out(load.config.json ? `${JSON.stringify(answer.result, null, 2)}\n` : `${answer.text}\n`);
  io.exitWith(answer?.code ?? exitCodes.unmeasurable);
}

/** @throws {UsageError} with the mistakes of the search and those of the load */
function readSearch(given: Record<string, unknown>, { env }: Io) {
  const names = Object.keys(searchSchema.shape);
  const own = Object.fromEntries(Object.entries(given).filter(([key]) => names.includes(key)));
  const rest = Object.fromEntries(Object.entries(given).filter(([key]) => !names.includes(key)));
  // The levels are the search's own, whatever a file says; that they are rates decides which driver can make them.
  const rate = own.by === 'rate' && own.find_limit !== true ? '1' : undefined;
  const read = allOf({
    search: () => levelsIn(own),
    load: () => readLoadConfig({ ...rest, rate, trace: undefined, calibrate: false }, env),
    idle: () => refuseIdleFlags(given),
    // A file may bring one.
    slo: () => refuseNoSlo(own.find_limit === true || given.config !== undefined || given.slo !== undefined),
  });
  refuseNoSlo(read.search.find_limit || read.load.plan.slo.length > 0);
  return read;
}

function levelsIn(own: Record<string, unknown>): SearchConfig {
  const search = checked(searchSchema, own, 'options');
  refuseLevels(search);
  return search;
}

function refuseNoSlo(there: boolean): void {
  if (there) return;
  throw new UsageError(
    'no_slo',
    'capacity needs --slo, what a good request keeps: for example ttft_content<800ms,tpot<50ms',
  );
}
