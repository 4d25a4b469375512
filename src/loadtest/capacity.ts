/** The search for the highest load that keeps an objective: a machine that says what to try next and is told what came of it. */
import { createRandom } from '../core/random.ts';
import { binomialAtLeast, binomialAtMost, shareBounds } from './stats/binomial.ts';
import { fitUsl, type Usl } from './stats/usl.ts';

export interface SearchOptions {
  /** Whole requests under way, or requests per second. */
  readonly kind: 'concurrency' | 'rate';
  /** First and highest level that is tried. */
  readonly low: number;
  readonly high: number;
  /** Relative width at which the answer is close enough, default 0.05. A concurrency is never closer than 1. */
  readonly precision?: number;
  /** Of each level's verdict, however often it is looked at; default 0.95. */
  readonly confidence?: number;
  /** Share of requests that must be good, default 0.95. */
  readonly attainment?: number;
  /** Requests after which a level that is neither good nor bad is left unclear; default ten times the fewest that can pass. */
  readonly maxRequests?: number;
  /** Of the bounds of the scalability law. */
  readonly seed: string | number;
}

/** What a stay at a level brought; several of the same level add up. */
export interface LevelReport {
  readonly requests: number;
  /** Those that met the objective. */
  readonly good: number;
  /** Answers per second. */
  readonly throughput: number;
  /** Mean requests in flight; a search for a rate needs it for the scalability law. */
  readonly inFlight?: number;
  /** Requests that failed, by how they ended; those that were only too slow are not among them. */
  readonly failures?: Readonly<Record<string, number>>;
}

export interface TriedLevel extends LevelReport {
  readonly level: number;
  /** `unclear`: too close to the objective for `maxRequests`. */
  readonly verdict: 'pass' | 'fail' | 'unclear';
  /** Bounds of the share of good requests, each at the confidence asked for. */
  readonly bounds: readonly [low: number, high: number];
}

export interface CapacityResult {
  /** `at_least`: the highest level allowed still passes. `none`: not even the lowest does; `unclear`: whether it does. */
  readonly kind: 'found' | 'at_least' | 'none' | 'unclear';
  /** Highest level that passed. */
  readonly level: number | null;
  /** The capacity lies between the highest that passed and the lowest that failed; null above: none failed. */
  readonly interval: readonly [passed: number, failed: number | null];
  /** By level. */
  readonly tried: readonly TriedLevel[];
  readonly usl: Usl;
}

export type SearchStep =
  /** Make about so many more requests at this level, then report. */
  | { readonly kind: 'level'; readonly level: number; readonly requests: number }
  | { readonly kind: 'done'; readonly result: CapacityResult };

export interface Search {
  /** The same answer until the next report. */
  next(): SearchStep;
  report(level: number, report: LevelReport): void;
}

/** Doubles the level until one does not pass, then halves the gap until it is narrow. */
export function createSearch(options: SearchOptions): Search {
  const { kind, low, high, precision = 0.05, seed } = options;
  if (!(low > 0) || !(high >= low)) throw new Error(`a search from ${low} to ${high} has no levels`);
  const jury = createJury(options);
  const tried = new Map<number, TriedLevel>();
  let open: Bench | undefined; // a level that needs more

  const ofVerdict = (fits: (verdict: TriedLevel['verdict']) => boolean) =>
    [...tried.values()].filter(({ verdict }) => fits(verdict)).map(({ level }) => level);
  const next = (): SearchStep => {
    if (open !== undefined) return { kind: 'level', level: open.level, requests: jury.wants(open) };
    const level = nextLevel();
    return level === undefined
      ? { kind: 'done', result: resultOf([...tried.values()], kind, seed) }
      : { kind: 'level', level, requests: jury.wants(benchOf(level)) };
  };
  const nextLevel = (): number | undefined => {
    if (tried.size === 0) return low;
    const passed = Math.max(0, ...ofVerdict(verdict => verdict === 'pass'));
    const stop = Math.min(...ofVerdict(verdict => verdict !== 'pass'));
    if (passed === 0) return undefined;
    if (stop === Number.POSITIVE_INFINITY) return passed < high ? Math.min(high, 2 * passed) : undefined;
    const least = kind === 'concurrency' ? Math.max(1, precision * passed) : precision * passed;
    return stop - passed > least ? between(passed, stop, kind) : undefined;
  };
  const report = (level: number, said: LevelReport) => {
    const step = next();
    if (step.kind !== 'level' || step.level !== level) throw new Error(`level ${level} was not asked for`);
    const bench = add(open ?? benchOf(level), said);
    const verdict = jury.judge(bench);
    open = verdict === 'more' ? bench : undefined;
    if (verdict !== 'more') tried.set(level, triedOf(bench, verdict, jury.confidence));
  };
  return { next, report };
}

/** The middle: a whole number, or one with few figures. */
function between(passed: number, stop: number, kind: SearchOptions['kind']): number {
  const middle = (passed + stop) / 2;
  const plain = kind === 'concurrency' ? Math.floor(middle) : Number(middle.toPrecision(3));
  return plain > passed && plain < stop ? plain : middle;
}

