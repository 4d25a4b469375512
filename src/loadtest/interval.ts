/**
 * A second of a run in numbers that add up: what workers and agents send, what the live view shows, what windows are
 * cut from. Summing intervals gives exactly what one process would have counted.
 */
import type { Sparse } from '../core/histogram.ts';
import { type Reason, reasons } from '../core/outcome.ts';
import type { Measure } from './measures.ts';

/**
 * How a planned request ended. Besides the reasons of `core/outcome.ts`:
 * - `warmup` made before the measured window, whatever came of it
 * - `censored` still under way when the grace was over
 * - `shed` its time had come, but no connection was allowed for it any more
 * - `unsent` its time had not come when the run was stopped or aborted, or the budget had no room for it
 * - `lost` an agent that was to make it went away
 */
export const ownClasses = ['warmup', 'censored', 'shed', 'unsent', 'lost'] as const;

export type LedgerClass = Reason | (typeof ownClasses)[number];

export const ledgerClasses: readonly LedgerClass[] = [...reasons, ...ownClasses];

/** How this process and its machine were while they measured. */
export interface Health {
  /** Share of the time that the event loop was busy, 0 to 1. */
  readonly elu: number;
  /** Longest time in ms that a timer was late. */
  readonly lagMs: number;
  /** Time in ms that garbage collection took, and its longest pause. */
  readonly gcMs: number;
  readonly gcMaxMs: number;
  /** Share of the machine's time that its host gave to others, 0 to 1; undefined where /proc/stat does not say. */
  readonly steal: number | undefined;
}

export interface Interval {
  /** Milliseconds since the run began. Requests are filed in the interval in which they end. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Requests whose time came. */
  readonly planned: number;
  /** Attempts that were sent. */
  readonly sent: number;
  readonly ended: Readonly<Partial<Record<LedgerClass, number>>>;
  /** Measured good requests that also met the SLO. */
  readonly good: number;
  /** In-flight requests: the integral over the interval in request-milliseconds, and the largest number. */
  readonly inFlightArea: number;
  readonly inFlightMax: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
  readonly reasoningTokens: number;
  /** Stream events, and those of them that shared a read with the one before. */
  readonly chunks: number;
  readonly coalesced: number;
  /** Gaps longer than 200 ms, 500 ms and 1 s. */
  readonly stalls: readonly [number, number, number];
  /** Attempts beyond the first of their request, and refusals by business code. */
  readonly retries: number;
  readonly codes: Readonly<Record<string, number>>;
  readonly opened: number;
  readonly histograms: Readonly<Partial<Record<Measure, Sparse>>>;
  /** One entry for every process that measured, or, in a result, for every second; none for an interval too short to tell. */
  readonly health: readonly Health[];
}
