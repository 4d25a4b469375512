/** The numbers a verdict hangs on, each with its reason. */
import { scenarios } from '../scenarios/index.ts';
import type { ScenarioOutcome } from './outcome.ts';

export interface Limits {
  /** The present, ms since 1970: how long open requests have waited. 0 where nobody knows. */
  readonly nowMs: number;
  /** A call is over after so much silence: ten minutes outlast every sensible backoff. */
  readonly quietMs: number;
  /** How much two attempts may seem to overlap: the mock hears of a hang-up a little late. */
  readonly overlapMs: number;
  /** Shortest pause before a retry: a limiter or an overloaded model needs longer than this to recover. */
  readonly minGapMs: number;
  /** From so many attempts on, the pauses must grow. */
  readonly growthAttempts: number;
  /** A pause must exceed the first by this factor to count as growth; below it is noise of timers. */
  readonly minGrowth: number;
  /** Pauses of this length need not grow: backoff has a ceiling. */
  readonly longGapMs: number;
  /** Pauses this close count as equal: the journal's clock has whole ms, and timers are late by one. */
  readonly sameGapMs: number;
  /** So many equal pauses are needed: fewer coincide by chance. */
  readonly jitterGaps: number;
  /** More attempts than this for one call only add load. */
  readonly stormAttempts: number;
  /** More retries than this within a second, for one key, keep a limiter closed. */
  readonly stormPerSecond: number;
  /** A client that waits longer on a silent reply has no timeout that helps anybody. */
  readonly patienceMs: number;
  /** Within this time, a request to another model counts as having failed over. */
  readonly failoverMs: number;
  /** So many requests show that connections are not kept. */
  readonly poolRequests: number;
  /** After so much idling a new connection is normal: undici's default is 4 s. */
  readonly idleMs: number;
  /** What the named faults come to; the mock's catalogue. */
  readonly scenarios: readonly ScenarioOutcome[];
}

export const defaultLimits: Limits = {
  nowMs: 0,
  quietMs: 600_000,
  overlapMs: 20,
  minGapMs: 200,
  growthAttempts: 3,
  minGrowth: 1.1,
  longGapMs: 5_000,
  sameGapMs: 2,
  jitterGaps: 4,
  stormAttempts: 10,
  stormPerSecond: 5,
  patienceMs: 60_000,
  failoverMs: 60_000,
  poolRequests: 5,
  idleMs: 4_000,
  scenarios,
};
