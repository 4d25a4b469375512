/** One thing a client did wrong, with the requests that show it. */
import type { Seen } from './seen.ts';

/**
 * `fail`: the requests prove it. `warn`: probably wrong. `unproven`: right or wrong by what the client made of an answer, which
 * no request shows; `sweep()` sees it.
 */
export type Severity = 'fail' | 'warn' | 'unproven';

/** From the worst to the mildest. */
export const severities = ['fail', 'warn', 'unproven'] as const satisfies readonly Severity[];

export type FindingCode =
  | 'retried_non_retryable'
  | 'gave_up'
  | 'no_backoff'
  | 'no_jitter'
  | 'retry_storm'
  | 'no_timeout'
  | 'accepted_truncated'
  | 'accepted_bad_finish'
  | 'tool_side_effects_doubled'
  | 'connection_per_call'
  | 'key_in_url';

export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** Numbers of the journal entries, ascending. */
  readonly requests: readonly number[];
  readonly says: string;
  readonly advice: string;
}

/** The numbers of some entries, each once, ascending. */
export const numbersOf = (entries: Iterable<Seen>): number[] =>
  [...new Set([...entries].map(({ n }) => n))].sort((a, b) => a - b);
