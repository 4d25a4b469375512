import { formatDuration } from '../../core/duration.ts';
import { longestRunMs, shortestGapMs } from '../estimate.ts';
import type { Outline } from '../outline.ts';
import { scheduleOf } from '../settings.ts';
import { cronMistake, type Doubt, hasSchedule, saidAt, settingsPlaces } from './doubt.ts';

/** Patterns that cannot be read, and runs that would meet the next one. */
export const schedules: Doubt = ({ config, outlines, nowMs }, report) => {
  for (const { path, settings } of settingsPlaces(config)) {
    const mistake = cronMistake(settings.cron, settings.timezone);
    if (mistake !== undefined) report('bad_schedule', [...path, 'cron'], mistake);
    const { first_byte: byte, first_token: token } = settings.deadlines ?? {};
    if (byte !== undefined && token !== undefined && token < byte)
      report(
        'bad_value',
        [...path, 'deadlines', 'first_token'],
        `is ${formatDuration(token)}, and first_byte ${formatDuration(byte)}: no token comes before the first byte`,
      );
    if (settings.cron !== undefined && settings.interval !== undefined)
      report('bad_schedule', [...path, 'cron'], 'stands beside interval: say one of them');
  }
  for (const outline of once(outlines.filter(hasSchedule))) {
    const gap = shortestGapMs(scheduleOf(outline.settings), nowMs);
    const longest = longestRunMs(outline);
    if (gap >= longest) continue;
    const which = outline.settings.cron === undefined ? 'interval' : 'cron';
    const message = `runs every ${formatDuration(gap)}, but one run may take ${formatDuration(longest)}; lengthen the interval or shorten deadlines.total`;
    report('interval_too_short', saidAt(config, outline, which), message);
  }
};

/** One of the outlines of each check and target: models do not matter here. */
const once = (outlines: readonly Outline[]) =>
  outlines.filter(
    ({ index, target }, at) => outlines.findIndex(other => other.index === index && other.target === target) === at,
  );
