/** From what was counted to what is said: intervals, calibration and plan in, the result document out. Pure. */
import type { Histogram } from '../core/histogram.ts';
import { costOf } from './budget.ts';
import { findingsOf } from './findings/findings.ts';
import { type Halt, isRefusal } from './halt.ts';
import { worstOf } from './health.ts';
import type { Interval, LedgerClass } from './interval.ts';
import { judgedOf } from './ledger.ts';
import type { Measure } from './measures.ts';
import type { LoadPlan } from './plan.ts';
import { type CalibrationRun, type Figures, type LoadResult, resultVersion, type Throughput } from './result.ts';
import { sloText } from './slo.ts';
import { effectiveCount, figureOf } from './stats/figure.ts';
import { littleOf } from './stats/little.ts';
import { steadyWindow } from './stats/steady.ts';
import { judge } from './thresholds.ts';
import { endedOf, type Total, totalOf } from './total.ts';
import { judgeValidity } from './validity.ts';

/** What only the run knew. */
export interface Measured {
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

export interface Circumstances {
  readonly toolVersion: string;
  readonly runId: string;
  /** ms since 1970. */
  readonly startedAt: number;
  readonly scheduleHash: string;
  readonly environment: Readonly<Record<string, string | number>>;
}

export function assemble(plan: LoadPlan, measured: Measured, circumstances: Circumstances): LoadResult {
  const { intervals, before, after, offeredMs, gone = 0 } = measured;
  const total = totalOf(intervals);
  const window = windowOf(intervals, plan.warmupMs, offeredMs);
  const whole = totalOf(window);
  const metrics = figuresOf(total, intervals);
  const ledger = ledgerOf(total);
  const little = littleIn(total, intervals);
  const { validity, doubts } = judgeValidity({
    intervals,
    metrics,
    before,
    after,
    calibrated: plan.calibrate,
    shed: endedOf(total, 'shed'),
    planned: total.planned,
    gone,
    little,
  });
  const body = {
    version: resultVersion,
    tool: 'glm-testkit' as const,
    tool_version: circumstances.toolVersion,
    run_id: circumstances.runId,
    started_at: new Date(circumstances.startedAt).toISOString(),
    seed: plan.seed,
    schedule_hash: circumstances.scheduleHash,
    config: configOf(plan),
    environment: circumstances.environment,
    validity,
    doubts,
    ledger,
    metrics,
    throughput: throughputOf(whole),
    steady: steadyOf(window),
    load: loadOf(plan, total, measured),
    ...(little !== undefined && { little }),
    goodput: goodputOf(plan, total, whole),
    tokens: tokensOf(plan, total),
    stream: streamOf(total),
    limits: { retries: total.retries, codes: total.codes },
    connections: { opened: total.opened },
    calibration: { before, after },
    health: worstOf(total.health),
    intervals,
    histograms: Object.fromEntries(
      Object.entries(total.histograms).map(([name, histogram]) => [name, histogram.encode()]),
    ),
  };
  const judged = plan.thresholds.map(threshold => judge(threshold, body));
  const gated = {
    ...body,
    thresholds: judged.map(({ measurable: _, ...said }) => said),
    verdict: gone > 0 ? ('not_measurable' as const) : verdictOf(body, judged),
  };
  return { ...gated, findings: findingsOf(gated) };
}

/** Intervals in which requests were offered and measured. */
const windowOf = (intervals: readonly Interval[], warmupMs: number, offeredMs: number) =>
  intervals.filter(({ fromMs, toMs }) => fromMs >= warmupMs - slackMs && toMs <= offeredMs + slackMs);

/** Timers cut intervals a moment after their time. */
const slackMs = 250;

const figuresOf = (total: Total, intervals: readonly Interval[]): Figures =>
  Object.fromEntries(
    (Object.entries(total.histograms) as [Measure, Histogram][]).map(([measure, histogram]) => [
      measure,
      figureOf(histogram, { effectiveCount: effectiveCount(intervals, measure) }),
    ]),
  );

const ledgerOf = ({ planned, ended }: Total): LoadResult['ledger'] => ({ planned, ok: 0, ...ended });

function throughputOf(total: Total): Throughput {
  const seconds = Math.max(0, total.toMs - total.fromMs) / 1000;
  const perSecond = (count: number) => (seconds > 0 ? count / seconds : 0);
  return {
    requests_per_second: perSecond(endedOf(total, 'ok')),
    output_tokens_per_second: perSecond(total.outputTokens),
    in_flight_mean: perSecond(total.inFlightArea) / 1000,
    in_flight_max: total.inFlightMax,
    duration_s: seconds,
  };
}

function steadyOf(window: readonly Interval[]): LoadResult['steady'] {
  const found = steadyWindow(window);
  if (found.kind !== 'steady') return null;
  const part = window.slice(found.from, found.to);
  const total = totalOf(part);
  return {
    from_s: total.fromMs / 1000,
    to_s: total.toMs / 1000,
    metrics: figuresOf(total, part),
    throughput: throughputOf(total),
  };
}

function loadOf({ arrivals }: LoadPlan, total: Total, { offeredMs, halted }: Measured): LoadResult['load'] {
  const unmade = endedOf(total, 'shed') + endedOf(total, 'unsent') + endedOf(total, 'lost');
  const delay = total.histograms.send_delay_ms;
  const open = arrivals.kind !== 'closed';
  return {
    kind: arrivals.kind === 'open' ? arrivals.law : arrivals.kind,
    offered: total.planned,
    sent: total.planned - unmade,
    late: delay === undefined ? 0 : delay.count - (delay.cumulative([lateMs])[0] ?? 0),
    delivered: open && total.planned > 0 && offeredMs > 0 ? (total.planned - unmade) / total.planned : null,
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
      };

/** Only where every request that was under way is one latency. */
function littleIn(total: Total, intervals: readonly Interval[]): LoadResult['little'] {
  const unmade = (['shed', 'unsent', 'lost'] as const).reduce((sum, name) => sum + endedOf(total, name), 0);
  const found = littleOf(intervals);
  if (found === undefined || total.retries > 0) return undefined;
  if (total.histograms.attempt_ms?.count !== total.planned - unmade) return undefined;
  const { inFlight, perSecond, latencyMs, disagreement } = found;
  return { in_flight: inFlight, requests_per_second: perSecond, latency_ms: latencyMs, disagreement };
}

/** A request sent later than this after its time is late. */
const lateMs = 10;

function goodputOf({ slo }: LoadPlan, total: Total, window: Total): LoadResult['goodput'] {
  if (slo.length === 0) return null;
  const counted = ['warmup', 'censored', 'unsent'] as const satisfies readonly LedgerClass[];
  const all = total.planned - counted.reduce((sum, name) => sum + endedOf(total, name), 0);
  const seconds = (window.toMs - window.fromMs) / 1000;
  return {
    slo: sloText(slo),
    requests_per_second: seconds > 0 ? window.good / seconds : 0,
    ratio: all === 0 ? 0 : total.good / all,
  };
}

function tokensOf({ budget: { price }, currency }: LoadPlan, total: Total): LoadResult['tokens'] {
  return {
    input: total.inputTokens,
    output: total.outputTokens,
    cached: total.cachedTokens,
    reasoning: total.reasoningTokens,
    cost: price === undefined ? null : { amount: costOf(price, total.inputTokens, total.outputTokens), currency },
  };
}

const streamOf = ({ chunks, coalesced, stalls }: Total): LoadResult['stream'] => ({
  chunks,
  coalesced_ratio: chunks === 0 ? 0 : coalesced / chunks,
  stalls_over_200ms: stalls[0],
  stalls_over_500ms: stalls[1],
  stalls_over_1s: stalls[2],
});

/** The plan without its secrets. */
function configOf({
  key: _key,
  keys,
  ca: _ca,
  seed: _seed,
  workload,
  thresholds,
  arrivals,
  budget,
  ...plan
}: LoadPlan) {
  const limits = Object.fromEntries(Object.entries(budget).filter(([, value]) => value !== Number.POSITIVE_INFINITY));
  return {
    ...plan,
    keys: keys.length,
    maxRequests: Number.isFinite(plan.maxRequests) ? plan.maxRequests : null,
    budget: limits,
    arrivals: arrivals.kind === 'trace' ? { kind: 'trace', requests: arrivals.offsetsMs.length } : arrivals,
    workload,
    thresholds: thresholds.map(({ text }) => text),
  };
}

/** No gate is passed on figures that cannot be believed. */
function verdictOf(
  { validity, ledger, load }: Pick<LoadResult, 'validity' | 'ledger' | 'load'>,
  judged: readonly { readonly ok: boolean; readonly measurable: boolean }[],
): LoadResult['verdict'] {
  if (judged.some(({ ok, measurable }) => !ok && measurable)) return validity === 'INVALID' ? 'not_measurable' : 'fail';
  if ((nothingWell(ledger) || isRefused(load)) && validity !== 'INVALID') return 'fail';
  if (judged.length > 0 && (validity === 'INVALID' || judged.some(({ measurable }) => !measurable)))
    return 'not_measurable';
  return ledger.ok > 0 ? 'pass' : 'fail';
}

/** Requests came to their end, and none of them well. */
const nothingWell = (ledger: LoadResult['ledger']) => ledger.ok === 0 && judgedOf({ ledger }) > 0;

/** The run that was asked for did not take place. */
const isRefused = ({ halted }: LoadResult['load']) => halted !== undefined && isRefusal(halted);
