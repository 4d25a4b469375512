/** The steady part of a run: after the start has worn off, before requests stop being offered, and only if nothing drifts. */
import type { Interval } from '../interval.ts';
import { meanLatency } from './latency.ts';
import { batchesOf } from './moments.ts';
import { longRunVariance, shiftOf, stepVariance, trendOf } from './shift.ts';
import { student95 } from './student.ts';

/** One number per interval; undefined where there is none, such as a latency while nothing ended. */
type Series = readonly (number | undefined)[];

export interface SteadyInput {
  readonly completionsPerSecond: Series;
  readonly inFlight: Series;
  readonly ttftMs: Series;
}

/** `to` is the first interval that no longer belongs. `reason` is a clause for people. */
export type Steady =
  | { readonly kind: 'steady'; readonly from: number; readonly to: number }
  | { readonly kind: 'none'; readonly reason: string };

/**
 * The steady window of intervals in which requests were offered; a tail in which none was, and in which fewer and fewer were
 * in flight, is left out. Where as many as ever are in flight, all only answer at once: to stop there would count their
 * bursts and not the pauses.
 */
export function steadyWindow(intervals: readonly Interval[]): Steady {
  const flying = intervals.map(interval => perSecond(interval, interval.inFlightArea / 1000) ?? 0);
  const full = 0.99 * Math.max(...flying);
  const last = intervals.findLastIndex(({ planned }, i) => planned > 0 || (full > 0 && flying[i]! >= full));
  return steadyPart(steadyInput(intervals.slice(0, last + 1)));
}

const steadyInput = (intervals: readonly Interval[]): SteadyInput => ({
  completionsPerSecond: intervals.map(interval => perSecond(interval, interval.answered)),
  inFlight: intervals.map(interval => perSecond(interval, interval.inFlightArea / 1000)),
  ttftMs: intervals.map(meanLatency),
});

const perSecond = ({ fromMs, toMs }: Interval, amount: number) =>
  toMs > fromMs ? (amount * 1000) / (toMs - fromMs) : undefined;

/**
 * Cuts the front where that makes the rest more certain of its mean (MSER, White 1997), then asks of each series whether
 * it drifts in what is left. A run that drifts, or never settles, has no steady part.
 */
export function steadyPart(input: SteadyInput): Steady {
  const series = Object.entries(titles) as [keyof SteadyInput, string][];
  const length = Math.max(...series.map(([name]) => input[name].length));
  if (length < shortest) return none(`${length} whole intervals are too few, ${shortest} the least`);
  const starts = series.map(([name]) => settledAt(input[name]));
  const unsettled = series.find((_, i) => starts[i] === undefined);
  if (unsettled !== undefined) return none(`${unsettled[1]} had not settled half way`);
  const from = Math.max(...starts.filter(start => start !== undefined));
  for (const [name, title] of series) {
    const complaint = driftOf(input[name].slice(from));
    if (complaint !== undefined) return none(`${title} ${complaint}`);
  }
  return { kind: 'steady', from, to: length };
}

const none = (reason: string): Steady => ({ kind: 'none', reason });

const titles = {
  completionsPerSecond: 'the rate of good answers',
  inFlight: 'the number of requests in flight',
  ttftMs: 'the time to the first token',
} as const satisfies Record<keyof SteadyInput, string>;

/** Intervals below which neither start nor drift can be told from noise. */
const shortest = 5;

/** The index at which the start is over; undefined when it takes half of the series or more. */
function settledAt(series: Series): number | undefined {
  const known = series.flatMap((value, index) => (value === undefined ? [] : [{ value, index }]));
  if (known.length < shortest) return 0; // what is wrong with that, the test for drift says better
  const size = Math.min(5, Math.max(1, Math.floor(known.length / 20))); // five in long runs (MSER-5), fewer in short ones
  const batches = Array.from({ length: Math.floor(known.length / size) }, (_, i) =>
    known.slice(i * size, (i + 1) * size),
  );
  const means = batches.map(batch => meanOf(batch.map(({ value }) => value)));
  const cut = truncation(means);
  if (!differs(means.slice(0, cut), means.slice(cut), Math.sqrt(stepVariance(means)))) return 0;
  return cut < Math.floor(means.length / 2) ? batches[cut]?.[0]?.index : undefined;
}

/** How many values to drop, at most half, so that the standard error of the mean of the rest is smallest. */
function truncation(values: readonly number[]): number {
  const errors: number[] = [];
  let mean = 0;
  let squares = 0;
  for (const [i, value] of values.toReversed().entries()) {
    const before = value - mean;
    mean += before / (i + 1);
    squares += before * (value - mean); // Welford: no difference of large numbers
    errors[values.length - 1 - i] = squares / (i + 1) ** 2;
  }
  const candidates = errors.slice(0, Math.floor(values.length / 2) + 1);
  return candidates.indexOf(Math.min(...candidates));
}

/** Whether a start is so different from the rest that it is worth cutting, and more than noise. */
function differs(start: readonly number[], rest: readonly number[], noise: number): boolean {
  if (start.length === 0) return false;
  const difference = Math.abs(meanOf(start) - meanOf(rest));
  const error = noise * Math.sqrt(1 / start.length + 1 / rest.length);
  return difference >= material * Math.abs(meanOf(rest)) && difference > 2 * error;
}

/** What a series does that a steady one does not; undefined when nothing. */
function driftOf(series: Series): string | undefined {
  const values = series.filter(value => value !== undefined);
  if (values.length < shortest) return 'is known in too few intervals';
  const batches = batchesOf(values, 12).map(meanOf);
  const { relative, t, tau } = trendOf(batches);
  const going = Math.abs(t) > student95(batches.length - 2) && Math.abs(tau) > 0.4; // tau: not the work of a few values
  if (going && Math.abs(relative) >= material) return `${changeOf(relative)}, steadily`;
  const shift = shiftOf(values);
  const surprise = shift.bridge / Math.sqrt(longRunVariance(values));
  return Math.abs(shift.relative) >= material && surprise > surprising ? changeOf(shift.relative) : undefined;
}

const changeOf = (relative: number) =>
  `${relative > 0 ? 'rises' : 'falls'} by ${Math.round(Math.abs(relative) * 100)} %`;

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** A smaller change of level does not matter to what is reported. */
const material = 0.1;

/** A Brownian bridge goes further than this once in twenty times (Kolmogorov's distribution). */
const surprising = 1.36;
