/** A run of two times: it failed for a part of it, or its answers began later from some moment on. */
import { createHistogram } from '../../core/histogram.ts';
import type { Interval } from '../interval.ts';
import { moment, share, time } from '../numbers.ts';
import { type Slice, together } from '../slices.ts';
import { outageOf } from '../stats/outage.ts';
import { saturated } from './backlog.ts';
import type { Growth } from './growth.ts';
import { isOneLevel, type JudgedRun, type Limit, type Sighting } from './sighting.ts';

/** An outage. Failures that come all the time are no change. */
export function failedForATime({ intervals }: JudgedRun): Sighting<Limit> | undefined {
  const outage = outageOf(intervals);
  if (outage === undefined) return undefined;
  const { fromMs, toMs, failed, besides } = outage;
  return {
    kind: 'changed',
    text: `It failed for a time: from ${moment(fromMs / 1000)} to ${moment(toMs / 1000)} ${share(failed)} of what ended was a failure, and ${share(besides)} of the rest.`,
  };
}

/** The same load, and answers began later, or sooner, from some second on. What more load does is told by how much was under way. */
export function slowerFromThen(result: JudgedRun, growth: Growth | null): Sighting<Limit> | undefined {
  const { intervals, whole, config, load } = result;
  if (!isOneLevel(config) || (load.kind === 'closed' && growth !== null)) return undefined;
  const offered = intervals.slice(0, intervals.findLastIndex(({ planned }) => planned > 0) + 1);
  const turn = turnOf(offered.filter(({ fromMs }) => fromMs >= whole.from_s * 1000));
  if (turn === undefined || (load.kind !== 'closed' && !isAsMuch(turn)) || saturated(result)) return undefined;
  const [before, after] = [figureOf(turn.early), figureOf(turn.late)];
  const what = isStreamed(turn.late) ? 'first token' : 'answer';
  const since = Math.max(0, turn.late.fromMs - turn.late.figure('e2e_from_send_ms').p50);
  return {
    kind: 'changed',
    text: `It changed under way: half had their ${what} within ${time(before.p50)}, and from about ${moment(since / 1000)} on within ${time(after.p50)}, at the same load.`,
    next: 'Find out what changed then (a deployment, other traffic), and run again: figures of two times together say little of either.',
  };
}

interface Turn {
  readonly early: Slice;
  readonly late: Slice;
}

/** At the second that parts their medians best, where nine tenths of the slower took longer than nine tenths of the others. */
function turnOf(offered: readonly Interval[]): Turn | undefined {
  const known = offered.filter(({ answered }) => answered > 0);
  const at = partedAt(known.map(one => Math.log(figureOf(together([one])).p50 || 1)));
  const [before, after] = [known.slice(0, at), known.slice(at)];
  if (Math.min(before.length, after.length) < least.seconds) return undefined;
  const [early, late] = [together(before), together(after)];
  const isLater = figureOf(late).p50 > figureOf(early).p50;
  const [fast, slow] = [figureOf(isLater ? early : late), figureOf(isLater ? late : early)];
  const quickest = quickestOf(isLater ? after : before);
  const differ = slow.p50 >= slower * fast.p50 && quickest >= fast.p90 && slow.p50 - fast.p50 >= noticedMs;
  const enough = Math.min(fast.count, slow.count) >= least.answers;
  return differ && enough && isSudden(before, after) ? { early, late } : undefined;
}

/** A queue fills and empties by and by: then the seconds next to the turn are not yet as the others on their side. */
function isSudden(before: readonly Interval[], after: readonly Interval[]): boolean {
  const next = [before.slice(-2), after.slice(1, 3)]; // the first second after it holds answers of both
  return [before, after].every((side, i) => {
    const ratio = figureOf(together(next[i]!)).p50 / figureOf(together(side)).p50;
    return ratio > 1 / alike && ratio < alike;
  });
}

const alike = 1.25;

/** What a tenth of them did not exceed. */
function quickestOf(intervals: readonly Interval[]): number {
  const histogram = createHistogram();
  for (const { histograms } of intervals)
    histogram.absorb(histograms.ttft_any_from_send_ms ?? histograms.e2e_from_send_ms ?? []);
  return histogram.quantile(0.1);
}

/** Seconds and answers on each side of a change of which it can be told. */
const least = { seconds: 5, answers: 20 };

const slower = 1.5;
const noticedMs = 20;

/** Where the sum of deviations from the mean strays furthest. */
function partedAt(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let [sum, furthest, at] = [0, 0, 0];
  for (const [i, value] of values.entries()) {
    sum += value - mean;
    if (Math.abs(sum) > furthest) [furthest, at] = [Math.abs(sum), i + 1];
  }
  return at;
}

const isStreamed = (slice: Slice) => slice.figure('ttft_any_from_send_ms').count > 0;

const figureOf = (slice: Slice) => slice.figure(isStreamed(slice) ? 'ttft_any_from_send_ms' : 'e2e_from_send_ms');

/** Half as many again is more load. */
const isAsMuch = ({ early, late }: Turn) =>
  Math.max(early.planned / early.seconds, late.planned / late.seconds) <
  1.5 * Math.min(early.planned / early.seconds, late.planned / late.seconds);
