/** Two runs side by side: which figures differ by more than their noise, and which way. Pure, from stored results alone. */
import { createRandom } from '../core/random.ts';
import { type CompareLevel, type ComparisonRow, compareRows } from './comparison-row.ts';
import { conditionsApart } from './conditions.ts';
import type { Interval } from './interval.ts';
import type { Measure } from './measures.ts';
import type { LoadResult, Validity } from './result.ts';
import type { Verdict } from './stats/judgement.ts';
import { tokensPerRead } from './stats/per-second.ts';
import { type RunBlocks, runBlocks } from './stats/run-blocks.ts';

/** What is compared, and what counts as a difference. */
export interface CompareOptions {
  /** Of the draws that tell noise; the same seed gives the same bounds. */
  readonly seed: string | number;
  /** Default TTFT of any token and of content, ITL, TPOT and E2E, of which those count that both runs have. */
  readonly measures?: readonly Measure[];
  /** Default p50, p95, p99. */
  readonly levels?: readonly CompareLevel[];
  /** Draws, default 1000. */
  readonly replicates?: number;
  /** Relative difference that matters, default 0.05. */
  readonly tolerance?: number;
  /** Relative noise floor above which nothing is called the same, default 0.1. */
  readonly blur?: number;
}

/** One of the two runs, as far as it was compared. */
export interface ComparedRun {
  readonly run_id: string;
  readonly started_at: string;
  readonly validity: Validity;
  /** How much of it was compared. */
  readonly seconds: number;
}

/** What `compareResults` found: a word for the whole, and a row for each figure that both runs have. */
export interface Comparison {
  readonly verdict: Verdict;
  readonly why: string;
  readonly seed: string | number;
  /** Steady where both runs have a steady part. */
  readonly window: 'steady' | 'whole';
  readonly a: ComparedRun;
  readonly b: ComparedRun;
  readonly rows: readonly ComparisonRow[];
  readonly warnings: readonly string[];
}

/**
 * Compares `b` with its baseline `a`. Noise is what happened within the two runs; that between days or machines is not in
 * them, which is why a small difference does not count and other conditions are warned of.
 */
export function compareResults(a: LoadResult, b: LoadResult, options: CompareOptions): Comparison {
  const { seed, measures = standard, levels = ['p50', 'p95', 'p99'] } = options;
  const { replicates = 1000, tolerance = 0.05, blur = 0.1 } = options;
  const window = a.steady !== null && b.steady !== null ? 'steady' : 'whole';
  const [cutA, cutB] = [cutOf(a, window), cutOf(b, window)];
  const random = createRandom(seed).fork('compare');
  const found = compareRows(cutA.blocks, cutB.blocks, { measures, levels, random, replicates, tolerance, blur });
  const refusal = refusalOf(a, b);
  const rows = found.map(row =>
    refusal === undefined ? row : { ...row, verdict: 'inconclusive' as const, why: refusal },
  );
  return {
    verdict: refusal === undefined ? verdictOf(rows) : 'inconclusive',
    why: refusal ?? whyOf(rows),
    seed,
    window,
    a: runOf(a, cutA),
    b: runOf(b, cutB),
    rows,
    warnings: [...conditionsApart(a, b), ...windowWarnings(a, b), ...missing(options.measures ?? [], rows)],
  };
}

const standard: readonly Measure[] = ['ttft_any_ms', 'ttft_content_ms', 'itl_ms', 'tpot_ms', 'e2e_ms'];

/** What cannot be believed cannot be compared, nor what was made in another way. */
function refusalOf(a: LoadResult, b: LoadResult): string | undefined {
  const names = [a.validity === 'INVALID' ? 'a' : '', b.validity === 'INVALID' ? 'b' : ''].filter(name => name !== '');
  if (names.length > 0) return `${names.join(' and ')} ${names.length > 1 ? 'are' : 'is'} INVALID`;
  if ((a.load.kind === 'closed') === (b.load.kind === 'closed')) return undefined;
  return 'only one of them is a closed loop, in which a slow answer delays the next request: the load is not the same';
}