/** What is known of a level so far. */
interface Bench {
  readonly level: number;
  readonly looks: number;
  readonly requests: number;
  readonly good: number;
  readonly throughput: number;
  readonly inFlight: number | undefined;
  readonly failures: Readonly<Record<string, number>>;
}

const benchOf = (level: number): Bench => ({
  level,
  looks: 0,
  requests: 0,
  good: 0,
  throughput: 0,
  inFlight: undefined,
  failures: {},
});

function add(bench: Bench, { requests, good, throughput, inFlight, failures = {} }: LevelReport): Bench {
  if (!(good >= 0 && good <= requests && Number.isFinite(requests)) || !(throughput >= 0))
    throw new Error(`${good} good of ${requests} requests at ${throughput} per second is no report`);
  const all = bench.requests + requests;
  const mean = (before: number, now: number) => (all === 0 ? 0 : (before * bench.requests + now * requests) / all);
  return {
    level: bench.level,
    looks: bench.looks + 1,
    requests: all,
    good: bench.good + good,
    throughput: mean(bench.throughput, throughput),
    inFlight: inFlight === undefined ? bench.inFlight : mean(bench.inFlight ?? inFlight, inFlight),
    failures: plus(bench.failures, failures),
  };
}

const plus = (a: Bench['failures'], b: Bench['failures']) =>
  Object.fromEntries(
    [...new Set([...Object.keys(a), ...Object.keys(b)])].map(key => [key, (a[key] ?? 0) + (b[key] ?? 0)]),
  );

/**
 * Judges a level by the exact binomial chance of what was seen, if the objective were just met. Looking often would let
 * chance decide in the end, so the k-th look may err with only 1 / (k (k + 1)) of the chance allowed; all of them add up to it.
 */
function createJury({ attainment = 0.95, confidence = 0.95, maxRequests }: SearchOptions) {
  if (!(attainment > 0 && attainment < 1) || !(confidence > 0 && confidence < 1))
    throw new Error(`attainment ${attainment} and confidence ${confidence} must lie between 0 and 1`);
  const allowed = (look: number) => (1 - confidence) / (look * (look + 1));
  const fewest = (look: number) => Math.ceil(Math.log(allowed(look)) / Math.log(attainment));
  const most = maxRequests ?? 10 * fewest(1);
  const judge = ({ looks, requests, good }: Bench): TriedLevel['verdict'] | 'more' => {
    if (requests > 0 && binomialAtLeast(good, requests, attainment) <= allowed(looks)) return 'pass';
    if (requests > 0 && binomialAtMost(good, requests, attainment) <= allowed(looks)) return 'fail';
    return requests >= most || looks >= mostLooks ? 'unclear' : 'more';
  };
  /** Enough to pass if all are good; after that, as many again. */
  const wants = ({ looks, requests }: Bench) =>
    Math.max(1, Math.min(most, Math.max(fewest(looks + 1), 2 * requests)) - requests);
  return { judge, wants, confidence };
}

/** A level that keeps bringing hardly any request is not worth more. */
const mostLooks = 20;

const triedOf = (
  { looks: _, inFlight, ...bench }: Bench,
  verdict: TriedLevel['verdict'],
  confidence: number,
): TriedLevel => ({
  ...bench,
  ...(inFlight === undefined ? {} : { inFlight }),
  verdict,
  bounds: bench.requests === 0 ? [0, 1] : shareBounds(bench.good, bench.requests, confidence),
});

function resultOf(all: readonly TriedLevel[], kind: SearchOptions['kind'], seed: string | number): CapacityResult {
  const tried = all.toSorted((one, other) => one.level - other.level);
  const level = tried.findLast(({ verdict }) => verdict === 'pass')?.level ?? null;
  const failed = tried.find(({ verdict }) => verdict === 'fail')?.level ?? null;
  const unclear = tried.some(({ verdict }) => verdict === 'unclear');
  return {
    kind: level === null ? (unclear ? 'unclear' : 'none') : failed === null && !unclear ? 'at_least' : 'found',
    level,
    interval: [level ?? 0, failed],
    tried,
    usl: fitUsl(pointsOf(tried, kind), { random: createRandom(seed).fork('usl') }),
  };
}

/**
 * Of a rate only levels that passed: beyond them requests in flight never settle. A level at which many are refused tells
 * where the refusals begin, and nothing about how throughput bends.
 */
const pointsOf = (tried: readonly TriedLevel[], kind: SearchOptions['kind']) =>
  tried
    .filter(({ verdict }) => kind === 'concurrency' || verdict === 'pass')
    .filter(({ requests, failures = {} }) => failed(failures) <= mostFailed * requests)
    .map(({ level, inFlight, throughput }) => ({ n: kind === 'concurrency' ? level : (inFlight ?? 0), x: throughput }));

const mostFailed = 0.05;

const failed = (failures: Readonly<Record<string, number>>) => Object.values(failures).reduce((sum, n) => sum + n, 0);
