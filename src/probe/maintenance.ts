/** Windows in which a service may be away. What happens inside is neither for nor against it. */
import type { MaintenanceConfig } from './config.ts';
import type { Subject } from './run.ts';
import { localOf, momentsOf, weekdayOf } from './zone.ts';

/** The end of the window that a check is in, ms since 1970; undefined outside. */
export function maintenanceUntil(
  windows: readonly MaintenanceConfig[],
  { target, check }: Pick<Subject, 'target' | 'check'>,
  atMs: number,
): number | undefined {
  const ends = windows
    .filter(({ targets, checks }) => (targets?.includes(target) ?? true) && (checks?.includes(check) ?? true))
    .flatMap(window => endOf(window, atMs) ?? []);
  return ends.length === 0 ? undefined : Math.max(...ends);
}

function endOf(window: MaintenanceConfig, atMs: number): number | undefined {
  if ('from' in window) return within(Date.parse(window.from), Date.parse(window.until), atMs);
  const { timezone, start, duration, weekdays = week } = window;
  const today = Math.floor(localOf(atMs, timezone) / day) * day;
  const [hours = 0, minutes = 0] = start.split(':').map(Number);
  const back = Math.ceil(duration / day);
  for (let midnight = today + day; midnight >= today - back * day; midnight -= day) {
    if (!weekdays.includes(week[weekdayOf(midnight)] as (typeof week)[number])) continue;
    const begin = momentOf(midnight + (hours * 60 + minutes) * 60_000, timezone);
    const end = within(begin, begin + duration, atMs);
    if (end !== undefined) return end;
  }
  return undefined;
}

const within = (from: number, until: number, atMs: number) => (atMs >= from && atMs < until ? until : undefined);

/** A time that daylight saving skips begins when the clock is put forward; one that comes twice begins the first time. */
function momentOf(localMs: number, zone: string): number {
  const [first] = momentsOf(localMs, zone).sort((a, b) => a - b);
  if (first !== undefined) return first;
  let low = localMs - day;
  let high = localMs + day;
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2000) * 1000;
    if (localOf(middle, zone) < localMs) low = middle;
    else high = middle;
  }
  return high;
}

const day = 86_400_000;
const week = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
