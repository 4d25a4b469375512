/** Seconds of several processes become seconds of one run: each is passed on when all who still take part have told theirs. */

import { worstOf } from '../health.ts';
import { createHistory } from '../history.ts';
import type { Interval } from '../interval.ts';
import type { Measurement } from '../load.ts';
import type { CalibrationRun, ErrorFigure } from '../result.ts';
import { add, joinIntervals, mergeIntervals, newTotal } from '../total.ts';

/** What one process reports besides its seconds. */
export type Finish = Pick<Measurement, 'before' | 'after' | 'end'>;

export interface Merger {
  add(member: number, interval: Interval): void;
  finish(member: number, finish: Finish): void;
  /** A member went away: what it had not told is lost, and known to be. @param planned requests of its share, when that was fixed */
  lose(member: number, planned: number | undefined): void;
  /** All seconds and the whole. */
  read(): Measurement;
}

export interface MergerOptions {
  /** Told of every merged second, in order. */
  readonly onInterval?: ((interval: Interval) => void) | undefined;
  /** Where the measured window begins and ends, ms since the run began. */
  readonly edgesMs?: readonly number[];
}

export function createMerger(members: number, { onInterval, edgesMs = [] }: MergerOptions = {}): Merger {
  /** What was told and not passed on yet, and the second that each member has come to. */
  const waiting: Interval[][] = Array.from({ length: members }, () => []);
  const reached = Array.from({ length: members }, () => -1);
  const totals = Array.from({ length: members }, newTotal);
  const finishes: (Finish | undefined)[] = Array.from({ length: members }, () => undefined);
  const away = new Set<number>();
  const merged = createHistory({ edgesMs });
  let passed = 0;

  const take = (member: number, interval: Interval) => {
    waiting[member]?.push(interval);
    reached[member] = Math.max(reached[member] ?? -1, secondOf(interval));
    add(totals[member] ?? newTotal(), interval);
  };
  /** Passes on every second that all who take part have come to; what is told late joins the next. */
  const pass = () => {
    const open = reached.filter((_, member) => !away.has(member));
    for (const until = Math.min(...(open.length > 0 ? open : [Math.max(...reached)])); passed <= until; passed++) {
      const parts = waiting.flatMap((list, member) => {
        waiting[member] = list.filter(interval => secondOf(interval) > passed);
        const now = list.filter(interval => secondOf(interval) <= passed);
        return now.length > 0 ? joinIntervals(now) : [];
      });
      if (parts.length > 0) tell(mergeIntervals(parts));
    }
  };
  const tell = (interval: Interval) => {
    merged.add(interval);
    onInterval?.(interval);
  };
  const leave = (member: number) => {
    away.add(member);
    pass();
  };
  const lose: Merger['lose'] = (member, planned) => {
    if (away.has(member)) return;
    const total = totals[member] ?? newTotal();
    const rest = Math.max(0, (planned ?? total.planned) - total.planned);
    const open = total.planned - Object.values(total.ended).reduce((sum, count) => sum + count, 0);
    take(member, {
      ...mergeIntervals([]),
      fromMs: total.toMs,
      toMs: total.toMs,
      planned: rest,
      ended: { lost: rest + open },
    });
    leave(member);
  };
  const read = (): Measurement => {
    pass();
    const late = waiting.filter(list => list.length > 0).map(joinIntervals);
    if (late.length > 0) tell(mergeIntervals(late));
    for (const list of waiting) list.length = 0;
    const done = finishes.filter(finish => finish !== undefined);
    return {
      intervals: merged.read(),
      before: worstCalibration(done.map(({ before }) => before)),
      after: worstCalibration(done.map(({ after }) => after)),
      end: {
        startMs: 0,
        lateMs: Math.max(0, ...done.map(({ end }) => end.lateMs)),
        offeredMs: done.length > 0 ? Math.max(...done.map(({ end }) => end.offeredMs)) : lastMs(merged.read()),
        halted: firstHalt(done),
      },
      gone: members - done.length,
    };
  };
  return {
    add: (member, interval) => {
      take(member, interval);
      pass();
    },
    finish: (member, finish) => {
      finishes[member] = finish;
      leave(member);
    },
    lose,
    read,
  };
}

/** What one member was halted for, the others were then stopped for. */
const firstHalt = (done: readonly Finish[]) =>
  done
    .flatMap(({ end: { halted } }) => halted ?? [])
    .sort((a, b) => a.atMs - b.atMs)
    .at(0);

/** When nobody is left to say when the offering ended, it was when the last was heard. */
const lastMs = (intervals: readonly Interval[]) => Math.max(0, ...intervals.map(({ toMs }) => toMs));

/** Which second an interval ends in. All members cut at the same moments of one clock, a little late. */
const secondOf = ({ toMs }: Interval): number => Math.max(0, Math.ceil((toMs - lateMs) / 1000) - 1);

const lateMs = 250;

/** The streams of all, the errors of the worst. One that could not calibrate leaves the whole in doubt. */
export function worstCalibration(runs: readonly (CalibrationRun | null)[]): CalibrationRun | null {
  const known = runs.filter(run => run !== null);
  if (known.length < runs.length || known.length === 0) return null;
  return {
    streams: known.reduce((sum, { streams }) => sum + streams, 0),
    events_per_second: known.reduce((sum, run) => sum + run.events_per_second, 0),
    ttft_ms: worstError(known.map(run => run.ttft_ms)),
    gap_ms: worstError(known.map(run => run.gap_ms)),
    send_ms: worstError(known.map(run => run.send_ms)),
    health: worstOf(known.map(({ health }) => health)),
  };
}

const worstError = (errors: readonly ErrorFigure[]): ErrorFigure => ({
  p50: Math.max(0, ...errors.map(({ p50 }) => p50)),
  p99: Math.max(0, ...errors.map(({ p99 }) => p99)),
  count: errors.reduce((sum, { count }) => sum + count, 0),
});
