/** Whether an open-loop run offers more than the endpoint can take: its backlog grows, and not only by chance. */
import { createHistogram } from '../../core/histogram.ts';
import { type Interval, ledgerClasses } from '../interval.ts';

export type Saturation =
  /** Requests per second offered in excess, and the share of the offered that came to an end. */
  | { readonly kind: 'saturated'; readonly excessPerSecond: number; readonly served: number }
  | { readonly kind: 'keeps_up' }
  /** Too early to tell. */
  | { readonly kind: 'unknown' };

/**
 * Judges the run so far; meant to be asked after each second. At exactly full load the backlog of a queue grows like the
 * root of time, by chance alone, and below it does not grow. So overload is told by a backlog that grows faster than a
 * random walk would, while latency grows as a queue makes it. Windows of 8, 16, 32, … intervals up to half of the run are
 * looked at: so a long run is judged by its present, and the first moments, in which requests only pile up, by none.
 */
export function saturationOf(intervals: readonly Interval[]): Saturation {
  if (intervals.length < 2 * shortest) return { kind: 'unknown' };
  const windows = lengths(intervals.length >> 1).map(length => intervals.slice(-length));
  const window = windows.find(window => backlogGrows(window) && latencyGrows(window));
  return window === undefined ? { kind: 'keeps_up' } : saturatedIn(flowOf(window));
}

/** 8, 16, 32, … and the longest. */
const lengths = (longest: number) => [
  ...Array.from({ length: Math.ceil(Math.log2(longest / shortest)) }, (_, i) => shortest * 2 ** i),
  longest,
];

const shortest = 8;

interface Flow {
  readonly seconds: number;
  readonly offered: number;
  /** However they ended. */
  readonly ended: number;
}

function flowOf(window: readonly Interval[]): Flow {
  let [offered, ended, seconds] = [0, 0, 0];
  for (const interval of window) {
    const unsent = interval.ended.unsent ?? 0;
    offered += interval.planned - unsent;
    ended += ledgerClasses.reduce((sum, name) => sum + (interval.ended[name] ?? 0), 0) - unsent;
    seconds += (interval.toMs - interval.fromMs) / 1000;
  }
  return { seconds, offered, ended };
}

/** Four standard deviations: less than once in ten thousand looks at a queue at exactly full load. */
const surprising = 4;

/** A backlog walks by the difference of two counts. Their variance is that of Poisson's, or what was seen if that is more. */
function backlogGrows(window: readonly Interval[]): boolean {
  const { offered, ended } = flowOf(window);
  const steps = window.map(interval => flowOf([interval])).map(flow => flow.offered - flow.ended);
  const changes = steps.slice(1).map((step, i) => (step - steps[i]!) ** 2 / 2);
  const seen = (changes.reduce((sum, change) => sum + change, 0) / changes.length) * window.length;
  return offered - ended > surprising * Math.sqrt(Math.max(offered + ended, seen));
}

/**
 * Long answers make requests pile up at the start without any queue. What tells the two apart: in a queue of which a share
 * `served` gets through, everybody's latency grows by 1 − served each second. Without one, of so many offered requests as
 * many are as fast as before. Half of the growth is asked for, beyond what counting so few may be off.
 * @param among of which the fast ones are looked at; after a steep rise only the answered are comparable
 */
export function latencyGrows(window: readonly Interval[], among: 'offered' | 'answered' = 'offered'): boolean {
  const half = window.length >> 1;
  const [early, late] = [window.slice(0, half), window.slice(-half)];
  const { offered, ended, seconds } = flowOf(window);
  const expectedMs = (1 - ended / offered) * (seconds / 2) * 1000;
  const [before, after] = [fastTenth(early, 2, among), fastTenth(late, -2, among)];
  return after - before > expectedMs / 2;
}

/**
 * The latency in ms that a tenth of the requests did not exceed, read so many standard deviations of that number
 * higher; NaN, and so never more than another, when none ended well.
 */
function fastTenth(part: readonly Interval[], deviations: number, among: 'offered' | 'answered'): number {
  const histogram = createHistogram();
  for (const { histograms } of part) histogram.absorb(histograms.e2e_ms ?? []);
  const tenth = (among === 'offered' ? flowOf(part).offered : histogram.count) / 10;
  const rank = Math.max(1, tenth + deviations * Math.sqrt(tenth));
  return histogram.count === 0 ? Number.NaN : histogram.quantile(Math.min(1, rank / histogram.count));
}

const saturatedIn = ({ offered, ended, seconds }: Flow): Saturation => ({
  kind: 'saturated',
  excessPerSecond: (offered - ended) / seconds,
  served: ended / offered,
});
