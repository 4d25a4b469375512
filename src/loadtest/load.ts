/** One run from plan to result: calibrates, runs, calibrates again, adds up. Whoever carries it out, the result is the same. */
import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../core/clock.ts';
import { packageVersion } from '../core/version.ts';
import { type Arrivals, peakOf, scheduleHash } from './arrivals.ts';
import { assemble } from './assemble.ts';
import { calibrate } from './calibration/calibrate.ts';
import type { CreateDriver } from './drivers/driver.ts';
import { drivers } from './drivers/index.ts';
import { environment } from './environment.ts';
import type { Halt } from './halt.ts';
import { createHistory } from './history.ts';
import type { Interval } from './interval.ts';
import { turnsOf } from './loops/open.ts';
import { type LoadPlan, lengthMs, scheduleFor, workloadFor } from './plan.ts';
import { rawRecord } from './raw-record.ts';
import type { CalibrationRun, LoadResult, RawRecord } from './result.ts';
import { type RunEnd, runLoad } from './runner.ts';
import { type Shard, seatsOf } from './shard.ts';
import { workloadDigest } from './workload.ts';

/** What a run may be given besides its plan; by default it takes system time, the plan's driver, and nobody listens. */
export interface MeasureOptions {
  readonly clock?: Clock;
  /** Aborting it starts no more requests, waits out the grace and still reports. */
  readonly stop?: AbortSignal;
  /** In place of the plan's driver. */
  readonly createDriver?: CreateDriver;
  readonly shard?: Shard;
  /** Waited for between the first calibration and the load. @returns when to begin, on the clock; now when undefined */
  readonly ready?: () => Promise<number | undefined>;
  /** Told of every second as it ends. */
  readonly onInterval?: (interval: Interval) => void;
  /** Told of every request that ended. */
  readonly onRecord?: (record: RawRecord) => void;
  /** Told when the load ends early, while answers are still under way. */
  readonly onHalt?: (halt: Halt) => void;
}

/** What a process, or several together, has measured. */
export interface Measurement {
  readonly intervals: readonly Interval[];
  readonly before: CalibrationRun | null;
  readonly after: CalibrationRun | null;
  readonly end: RunEnd;
  /** Processes or agents that went away before they had told all. */
  readonly gone: number;
  /** The name under which others took part; a fresh one when undefined. */
  readonly runId?: string;
}

/** Makes this process's part of a run. */
export async function measure(plan: LoadPlan, options: MeasureOptions = {}): Promise<Measurement> {
  const { clock = systemClock, stop = new AbortController().signal, createDriver = drivers[plan.driver] } = options;
  const check = (streams: number) =>
    plan.calibrate && !stop.aborted ? calibrate(plan, streams, { clock, createDriver, stop }) : null;
  const turns = turnsOf(plan, options.shard ?? { index: 0, count: 1 });
  const before = await check(expectedStreams(plan) / (options.shard?.count ?? 1));
  const startMs = (await options.ready?.()) ?? clock.now();
  const history = createHistory({ edgesMs: edgesOf(plan) });
  let most = 1;
  const share = shareOfPlan(plan, options.shard);
  const driver = createDriver(share, clock);
  try {
    const end = await runLoad(share, {
      driver,
      clock,
      stop,
      turns,
      startMs,
      ...(options.shard && { shard: options.shard }),
      onInterval: interval => {
        history.add(interval);
        most = Math.max(most, interval.inFlightMax);
        options.onInterval?.(interval);
      },
      onHalt: options.onHalt,
      onFinished: options.onRecord && (finished => options.onRecord?.(rawRecord(finished, startMs))),
    });
    return { intervals: history.read(), before, after: await check(most), end, gone: 0 };
  } finally {
    await driver.close();
  }
}

/** Where the measured window begins and ends. */
export const edgesOf = (plan: LoadPlan) => [plan.warmupMs, lengthMs(plan)];

/** A shard's connections and money; its part of the arrivals is the runner's business. */
function shareOfPlan(plan: LoadPlan, shard: Shard = { index: 0, count: 1 }): LoadPlan {
  const { maxTokens, maxCost } = plan.budget;
  return {
    ...plan,
    concurrency: Math.max(1, seatsOf(plan.concurrency, shard)),
    budget: { ...plan.budget, maxTokens: Math.floor(maxTokens / shard.count), maxCost: maxCost / shard.count },
  };
}

/** Of a rate it is not known beforehand how many requests will be under way: two seconds' worth is assumed. */
const expectedStreams = ({ arrivals, concurrency }: LoadPlan): number =>
  arrivals.kind === 'closed' ? concurrency : Math.min(concurrency, Math.ceil(2 * peakRate(arrivals)));

/** Requests per second where they are densest; of a trace, on average. */
function peakRate(arrivals: Exclude<Arrivals, { kind: 'closed' }>): number {
  if (arrivals.kind === 'open') return peakOf(arrivals.stages);
  return (1000 * arrivals.offsetsMs.length) / Math.max(1, arrivals.offsetsMs.at(-1) ?? 0);
}

/**
 * Makes a run in this process and says what came of it; figures are in ms.
 * @example const result = await load(plan); result.metrics.ttft_any_ms?.p99
 */
export async function load(plan: LoadPlan, options: MeasureOptions = {}): Promise<LoadResult> {
  const startedAt = (options.clock ?? systemClock).wall();
  return resultOf(plan, await measure(plan, options), startedAt);
}

export const resultOf = (
  plan: LoadPlan,
  { intervals, before, after, end, gone, runId = randomUUID() }: Measurement,
  startedAt: number,
): LoadResult =>
  assemble(
    plan,
    { intervals, before, after, offeredMs: end.offeredMs, gone, halted: end.halted },
    {
      toolVersion: packageVersion(),
      runId,
      startedAt,
      scheduleHash: hashOf(plan),
      environment: environment(),
    },
  );

/** Equal hashes: the same requests at the same planned moments. */
function hashOf(plan: LoadPlan): string {
  const schedule = scheduleFor(plan);
  const count = Math.min(1000, plan.maxRequests, plan.arrivals.kind === 'closed' ? 1000 : schedule.length);
  const stages = plan.arrivals.kind === 'closed' ? plan.arrivals.stages : [];
  return scheduleHash(schedule, workloadDigest(workloadFor(plan), count), stages);
}
