/** Cron patterns; the only file of the schedule that knows their library. */
import { Cron } from 'croner';

/**
 * The first moment after another at which a pattern fires, ms since 1970; undefined when it never does again.
 * Where daylight saving skips the hour, it fires when the hour would have been; where an hour comes twice, once a day means once.
 */
export function nextFiring(pattern: string, timezone: string, afterMs: number): number | undefined {
  const key = `${timezone} ${pattern}`;
  const cron = known.get(key) ?? new Cron(pattern, { timezone, paused: true });
  known.set(key, cron);
  // The library looks at whole seconds.
  return cron.nextRun(new Date(Math.floor(afterMs / 1000) * 1000))?.getTime();
}

const known = new Map<string, Cron>();
