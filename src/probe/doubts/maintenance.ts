import type { MaintenanceConfig } from '../config.ts';
import { momentsOf, weekdayOf } from '../zone.ts';
import type { Doubt } from './doubt.ts';

/** Windows at times that do not exist, come twice, or end before they begin. */
export const maintenance: Doubt = ({ config, nowMs }, report) => {
  for (const [at, window] of config.maintenance.entries()) {
    const mistake = 'start' in window ? ambiguity(window, nowMs) : undefined;
    if (mistake !== undefined) report('ambiguous_time', ['maintenance', at, 'start'], mistake);
    if ('from' in window && Date.parse(window.from) >= Date.parse(window.until))
      report('bad_value', ['maintenance', at, 'until'], 'is not after from');
  }
};

type Recurring = Extract<MaintenanceConfig, { start: string }>;

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const dayMs = 86_400_000;
const daysAhead = 731;

/** A start or an end that daylight saving skips or repeats, within the next two years. */
function ambiguity(window: Recurring, nowMs: number): string | undefined {
  for (const begins of startsOf(window, nowMs)) {
    const mistake = oddity('begins', begins, window) ?? oddity('ends', begins + window.duration, window);
    if (mistake !== undefined) return mistake;
  }
  return undefined;
}

/** Local times. */
function startsOf({ start, weekdays: only }: Recurring, nowMs: number): number[] {
  const [hours = 0, minutes = 0] = start.split(':').map(Number);
  const first = Math.floor(nowMs / dayMs) * dayMs + (hours * 60 + minutes) * 60_000;
  const chosen = new Set((only ?? weekdays).map(day => weekdays.indexOf(day)));
  return Array.from({ length: daysAhead }, (_, day) => first + day * dayMs).filter(at => chosen.has(weekdayOf(at)));
}

function oddity(word: string, localMs: number, { timezone }: Recurring): string | undefined {
  const { length } = momentsOf(localMs, timezone);
  if (length === 1) return undefined;
  const how = length === 0 ? 'does not exist' : 'comes twice';
  const when = new Date(localMs).toISOString().slice(0, 16).replace('T', ' ');
  return `${word} at ${when} in ${timezone}, which ${how} because of daylight saving; move it, or use UTC`;
}
