/** Intervals added up: a whole run, a window of it, or what has been counted so far. Adding is exact. */
import { addSparse, createHistogram, type Histogram, type Sparse } from '../core/histogram.ts';
import { type Counts, type Health, type Interval, type LedgerClass, nothingCounted } from './interval.ts';
import type { Measure } from './measures.ts';

/** What is counted while it happens. */
export interface Counting extends Counts {
  readonly stalls: [number, number, number];
  readonly ended: Partial<Record<LedgerClass, number>>;
  readonly codes: Record<string, number>;
}

export const newCounting = (): Counting => ({ ...nothingCounted, stalls: [0, 0, 0], ended: {}, codes: {} });

export interface Total extends Counting {
  fromMs: number;
  toMs: number;
  inFlightArea: number;
  inFlightMax: number;
  readonly histograms: Partial<Record<Measure, Histogram>>;
  readonly health: Health[];
}

export const newTotal = (): Total => ({
  ...newCounting(),
  fromMs: Number.POSITIVE_INFINITY,
  toMs: 0,
  inFlightArea: 0,
  inFlightMax: 0,
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
  total.inFlightArea += interval.inFlightArea;
  for (const name of sums) total[name] += interval[name];
  addCounts(total.ended, interval.ended);
  addCounts(total.codes, interval.codes);
  interval.stalls.forEach((count, i) => {
    total.stalls[i] = (total.stalls[i] ?? 0) + count;
  });
  total.health.push(...interval.health);
}

const sums = Object.keys(nothingCounted) as (keyof Counts)[];

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
