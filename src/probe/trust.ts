/** What is left of a run when the prober was disturbed while it measured. */
import { formatDuration } from '../core/duration.ts';
import type { ProbeRun } from './run.ts';
import type { Disturbance } from './watch.ts';

/**
 * A latency is not believed any more. A verdict is, unless it is one about time: whether the service or this program was
 * slow, nobody can tell.
 */
export function distrust(run: ProbeRun, disturbance: Disturbance | undefined): ProbeRun {
  if (disturbance === undefined || (run.state !== 'good' && run.state !== 'bad')) return run;
  const detail = sentence(disturbance);
  if (run.reason !== null && timed.has(run.reason))
    return { ...run, ...unblamed, detail: `${run.reason}, but ${detail}`, log: [...run.log, `not trusted: ${detail}`] };
  return { ...run, warnings: [...run.warnings, { kind: 'measurement', detail }] };
}

/** The run failed because this side has no network. */
export const withoutNetwork = (run: ProbeRun): ProbeRun => ({
  ...run,
  ...unblamed,
  detail: `${run.reason}, but no reference URL answers either: it is this side's network`,
});

const unblamed = { state: 'unknown', reason: null, fault_domain: null, deadline: null } as const;

const timed: ReadonlySet<string> = new Set([
  ...['slow', 'stalled', 'timeout_connect', 'timeout_first_byte', 'timeout_first_token', 'timeout_total'],
]);

const sentence = (disturbance: Disturbance) =>
  disturbance.kind === 'event_loop'
    ? `this program was busy for ${formatDuration(disturbance.lateMs)} meanwhile`
    : `the clock moved by ${formatDuration(Math.abs(disturbance.stepMs))} meanwhile`;
