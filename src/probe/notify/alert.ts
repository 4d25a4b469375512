/** What is worth telling people when a status changes. Pure. */
import type { FaultDomain } from '../../core/outcome.ts';
import type { ProbeCheck } from '../plan.ts';
import type { ProbeRun } from '../run.ts';
import type { Status } from '../status.ts';
import { plainWords } from '../verdict.ts';

export type Severity = ProbeCheck['severity'];

/**
 * - `down`: the service fails, and repetitions confirmed it
 * - `blocked`: nobody can tell how it is: the account, the request, the budget or this program stands in the way
 * - `degraded`: it works, and not as it should
 * - `recovered`: one of these is over
 */
export type AlertKind = 'down' | 'blocked' | 'degraded' | 'recovered';

export interface Alert {
  readonly kind: AlertKind;
  readonly id: string;
  readonly target: string;
  readonly check: string;
  readonly model: string;
  readonly vantage: string;
  readonly severity: Severity;
  readonly reason: ProbeRun['reason'];
  readonly domain: FaultDomain | null;
  /** One or two sentences for people. */
  readonly words: string;
  /** The service's own words about a failure, if it said any; an older program kept none, nor the next. */
  readonly message?: string | null;
  /** Of the answer, for the vendor's support. */
  readonly logId?: string | null;
  /** When it began, ms since 1970. */
  readonly sinceMs: number;
  readonly runId: string | null;
  /** How often it was told before. */
  readonly reminder: number;
}

type Subject = Pick<ProbeCheck, 'id' | 'target' | 'check' | 'model' | 'vantage' | 'severity'>;

/**
 * Undefined: nothing that people have to know.
 * @param open what they were told last and is not over
 */
export function alertOf(open: Alert | undefined, status: Status, subject: Subject): Alert | undefined {
  const trouble = troubleOf(status);
  if (trouble !== undefined) {
    const same = open?.kind === trouble && (trouble === 'degraded' || open.domain === status.domain);
    return same ? undefined : alert(trouble, severityOf(trouble, open, subject.severity), subject, status);
  }
  // Not every end of trouble is good: who cannot tell any more has not seen it recover.
  if (open === undefined || status.state !== 'up') return undefined;
  return alert('recovered', open.severity, subject, { ...status, sinceMs: open.sinceMs });
}

/** What people were told, in today's words: its reason may be another one by now. Undefined when it is not so any more. */
export function renewed(told: Alert, status: Status): Alert | undefined {
  if (troubleOf(status) !== told.kind) return undefined;
  const { reason, domain, runId } = status;
  return { ...told, reason, domain, runId, ...spokenIn(status), words: wordsOf(told.kind, status) };
}

type Trouble = Exclude<AlertKind, 'recovered'>;

/** What is wrong as far as people are concerned. */
function troubleOf({ state, domain, skipped }: Status): Trouble | undefined {
  if (state === 'down' || state === 'degraded') return state;
  return state === 'unknown' && (domain !== null || skipped === 'budget') ? 'blocked' : undefined;
}

function alert(kind: AlertKind, severity: Severity, subject: Subject, status: Status): Alert {
  const { id, target, check, model, vantage } = subject;
  return {
    kind,
    id,
    target,
    check,
    model,
    vantage,
    severity,
    reason: status.reason,
    domain: status.domain,
    words: wordsOf(kind, status),
    ...spokenIn(status),
    sinceMs: status.outageMs ?? status.sinceMs,
    runId: status.runId,
    reminder: 0,
  };
}

const spokenIn = ({ message = null, logId = null }: Status) => ({ message, logId });

/** Nobody is woken for an account or for a hint; but who was told that it is down is told how that goes on. */
function severityOf(trouble: Trouble, open: Pick<Alert, 'severity'> | undefined, own: Severity): Severity {
  const usual = trouble === 'down' ? own : trouble === 'degraded' || own === 'info' ? 'info' : 'ticket';
  return open !== undefined && ranks[open.severity] > ranks[usual] ? open.severity : usual;
}

function wordsOf(kind: AlertKind, status: Status): string {
  if (kind === 'recovered') return 'It is well again.';
  return plainWords({ ...status, fault_domain: status.domain }) ?? status.detail ?? 'No more is known.';
}

const ranks: Readonly<Record<Severity, number>> = { page: 2, ticket: 1, info: 0 };

/** Whether a channel that wants at least one severity wants this one. */
export const reaches = (severity: Severity, least: Severity): boolean => ranks[severity] >= ranks[least];
