/** `glm-testkit load capacity`: the highest load that keeps an SLO, and the account's own ceiling. */
import { Command } from 'commander';
import { z } from 'zod';
import { checked } from '../../core/config.ts';
import { UsageError } from '../../core/errors.ts';
import { exitCodes, type Io, stoppedByHangup } from '../../core/program.ts';
import { configKeys } from '../../core/spelling.ts';
import { costOf } from '../budget.ts';
import { type CapacityResult, createSearch, type LevelReport } from '../capacity.ts';
import { readLoadConfig } from '../config.ts';
import { refusalOf } from '../findings/early-end.ts';
import { type Halt, isRefusal } from '../halt.ts';
import type { Interval } from '../interval.ts';
import { failuresOf } from '../ledger.ts';
import { createLimitFinder, type LimitReport, type LimitResult } from '../limit-finder.ts';
import { measure } from '../load.ts';
import { counted } from '../numbers.ts';
import type { LoadPlan } from '../plan.ts';
import { capacityText, limitText } from '../report/capacity.ts';
import type { Throughput } from '../result.ts';
import { tokensPerRead } from '../stats/per-second.ts';
import { throughputOf } from '../throughput.ts';
import { endedOf, type Total, totalOf } from '../total.ts';
import { windowsOf } from '../window.ts';
import { targetFlags } from './flags.ts';

const number = (what: string) => z.coerce.number(`must be ${what}`).positive(`must be ${what}`);
const share = z
  .string()
  .regex(/^\d{1,2}(\.\d+)?%$/, 'must be a percentage below 100 such as 95%')
  .transform(text => Number(text.slice(0, -1)) / 100)
  .refine(value => value > 0, 'must be above 0%');

const searchSchema = z.strictObject({
  by: z.enum(['concurrency', 'rate'], { error: 'knows only concurrency, rate' }).default('concurrency'),
  from: number('a number above 0').default(1),
  to: number('a number above 0').default(256),
  /** Share of requests that must keep the SLO. */
  attainment: share.prefault('95%'),
  precision: share.prefault('5%'),
  find_limit: z.boolean().default(false),
});

type SearchConfig = z.infer<typeof searchSchema>;

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
  const { config, plan } = readLoadConfig({ ...rest, calibrate: false }, io.env);
  if (search.find_limit) return findLimit(plan, search, config.json, io);
  if (plan.slo.length === 0)
    throw new UsageError(
      'no_slo',
      'capacity needs --slo, what a good request keeps: for example ttft_content<800ms,tpot<50ms',
    );
  return findCapacity(plan, search, config.json, io);
}

function refuseLevels({ by, from, to, find_limit }: SearchConfig): void {
  if (from > to) throw new UsageError('bad_levels', `--from ${from} is above --to ${to}`);
  if ((by === 'concurrency' || find_limit) && !(Number.isInteger(from) && Number.isInteger(to)))
    throw new UsageError('bad_levels', '--from and --to count requests under way and must be whole');
}

async function findCapacity(plan: LoadPlan, search: SearchConfig, json: boolean, io: Io): Promise<void> {
  const { by: kind, from: low, to: high, attainment, precision } = search;
  const machine = createSearch({ kind, low, high, attainment, precision, seed: plan.seed });
  io.err(`${openingOf(search)}\n`);
  const stay = createStays(plan, io);
  for (let step = machine.next(); step.kind === 'level' && !io.stop.aborted; step = machine.next()) {
    const { total, throughput } = await stay(arrivalsAt(step.level, step.requests, kind), step.requests);
    const report = levelReport(total, throughput);
    io.err(
      `  ${kind} ${step.level}: ${report.good} of ${report.requests} good, ${report.throughput.toFixed(1)} answers/s\n`,
    );
    machine.report(step.level, report);
  }
  const end = machine.next();
  if (end.kind !== 'done') return unanswered(io);
  io.out(json ? `${JSON.stringify(end.result, null, 2)}\n` : `${capacityText(end.result, search)}\n`);
  io.exitWith(exitOf(end.result));
}

const openingOf = ({ by, from, to, precision }: SearchConfig) =>
  `${by} from ${from} up to ${to}${by === 'rate' ? ' requests/s' : ''}: doubles until the SLO is missed, then closes in to ${+(100 * precision).toFixed(2)} %`;

function unanswered(io: Io): void {
  io.err('stopped before the search had an answer\n');
  io.exitWith(exitCodes.unmeasurable);
}

const exitOf = ({ kind }: CapacityResult) => (kind === 'none' ? exitCodes.failed : exitCodes.ok);

function levelReport(total: Total, throughput: Throughput): LevelReport {
  const uncounted = endedOf(total, 'unsent') + endedOf(total, 'censored');
  return {
    requests: total.planned - uncounted,
    good: total.good,
    failures: Object.fromEntries(failuresOf(total.ended).map(({ name, count }) => [name, count])),
    throughput: throughput.requests_per_second,
    inFlight: throughput.in_flight_mean,
  };
}

/** Tokens that a probe asks for: one is cheap; more are asked for when answers were too short to be there at once. */
const probeTokens = [1, 64] as const;

async function findLimit(plan: LoadPlan, search: SearchConfig, json: boolean, io: Io): Promise<void> {
  const stay = createStays(plan, io);
  let found: Found | undefined;
  for (const tokens of probeTokens) {
    if (found !== undefined) io.err(`the answers were too short to overlap; asking for ${tokens} tokens\n`);
    found = await probeLimit(search, (load, inFlight) => stay(load, inFlight, asking(plan, tokens)), io);
    if (found?.result.kind !== 'no_overlap') break;
  }
  if (found === undefined) return unanswered(io);
  const { result, answerMs } = found;
  io.out(json ? `${JSON.stringify(result, null, 2)}\n` : `${limitText(result, answerMs)}\n`);
  io.exitWith(limitExit(result));
}

