/** Intervals added up: a whole run, a window of it, or what has been counted so far. Adding is exact. */
import { addSparse, createHistogram, type Histogram, type Sparse } from '../core/histogram.ts';
import type { Health, Interval, LedgerClass } from './interval.ts';
import type { Measure } from './measures.ts';

export interface Total {
  fromMs: number;
  toMs: number;
  planned: number;
  sent: number;
  good: number;
  inFlightArea: number;
  inFlightMax: number;
  inputTokens: number;
  outputTokens: number;
  cachedTokens: number;
  reasoningTokens: number;
  chunks: number;
  coalesced: number;
  retries: number;
  opened: number;
  readonly stalls: [number, number, number];
  readonly ended: Partial<Record<LedgerClass, number>>;
  readonly codes: Record<string, number>;
  readonly histograms: Partial<Record<Measure, Histogram>>;
  readonly health: Health[];
}

export const newTotal = (): Total => ({
  fromMs: Number.POSITIVE_INFINITY,
  toMs: 0,
  planned: 0,
  sent: 0,
  good: 0,
  inFlightArea: 0,
  inFlightMax: 0,
  inputTokens: 0,
  outputTokens: 0,
  cachedTokens: 0,
  reasoningTokens: 0,
  chunks: 0,
  coalesced: 0,
  retries: 0,
  opened: 0,
  stalls: [0, 0, 0],
  ended: {},
  codes: {},
  histograms: {},
  health: [],
});

export const totalOf = (intervals: readonly Interval[]): Total => {
  const total = newTotal();
  for (const interval of intervals) add(total, interval);
  return total;
};

/** Requests in flight of intervals that follow each other: the largest; of parallel ones see `mergeIntervals`. */
export function add(total: Total, interval: Interval): void {
  addNumbers(total, interval);
  for (const [name, sparse] of Object.entries(interval.histograms) as [Measure, readonly number[]][]) {
    total.histograms[name] ??= createHistogram();
    total.histograms[name].absorb(sparse);
  }
}

/** All but the latencies. */
function addNumbers(total: Total, interval: Interval): void {
  total.fromMs = Math.min(total.fromMs, interval.fromMs);
  total.toMs = Math.max(total.toMs, interval.toMs);
  total.inFlightMax = Math.max(total.inFlightMax, interval.inFlightMax);
  for (const name of sums) total[name] += interval[name];
  addCounts(total.ended, interval.ended);
  addCounts(total.codes, interval.codes);
  interval.stalls.forEach((count, i) => {
    total.stalls[i] = (total.stalls[i] ?? 0) + count;
  });
  total.health.push(...interval.health);
}

const sums = [
  'planned',
  'sent',
  'good',
  'inFlightArea',
  'inputTokens',
  'outputTokens',
  'cachedTokens',
  'reasoningTokens',
  'chunks',
  'coalesced',
  'retries',
  'opened',
] as const satisfies readonly (keyof Interval)[];

function addCounts<K extends string>(to: Partial<Record<K, number>>, from: Readonly<Partial<Record<K, number>>>): void {
  for (const [name, count] of Object.entries(from) as [K, number][]) to[name] = (to[name] ?? 0) + count;
}

/** Intervals of the same time from several processes as one. */
export function mergeIntervals(parallel: readonly Interval[]): Interval {
  const total = newTotal();
  const histograms: Partial<Record<Measure, Sparse>> = {};
  for (const interval of parallel) {
    addNumbers(total, interval);
    for (const [name, sparse] of Object.entries(interval.histograms) as [Measure, Sparse][])
      histograms[name] = addSparse(histograms[name] ?? [], sparse);
  }
  const inFlightMax = parallel.reduce((sum, one) => sum + one.inFlightMax, 0);
  return { ...total, inFlightMax, histograms };
}

/** Intervals of one process that follow each other as one. */
export const joinIntervals = (consecutive: readonly Interval[]): Interval => ({
  ...mergeIntervals(consecutive),
  inFlightMax: Math.max(0, ...consecutive.map(({ inFlightMax }) => inFlightMax)),
});

/** Requests that ended in a class. */
export const endedOf = ({ ended }: Total, ledgerClass: LedgerClass): number => ended[ledgerClass] ?? 0;
