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

/** The class in which a planned request ended: the reason of its outcome, or one of `ownClasses`. */
export type LedgerClass = Reason | (typeof ownClasses)[number];

export const ledgerClasses: readonly LedgerClass[] = [...reasons, ...ownClasses];

/** How this process and its machine were while they measured. */
export interface Health {
  /** Share of the time that the event loop was busy, 0 to 1. */
  readonly elu: number;
  /** Longest time in ms that a timer was late. */
  readonly lagMs: number;
  /** How late in ms the 95th of 100 timers was; undefined where there were too few to say. */
  readonly lagP95Ms?: number | undefined;
  /** Time in ms that garbage collection took, and its longest pause. */
  readonly gcMs: number;
  readonly gcMaxMs: number;
  /** Share of the machine's time that its host gave to others, 0 to 1; undefined where /proc/stat does not say. */
  readonly steal: number | undefined;
}

/** What an interval counts and what only adds up, before anything has been counted. A new count is a line here. */
export const nothingCounted = {
  /** Requests whose time came. */
  planned: 0,
  /** Attempts that were sent. */
  sent: 0,
  /** Measured good requests that also met the SLO. */
  good: 0,
  /** Good answers that ended, those of the warm-up too, and those of them that met the SLO. */
  answered: 0,
  answeredWell: 0,
  inputTokens: 0,
  outputTokens: 0,
  /** What the budget was charged, tokens. More than was counted where an answer did not tell its usage. */
  bookedInputTokens: 0,
  bookedOutputTokens: 0,
  cachedTokens: 0,
  reasoningTokens: 0,
  /** Reads that brought tokens, after the first of each stream, of whatever request. */
  reads: 0,
  /** Such reads of answers that ended and told their tokens, and those tokens. */
  readsEnded: 0,
  tokensRead: 0,
  /** Stream events. */
  chunks: 0,
  /** Stream events that shared a read with the one before. */
  coalesced: 0,
  /** Attempts beyond the first of their request. */
  retries: 0,
  /** Connections that were opened. */
  opened: 0,
  /** Requests that waited, in vain or not, for what those under way leave over of the budget. A wait for the first answer is none. */
  budgetWaits: 0,
} as const;

export type Counts = { -readonly [Name in keyof typeof nothingCounted]: number };

/** Timers cut intervals a moment after their time: by less than this, ms. */
export const slackMs = 250;

/** What was counted between two cuts, a second apart or less; summing intervals loses nothing. */
export interface Interval extends Readonly<Counts> {
  /** Milliseconds since the run began. Requests are filed in the interval in which they end. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly ended: Readonly<Partial<Record<LedgerClass, number>>>;
  /** In-flight requests: the integral over the interval in request-milliseconds, and the largest number. */
  readonly inFlightArea: number;
  readonly inFlightMax: number;
  /** Gaps longer than 200 ms, 500 ms and 1 s. */
  readonly stalls: readonly [number, number, number];
  /** Refusals by business code. */
  readonly codes: Readonly<Record<string, number>>;
  /** Latencies that were recorded in it; `absorb` of `core/histogram.ts` adds them up. */
  readonly histograms: Readonly<Partial<Record<Measure, Sparse>>>;
  /** One entry for every process that measured, or, in a result, for every second; none for an interval too short to tell. */
  readonly health: readonly Health[];
}
