/** One finished run as plain JSON: what `--json` prints, the history stores, the page shows and the metrics count. */
import type { DeadlineName } from '../core/call/record.ts';
import type { Clock } from '../core/clock.ts';
import type { FaultDomain, Reason } from '../core/outcome.ts';
import type { Random } from '../core/random.ts';
import type { Usage } from '../core/wire/chat.ts';
import type { CheckKind, Currency } from './config.ts';
import type { Contract } from './contract.ts';
import type { ProbeCheck } from './plan.ts';
import type { UsedUp } from './quota.ts';

/** Raised when a reader of the last version would misread it. */
export const runVersion = 1;

/**
 * - `good`: everything as expected; with warnings it is degraded
 * - `bad`: see `reason`
 * - `unknown`: this program cannot tell, and says why in `detail`; never counted for or against a service
 * - `skipped`: not made, see `skipped`
 */
export type RunState = 'good' | 'bad' | 'unknown' | 'skipped';

export type SkipReason = 'overlap' | 'budget' | 'maintenance' | 'connectivity' | 'shutdown';

/** Why a good run is degraded. */
export type WarningKind =
  | 'no_done'
  | 'finish_reason'
  | 'content'
  | 'usage'
  | 'model'
  | 'max_gap'
  | 'ttft'
  | 'ttfot'
  | 'total'
  | 'tokens_per_second'
  | 'certificate'
  | 'cache'
  | 'clock_skew'
  | 'measurement';

export interface Warning {
  readonly kind: WarningKind;
  readonly detail: string;
}

/** Durations in ms; null where it did not happen. */
export interface Timing {
  readonly dns_ms: number | null;
  readonly tcp_ms: number | null;
  readonly tls_ms: number | null;
  /** From the request sent to the response head. */
  readonly head_ms: number | null;
  readonly ttft_ms: number | null;
  readonly first_visible_token_ms: number | null;
  /** Longest silence between two tokens of a stream. */
  readonly max_gap_ms: number | null;
  /** Silences between reads that brought tokens, in their order: the first `mostGaps`. */
  readonly gaps_ms: readonly number[] | null;
  readonly total_ms: number;
  /** Completion tokens after the first one, over the time from the first to the last. */
  readonly tokens_per_second: number | null;
}

export interface Confirmation {
  readonly started_at_ms: number;
  readonly reason: Exclude<Reason, 'ok'> | null;
  readonly fault_domain: FaultDomain | null;
}

/** All keys are always there. Moments are ms since 1970. */
export interface ProbeRun {
  readonly version: typeof runVersion;
  /** Names the run in logs, cassettes and exemplars. */
  readonly run_id: string;
  /** `target/check/model`. */
  readonly id: string;
  readonly target: string;
  readonly check: string;
  readonly kind: CheckKind;
  readonly model: string;
  readonly vantage: string;
  readonly started_at_ms: number;
  readonly state: RunState;
  /** Null when good. */
  readonly reason: Exclude<Reason, 'ok'> | null;
  readonly fault_domain: FaultDomain | null;
  /** What the code of an error inside a stream stands for; else null. */
  readonly cause: Exclude<Reason, 'ok'> | null;
  /** The deadline that fired. */
  readonly deadline: DeadlineName | null;
  readonly detail: string | null;
  readonly skipped: SkipReason | null;
  readonly warnings: readonly Warning[];
  readonly timing: Timing;
  /** Of all calls of the run together. */
  readonly usage: Usage | null;
  /** Null without a price or without usage. */
  readonly cost: { readonly amount: number; readonly currency: Currency } | null;
  readonly calls: number;
  readonly finish_reason: string | null;
  readonly http_status: number | null;
  readonly code: string | null;
  /** The service's own words about a failure, redacted, at most 200 characters. */
  readonly message: string | null;
  /** Header `x-log-id`, for the vendor's support. */
  readonly log_id: string | null;
  /** The model that the answer names; a gateway may answer with another than was asked for. */
  readonly response_model: string | null;
  /** The shape of the answer, without its content. */
  readonly contract: Contract | null;
  /** The plan window that a refusal says is used up. */
  readonly used_up: UsedUp | null;
  readonly connection: 'fresh' | 'reused' | null;
  /** When the server's certificate ends. */
  readonly certificate_ends_at_ms: number | null;
  /** The server's clock minus ours by its `Date` header, to half a second. */
  readonly clock_skew_ms: number | null;
  /** What a kind of check measures besides, by name: `cached_share`, `reuse_saved_ms`, `concurrency_limit`. */
  readonly readings: Readonly<Record<string, number>>;
  /** Quick repetitions after this run failed, in their order. */
  readonly confirmations: readonly Confirmation[];
  /** What happened, a line each: redacted, at most `mostLogLines` of them. */
  readonly log: readonly string[];
  /** Path of the cassette that a failing run left. */
  readonly cassette: string | null;
}

/** What a run is a run of: the base labels of every metric. */
export type Subject = Pick<ProbeRun, 'target' | 'check' | 'model'>;

export const mostLogLines = 200;

/** An answer of more chunks says nothing new with the rest. */
export const mostGaps = 1000;

/** Whether the run is a bad event of the service level: only the provider's and the network's faults are. */
export const countsAgainstSli = ({ state, fault_domain }: Pick<ProbeRun, 'state' | 'fault_domain'>): boolean =>
  state === 'bad' && (fault_domain === 'provider' || fault_domain === 'network');

/** How the run enters the service level: everything that is neither good nor the service's fault is left out. */
export const sliVerdict = (run: Pick<ProbeRun, 'state' | 'fault_domain'>): 'good' | 'bad' | 'excluded' =>
  run.state === 'good' ? 'good' : countsAgainstSli(run) ? 'bad' : 'excluded';

/** A good run with something to complain about. */
export const isDegraded = ({ state, warnings }: Pick<ProbeRun, 'state' | 'warnings'>): boolean =>
  state === 'good' && warnings.length > 0;

/** What a run needs from the outside. */
export interface RunDoor {
  readonly clock: Clock;
  /** Aborting it ends the run as `skipped`, `shutdown`. */
  readonly stop: AbortSignal;
  /** Makes the nonces; fork it per run. */
  readonly random: Random;
  /** Given: failing runs leave a cassette there, and the run names it. */
  readonly cassettes?: Cassettes | undefined;
}

export interface Cassettes {
  readonly dir: string;
  /** Files beyond this number are deleted: of the check that has most, and there the densest. */
  readonly keep: number;
  readonly maxBytes: number;
  /** Good runs leave one, too. */
  readonly all?: boolean;
}

/** One look at one check, never rejecting; `probe.ts` has it. It neither confirms nor retries. */
export type RunCheck = (check: ProbeCheck, door: RunDoor) => Promise<ProbeRun>;

/** What people wait for. Times of failures say nothing about speed, and those that were disturbed nothing at all. */
export function latencyOf({ state, timing, warnings }: Pick<ProbeRun, 'state' | 'timing' | 'warnings'>): number | null {
  if (state !== 'good' || warnings.some(({ kind }) => kind === 'measurement')) return null;
  return timing.first_visible_token_ms ?? timing.total_ms;
}
