/** The numbers a verdict hangs on, each with its reason. */
import { scenarios } from '../scenarios/index.ts';
import type { ScenarioOutcome } from './outcome.ts';

export interface Limits {
  /** The present, ms since 1970: how long open requests have waited. 0 where nobody knows. */
  readonly nowMs: number;
  /** A call is over after so much silence: ten minutes outlast every sensible backoff. */
  readonly quietMs: number;
  /** The same after what no repetition can cure, where the client does not count: a loop would have come round by then. */
  readonly finalMs: number;
  /** How much two attempts may seem to overlap: the mock hears of a hang-up a little late. */
  readonly overlapMs: number;
  /** Shortest pause before a retry: a limiter or an overloaded model needs longer than this to recover. */
  readonly minGapMs: number;
  /** So many pauses of one turn show whether short ones among them are full jitter's chance. */
  readonly fullJitterGaps: number;
  /** From so many attempts on, the pauses must grow. */
  readonly growthAttempts: number;
  /** A pause must exceed the first by this factor to count as growth; below it is noise of timers. */
  readonly minGrowth: number;
  /** Pauses of this length need not grow: backoff has a ceiling. */
  readonly longGapMs: number;
  /** Chance spreads a pause over this share of it at least: that of the npm `openai` client, the least of all that were looked at. */
  readonly leastJitter: number;
  /** Pauses so even that chance makes them so less often than this have no jitter. */
  readonly evenByChance: number;
  /** The same where it is only to be looked at. */
  readonly evenAtAll: number;
  /** So many pauses are needed to compare. */
  readonly jitterGaps: number;
  /** More attempts than this for one call only add load. */
  readonly stormAttempts: number;
  /** More retries of one call than this within a second keep a limiter closed. */
  readonly stormPerSecond: number;
  /** All calls of a key together: more retries than this for each first attempt multiply an outage; SDKs make two to five. */
  readonly stormFactor: number;
  /** That takes so many calls, else it is about single ones. */
  readonly stormCalls: number;
  /** A client that waits longer on a silent reply has no timeout that helps anybody. */
  readonly patienceMs: number;
  /** So many connections that were opened beside a free one show that none is kept. */
  readonly poolRequests: number;
  /** What the named faults come to; the mock's catalogue. */
  readonly scenarios: readonly ScenarioOutcome[];
}

export const defaultLimits: Limits = {
  nowMs: 0,
  quietMs: 600_000,
  finalMs: 15_000,
  overlapMs: 20,
  minGapMs: 200,
  fullJitterGaps: 4,
  growthAttempts: 3,
  minGrowth: 1.1,
  longGapMs: 5_000,
  leastJitter: 0.25,
  evenByChance: 1e-6,
  evenAtAll: 3e-4,
  jitterGaps: 4,
  stormAttempts: 10,
  stormPerSecond: 5,
  stormFactor: 6,
  stormCalls: 4,
  patienceMs: 60_000,
  poolRequests: 5,
  scenarios,
};
