/** A latency with its own error bar: percentiles, bounds of each, and whether there were samples enough to say it. */
import type { Histogram } from '../../core/histogram.ts';
import type { Interval } from '../interval.ts';
import type { Measure } from '../measures.ts';
import type { Figure } from '../result.ts';
import { binomialAtLeast, binomialAtMost } from './binomial.ts';
import { memoryFactor } from './memory.ts';
import { addMoments, batchesOf, type Moments, meanOf, momentsOf, varianceOf } from './moments.ts';
import { normal95, student95 } from './student.ts';

const shares = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 } as const satisfies Record<keyof Figure['ci'], number>;

type Level = keyof typeof shares;

const levels = Object.keys(shares) as Level[];

export interface FigureOptions {
  /** How many independent samples the recorded ones are worth, from 1 to their count, which is the default. */
  readonly effectiveCount?: number;
}

/** The figure of all that a histogram holds; zeros when that is nothing. Bounds that the samples cannot give are left out. */
export function figureOf(histogram: Histogram, { effectiveCount = histogram.count }: FigureOptions = {}): Figure {
  const summary = histogram.summary();
  const { count } = summary;
  const effective = Math.max(1, Math.min(count, Math.floor(effectiveCount)));
  const bounds = levels.map(level => [level, boundsOf(histogram, shares[level], effective)] as const);
  const short = levels.filter(level => count < samplesFor[level]);
  return {
    ...summary,
    ci: Object.fromEntries(bounds.filter(([, pair]) => pair !== undefined)),
    needs: Object.fromEntries(short.map(level => [level, samplesFor[level]])),
  };
}

/**
 * 95 % bounds of a quantile: the samples at those ranks between which it lies whatever the distribution, because the
 * number of samples below it is binomial. Ranks are found among the effective samples and read among all.
 */
function boundsOf(histogram: Histogram, q: number, effective: number): readonly [number, number] | undefined {
  const low = search(effective, rank => binomialAtMost(rank, effective, q) > tail);
  const high = search(effective + 1, rank => binomialAtLeast(rank, effective, q) <= tail);
  if (histogram.count === 0 || low < 1 || high > effective) return undefined;
  const read = (rank: number) => histogram.quantile((rank - 0.5) / histogram.count); // the half keeps clear of rounding
  const scale = histogram.count / effective;
  return [read(Math.floor(low * scale)), read(Math.ceil(high * scale))];
}

const tail = 0.025;

/** The smallest whole number up to `limit` that passes a test which only larger ones pass. */
function search(limit: number, passes: (value: number) => boolean): number {
  let low = 0;
  let high = limit;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (passes(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The fewest samples of which a percentile may be reported: so many that, with 99 % confidence, at least two of them lie
 * above it, q^n + n (1 − q) q^(n−1) ≤ 1 %. Gives 11, 64, 130, 662, the minima of MLPerf LoadGen's early stopping.
 */
export function samplesNeeded(q: number): number {
  return search(1_000_000, n => n >= 2 && binomialAtMost(1, n, 1 - q) <= 0.01);
}

const samplesFor = Object.fromEntries(levels.map(level => [level, samplesNeeded(shares[level])])) as Record<
  Level,
  number
>;

/**
 * How many independent samples a measure's samples are worth, from 1 to their count: neighbours in time resemble each
 * other, so the means of stretches of the run spread more than independent samples would let them (batch means; the ratio
 * is the design effect). Below five stretches with samples nothing can be said, and all count.
 */
export function effectiveCount(intervals: readonly Interval[], measure: Measure): number {
  const seconds = intervals.map(({ histograms }) => momentsOf(histograms[measure])).filter(({ count }) => count > 0);
  const batches = batchesOf(seconds, mostBatches).map(addMoments);
  const all = addMoments(batches);
  const variance = varianceOf(all);
  if (batches.length < 5 || variance <= rounding * meanOf(all) ** 2) return all.count;
  return Math.min(all.count, Math.max(1, variance / varianceOfMean(batches, all)));
}

function varianceOfMean(batches: readonly Moments[], all: Moments): number {
  const deviations = batches.map(({ count, sum }) => (sum - count * meanOf(all)) / all.count);
  const independent = deviations.reduce((total, deviation) => total + deviation ** 2, 0);
  const freedom = batches.length - 1;
  const known = (student95(freedom) / normal95) ** 2; // the spread is itself known from few batches
  return independent * (batches.length / freedom) * memoryFactor(deviations) * known;
}

/** Fewer and longer batches see longer memory, more know their own spread better; 10 to 30 is the usual advice. */
const mostBatches = 20;

/** A variance this small, relative to the mean's square, is the width of the histogram's buckets. */
const rounding = 1e-6;
