/** Wall time in a time zone, by the runtime's own tables. */

/** Local wall time as if it were UTC: ms since 1970 on a clock that hangs in the zone. */
export const localOf = (utcMs: number, zone: string): number => utcMs + offsetOf(utcMs, zone);

/** The moments at which a clock in the zone shows this local time: one, none when it is skipped, two when it comes twice. */
export function momentsOf(localMs: number, zone: string): number[] {
  const around = [offsetOf(localMs - day, zone), offsetOf(localMs + day, zone)];
  return [...new Set(around)].map(offset => localMs - offset).filter(utc => localOf(utc, zone) === localMs);
}

/** Day of the week of a local time, 0 for Monday. */
export const weekdayOf = (localMs: number): number => (new Date(localMs).getUTCDay() + 6) % 7;

const day = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const fields = {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  } as const;
  const made = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', ...fields });
  formats.set(zone, made);
  return made;
}

/** Milliseconds that the zone is ahead of UTC at a moment. */
function offsetOf(utcMs: number, zone: string): number {
  const whole = Math.floor(utcMs / 1000) * 1000;
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(whole)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 1970, month = 1, day: date = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, date, hour, minute, second) - whole;
}
