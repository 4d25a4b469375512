/**
 * The load as a process of its own, so that its memory and its event loop are one driver's. Prints one JSON line.
 * Arguments: driver, base URL, a JSON text with the rest of `LoadJob`.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallRecord } from '../../src/core/call/record.ts';
import { systemClock as clock } from '../../src/core/clock.ts';
import { createHistogram } from '../../src/core/histogram.ts';
import { hrOffsetMs } from '../../src/loadtest/calibration/hr-offset.ts';
import { truthOf } from '../../src/loadtest/calibration/truth-teller.ts';
import type { LoadPlan } from '../../src/loadtest/config.ts';
import type { Driver } from '../../src/loadtest/drivers/driver.ts';
import { drivers } from '../../src/loadtest/drivers/index.ts';
import { createPacer } from '../../src/loadtest/pacer.ts';
import { autocannonGated, rawSocket, undiciByHand } from './yardsticks.ts';

export interface LoadJob {
  /** Requests under way. */
  readonly streams: number;
  readonly stream: boolean;
  /** Requests per second, at their moments, in place of one following the other. */
  readonly rate?: number;
  readonly warmUpMs: number;
  readonly runMs: number;
  /** How often memory is looked at; never by default. */
  readonly sampleMs?: number;
}

export interface LoadReport {
  readonly ended: number;
  readonly failed: number;
  readonly events: number;
  /** Share of events that came in one read with the one before. */
  readonly coalesced: number;
  readonly seconds: number;
  readonly elu: number;
  readonly cpuUs: number;
  /** Errors in ms: of the first token, of every event, of gaps, of the moment of sending. */
  readonly ttft: Error99;
  readonly event: Error99;
  readonly gap: Error99;
  readonly send: Error99;
  /** Resident memory per live stream, in kB. */
  readonly kbPerStream: number;
  /** Resident memory in MiB over time. */
  readonly rssMib: readonly number[];
}

interface Error99 {
  readonly p50: number;
  readonly p99: number;
}

const [name = '', baseUrl = '', json = '{}'] = process.argv.slice(2);
const job = JSON.parse(json) as LoadJob;
const makers = {
  ...drivers,
  'raw socket': rawSocket,
  'undici by hand': undiciByHand,
  'autocannon gated': autocannonGated,
};
const plan = {
  baseUrl,
  key: 'bench-id.bench-secret',
  ca: undefined,
  stream: job.stream,
  concurrency: job.rate === undefined ? job.streams : 2 * job.streams,
  timeoutMs: 120_000,
} as LoadPlan;
const body = JSON.stringify({ model: 'truth', stream: job.stream, messages: [{ role: 'user', content: 'Tell me.' }] });
const signal = new AbortController().signal;
const offsetMs = hrOffsetMs();
const errors = { ttft: createHistogram(), event: createHistogram(), gap: createHistogram(), send: createHistogram() };
const count = { ended: 0, failed: 0, events: 0, coalesced: 0 };
let measuring = false;

/** One request; the gaps go into an array that is used again. */
async function one(driver: Driver, gaps: Float64Array, dueMs?: number): Promise<void> {
  let length = 0;
  const onGap = (ms: number) => {
    gaps[length++] = ms;
  };
  const record = await driver.send(body, { signal, onGap });
  if (!measuring) return;
  count.ended++;
  if (record.outcome.kind !== 'ok') count.failed++;
  if (dueMs !== undefined && record.reusedConnection && record.sentMs !== undefined)
    errors.send.record(record.sentMs - dueMs);
  compare(record, gaps, length);
}

/** Events are read in order, so each came with the first read after it was written. */
function compare(record: CallRecord, gaps: Float64Array, length: number): void {
  const truth = truthOf(record.id);
  const firstMs = record.firstTokenMs ?? record.headMs;
  if (truth === undefined || firstMs === undefined) return;
  let writtenMs = truth.firstUs / 1000 - offsetMs;
  let readMs = firstMs;
  errors.ttft.record(readMs - writtenMs);
  let next = 0;
  let lastWrittenMs = writtenMs;
  for (const gapUs of truth.gapsUs) {
    writtenMs += gapUs / 1000;
    if (writtenMs > readMs && next < length) {
      const gapMs = gaps[next++]!;
      readMs += gapMs;
      errors.gap.record(Math.abs(gapMs - (writtenMs - lastWrittenMs)));
      lastWrittenMs = writtenMs;
    }
    errors.event.record(readMs - writtenMs);
  }
  count.events += truth.gapsUs.length + (job.stream ? 1 : 0);
  count.coalesced += record.coalesced;
}

async function main(): Promise<void> {
  const driver = makers[name as keyof typeof makers](plan, clock);
  const until = clock.now() + job.warmUpMs + job.runMs;
  const gapsOf = () => new Float64Array(4096);
  const loop = async (index: number) => {
    await sleep((spreadMs * index) / job.streams);
    for (const gaps = gapsOf(); clock.now() < until; ) await one(driver, gaps);
  };
  globalThis.gc?.();
  const baseRss = process.memoryUsage().rss;
  const running =
    job.rate === undefined
      ? Promise.all(Array.from({ length: job.streams }, (_, i) => loop(i)))
      : paced(driver, job.rate);
  await sleep(job.warmUpMs);
  measuring = true;
  const [fromMs, elu, cpu] = [clock.now(), performance.eventLoopUtilization(), process.cpuUsage()];
  const rss = await memory(job);
  measuring = false;
  const used = performance.eventLoopUtilization(elu).utilization;
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (clock.now() - fromMs) / 1000;
  globalThis.gc?.();
  const kbPerStream = (process.memoryUsage().rss - baseRss) / 1000 / job.streams;
  await running;
  await driver.close();
  const report: LoadReport = {
    ...count,
    coalesced: count.coalesced / Math.max(1, count.events),
    seconds,
    elu: used,
    cpuUs: user + system,
    ttft: of(errors.ttft),
    event: of(errors.event),
    gap: of(errors.gap),
    send: of(errors.send),
    kbPerStream,
    rssMib: rss,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  process.exit();
}

/** Streams begin spread over a second, so that their events are spread too. */
const spreadMs = 1000;

const of = (histogram: ReturnType<typeof createHistogram>): Error99 => ({
  p50: histogram.quantile(0.5),
  p99: histogram.quantile(0.99),
});

async function memory({ runMs, sampleMs = runMs }: LoadJob): Promise<number[]> {
  const list: number[] = [];
  for (let left = runMs; left > 0; left -= sampleMs) {
    await sleep(Math.min(left, sampleMs));
    list.push(process.memoryUsage().rss / 2 ** 20);
  }
  return list;
}

async function paced(driver: Driver, rate: number): Promise<void> {
  const begunMs = clock.now();
  const total = Math.floor((rate * (job.warmUpMs + job.runMs)) / 1000);
  const moments = Float64Array.from({ length: total }, (_, i) => begunMs + (i * 1000) / rate);
  const arrays: Float64Array[] = [];
  const fly = async (dueMs: number) => {
    const gaps = arrays.pop() ?? new Float64Array(4096);
    await one(driver, gaps, dueMs);
    arrays.push(gaps);
  };
  const flights: Promise<void>[] = [];
  await new Promise<void>(resolve => {
    createPacer({ clock }).start(moments, index => {
      flights[index] = fly(moments[index]!);
      if (index === total - 1) resolve();
    });
  });
  await Promise.all(flights);
}

await main();
