/**
 * What this process adds to every figure: the same driver, as many streams as the run will hold, against a server that
 * writes down when each event left it. Both read one clock of the machine, so the difference is the error.
 */
import type { CallRecord } from '../../core/call/record.ts';
import type { Clock } from '../../core/clock.ts';
import { createHistogram, type Histogram } from '../../core/histogram.ts';
import type { CreateDriver, Driver } from '../drivers/driver.ts';
import { createHealthMeter } from '../health.ts';
import { createPacer } from '../pacer.ts';
import type { LoadPlan } from '../plan.ts';
import type { CalibrationRun, ErrorFigure } from '../result.ts';
import { hrOffsetMs } from './hr-offset.ts';
import { startTruth } from './truth.ts';
import { truthOf } from './truth-teller.ts';

/** Pace of the truth: an answer takes 50 + 39 × 20 ms. */
const pace = { ttftMs: 50, gapMs: 20, events: 40 } as const;
const secondsMs = 2000;
const mostStreams = 1000;

export interface CalibrationDoor {
  readonly clock: Clock;
  readonly createDriver: CreateDriver;
  readonly stop: AbortSignal;
}

/** @returns null when the truth server could not be started or the run was stopped meanwhile */
export async function calibrate(
  plan: LoadPlan,
  streams: number,
  door: CalibrationDoor,
): Promise<CalibrationRun | null> {
  const truth = await startTruth(pace);
  if (truth === undefined) return null;
  const { clock } = door;
  const count = Math.max(1, Math.min(Math.ceil(streams), mostStreams));
  const local = { ...plan, baseUrl: truth.baseUrl, ca: undefined, concurrency: count };
  const driver = door.createDriver(local, clock);
  const errors = { ttft: createHistogram(), gap: createHistogram(), send: createHistogram() };
  const health = createHealthMeter();
  const pacer = createPacer({ clock });
  try {
    await drive({ driver, clock, stop: door.stop, count, body: bodyOf(plan), errors, pacer, offsetMs: hrOffsetMs() });
    if (door.stop.aborted) return null;
    return {
      streams: count,
      events_per_second: plan.stream
        ? Math.round((count * pace.events) / ((pace.ttftMs + pace.events * pace.gapMs) / 1000))
        : 0,
      ttft_ms: errorOf(errors.ttft),
      gap_ms: errorOf(errors.gap, Math.round((errors.ttft.count / count) * (pace.events - 1))),
      send_ms: errorOf(errors.send),
      health: health.read(pacer.idledMs),
    };
  } finally {
    health.close();
    await driver.close();
    await truth.end();
  }
}

const bodyOf = ({ model, stream }: LoadPlan) =>
  JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'tell the truth' }] });

const errorOf = (histogram: Histogram, moments = histogram.count): ErrorFigure => ({
  p50: histogram.quantile(0.5),
  p90: histogram.quantile(0.9),
  p95: histogram.quantile(0.95),
  p99: histogram.quantile(0.99),
  count: histogram.count,
  moments: Math.min(moments, histogram.count),
});

interface Drive {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly stop: AbortSignal;
  readonly count: number;
  readonly body: string;
  readonly errors: { readonly ttft: Histogram; readonly gap: Histogram; readonly send: Histogram };
  readonly pacer: ReturnType<typeof createPacer>;
  readonly offsetMs: number;
}

/** Every stream is followed by the next until the time is up; the first ones start spread over one answer's length. */
async function drive({ driver, clock, stop, count, body, errors, pacer, offsetMs }: Drive): Promise<void> {
  const begunMs = clock.now();
  const spreadMs = pace.ttftMs + pace.events * pace.gapMs;
  const one = async (dueMs: number) => {
    for (let intended: number | undefined = dueMs; !stop.aborted; intended = undefined) {
      const gaps: number[] = [];
      const record = await driver.send(body, { signal: stop, onGap: ms => void gaps.push(ms) });
      if (record.outcome.kind !== 'ok') return;
      if (intended !== undefined && record.sentMs !== undefined) errors.send.record(record.sentMs - intended);
      compare(record, gaps, errors, offsetMs);
      if (clock.now() - begunMs > secondsMs) return;
    }
  };
  const moments = Float64Array.from({ length: count }, (_, i) => begunMs + (spreadMs * i) / count);
  const running: Promise<void>[] = [];
  await new Promise<void>(resolve => {
    const cancel = pacer.start(moments, index => {
      running.push(one(moments[index] ?? 0));
      if (index === count - 1) resolve();
    });
    stop.addEventListener('abort', () => resolve(cancel()), { once: true });
  });
  await Promise.all(running);
}

/** Of joined reads it is not known which event a gap belongs to: such a stream tells only of its first token. */
function compare(record: CallRecord, gaps: readonly number[], errors: Drive['errors'], offsetMs: number): void {
  const truth = truthOf(record.id);
  const seenMs = record.firstTokenMs ?? record.headMs;
  if (truth === undefined || seenMs === undefined) return;
  errors.ttft.record(Math.max(0, seenMs + offsetMs - truth.firstUs / 1000));
  if (gaps.length !== truth.gapsUs.length) return;
  gaps.forEach((ms, i) => {
    errors.gap.record(Math.abs(ms - (truth.gapsUs[i] ?? 0) / 1000));
  });
}
