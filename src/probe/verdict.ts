/** From a record to what people and programs are told. Pure: the same record gives the same verdict again. */
import { type CallRecord, type DeadlineName, e2e, phases, ttfb, ttft, ttftVisible } from '../core/call/record.ts';
import { domainOf, endings, type FaultDomain, type Reason, retryOf } from '../core/outcome.ts';
import { exitCodes } from '../core/program.ts';
import type { Usage } from '../core/wire/chat.ts';

/** The result of one check as `--json` prints it: stable, snake case, null where there is nothing. Times in ms. */
export interface CheckResult {
  readonly target: string;
  readonly check: string;
  readonly model: string;
  /** Null when good. */
  readonly reason: Exclude<Reason, 'ok'> | null;
  readonly fault_domain: FaultDomain | null;
  readonly deadline: DeadlineName | null;
  readonly detail: string | null;
  readonly timing: Timing;
  readonly usage: Usage | null;
  readonly finish_reason: string | null;
  readonly http_status: number | null;
  readonly code: string | null;
  readonly log_id: string | null;
  /** The model that the answer names; a gateway may answer with another than was asked for. */
  readonly response_model: string | null;
}

export interface Timing {
  readonly dns_ms: number | null;
  readonly tcp_ms: number | null;
  readonly tls_ms: number | null;
  /** From the request sent to the response head. */
  readonly head_ms: number | null;
  readonly ttft_ms: number | null;
  readonly first_visible_token_ms: number | null;
  readonly max_gap_ms: number | null;
  readonly total_ms: number;
}

export interface Subject {
  readonly target: string;
  readonly check: string;
  readonly model: string;
}

export function judge({ target, check, model }: Subject, record: CallRecord): CheckResult {
  const { kind, detail } = record.outcome;
  return {
    target,
    check,
    model,
    reason: kind === 'ok' ? null : kind,
    fault_domain: domainOf(kind),
    deadline: record.deadline ?? null,
    detail: detail ?? null,
    timing: timingOf(record),
    usage: record.usage ?? null,
    finish_reason: record.finishReason ?? null,
    http_status: record.status ?? null,
    code: record.code ?? null,
    log_id: record.logId ?? null,
    response_model: record.model ?? null,
  };
}

const micro = (ms: number | undefined) => (ms === undefined ? null : Math.round(ms * 1000) / 1000);

function timingOf(record: CallRecord): Timing {
  const { dnsMs, tcpMs, tlsMs } = phases(record);
  const streamed = record.lastTokenMs !== undefined;
  return {
    dns_ms: micro(dnsMs),
    tcp_ms: micro(tcpMs),
    tls_ms: micro(tlsMs),
    head_ms: micro(ttfb(record)),
    ttft_ms: micro(ttft(record)),
    first_visible_token_ms: micro(ttftVisible(record)),
    max_gap_ms: streamed ? micro(record.maxGapMs) : null,
    total_ms: Math.round(e2e(record) * 1000) / 1000,
  };
}

const advice = {
  never: 'Repeating the call will not help.',
  backoff: 'Repeat it later, with backoff.',
  after_reset: 'Wait for the limit to reset.',
} as const;

/** Two sentences for a person: what it means, and what to do. Null when good. */
export function plainWords({ reason, fault_domain: domain, detail }: CheckResult): string | null {
  if (reason === null) return null;
  const precisely = detail === null ? '' : ` [${detail}]`;
  return `${reason} (${domain}): ${endings[reason].meaning}${precisely}. ${advice[retryOf(reason)]}`;
}

/** 0 all good, 1 when provider or network failed, 3 when only others are to blame, or nothing could be looked at. */
export function exitCodeOf(results: readonly CheckResult[]): number {
  const domains = new Set(results.map(result => result.fault_domain));
  if (domains.has('provider') || domains.has('network')) return exitCodes.failed;
  const good = results.length > 0 && results.every(result => result.reason === null);
  return good ? exitCodes.ok : exitCodes.unmeasurable;
}
