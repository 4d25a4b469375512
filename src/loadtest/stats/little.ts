/** Little's law, L = λW: whether requests in flight, their rate and their latency, each counted apart, fit together. */
import type { Interval } from '../interval.ts';
import type { Measure } from '../measures.ts';
import { addMoments, momentsOf } from './moments.ts';

export interface Little {
  /** L: in flight on average, from when requests began and ended. */
  readonly inFlight: number;
  /** λ: latencies noted per second. */
  readonly perSecond: number;
  /** W: their mean. */
  readonly latencyMs: number;
  /**
   * |λW / L − 1|, with the opening of connections as part of W; 0 is perfect. Requests that reach over the ends of the window
   * add up to about W over its length; over a whole run there are none.
   */
  readonly disagreement: number;
}

/**
 * Undefined where nothing was in flight or nothing ended. Hold it against 2 % in a whole run, or a steady window of many.
 * @param measure what notes all that is in flight, good or not; default every attempt
 */
export function littleOf(intervals: readonly Interval[], measure: Measure = 'attempt_ms'): Little | undefined {
  const seconds = intervals.reduce((sum, { fromMs, toMs }) => sum + (toMs - fromMs) / 1000, 0);
  const area = intervals.reduce((sum, { inFlightArea }) => sum + inFlightArea / 1000, 0);
  const momentsIn = (name: Measure) => addMoments(intervals.map(({ histograms }) => momentsOf(histograms[name])));
  const { count, sum } = momentsIn(measure);
  if (!(seconds > 0) || !(area > 0) || count === 0) return undefined;
  return {
    inFlight: area / seconds,
    perSecond: count / seconds,
    latencyMs: sum / count,
    disagreement: Math.abs((sum + momentsIn('connect_ms').sum) / 1000 / area - 1),
  };
}
