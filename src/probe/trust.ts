/** What is left of a run when the prober was disturbed while it measured. */
import type { DeadlineName } from '../core/call/record.ts';
import { formatDuration } from '../core/duration.ts';
import type { ProbeCheck } from './plan.ts';
import type { ProbeRun } from './run.ts';
import type { Disturbance } from './watch.ts';

/** What of a check says how long it waits, and how fast is fast enough. */
export interface Patience {
  readonly deadlines: ProbeCheck['deadlines'];
  readonly expect: Pick<ProbeCheck['expect'], 'ttftMs' | 'ttfotMs' | 'maxGapMs' | 'totalMs'>;
}

/**
 * A latency is not believed any more. A verdict is, unless it is one about time that the disturbance may explain: longer
 * runs are disturbed more often, and failing ones are the longest, so doubting all of them would hide outages.
 */
export function distrust(run: ProbeRun, disturbance: Disturbance | undefined, patience: Patience): ProbeRun {
  if (disturbance === undefined || (run.state !== 'good' && run.state !== 'bad')) return run;
  const detail = sentence(disturbance);
  if (mayExplain(disturbance, run, patience))
    return { ...run, ...unblamed, detail: `${run.reason}, but ${detail}`, log: [...run.log, `not trusted: ${detail}`] };
  return { ...run, warnings: [...run.warnings, { kind: 'measurement', detail }] };
}

/** Whether the service may have been well and this program late. What a server says, no lateness can make up. */
function mayExplain(disturbance: Disturbance, run: ProbeRun, { deadlines, expect }: Patience): boolean {
  const { reason, timing } = run;
  if (reason === 'slow') return disturbance.kind === 'clock_step' || !isSlowWithout(disturbance.lateMs, run, expect);
  const deadline = reason === null ? undefined : deadlineOf[reason];
  if (deadline === undefined) return false;
  if (disturbance.kind === 'clock_step') return true;
  const { lateMs } = disturbance;
  const deadlineMs = deadlines[deadline];
  if (lateMs < smallShare * deadlineMs) return false;
  // The silence between two tokens began somewhere in the run; all others are as long as the run.
  return deadline === 'idle' || timing.total_ms - lateMs < deadlineMs;
}

/** A service that was silent for nine tenths of a deadline was silent. */
const smallShare = 0.1;

/** The deadline whose passing a reason tells. */
const deadlineOf: Readonly<Partial<Record<string, DeadlineName>>> = {
  stalled: 'idle',
  timeout_connect: 'connect',
  timeout_first_byte: 'first_byte',
  timeout_first_token: 'first_token',
  timeout_total: 'total',
};

/** Times are of one call, and a run of several does not say which of them was slow. */
function isSlowWithout(lateMs: number, { timing, calls }: ProbeRun, expect: Patience['expect']): boolean {
  const { ttftMs, ttfotMs, maxGapMs, totalMs } = expect;
  const over = (ms: number | null, mostMs = Number.POSITIVE_INFINITY) => ms !== null && ms - lateMs > mostMs;
  return (
    calls === 1 &&
    (over(timing.ttft_ms, ttftMs) ||
      over(timing.first_visible_token_ms, ttfotMs) ||
      over(timing.max_gap_ms, maxGapMs) ||
      over(timing.total_ms, totalMs))
  );
}

/** The run failed because this side has no network. */
export const withoutNetwork = (run: ProbeRun): ProbeRun => ({
  ...run,
  ...unblamed,
  detail: `${run.reason}, but no reference URL answers either: it is this side's network`,
});

const unblamed = { state: 'unknown', reason: null, fault_domain: null, deadline: null } as const;

const sentence = (disturbance: Disturbance) =>
  disturbance.kind === 'event_loop'
    ? `this program was busy for ${formatDuration(disturbance.lateMs)} meanwhile`
    : `the clock moved by ${formatDuration(Math.abs(disturbance.stepMs))} meanwhile`;
