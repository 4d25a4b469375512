/** What a run came to in numbers: intervals and plan in, the measured part of the result document out. Pure. */
import type { Histogram } from '../core/histogram.ts';
import { type Booked, costOf } from './budget.ts';
import { boundedCodes } from './codes.ts';
import type { Halt } from './halt.ts';
import { worstOf } from './health.ts';
import type { Interval, LedgerClass } from './interval.ts';
import type { Measure } from './measures.ts';
import type { LoadPlan } from './plan.ts';
import { mayHaveWaited } from './policy.ts';
import type { CalibrationRun, Figures, LoadResult } from './result.ts';
import { sloText } from './slo.ts';
import { effectiveCount, figureOf } from './stats/figure.ts';
import { littleOf } from './stats/little.ts';
import { type PerSecond, perSecond, tokensPerRead } from './stats/per-second.ts';
import { throughputOf } from './throughput.ts';
import { endedOf, type Total, totalOf } from './total.ts';
import { type Windows, windowsOf } from './window.ts';

/** What only the run knew. */
export interface RunFacts {
  readonly intervals: readonly Interval[];
  /** When no more requests were started, ms since the beginning. */
  readonly offeredMs: number;
  readonly before: CalibrationRun | null;
  readonly after: CalibrationRun | null;
  /** Processes or agents that went away before they had told all; none by default. */
  readonly gone?: number;
  /** Undefined when it went to its end. */
  readonly halted?: Halt | undefined;
}

export type Measured = Pick<
  LoadResult,
  | 'ledger'
  | 'metrics'
  | 'throughput'
  | 'whole'
  | 'steady'
  | 'load'
  | 'little'
  | 'goodput'
  | 'tokens'
  | 'stream'
  | 'limits'
  | 'connections'
  | 'calibration'
  | 'health'
  | 'intervals'
  | 'histograms'
>;

/** Latencies and requests are those of the whole run; what is said per second is said of the measured window. */
export function measuredOf(plan: LoadPlan, facts: RunFacts): Measured {
  const { intervals, before, after, offeredMs } = facts;
  const total = totalOf(intervals);
  const windows = windowsOf(intervals, { warmupMs: plan.warmupMs, offeredMs });
  const shown = windows.steady ?? windows.whole;
  const flow = { closed: plan.arrivals.kind === 'closed', tokensPerRead: tokensPerRead(intervals) };
  return {
    ledger: ledgerOf(total),
    metrics: figuresOf(total, intervals),
    throughput: { ...throughputOf(shown, flow), ...windowOf(windows, total) },
    whole: throughputOf(windows.whole, flow),
    steady: steadyOf(windows.steady),
    load: loadOf(plan, total, facts),
    ...littleIn(plan, total, shown, intervals),
    goodput: goodputOf(plan, total, perSecond('goodput_per_second', shown, flow)),
    tokens: tokensOf(plan, total),
    stream: streamOf(total),
    limits: { retries: total.retries, codes: boundedCodes(total.codes) },
    connections: { opened: total.opened },
    calibration: { before, after },
    health: worstOf(total.health),
    intervals,
    histograms: encoded(total),
  };
}

/** Where nothing was answered, what it took says nothing about a start-up. */
const windowOf = ({ whole, steady, answerMs }: Windows, total: Total) => ({
  window: steady === undefined ? ('whole' as const) : ('steady' as const),
  start_up_s:
    steady === undefined && endedOf(total, 'ok') > 0 && (whole[0]?.fromMs ?? 0) < answerMs - briefMs
      ? answerMs / 1000
      : null,
});

/** A start-up as short as this is lost in the first interval. */
const briefMs = 500;

const figuresOf = (total: Total, intervals: readonly Interval[]): Figures =>
  Object.fromEntries(
    (Object.entries(total.histograms) as [Measure, Histogram][]).map(([measure, histogram]) => [
      measure,
      figureOf(histogram, { effectiveCount: effectiveCount(intervals, measure) }),
    ]),
  );

/** `ok` stands there also when none was. */
const ledgerOf = ({ planned, ended }: Total): LoadResult['ledger'] => ({ planned, ok: 0, ...ended });

