/** Which part of a run its figures per second are of. Pure. */
import { type Interval, slackMs } from './interval.ts';
import { outageOf } from './stats/outage.ts';
import { steadyWindow } from './stats/steady.ts';
import { totalOf } from './total.ts';

export interface Windows {
  /** Intervals in which requests were offered and measured. */
  readonly whole: readonly Interval[];
  /** Those of them in which nothing drifts; undefined when there are none. */
  readonly steady: readonly Interval[] | undefined;
  /** How long nine of ten answers take at most: until then a run has not started up. */
  readonly answerMs: number;
}

export interface Offered {
  readonly warmupMs: number;
  /** When no more requests were started, ms since the beginning. */
  readonly offeredMs: number;
}

export function windowsOf(intervals: readonly Interval[], { warmupMs, offeredMs }: Offered): Windows {
  const whole = intervals.filter(({ fromMs, toMs }) => fromMs >= warmupMs - slackMs && toMs <= offeredMs + slackMs);
  const answerMs = totalOf(intervals).histograms.attempt_ms?.quantile(0.9) ?? 0;
  const startUpMs = answerMs - littleShare * lengthOf(whole);
  const started = whole.filter(({ fromMs }) => fromMs >= startUpMs);
  const found = steadyWindow(started);
  const isSteady = found.kind === 'steady' && outageOf(started) === undefined;
  return { whole, answerMs, steady: isSteady ? started.slice(found.from, found.to) : undefined };
}

/** So much of a start-up, as a share of the run, takes no more than that from what is said per second. */
const littleShare = 0.01;

const lengthOf = (intervals: readonly Interval[]) =>
  intervals.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
