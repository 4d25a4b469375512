/** How latency answered to load within one run: little against much under way. */
import type { Summary } from '../../core/histogram.ts';
import type { Interval } from '../interval.ts';
import { type Slice, together } from '../slices.ts';

export interface Growth {
  /** Least and most requests under way that the run can compare. */
  readonly from: number;
  readonly to: number;
  /** Medians at both; `ratio` is 1 where there were too few to tell. */
  readonly ttft: Change;
  readonly itl: Change;
  readonly e2e: Change;
  /** Output tokens, or good requests where there are none, per second. */
  readonly throughput: Change;
  /** The most under way at which the latency that grew was still within half again of the least; null when none grew. */
  readonly knee: number | null;
}

export interface Change {
  readonly from: number;
  readonly to: number;
  readonly ratio: number;
}

/** From here on a growth of the load says something about its latencies. */
const leastSpread = 1.5;

/** null when the number under way hardly changed, or when too little ended to compare. */
export function growthOf(intervals: readonly Interval[]): Growth | null {
  const levels = levelsOf(intervals);
  const [least, most] = [levels[0], levels.at(-1)];
  if (least === undefined || most === undefined || levels.length < 2) return null;
  if (most.inFlightMean < leastSpread * least.inFlightMean) return null;
  const change = (of: (slice: Slice) => number | undefined) => changeOf(of(least), of(most));
  const ttft = change(slice => median(slice.figure('ttft_any_from_send_ms'), 10));
  const e2e = change(slice => median(slice.figure('e2e_from_send_ms'), 10));
  return {
    from: least.inFlightMean,
    to: most.inFlightMean,
    ttft,
    itl: change(slice => median(slice.figure('itl_ms'), 50)),
    e2e,
    throughput: change(throughputOf),
    knee: kneeOf(levels, ttft.ratio >= leastSpread ? 'ttft_any_from_send_ms' : 'e2e_from_send_ms'),
  };
}

/** Intervals while load was offered, in up to five groups by how much was under way. */
function levelsOf(intervals: readonly Interval[]): Slice[] {
  const last = intervals.findLastIndex(({ planned }) => planned > 0);
  const sorted = intervals
    .slice(0, last + 1)
    .filter(({ ended, toMs, fromMs }) => (ended.ok ?? 0) > 0 && toMs > fromMs)
    .sort((a, b) => meanOf(a) - meanOf(b));
  const groups = sorted.length >= 15 ? 5 : sorted.length >= 4 ? 2 : 0;
  const cut = (i: number) => Math.round((i * sorted.length) / groups);
  return Array.from({ length: groups }, (_, i) => together(sorted.slice(cut(i), cut(i + 1))));
}

const meanOf = ({ inFlightArea, fromMs, toMs }: Interval) => inFlightArea / (toMs - fromMs);

const median = ({ count, p50 }: Summary, atLeast: number) => (count >= atLeast ? p50 : undefined);

function changeOf(from: number | undefined, to: number | undefined): Change {
  if (from === undefined || to === undefined) return { from: 0, to: 0, ratio: 1 };
  return { from, to, ratio: from > 0 ? to / from : 1 };
}

const throughputOf = ({ outputTokens, ok, seconds }: Slice) => (outputTokens > 0 ? outputTokens : ok) / seconds;

function kneeOf(levels: readonly Slice[], measure: 'ttft_any_from_send_ms' | 'e2e_from_send_ms'): number | null {
  const medians = levels.map(level => level.figure(measure).p50);
  const bound = leastSpread * (medians[0] ?? 0);
  const over = medians.findIndex(ms => ms > bound);
  return over < 1 ? null : (levels[over - 1]?.inFlightMean ?? null);
}
