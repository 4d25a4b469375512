/** One figure of two runs: how it differs, how far noise reaches, and what follows from it. */
import type { Random } from '../core/random.ts';
import type { Measure } from './measures.ts';
import { type Counted, shareDifference } from './stats/binomial.ts';
import type { Statistic } from './stats/blocks.ts';
import { type Difference, differences } from './stats/bootstrap.ts';
import { samplesNeeded } from './stats/figure.ts';
import { type Scale, type Verdict, verdictOf } from './stats/judgement.ts';
import { type Rate, type RunBlocks, rates } from './stats/run-blocks.ts';

const quantiles = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 } as const;

export type CompareLevel = keyof typeof quantiles | 'mean';

export interface ComparisonRow {
  readonly name: Measure | Rate;
  /** null for a rate. */
  readonly level: CompareLevel | null;
  /** Milliseconds, per second, or a share from 0 to 1. */
  readonly unit: 'ms' | 'per_second' | 'share';
  readonly a: number;
  readonly b: number;
  /** b − a. */
  readonly difference: number;
  /** difference / a; null where a is 0. */
  readonly relative: number | null;
  /** 95 % bounds of the difference, of all rows of a comparison at once; null where too few samples tell none. */
  readonly ci: readonly [low: number, high: number] | null;
  /** The noise floor: half the width of the bounds. */
  readonly noise: number | null;
  readonly verdict: Verdict;
  readonly why: string;
}

export interface RowOptions {
  readonly measures: readonly Measure[];
  readonly levels: readonly CompareLevel[];
  readonly random: Random;
  readonly replicates: number;
  /** Relative difference that matters. */
  readonly tolerance: number;
  /** Relative noise floor above which nothing is called the same. */
  readonly blur: number;
}

/** A row for every level of every measure that both runs have, and one for every rate. */
export function compareRows(a: RunBlocks, b: RunBlocks, options: RowOptions): ComparisonRow[] {
  if (a.blocks === 0 || b.blocks === 0) return [];
  const few =
    Math.min(a.blocks, b.blocks) < fewestBlocks
      ? `needs ${fewestBlocks} seconds of load in each run; a has ${a.blocks}, b has ${b.blocks}`
      : undefined;
  const latencies = options.measures.flatMap(name => latencyFigures(name, a, b, options.levels));
  const figures = [...latencies, ...rates.map(name => rateFigure(name, a, b))];
  return judged(
    figures.map(figure => (few === undefined ? figure : { ...figure, short: few })),
    options,
  );
}

/** Fewer blocks do not show a spread. */
const fewestBlocks = 5;

interface ComparedFigure extends Pick<ComparisonRow, 'name' | 'level' | 'unit'> {
  readonly a: Statistic;
  readonly b: Statistic;
  /** Why it cannot be judged. */
  readonly short: string | undefined;
  /** Of a share: how many of how many in a, and in b. */
  readonly counts?: readonly [a: Counted, b: Counted];
}

function latencyFigures(name: Measure, a: RunBlocks, b: RunBlocks, levels: readonly CompareLevel[]): ComparedFigure[] {
  const [before, after] = [a.latency(name), b.latency(name)];
  const least = Math.min(before.count, after.count);
  if (least === 0) return [];
  return levels.map(level => {
    const read = (of: typeof before) => (level === 'mean' ? of.mean() : of.quantile(quantiles[level]));
    const needed = samplesNeeded(level === 'mean' ? 0.5 : quantiles[level]);
    const short = least < needed ? `needs ${needed} samples, has ${least}` : undefined;
    return { name, level, unit: 'ms', a: read(before), b: read(after), short };
  });
}

const rateFigure = (name: Rate, a: RunBlocks, b: RunBlocks): ComparedFigure => ({
  name,
  level: null,
  unit: name === 'error_rate' ? 'share' : 'per_second',
  a: a.rate(name),
  b: b.rate(name),
  short: undefined,
  ...(name === 'error_rate' && { counts: [a.failed, b.failed] as const }),
});

/** Figures that cannot be judged take no part in the draws: they would widen the bounds of all others. */
function judged(figures: readonly ComparedFigure[], options: RowOptions): ComparisonRow[] {
  const found = differences(
    figures.filter(({ short }) => short === undefined),
    options,
  );
  return figures.map(figure => (figure.short === undefined ? rowOf(figure, found.shift()!, options) : bare(figure)));
}

function bare({ name, level, unit, a, b, short = '' }: ComparedFigure): ComparisonRow {
  const difference = b.value - a.value;
  const values = { a: a.value, b: b.value, difference, relative: over(difference, a.value), ci: null, noise: null };
  return { name, level, unit, ...values, verdict: 'inconclusive', why: short };
}

const over = (part: number, whole: number) => (whole === 0 ? null : part / whole);

function rowOf({ name, level, unit, counts }: ComparedFigure, drawn: Difference, options: RowOptions): ComparisonRow {
  const found = counts === undefined ? drawn : allowedFor(counts, drawn);
  const { a, b, difference, ci, noise } = found;
  const verdict = verdictOf(found, scaleOf(unit, a, options));
  const row = { name, level, unit, a, b, difference, relative: over(difference, a), ci, noise, verdict };
  return { ...row, why: whyOf(row) };
}

/** Draws know only the failures that were seen: of shares the bounds are no narrower than so few requests allow. */
function allowedFor([a, b]: readonly [Counted, Counted], drawn: Difference): Difference {
  const exact = shareDifference(a, b, oneSided);
  const ci = [Math.min(drawn.ci[0], exact[0]), Math.max(drawn.ci[1], exact[1])] as const;
  return { ...drawn, ci, noise: (ci[1] - ci[0]) / 2 };
}

const oneSided = 0.975;

/**
 * Relative, but for what is nearly nothing: latencies below a tenth of a millisecond are this tool's own error, and of
 * requests that fail one in a hundred matters.
 */
function scaleOf(unit: ComparisonRow['unit'], a: number, { tolerance, blur }: RowOptions): Scale {
  if (unit === 'share') return { better: 'lower', matters: 0.01, blur: 0.02 };
  const least = unit === 'ms' ? 0.1 : 0;
  return {
    better: unit === 'ms' ? 'lower' : 'higher',
    matters: Math.max(least, tolerance * a),
    blur: Math.max(least, blur * a),
  };
}

const words = {
  regression: 'worse by more than noise',
  improvement: 'better by more than noise',
  same: 'no difference that matters',
  inconclusive: 'noise hides too much; run longer',
} as const satisfies Record<Verdict, string>;

function whyOf({ verdict, difference, noise, a, unit }: Omit<ComparisonRow, 'why'>): string {
  const show = (amount: number) => amountOf(amount, a, unit);
  return `${words[verdict]} (${show(Math.abs(difference))}, noise floor ${show(noise ?? Number.NaN)})`;
}

function amountOf(amount: number, a: number, unit: ComparisonRow['unit']): string {
  if (unit === 'share') return `${round(amount * 100)} percentage points`;
  if (a > 0) return `${round((amount / a) * 100)} %`;
  return unit === 'ms' ? `${round(amount)} ms` : `${round(amount)} per second`;
}

/** Two figures below ten, none after the point above. */
const round = (n: number) => (Math.abs(n) >= 9.95 ? n.toFixed(0) : String(+n.toFixed(1)));
