/** Stretches of a run: neighbouring intervals added up, so that hours draw as fast as seconds. */
import { bucketsOf, type Summary, summaryOf } from '../core/histogram.ts';
import type { Interval, LedgerClass } from './interval.ts';
import { failuresOf } from './ledger.ts';
import type { Measure } from './measures.ts';

export interface Slice {
  readonly fromMs: number;
  readonly toMs: number;
  /** Length of all its intervals together. */
  readonly seconds: number;
  readonly planned: number;
  readonly ended: Readonly<Partial<Record<LedgerClass, number>>>;
  /** Good answers that ended here, those to requests of the warm-up too. */
  readonly ok: number;
  readonly failed: number;
  readonly outputTokens: number;
  readonly inFlightMean: number;
  readonly inFlightMax: number;
  readonly codes: Readonly<Record<string, number>>;
  /** Worst of all processes and intervals. */
  readonly elu: number;
  readonly lagMs: number;
  readonly gcMaxMs: number;
  /** Latencies of what ended here; a count of 0 when nothing did. */
  figure(measure: Measure): Summary;
  /** Bucket and count in turn, of all histograms of a measure here. */
  buckets(measure: Measure): ReadonlyMap<number, number>;
}

/** Of less time than this no rate is told: one answer in the last 2 ms would be 500 a second. */
export const shortestMs = 500;

/** All intervals in order, in at most `atMost` slices of about equal length; a short interval belongs to the one before it. */
export function slicesOf(intervals: readonly Interval[], atMost: number): Slice[] {
  const whole = longEnough(intervals);
  const size = Math.max(1, Math.ceil(whole.length / atMost));
  const starts = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) => i * size);
  return starts.map(start => together(whole.slice(start, start + size).flat()));
}

function longEnough(intervals: readonly Interval[]): readonly (readonly Interval[])[] {
  const groups: Interval[][] = [];
  for (const interval of intervals) {
    const last = groups.at(-1);
    if (last !== undefined && interval.toMs - interval.fromMs < shortestMs) last.push(interval);
    else groups.push([interval]);
  }
  return groups;
}

/** The sum of some intervals, neighbours or not. */
export function together(intervals: readonly Interval[]): Slice {
  const total = (pick: (interval: Interval) => number) => intervals.reduce((sum, one) => sum + pick(one), 0);
  const most = (pick: (health: Interval['health'][number]) => number) =>
    intervals.reduce((max, { health }) => health.reduce((all, one) => Math.max(all, pick(one)), max), 0);
  const lengthMs = total(({ fromMs, toMs }) => toMs - fromMs);
  const ended = addedUp(intervals.map(one => one.ended));
  return {
    fromMs: intervals[0]?.fromMs ?? 0,
    toMs: intervals.at(-1)?.toMs ?? 0,
    seconds: lengthMs / 1000,
    planned: total(({ planned }) => planned),
    ended,
    ok: total(({ answered }) => answered),
    failed: failuresOf(ended).reduce((sum, { count }) => sum + count, 0),
    outputTokens: total(({ outputTokens }) => outputTokens),
    inFlightMean: lengthMs === 0 ? 0 : total(({ inFlightArea }) => inFlightArea) / lengthMs,
    inFlightMax: intervals.reduce((max, one) => Math.max(max, one.inFlightMax), 0),
    codes: addedUp(intervals.map(({ codes }) => codes)),
    elu: most(({ elu }) => elu),
    lagMs: most(({ lagMs }) => lagMs),
    gcMaxMs: most(({ gcMaxMs }) => gcMaxMs),
    figure: remembered(measure => summaryOf(listsOf(intervals, measure))),
    buckets: measure => bucketsOf(listsOf(intervals, measure)),
  };
}

/** The sum of counts by name. */
export function addedUp(counts: readonly Readonly<Partial<Record<string, number>>>[]): Record<string, number> {
  const sum = new Map<string, number>();
  for (const one of counts) for (const [name, n = 0] of Object.entries(one)) sum.set(name, (sum.get(name) ?? 0) + n);
  return Object.fromEntries(sum);
}

const listsOf = (intervals: readonly Interval[], measure: Measure) =>
  intervals.map(({ histograms }) => histograms[measure] ?? []);

/** Asked for again and again by charts and by every picture of the live view. */
function remembered<K, V>(make: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return key => {
    const value = known.get(key) ?? make(key);
    known.set(key, value);
    return value;
  };
}
