/** What a live view knows: the plan's facts, and the intervals so far, added up as they come. */
import { createHistogram, type Summary } from '../../core/histogram.ts';
import type { Interval, LedgerClass } from '../interval.ts';
import type { Measure } from '../measures.ts';
import { addedUp, type Slice, shortestMs, together } from '../slices.ts';
import { tokensIn } from '../stats/per-second.ts';

/** What was planned. */
export interface PlanFacts {
  readonly model: string;
  readonly kind: 'closed' | 'open' | 'trace';
  readonly stream: boolean;
  /** Highest number under way of a closed loop, or highest rate per second of an open one; null for a trace. */
  readonly level: number | null;
  /** Warm-up included. */
  readonly durationMs: number;
  readonly warmupMs: number;
  /** Whether this machine's own error is measured before and after. */
  readonly calibrates: boolean;
  readonly maxRequests: number | null;
  readonly maxTokens: number | null;
  /** A ceiling for money, with prices per token in the same currency. */
  readonly maxCost: {
    readonly amount: number;
    readonly currency: string;
    readonly perInputToken: number;
    readonly perOutputToken: number;
  } | null;
}

export interface Progress {
  readonly plan: PlanFacts;
  readonly stage: 'before' | 'load' | 'after';
  /** Milliseconds since load began, the view's own clock included; after the load, how long it lasted. */
  readonly elapsedMs: number;
  readonly planned: number;
  readonly sent: number;
  readonly ended: Readonly<Partial<Record<LedgerClass, number>>>;
  readonly codes: Readonly<Record<string, number>>;
  readonly retries: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** What the budget was charged. */
  readonly bookedInputTokens: number;
  readonly bookedOutputTokens: number;
  readonly whole: Readonly<Partial<Record<ShownMeasure, Summary>>>;
  /** The last seconds together. */
  readonly now: Slice;
  /** The last intervals one by one, oldest first; short ones with those before them. */
  readonly recent: readonly Moment[];
}

/** What is drawn of an interval. A slice would hold all its latencies for as long as the line shows it. */
export interface Moment extends Pick<Slice, 'seconds' | 'ok' | 'outputTokens' | 'inFlightMean'> {
  readonly figures: Readonly<Record<ShownMeasure, Summary>>;
}

const shownMeasures = ['ttft_content_ms', 'itl_ms', 'e2e_ms'] as const satisfies readonly Measure[];

export type ShownMeasure = (typeof shownMeasures)[number];

/** Intervals behind the figures that are called "now", and behind the lines that are drawn. */
const nowCount = 5;
const recentCount = 240;

/** Adds intervals up once, whatever the length of the run. */
export function createProgress(plan: PlanFacts) {
  const histograms = shownMeasures.map(name => ({ name, histogram: createHistogram() }));
  let last: readonly Interval[] = [];
  let recent: readonly Moment[] = [];
  let counts = noCounts;
  let ended: Record<string, number> = {};
  let codes: Record<string, number> = {};
  let endMs = 0;
  const read = { reads: 0, tokens: 0 };

  /** Until an answer has ended, a read is taken for a token. */
  const tokensPerRead = () => (read.reads > 0 ? read.tokens / read.reads : 1);
  const add = (intervals: readonly Interval[]) => {
    for (const interval of intervals) {
      for (const { name, histogram } of histograms) histogram.absorb(interval.histograms[name] ?? []);
      counts = plus(counts, interval);
      ended = addedUp([ended, interval.ended]);
      codes = addedUp([codes, interval.codes]);
      endMs = Math.max(endMs, interval.toMs);
      read.reads += interval.readsEnded;
      read.tokens += interval.tokensRead;
      last = [...last, interval].slice(-nowCount);
      recent = [...recent, momentOf(latest(last), tokensPerRead())].slice(-recentCount);
    }
  };
  /** All that were to be made are, and have come to an end: nothing more is under way, and nothing more will be. */
  const isOver = () =>
    endMs > 0 &&
    doneOf({ plan, elapsedMs: endMs, planned: counts.planned }) >= 1 &&
    sumOf(Object.values(ended)) >= counts.planned;
  /** @param elapsedMs by the view's own clock: time goes on while nothing ends; undefined before the load begins */
  const at = (elapsedMs: number | undefined): Progress => {
    const stage = isOver() ? 'after' : elapsedMs === undefined ? 'before' : 'load';
    return {
      plan,
      stage,
      elapsedMs: stage === 'load' ? Math.max(elapsedMs ?? 0, endMs) : endMs,
      ...counts,
      ended,
      codes,
      whole: Object.fromEntries(histograms.map(({ name, histogram }) => [name, histogram.summary()])),
      now: { ...together(last), outputTokens: tokensOf(last, tokensPerRead()) },
      recent,
    };
  };
  return { add, at };
}

/** How much of a run is done, from 0 to 1: by time, or by requests when those run out first. */
export function doneOf({ plan, elapsedMs, planned }: Pick<Progress, 'plan' | 'elapsedMs' | 'planned'>): number {
  const byTime = plan.durationMs > 0 ? elapsedMs / plan.durationMs : 1;
  const byCount = plan.maxRequests === null ? 0 : planned / Math.max(1, plan.maxRequests);
  return Math.min(1, Math.max(0, byTime, byCount));
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

/** The last interval, with as many before it as it takes to tell a rate. */
function latest(intervals: readonly Interval[]): readonly Interval[] {
  const lengthMs = (from: number) => intervals.slice(from).reduce((sum, one) => sum + one.toMs - one.fromMs, 0);
  const from = intervals.findLastIndex((_, i) => lengthMs(i) >= shortestMs);
  return intervals.slice(Math.max(0, from));
}

function momentOf(intervals: readonly Interval[], tokensPerRead: number): Moment {
  const { seconds, ok, inFlightMean, figure } = together(intervals);
  const outputTokens = tokensOf(intervals, tokensPerRead);
  const figures = { ttft_content_ms: figure('ttft_content_ms'), itl_ms: figure('itl_ms'), e2e_ms: figure('e2e_ms') };
  return { seconds, ok, outputTokens, inFlightMean, figures };
}

/** As they came, and not as their answers ended. */
const tokensOf = (intervals: readonly Interval[], tokensPerRead: number) =>
  intervals.reduce((sum, one) => sum + tokensIn(one, tokensPerRead), 0);

const noCounts: Counts = {
  planned: 0,
  sent: 0,
  retries: 0,
  inputTokens: 0,
  outputTokens: 0,
  bookedInputTokens: 0,
  bookedOutputTokens: 0,
};

type Counts = Pick<
  Interval,
  'planned' | 'sent' | 'retries' | 'inputTokens' | 'outputTokens' | 'bookedInputTokens' | 'bookedOutputTokens'
>;

const plus = (a: Counts, b: Counts): Counts => ({
  planned: a.planned + b.planned,
  sent: a.sent + b.sent,
  retries: a.retries + b.retries,
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  bookedInputTokens: a.bookedInputTokens + b.bookedInputTokens,
  bookedOutputTokens: a.bookedOutputTokens + b.bookedOutputTokens,
});