function steadyOf(steady: Windows['steady']): LoadResult['steady'] {
  if (steady === undefined) return null;
  const total = totalOf(steady);
  return { from_s: total.fromMs / 1000, to_s: total.toMs / 1000, metrics: figuresOf(total, steady) };
}

function loadOf({ arrivals }: LoadPlan, total: Total, { offeredMs, halted }: RunFacts): LoadResult['load'] {
  const sent = made(total);
  const delay = total.histograms.send_delay_ms;
  const open = arrivals.kind !== 'closed';
  return {
    kind: arrivals.kind === 'open' ? arrivals.law : arrivals.kind,
    offered: total.planned,
    sent,
    late: delay === undefined || !open ? 0 : delay.count - (delay.cumulative([lateMs])[0] ?? 0),
    delivered: open && total.planned > 0 && offeredMs > 0 ? sent / total.planned : null,
    ...haltOf(halted),
  };
}

const haltOf = (halt: Halt | undefined): Partial<LoadResult['load']> =>
  halt === undefined
    ? {}
    : {
        halted: halt.reason,
        halted_after_s: halt.atMs / 1000,
        ...(halt.code !== undefined && { halted_code: halt.code }),
        ...(halt.parts !== undefined && { halted_parts: halt.parts }),
      };

/** Only where every request that was under way is one latency: what waits to try again is under way, too. */
function littleIn(
  { policy }: LoadPlan,
  total: Total,
  shown: readonly Interval[],
  all: readonly Interval[],
): Pick<LoadResult, 'little'> {
  const [found, whole] = [littleOf(shown), littleOf(all)];
  if (found === undefined || whole === undefined) return {};
  if (total.retries > 0 || mayHaveWaited(policy.onLimit, total.ended)) return {};
  if (total.histograms.attempt_ms?.count !== made(total)) return {};
  const { inFlight, latencyMs, disagreement } = found;
  return {
    little: {
      in_flight: inFlight,
      requests_per_second: found.perSecond,
      latency_ms: latencyMs,
      disagreement,
      whole_run: whole.disagreement,
    },
  };
}

/** Requests that were sent at least once. */
const made = (total: Total) =>
  (['shed', 'unsent', 'lost'] as const).reduce((left, name) => left - endedOf(total, name), total.planned);

/** A request sent later than this after its time is late. */
const lateMs = 10;

function goodputOf({ slo }: LoadPlan, total: Total, { value, ci }: PerSecond): LoadResult['goodput'] {
  if (slo.length === 0) return null;
  const counted = ['warmup', 'censored', 'unsent', 'lost'] as const satisfies readonly LedgerClass[];
  const all = total.planned - counted.reduce((sum, name) => sum + endedOf(total, name), 0);
  return { slo: sloText(slo), requests_per_second: value, ci, ratio: all === 0 ? 0 : total.good / all };
}

function tokensOf({ budget: { price }, currency }: LoadPlan, total: Total): LoadResult['tokens'] {
  const { inputTokens: input, outputTokens: output, bookedInputTokens, bookedOutputTokens } = total;
  const cost = (tokens: Booked) =>
    price === undefined ? null : { amount: costOf(price, tokens.input, tokens.output), currency };
  const booked = { input: bookedInputTokens, output: bookedOutputTokens };
  return {
    input,
    output,
    cached: total.cachedTokens,
    reasoning: total.reasoningTokens,
    cost: cost({ input, output }),
    ...(booked.input + booked.output > input + output && { booked: { ...booked, cost: cost(booked) } }),
  };
}

const streamOf = ({ chunks, coalesced, stalls }: Total): LoadResult['stream'] => ({
  chunks,
  coalesced_ratio: chunks === 0 ? 0 : coalesced / chunks,
  stalls_over_200ms: stalls[0],
  stalls_over_500ms: stalls[1],
  stalls_over_1s: stalls[2],
});

const encoded = ({ histograms }: Total): LoadResult['histograms'] =>
  Object.fromEntries(Object.entries(histograms).map(([name, histogram]) => [name, histogram.encode()]));