interface Cut {
  readonly blocks: RunBlocks;
  readonly seconds: number;
}

/** The windows whose figures the runs themselves told. */
function cutOf({ intervals, steady, whole, load }: LoadResult, window: Comparison['window']): Cut {
  const ends = window === 'steady' && steady !== null ? steady : whole;
  const part = between(intervals, ends);
  const drain = ends === whole ? intervals.filter(({ fromMs }) => fromMs >= whole.to_s * 1000 - 1) : [];
  const seconds = part.reduce((sum, { fromMs, toMs }) => sum + (toMs - fromMs) / 1000, 0);
  const facts = { closed: load.kind === 'closed', tokensPerRead: tokensPerRead(intervals) };
  return { blocks: runBlocks(part, drain, facts), seconds };
}

/** A millisecond of slack, because seconds were divided by a thousand. */
const between = (
  intervals: readonly Interval[],
  { from_s, to_s }: { readonly from_s: number; readonly to_s: number },
) => intervals.filter(({ fromMs, toMs }) => fromMs >= from_s * 1000 - 1 && toMs <= to_s * 1000 + 1);

const runOf = ({ run_id, started_at, validity }: LoadResult, { seconds }: Cut): ComparedRun => ({
  run_id,
  started_at,
  validity,
  seconds,
});

/**
 * One regression is a regression. A measure is the same when its clearest level is; its tails may stay in the dark, and so
 * may what happened per second, which the arrivals decide as much as the endpoint.
 */
function verdictOf(rows: readonly ComparisonRow[]): Verdict {
  const have = (verdict: Verdict) => rows.filter(row => row.verdict === verdict);
  if (have('regression').length > 0) return 'regression';
  if (have('improvement').length > 0) return 'improvement';
  const clear = new Set(have('same').map(({ name }) => name));
  const needed = rows.filter(({ unit }) => unit === 'ms');
  return needed.length > 0 && needed.every(({ name }) => clear.has(name)) ? 'same' : 'inconclusive';
}

function whyOf(rows: readonly ComparisonRow[]): string {
  const verdict = verdictOf(rows);
  const unclear = rows.filter(row => row.verdict === 'inconclusive').length;
  const dark = unclear > 0 ? `too little is known of ${unclear} of ${rows.length} figures` : '';
  if (rows.length === 0) return 'at least one run has no measured second in which requests were offered';
  const [reason, ...others] = new Set(rows.map(({ ci, why }) => (ci === null ? why : '')));
  if (reason && others.length === 0) return `every figure ${reason}; run longer`;
  if (verdict === 'inconclusive') return `${dark}; run longer`;
  if (verdict === 'same') return ['nothing differs by more than noise', dark].filter(part => part !== '').join('; ');
  const named = rows.filter(row => row.verdict === verdict).sort((one, other) => weight(other) - weight(one));
  const more = named.length > 1 ? `, and ${named.length - 1} more` : '';
  return `${nameOf(named[0]!)}: ${named[0]!.why}${more}`;
}

/** How much a difference means to users: failures before all, then what has changed most by its own measure. */
const weight = ({ relative, unit }: ComparisonRow) =>
  unit === 'share' ? Number.MAX_VALUE : Math.abs(relative ?? Number.MAX_VALUE);

/** `e2e_ms p95`, `error_rate`. */
const nameOf = ({ name, level }: ComparisonRow) => (level === null ? name : `${name} ${level}`);

const windowWarnings = (a: LoadResult, b: LoadResult) =>
  (a.steady === null) === (b.steady === null)
    ? []
    : ['only one run has a steady part, so the whole of both is compared'];

const missing = (asked: readonly Measure[], rows: readonly ComparisonRow[]) =>
  asked
    .filter(measure => rows.every(({ name }) => name !== measure))
    .map(name => `${name} was not measured in both runs`);
