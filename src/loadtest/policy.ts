/** What is done about a refusal: nothing, another attempt after a wait, or the end of the run. Pure under its seed. */
import type { CallRecord } from '../core/call/record.ts';
import { domainOf, type Reason, reasons, retryOf } from '../core/outcome.ts';
import type { Random } from '../core/random.ts';
import type { LedgerClass } from './interval.ts';

export const onLimitNames = ['record', 'backoff', 'abort'] as const;

/**
 * - `record` a refusal is a result like any other
 * - `backoff` what another attempt may help is tried again, as a good client would; what it cannot help ends the run
 * - `abort` the first refusal, of the account or of a platform that sheds load, ends the run
 */
export type OnLimit = (typeof onLimitNames)[number];

export interface PolicyOptions {
  readonly onLimit: OnLimit;
  /** Attempts beyond the first that one request may have. */
  readonly mostRetries: number;
  /** Longest first wait in ms; it doubles with each attempt, up to the cap. */
  readonly baseMs: number;
  readonly capMs: number;
}

export type Decision =
  | { readonly kind: 'done' }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'abort' };

export interface Policy {
  /** @param attempt how many attempts were made, this one included */
  after(record: CallRecord, attempt: number, random: Random): Decision;
}

const done: Decision = { kind: 'done' };
const abort: Decision = { kind: 'abort' };

/** Retries may be this share of all requests, so that a run against a refusing endpoint does not become a storm. */
const retryShare = 0.2;
/** Retries that are there from the start. */
const retryStock = 10;

export function createPolicy({ onLimit, mostRetries, baseMs, capMs }: PolicyOptions): Policy {
  let stock = retryStock;
  const after: Policy['after'] = (record, attempt, random) => {
    const { kind } = record.outcome;
    if (attempt === 1) stock += retryShare;
    if (onLimit === 'record' || kind === 'ok') return done;
    const refused = domainOf(kind) === 'account';
    if (onLimit === 'abort') return refused || kind === 'overloaded' ? abort : done;
    if (retryOf(kind) !== 'backoff') return refused ? abort : done;
    if (attempt > mostRetries || stock < 1) return done;
    stock--;
    return { kind: 'wait', ms: waitOf(record, attempt, random) };
  };
  /** Exponential with full jitter, and never earlier than the server allows. */
  const waitOf = ({ retryAfterMs = 0 }: CallRecord, attempt: number, random: Random) =>
    Math.max(retryAfterMs, random() * Math.min(capMs, baseMs * 2 ** (attempt - 1)));
  return { after };
}

/** Whether some of those that ended so may have waited for an attempt that the end of the run forestalled. */
export const mayHaveWaited = (onLimit: unknown, ended: Readonly<Partial<Record<LedgerClass, number>>>): boolean =>
  onLimit === 'backoff' && reasons.some((kind: Reason) => retryOf(kind) === 'backoff' && (ended[kind] ?? 0) > 0);