interface Found {
  readonly result: LimitResult;
  /** How long an answer took, in the middle. */
  readonly answerMs: number;
}

/** So many at once: cheap, and over before anybody else notices. @returns undefined when it was stopped */
async function probeLimit({ from, to }: SearchConfig, stay: Stay, io: Io): Promise<Found | undefined> {
  const machine = createLimitFinder({ low: Math.ceil(from), high: Math.floor(to) });
  let answerMs = 0;
  for (let step = machine.next(); step.kind === 'probe' && !io.stop.aborted; step = machine.next()) {
    const { inFlight } = step;
    const { total } = await stay(arrivalsAt(inFlight, inFlight, 'concurrency'), inFlight);
    const report = limitReport(total);
    answerMs = (total.histograms.e2e_ms ?? total.histograms.attempt_ms)?.quantile(0.5) ?? answerMs;
    io.err(
      `  ${inFlight} at once: ${report.succeeded} answered, ${report.limited} refused with 1302, ${report.failed} failed\n`,
    );
    machine.report(inFlight, report);
  }
  const end = machine.next();
  return end.kind === 'done' ? { result: end.result, answerMs } : undefined;
}

const limitExit = ({ kind }: LimitResult) => {
  if (kind === 'unclear' || kind === 'no_overlap') return exitCodes.unmeasurable;
  return kind === 'below' ? exitCodes.failed : exitCodes.ok;
};

const asking = (plan: LoadPlan, tokens: number): LoadPlan => ({
  ...plan,
  workload: 'max_tokens' in plan.workload ? { ...plan.workload, max_tokens: tokens } : plan.workload,
});

/** An answer of one token may be all thinking or white space; it was let in all the same. */
const letIn = ['ok', 'reasoning_only', 'empty', 'usage_missing'] as const;

function limitReport(total: Total): LimitReport {
  const succeeded = letIn.reduce((sum, name) => sum + endedOf(total, name), 0);
  const limited = total.codes['1302'] ?? 0;
  return { succeeded, limited, failed: total.planned - succeeded - limited };
}

/** A stay is cut off when it takes longer than this: the level is then judged by what there is. */
const longestMs = 300_000;

const arrivalsAt = (
  level: number,
  requests: number,
  kind: SearchConfig['by'],
): Pick<LoadPlan, 'arrivals' | 'concurrency'> => {
  if (kind === 'concurrency')
    return {
      arrivals: { kind: 'closed', stages: [{ durationMs: longestMs, from: level, to: level }] },
      concurrency: level,
    };
  // By chance fewer come in the time that so many take on average; the stay ends with the last that is wanted.
  const durationMs = Math.min(longestMs, Math.ceil((1000 * (requests + 4 * Math.sqrt(requests))) / level));
  const stages = [{ durationMs, from: level, to: level }];
  return { arrivals: { kind: 'open', law: 'poisson', shape: 1, stages }, concurrency: 10_000 };
};

/** Of the steady part; a stay that is too short for one is told from its start to its last answer. */
function throughputIn(intervals: readonly Interval[], offeredMs: number, { kind }: LoadPlan['arrivals']): Throughput {
  const { steady = intervals } = windowsOf(intervals, { warmupMs: 0, offeredMs });
  return throughputOf(steady, { closed: kind === 'closed', tokensPerRead: tokensPerRead(intervals) });
}

type Stay = (
  load: Pick<LoadPlan, 'arrivals' | 'concurrency'>,
  maxRequests: number,
) => Promise<{ readonly total: Total }>;

/** Each stay has prompts of its own, and all of them together one budget. */
function createStays(plan: LoadPlan, io: Io) {
  const { maxTokens, maxCost, price } = plan.budget;
  const spent = { tokens: 0, cost: 0 };
  let stays = 0;
  return async (load: Pick<LoadPlan, 'arrivals' | 'concurrency'>, maxRequests: number, asked = plan) => {
    const budget = { maxTokens: maxTokens - spent.tokens, maxCost: maxCost - spent.cost, price };
    const { intervals, end } = await measure(
      { ...asked, ...load, budget, maxRequests, seed: plan.seed + stays++ },
      { stop: io.stop },
    );
    const total = totalOf(intervals);
    spent.tokens += total.bookedInputTokens + total.bookedOutputTokens;
    if (price !== undefined) spent.cost += costOf(price, total.bookedInputTokens, total.bookedOutputTokens);
    const why = unmadeBecause(end.halted, endedOf(total, 'unsent') + total.budgetWaits);
    if (why !== undefined && !io.stop.aborted) throw why;
    return { total, throughput: throughputIn(intervals, end.offeredMs, load.arrivals) };
  };
}

/** Why a stay was not the level that was asked for: then nothing follows from it. */
function unmadeBecause(halt: Halt | undefined, heldBack: number): UsageError | undefined {
  if (halt?.reason === 'budget')
    return new UsageError(
      'budget_spent',
      'the budget is used up before the search has an answer; raise it, or narrow --from and --to',
    );
  if (halt !== undefined && isRefusal(halt.reason))
    return new UsageError(
      'search_refused',
      `on_limit ended the search by the first ${refusalOf({ halted: halt.reason, ...(halt.code !== undefined && { halted_code: halt.code }) })}; with on_limit: record in --config refusals count against their level`,
    );
  if (heldBack === 0) return undefined;
  return new UsageError(
    'budget_tight',
    `the budget has no room for the worst case of so many requests at once: ${counted(heldBack, 'request')} waited for it or were not made; raise it, or lower --to or --max-tokens`,
  );
}
