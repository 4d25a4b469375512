/** A stretch of a run in which most of what ended were failures, while there were hardly any before and after it. */
import type { Interval, LedgerClass } from '../interval.ts';
import { failuresOf } from '../ledger.ts';

export interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
  /** Share of failures in it, and of those in the rest of the run, 0 to 1. */
  readonly failed: number;
  readonly besides: number;
}

/** Undefined also where failures come all the time, or for less than three seconds. */
export function outageOf(intervals: readonly Interval[]): Outage | undefined {
  const known = intervals.filter(one => endedIn(one) > 0);
  const [from, to] = [known.findIndex(isDown), known.findLastIndex(isDown) + 1];
  const [inside, outside] = [known.slice(from, to), [...known.slice(0, Math.max(0, from)), ...known.slice(to)]];
  if (from < 0 || inside.length < leastSeconds || outside.length < leastSeconds) return undefined;
  const [failed, besides] = [failedShareOf(inside), failedShareOf(outside)];
  if (failed < mostly || besides > hardly) return undefined;
  return { fromMs: inside[0]!.fromMs, toMs: inside.at(-1)!.toMs, failed, besides };
}

const leastSeconds = 3;
const mostly = 0.5;
const hardly = 0.05;

const isDown = (one: Interval) => failedShareOf([one]) >= mostly / 2;

function failedShareOf(intervals: readonly Interval[]): number {
  const ended = intervals.reduce((sum, one) => sum + endedIn(one), 0);
  return ended === 0 ? 0 : intervals.reduce((sum, one) => sum + failedIn(one), 0) / ended;
}

const endedIn = (one: Interval) => one.answered + failedIn(one);

/** Refusals for a limit come and go with the load that met it. */
const failedIn = ({ ended }: Interval) =>
  failuresOf(ended).reduce((sum, { name, count }) => sum + (asLoaded.has(name) ? 0 : count), 0);

const asLoaded: ReadonlySet<LedgerClass> = new Set(['rate_limited', 'shed']);
