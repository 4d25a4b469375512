/**
 * Starts runs at their places on the grid. Decides, and leaves the doing to `visit`: a check never overlaps itself, a
 * credential never has more calls under way than it may, and whatever is not run is told with its reason.
 */
import type { Cancel, Clock, Timer } from '../core/clock.ts';
import type { Random } from '../core/random.ts';
import { placesBetween, type Start, startAfter } from './grid.ts';
import { maintenanceUntil } from './maintenance.ts';
import type { ProbeCheck, ProbePlan } from './plan.ts';
import { createSeats } from './seats.ts';

export interface Visit {
  readonly check: ProbeCheck;
  /** Its place on the grid, ms since 1970. */
  readonly plannedAtMs: number;
  /** How long after its moment it begins: others were in its place, or the program was late. */
  readonly lagMs: number;
  /** Aborted when the program ends. */
  readonly stop: AbortSignal;
}

export type Scheduled = Pick<ProbePlan, 'checks' | 'credentials' | 'maintenance' | 'runsAtOnce'>;

export interface ScheduleDoor {
  readonly clock: Clock;
  /** Makes the jitter; a number of the grid always gets the same one. */
  readonly random: Random;
  /** Makes a run. The check is busy until the promise settles. */
  readonly visit: (visit: Visit) => Promise<void>;
  readonly skipped: (check: ProbeCheck, why: 'overlap' | 'maintenance' | 'shutdown', detail: string) => void;
  /** Places on the grid that went by while nobody looked: the machine slept, or this program was not running. */
  readonly missed: (check: ProbeCheck, count: number) => void;
}

export interface Schedule {
  /** Takes other checks from now on; those that stay keep their grid and what they are doing. */
  swap(plan: Scheduled): void;
  /** Finds the grid again after the clock was set or the machine slept. */
  resync(): void;
  /** When a check is due, ms since 1970. */
  nextOf(id: string): number | undefined;
  /** Ends running visits by their signal and waits for them. */
  stop(): Promise<void>;
}

interface Line {
  check: ProbeCheck;
  start: Start | undefined;
  /** The last place that was decided about. */
  doneMs: number;
  busy: boolean;
  /** Takes it out of the queue, while it waits for its place. */
  leave: Cancel | undefined;
  readonly timer: Timer;
}

/** @param lastOf the last place that an earlier life of this program decided about, ms since 1970 */
export function createSchedule(
  first: Scheduled,
  door: ScheduleDoor,
  lastOf: (id: string) => number | undefined = () => undefined,
): Schedule {
  const { clock, random, visit, skipped, missed } = door;
  const ending = new AbortController();
  const lines = new Map<string, Line>();
  const running = new Set<Promise<void>>();
  const seats = createSeats(first, clock);
  let plan = first;

  /** Wall time decides where the grid is, monotonic time when the timer fires. */
  const arm = (line: Line, afterMs: number) => {
    line.start = startAfter(line.check, afterMs, random);
    if (line.start === undefined) line.timer.clear();
    else line.timer.set(clock.now() + Math.max(0, line.start.atMs - clock.wall()));
  };
  const add = (check: ProbeCheck) => {
    const now = clock.wall();
    const timer = clock.timer(() => due(line));
    const line: Line = { check, start: undefined, doneMs: now, busy: false, leave: undefined, timer };
    lines.set(check.id, line);
    countMissed(check, lastOf(check.id) ?? now, now);
    arm(line, now);
  };
  const countMissed = (check: ProbeCheck, fromMs: number, untilMs: number) => {
    const count = placesBetween(check, fromMs, untilMs);
    if (count > 0) missed(check, count);
  };
  /** The next place; those that are over already are not made up for. */
  const advance = (line: Line, gridMs: number) => {
    line.doneMs = gridMs;
    arm(line, gridMs);
    const now = clock.wall();
    if ((line.start?.atMs ?? now) >= now) return;
    countMissed(line.check, gridMs, now);
    line.doneMs = now;
    arm(line, now);
  };
  const due = (line: Line) => {
    const { check, start } = line;
    if (start === undefined) return;
    const dueMs = clock.now();
    const lateMs = Math.max(0, clock.wall() - start.atMs);
    advance(line, start.gridMs);
    const until = maintenanceUntil(plan.maintenance, check, clock.wall());
    if (until !== undefined) return skipped(check, 'maintenance', `until ${new Date(until).toISOString()}`);
    if (line.busy) return skipped(check, 'overlap', 'the run before is still under way or waits for its place');
    line.busy = true;
    let begun = false;
    const leave = seats.enter(check.endpoint.credential, () => {
      begun = true;
      return begin(line, start, lateMs + clock.now() - dueMs);
    });
    line.leave = begun ? undefined : leave;
  };
  const begin = (line: Line, start: Start, lagMs: number): Promise<void> => {
    line.leave = undefined;
    const work = visit({ check: line.check, plannedAtMs: start.gridMs, lagMs, stop: ending.signal }).finally(() => {
      line.busy = false;
      running.delete(work);
    });
    running.add(work);
    return work;
  };

  const swap = (next: Scheduled) => {
    plan = next;
    seats.resize(next);
    const wanted = new Map(next.checks.map(check => [check.id, check]));
    for (const [id, line] of [...lines]) {
      const check = wanted.get(id);
      if (check === undefined) drop(line);
      else refresh(line, check);
    }
    for (const check of next.checks) if (!lines.has(check.id)) add(check);
  };
  const drop = (line: Line) => {
    line.leave?.();
    line.timer.clear();
    lines.delete(line.check.id);
  };
  const refresh = (line: Line, check: ProbeCheck) => {
    const same = JSON.stringify(line.check.schedule) === JSON.stringify(check.schedule);
    line.check = check;
    if (!same) arm(line, clock.wall());
  };
  const resync = () => {
    for (const line of lines.values()) {
      const now = clock.wall();
      countMissed(line.check, line.doneMs, now);
      line.doneMs = now;
      arm(line, now);
    }
  };
  const stop = async () => {
    ending.abort();
    for (const line of [...lines.values()]) {
      const waits = line.leave !== undefined;
      drop(line);
      if (waits) skipped(line.check, 'shutdown', 'was waiting for its place');
    }
    await Promise.allSettled(running);
  };

  for (const check of first.checks) add(check);
  return { swap, resync, nextOf: id => lines.get(id)?.start?.atMs, stop };
}
