/** How a service is, as far as its runs tell. A pure step from one run to the next. */
import type { FaultDomain } from '../core/outcome.ts';
import type { Standing } from './confirm.ts';
import { countsAgainstSli, type ProbeRun } from './run.ts';

export const serviceStates = ['up', 'degraded', 'down', 'unknown', 'maintenance'] as const;

/**
 * - `degraded`: good with warnings, or a failure that its repetitions did not confirm
 * - `down`: the provider or the network failed, and the repetitions failed as well
 * - `unknown`: nobody can tell: the account, the request or this program stands in the way
 */
export type ServiceState = (typeof serviceStates)[number];

export interface Status {
  readonly state: ServiceState;
  /** When it became so, ms since 1970. */
  readonly sinceMs: number;
  readonly reason: ProbeRun['reason'];
  readonly domain: FaultDomain | null;
  /** What the code of an error inside a stream stands for; an older program wrote down none. */
  readonly cause?: ProbeRun['cause'];
  /** The service's own words about a failure; an older program wrote down none, nor the next. */
  readonly message?: string | null;
  /** Of the answer, for the vendor's support. */
  readonly logId?: string | null;
  /** Why nobody looks, when that is the reason. */
  readonly skipped: ProbeRun['skipped'];
  readonly detail: string | null;
  /** The last run that said so. */
  readonly runId: string | null;
  /** The last time that anything was heard, a skip for maintenance included. */
  readonly heardMs: number;
  readonly lastRunMs: number | null;
  readonly lastSuccessMs: number | null;
  /** When the service went down, until a good run: whoever cannot tell meanwhile does not end it. */
  readonly outageMs?: number | null;
  /** Runs in a row that failed, by whose fault it was; a good one ends all. */
  readonly failures: Readonly<Partial<Record<FaultDomain, number>>>;
}

export const newStatus = (nowMs: number): Status => ({
  state: 'unknown',
  sinceMs: nowMs,
  reason: null,
  domain: null,
  skipped: null,
  detail: 'no run yet',
  runId: null,
  heardMs: nowMs,
  lastRunMs: null,
  lastSuccessMs: null,
  failures: {},
});

/** @param standing whether quick repetitions confirmed a failure */
export function statusAfter(before: Status, run: ProbeRun, standing: Standing): Status {
  const outage = outageOf(before);
  const state = stateAfter(outage === null ? before.state : 'down', run, standing);
  const made = run.state === 'good' || run.state === 'bad';
  if (state === undefined) return before;
  if (before.state === 'down' && saysNothing(run)) return { ...before, heardMs: run.started_at_ms };
  return {
    state,
    sinceMs: sinceOf(before, state, run),
    reason: run.reason,
    domain: run.fault_domain,
    cause: run.cause,
    message: run.message,
    logId: run.log_id,
    skipped: run.skipped,
    detail: run.detail ?? run.warnings[0]?.detail ?? null,
    runId: run.run_id,
    heardMs: run.started_at_ms,
    lastRunMs: made ? run.started_at_ms : before.lastRunMs,
    lastSuccessMs: run.state === 'good' ? run.started_at_ms : before.lastSuccessMs,
    outageMs: run.state === 'good' ? null : (outage ?? (state === 'down' ? run.started_at_ms : null)),
    failures: failuresAfter(before.failures, run),
  };
}

/** An older program wrote down no outage. */
const outageOf = ({ state, sinceMs, outageMs = state === 'down' ? sinceMs : null }: Status) => outageMs;

/** Whether the service went down and was not seen well since. */
export const isOutage = (status: Status): boolean => outageOf(status) !== null;

/** This program was disturbed, or has no network itself. */
const saysNothing = ({ state, fault_domain: domain, skipped }: ProbeRun) =>
  (state === 'unknown' && domain === null) || skipped === 'connectivity';

function sinceOf(before: Status, state: ServiceState, run: ProbeRun): number {
  if (state === 'down') return outageOf(before) ?? run.started_at_ms;
  return state === before.state && sameCause(before, run) ? before.sinceMs : run.started_at_ms;
}

/** Undefined: the run says nothing about the service. */
function stateAfter(before: ServiceState, run: ProbeRun, standing: Standing): ServiceState | undefined {
  if (run.state === 'good') return isServiceDegraded(run) ? 'degraded' : 'up';
  if (run.skipped === 'overlap' || run.skipped === 'shutdown') return undefined;
  if (run.skipped === 'maintenance') return 'maintenance';
  if (!countsAgainstSli(run)) return 'unknown';
  return standing === 'confirmed' || before === 'down' ? 'down' : 'degraded';
}

/** Good, with something to complain about that is the service's. */
export const isServiceDegraded = ({ state, warnings }: Pick<ProbeRun, 'state' | 'warnings'>): boolean =>
  state === 'good' && warnings.some(({ kind }) => !ours.has(kind));

/** Warnings about this program, not about the service. */
const ours: ReadonlySet<string> = new Set(['measurement', 'clock_skew']);

/** A service that stays down for another reason is still the same outage; who cannot tell has to say why. */
const sameCause = (before: Status, run: ProbeRun) => before.state !== 'unknown' || before.domain === run.fault_domain;

function failuresAfter(before: Status['failures'], { state, fault_domain: domain }: ProbeRun): Status['failures'] {
  if (state === 'good') return {};
  if (state !== 'bad' || domain === null) return before;
  return { ...before, [domain]: (before[domain] ?? 0) + 1 };
}

/** What is known at a later moment: a status that nobody has renewed is not known any more, and one from a clock that was ahead neither. */
export function statusAt(status: Status, nowMs: number, staleAfterMs: number): Status {
  if (status.state === 'unknown' || Math.abs(nowMs - status.heardMs) <= staleAfterMs) return status;
  const sinceMs = Math.min(nowMs, status.heardMs + staleAfterMs);
  return {
    ...status,
    state: 'unknown',
    sinceMs,
    reason: null,
    domain: null,
    cause: null,
    message: null,
    logId: null,
    skipped: null,
    detail: 'no run since then',
  };
}
