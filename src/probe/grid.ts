/**
 * When a check is due. The grid is a pure function of the check's name and its interval, anchored in wall time: it needs
 * no memory, so a restart takes it up where it was, and no run can shift the next one.
 */
import { createRandom, type Random } from '../core/random.ts';
import { createRecent } from '../core/recent.ts';
import { nextFiring } from './cron.ts';
import type { ProbeCheck } from './plan.ts';
import type { Schedule } from './settings.ts';

export interface Start {
  /** The place on the grid, ms since 1970. */
  readonly gridMs: number;
  /** When to begin: the place and its jitter. */
  readonly atMs: number;
}

type Timed = Pick<ProbeCheck, 'id' | 'schedule'>;

/** The first place on the grid after a moment; undefined when a cron pattern never fires again. */
export function startAfter({ id, schedule }: Timed, afterMs: number, random: Random): Start | undefined {
  if (schedule.kind === 'cron') {
    const gridMs = nextFiring(schedule.pattern, schedule.timezone, afterMs);
    return gridMs === undefined ? undefined : { gridMs, atMs: gridMs };
  }
  const { everyMs, jitter } = schedule;
  const phase = phaseOf(id, everyMs);
  const n = Math.floor((afterMs - phase) / everyMs) + 1;
  const gridMs = phase + n * everyMs;
  return { gridMs, atMs: gridMs + random.fork(`${id} ${n}`)() * jitter * everyMs };
}

/** Spreads checks over the interval by their names, so that they do not all begin at full minutes. */
export const phaseOf = (id: string, everyMs: number): number => createRandom(id)() * everyMs;

/** Places on the grid after `fromMs` and up to `untilMs`; counted to a limit, for a suspend of a year is as bad as one of a week. */
export function placesBetween(check: Timed, fromMs: number, untilMs: number): number {
  const { schedule } = check;
  if (untilMs <= fromMs) return 0;
  if (schedule.kind === 'interval') {
    const { everyMs } = schedule;
    const phase = phaseOf(check.id, everyMs);
    return Math.floor((untilMs - phase) / everyMs) - Math.floor((fromMs - phase) / everyMs);
  }
  let count = 0;
  let at = nextFiring(schedule.pattern, schedule.timezone, fromMs);
  while (at !== undefined && at <= untilMs && count < mostPlaces) {
    count++;
    at = nextFiring(schedule.pattern, schedule.timezone, at);
  }
  return count;
}

const mostPlaces = 1000;

/** Longest time between two places, looking at the next two weeks of a cron pattern or at its next 400 places. */
export function longestGapMs({ schedule }: Pick<ProbeCheck, 'schedule'>, fromMs: number): number {
  if (schedule.kind === 'interval') return schedule.everyMs;
  const today = Math.floor(fromMs / day) * day;
  const key = `${schedule.timezone} ${today} ${schedule.pattern}`;
  const gap = gaps.get(key) ?? gapOf(schedule, today);
  gaps.set(key, gap);
  return gap;
}

/** It is asked at every scrape, and takes milliseconds to find. */
const gaps = createRecent<number>(32);

function gapOf({ pattern, timezone }: Extract<Schedule, { kind: 'cron' }>, fromMs: number): number {
  const places: number[] = [];
  let at = nextFiring(pattern, timezone, fromMs);
  while (at !== undefined && at < fromMs + longLookMs && places.length < enoughPlaces) {
    places.push(at);
    at = nextFiring(pattern, timezone, at);
  }
  const found = places.slice(1).map((place, i) => place - (places[i] ?? 0));
  return found.length === 0 ? longLookMs : Math.max(...found);
}

const day = 86_400_000;
const longLookMs = 15 * day;
const enoughPlaces = 400;
