/** One check's line of the schedule: goes from place to place on its grid, and never overlaps itself. */
import type { Cancel, Clock } from '../core/clock.ts';
import type { Random } from '../core/random.ts';
import { placesBetween, type Start, startAfter } from './grid.ts';
import type { ProbeCheck } from './plan.ts';
import type { Seats } from './seats.ts';

export interface Line {
  /** When its check is due, ms since 1970. */
  readonly nextMs: number | undefined;
  /** Takes the check as it is in another plan; the grid stays where its schedule does. */
  refresh(check: ProbeCheck): void;
  /** Finds the grid again after the clock was set or the machine slept. */
  resync(): void;
  /** Nothing more begins; what runs goes on. */
  drop(): void;
  /** Dropped because the program ends: whoever still waited for a seat is told of as skipped. */
  stop(): void;
}

export interface LineDoor {
  readonly clock: Clock;
  /** Makes the jitter; a number of the grid always gets the same one. */
  readonly random: Random;
  readonly seats: Pick<Seats, 'enter'>;
  /** When the window ends that a check is in now; undefined outside of one. */
  readonly maintenanceOf: (check: ProbeCheck) => number | undefined;
  /** Makes a run. The check is busy until the promise settles. */
  readonly visit: (check: ProbeCheck, plannedAtMs: number, lagMs: number) => Promise<void>;
  readonly skipped: (check: ProbeCheck, why: 'overlap' | 'maintenance' | 'shutdown', detail: string) => void;
  /** Places on the grid that went by while nobody looked. */
  readonly missed: (check: ProbeCheck, count: number) => void;
}

/** @param heardMs the last place that an earlier life of this program decided about, ms since 1970 */
export function createLine(first: ProbeCheck, heardMs: number | undefined, door: LineDoor): Line {
  const { clock, random, seats, maintenanceOf, visit, skipped, missed } = door;
  let check = first;
  let start: Start | undefined;
  /** The last place that was decided about. */
  let doneMs = clock.wall();
  let busy = false;
  /** Takes it out of the queue, while it waits for a seat. */
  let leave: Cancel | undefined;

  /** Wall time decides where the grid is, monotonic time when the timer fires. */
  const arm = (afterMs: number) => {
    start = startAfter(check, afterMs, random);
    if (start === undefined) timer.clear();
    else timer.set(clock.now() + Math.max(0, start.atMs - clock.wall()));
  };
  /** Places until now are counted, and not made up for. */
  const catchUp = (fromMs: number) => {
    const now = clock.wall();
    const count = placesBetween(check, fromMs, now);
    if (count > 0) missed(check, count);
    doneMs = now;
    arm(now);
  };
  const advance = (gridMs: number) => {
    doneMs = gridMs;
    arm(gridMs);
    if (start !== undefined && start.atMs < clock.wall()) catchUp(gridMs);
  };
  const due = () => {
    if (start === undefined) return;
    const { atMs, gridMs } = start;
    const dueMs = clock.now();
    const lateMs = Math.max(0, clock.wall() - atMs);
    advance(gridMs);
    const until = maintenanceOf(check);
    if (until !== undefined) return skipped(check, 'maintenance', `until ${new Date(until).toISOString()}`);
    if (busy) return skipped(check, 'overlap', 'the run before is still under way or waits for its place');
    take(() => visit(check, gridMs, lateMs + clock.now() - dueMs));
  };
  /** Busy from now on, though there may be no seat yet. */
  const take = (run: () => Promise<void>) => {
    busy = true;
    let begun = false;
    const cancel = seats.enter(check.endpoint.credential, () => {
      begun = true;
      leave = undefined;
      return run().finally(() => {
        busy = false;
      });
    });
    leave = begun ? undefined : cancel;
  };
  const timer = clock.timer(due);
  const drop = () => {
    leave?.();
    timer.clear();
  };

  catchUp(heardMs ?? doneMs);
  return {
    get nextMs() {
      return start?.atMs;
    },
    refresh: next => {
      const same = JSON.stringify(check.schedule) === JSON.stringify(next.schedule);
      check = next;
      if (!same) arm(clock.wall());
    },
    resync: () => catchUp(doneMs),
    drop,
    stop: () => {
      drop();
      if (leave !== undefined) skipped(check, 'shutdown', 'was waiting for its place');
    },
  };
}
