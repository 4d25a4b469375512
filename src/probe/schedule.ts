/**
 * Starts runs at their places on the grid. Decides, and leaves the doing to `visit`: a check never overlaps itself, a
 * credential never has more calls under way than it may, and whatever is not run is told with its reason.
 */
import { createLine, type Line, type LineDoor } from './line.ts';
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

export interface ScheduleDoor extends Pick<LineDoor, 'clock' | 'random' | 'skipped' | 'missed'> {
  /** Makes a run. The check is busy until the promise settles. */
  readonly visit: (visit: Visit) => Promise<void>;
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

/** @param lastOf the last place that an earlier life of this program decided about, ms since 1970 */
export function createSchedule(
  first: Scheduled,
  door: ScheduleDoor,
  lastOf: (id: string) => number | undefined = () => undefined,
): Schedule {
  const { clock } = door;
  const ending = new AbortController();
  const lines = new Map<string, Line>();
  const running = new Set<Promise<void>>();
  const seats = createSeats(first, clock);
  let plan = first;

  const visit: LineDoor['visit'] = (check, plannedAtMs, lagMs) => {
    const work = door.visit({ check, plannedAtMs, lagMs, stop: ending.signal }).finally(() => running.delete(work));
    running.add(work);
    return work;
  };
  const maintenanceOf = (check: ProbeCheck) => maintenanceUntil(plan.maintenance, check, clock.wall());
  const add = (check: ProbeCheck) =>
    lines.set(check.id, createLine(check, lastOf(check.id), { ...door, seats, maintenanceOf, visit }));
  const drop = (id: string, line: Line) => {
    line.drop();
    lines.delete(id);
  };
  const swap = (next: Scheduled) => {
    plan = next;
    seats.resize(next);
    const wanted = new Map(next.checks.map(check => [check.id, check]));
    for (const [id, line] of [...lines]) {
      const check = wanted.get(id);
      if (check === undefined) drop(id, line);
      else line.refresh(check);
    }
    for (const check of next.checks) if (!lines.has(check.id)) add(check);
  };
  const stop = async () => {
    ending.abort();
    for (const line of lines.values()) line.stop();
    lines.clear();
    await Promise.allSettled(running);
  };

  for (const check of first.checks) add(check);
  return {
    swap,
    resync: () => {
      for (const line of lines.values()) line.resync();
    },
    nextOf: id => lines.get(id)?.nextMs,
    stop,
  };
}
