import { formatDuration } from '../../core/duration.ts';
import type { TargetConfig } from '../config.ts';
import { credentialOf } from '../endpoint.ts';
import { longestRunMs, runsPerDay, shortestGapMs } from '../estimate.ts';
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

/** What all runs of a credential need when answers come at the last moment: beyond this most would be left out. */
const mostLoad = 2;

/** More runs on a credential than there are places for. */
export const crowds: Doubt = ({ config, outlines, nowMs }, report) => {
  for (const [name, { calls_at_once: places }] of Object.entries(config.credentials)) {
    const own = outlines.filter(({ target }) => credentialOf(config.targets[target] as TargetConfig, config) === name);
    const load = own.filter(hasSchedule).reduce((sum, one) => sum + shareOfTime(one, nowMs), 0);
    if (load <= mostLoad * places) continue;
    const needed = `when runs last until their deadlines, ${own.length} checks keep ${Math.ceil(load)} calls under way`;
    const message = `is ${places}, and ${needed}: most would be skipped (overlap); raise it, lengthen intervals or shorten deadlines.total`;
    report('crowded', ['credentials', name, 'calls_at_once'], message, { warning: true });
  }
};

/** It does not overlap itself. */
const shareOfTime = (outline: Outline, nowMs: number) =>
  Math.min(1, (longestRunMs(outline) * runsPerDay(scheduleOf(outline.settings), nowMs)) / 86_400_000);

/** One of the outlines of each check and target: models do not matter here. */
const once = (outlines: readonly Outline[]) =>
  outlines.filter(
    ({ index, target }, at) => outlines.findIndex(other => other.index === index && other.target === target) === at,
  );
