/** What happened per second of a window, and how far that could lie off by chance: batch means. Pure. */
import type { Interval } from '../interval.ts';
import { batchesOf } from './moments.ts';
import { student95 } from './student.ts';

/**
 * What is told per second. One rule for all: what ended in the window, or for tokens what came in it, whenever its request
 * began; those of the warm-up too, or a window hardly longer than an answer would miss most of what it got.
 */
export type PerSecondName = 'requests_per_second' | 'goodput_per_second' | 'output_tokens_per_second';

export interface FlowFacts {
  /** A closed loop: what is in flight is given, so that it tells what reaches over the ends of a window. */
  readonly closed: boolean;
  /** Output tokens that one read of a stream brings, see `tokensPerRead`. */
  readonly tokensPerRead: number;
}

/** The same amount of each block of time, twice. */
export interface Amounts {
  /** As it was counted. */
  readonly counted: readonly number[];
  /**
   * With the part done of what reaches over the ends. Users of a closed loop who began together end together: then counts
   * come in bursts, though nothing is uncertain. In an open loop the counts themselves.
   */
  readonly levelled: readonly number[];
  readonly seconds: readonly number[];
}

export interface PerSecond {
  readonly value: number;
  /** 95 % bounds; null below `fewestSeconds`. */
  readonly ci: readonly [low: number, high: number] | null;
}

/** Fewer batches show no spread. */
export const fewestSeconds = 5;
const batches = 10;

/** The figure of a window, with bounds by batch means: Student's t with one degree of freedom less than there are batches. */
export function perSecond(name: PerSecondName, window: readonly Interval[], facts: FlowFacts): PerSecond {
  const { counted, levelled, seconds } = amountsOf(name, batchesOf(window, batches), facts);
  const time = sum(seconds);
  if (!(time > 0)) return { value: 0, ci: null };
  const value = sum(counted) / time;
  if (seconds.length < fewestSeconds) return { value, ci: null };
  const level = sum(levelled) / time;
  const half = student95(seconds.length - 1) * errorOf(levelled, seconds, level);
  return { value, ci: [Math.max(0, Math.min(value, level - half)), Math.max(value, level + half)] };
}

/** The figure of a window that is too short for counts: those of a closed loop come in bursts. */
export function levelPerSecond(name: PerSecondName, window: readonly Interval[], facts: FlowFacts): number {
  const { levelled, seconds } = amountsOf(name, [window], facts);
  const time = sum(seconds);
  return time > 0 ? sum(levelled) / time : 0;
}

/** Standard error of a ratio of two sums, from what each batch adds beyond its share. */
function errorOf(amounts: readonly number[], seconds: readonly number[], level: number): number {
  const n = amounts.length;
  const squares = sum(amounts.map((amount, i) => (amount - level * seconds[i]!) ** 2));
  return Math.sqrt((squares * n) / (n - 1)) / sum(seconds);
}

export function amountsOf(name: PerSecondName, blocks: readonly (readonly Interval[])[], facts: FlowFacts): Amounts {
  const of = (pick: (interval: Interval) => number) => blocks.map(block => sum(block.map(pick)));
  const counted = of(interval => amountIn[name](interval, facts.tokensPerRead));
  const seconds = of(({ fromMs, toMs }) => (toMs - fromMs) / 1000);
  const latency = of(latencyIn);
  const known = sum(latency) > 0 && sum(of(({ retries }) => retries)) === 0;
  if (!facts.closed || !known) return { counted, levelled: counted, seconds };
  const ended = of(endedIn[name]);
  const done = sum(ended) / sum(latency); // what a millisecond under way is worth
  const flown = of(({ inFlightArea }) => inFlightArea);
  const levelled = ended.map((amount, i) => amount + done * (flown[i]! - latency[i]!));
  return { counted, levelled, seconds };
}

/** Tokens are known when an answer ends and come all the while: reads tell when, the answers that ended how many at a time. */
export function tokensPerRead(intervals: readonly Interval[]): number {
  const reads = sum(intervals.map(({ readsEnded }) => readsEnded));
  return reads === 0 ? 0 : sum(intervals.map(({ tokensRead }) => tokensRead)) / reads;
}

/** Tokens that came in an interval, told by its reads where the answer was streamed. */
export const tokensIn = ({ outputTokens, tokensRead, reads }: Interval, each: number): number =>
  outputTokens - tokensRead + reads * each;

const amountIn = {
  requests_per_second: ({ answered }) => answered,
  goodput_per_second: ({ answeredWell }) => answeredWell,
  output_tokens_per_second: tokensIn,
} satisfies Record<PerSecondName, (interval: Interval, tokensPerRead: number) => number>;

const endedIn = {
  requests_per_second: ({ answered }) => answered,
  goodput_per_second: ({ answeredWell }) => answeredWell,
  output_tokens_per_second: ({ outputTokens }) => outputTokens,
} satisfies Record<PerSecondName, (interval: Interval) => number>;

/** Time in ms that all that ended had been under way; opening a connection is part of it. */
const latencyIn = ({ histograms: { attempt_ms: attempts, connect_ms: connects } }: Interval) =>
  (attempts?.[0] ?? 0) + (connects?.[0] ?? 0);

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
