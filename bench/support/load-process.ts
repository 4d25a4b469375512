/**
 * The load as a process of its own, so that its memory and its event loop are one driver's. Prints one JSON line.
 * Arguments: driver, base URL, the process id of the server, a JSON text of `LoadJob`.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import type { CallRecord } from '../../src/core/call/record.ts';
import { systemClock as clock } from '../../src/core/clock.ts';
import { createHistogram, type Histogram } from '../../src/core/histogram.ts';
import { hrOffsetMs } from '../../src/loadtest/calibration/hr-offset.ts';
import type { Driver } from '../../src/loadtest/drivers/driver.ts';
import { drivers } from '../../src/loadtest/drivers/index.ts';
import { createPacer } from '../../src/loadtest/pacer.ts';
import type { LoadPlan } from '../../src/loadtest/plan.ts';
import { cpuOf, machineCpuMs } from './cpu.ts';
import { autocannonGated, rawSocket, undiciByHand } from './yardsticks.ts';

export interface LoadJob {
  readonly stream: boolean;
  /** Requests under way, each followed by the next. */
  readonly streams: number;
  /** Of those, how many run before the memory is first looked at. Default 0. */
  readonly base?: number;
  /** Requests per second at their moments, in place of a fixed number. */
  readonly rate?: number;
  /** The first requests begin spread over this time: the length of an answer, so that they also end spread. */
  readonly spreadMs: number;
  readonly warmUpMs: number;
  readonly runMs: number;
  /** A soak: how often memory is looked at. Once by default. */
  readonly sampleMs?: number;
}

export interface LoadReport {
  /** In the window that was measured, as all that follows. */
  readonly requests: number;
  readonly failed: number;
  readonly events: number;
  /** Share of events that came in one read with the one before. */
  readonly coalesced: number;
  readonly seconds: number;
  readonly elu: number;
  readonly cpuUs: number;
  /** CPU that neither this process nor the server used, in cores. */
  readonly others: number;
  /** Errors in ms against the server's stamps: of the first token, of every event, of gaps; and of sending at its moment. */
  readonly ttft: Quantiles;
  readonly event: Quantiles;
  readonly gap: Quantiles;
  readonly send: Quantiles;
  /** Resident memory in kB for each stream above `base`. */
  readonly kbPerStream: number;
  /** Resident memory in MiB over time, as the collector leaves it. */
  readonly rssMib: readonly number[];
  /** Of a soak: what is held after a collection, in MiB, when a third of it is over and at its end. */
  readonly heldMib: readonly number[];
}

export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

const [name = '', baseUrl = '', serverPid = '0', json = '{}'] = process.argv.slice(2);
const job = JSON.parse(json) as LoadJob;
const plan = {
  baseUrl,
  key: 'bench-id.bench-secret',
  ca: undefined,
  stream: job.stream,
  concurrency: job.rate === undefined ? job.streams : 4 * job.streams,
  timeoutMs: 120_000,
} as LoadPlan;
const body = JSON.stringify({ model: 'truth', stream: job.stream, messages: [{ role: 'user', content: 'Tell me.' }] });
const signal = new AbortController().signal;
const offsetMs = hrOffsetMs();
const errors = { ttft: createHistogram(), event: createHistogram(), gap: createHistogram(), send: createHistogram() };
const count = { requests: 0, failed: 0, events: 0, coalesced: 0 };
let closed = false; // the window is over
let over = false;

const makers = {
  ...drivers,
  'raw socket': rawSocket,
  'undici by hand': undiciByHand,
  'autocannon gated': autocannonGated,
};

async function main(): Promise<void> {
  const load =
    name === 'autocannon as shipped' ? asShipped() : driven(makers[name as keyof typeof makers](plan, clock));
  await load.begin(0, job.base ?? 0);
  if (job.base !== undefined) await sleep(job.warmUpMs);
  const baseRss = await settledRss();
  await load.begin(job.base ?? 0, job.streams);
  await sleep(job.warmUpMs);
  forget();
  const before = stamps();
  const memory = await watchMemory(job);
  closed = true;
  const after = stamps();
  const kbPerStream = ((await settledRss()) - baseRss) / 1000 / (job.streams - (job.base ?? 0));
  over = true;
  await load.end();
  const report: LoadReport = { ...count, ...spent(before, after), ...found(), ...memory, kbPerStream };
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit());
}

/** What was counted before the window. It was counted at all so that the code for it is compiled by now. */
function forget(): void {
  for (const histogram of Object.values(errors)) histogram.reset();
  Object.assign(count, { requests: 0, failed: 0, events: 0, coalesced: 0 });
}

const stamps = () => ({
  ms: clock.now(),
  elu: performance.eventLoopUtilization(),
  cpu: process.cpuUsage(),
  serverMs: cpuOf(Number(serverPid)),
  machineMs: machineCpuMs(),
});

function spent(from: ReturnType<typeof stamps>, to: ReturnType<typeof stamps>) {
  const seconds = (to.ms - from.ms) / 1000;
  const cpuUs = to.cpu.user + to.cpu.system - from.cpu.user - from.cpu.system;
  const othersMs = to.machineMs - from.machineMs - (to.serverMs - from.serverMs) - cpuUs / 1000;
  const { utilization } = performance.eventLoopUtilization(to.elu, from.elu);
  return { seconds, cpuUs, elu: utilization, others: Math.max(0, othersMs / 1000 / seconds) };
}

const found = () => ({
  coalesced: count.coalesced / Math.max(1, count.events),
  ttft: quantiles(errors.ttft),
  event: quantiles(errors.event),
  gap: quantiles(errors.gap),
  send: quantiles(errors.send),
});

const quantiles = (histogram: Histogram): Quantiles => ({
  p50: histogram.quantile(0.5),
  p99: histogram.quantile(0.99),
});

/** With what the collector has not got round to out of the way, where it can be asked for. */
async function settledRss(): Promise<number> {
  for (let i = 0; i < 3 && globalThis.gc !== undefined; i++) {
    globalThis.gc();
    await sleep(50);
  }
  return process.memoryUsage().rss;
}

async function watchMemory({ runMs, sampleMs }: LoadJob) {
  const rssMib: number[] = [];
  const heldMib: number[] = [];
  const looks = sampleMs === undefined ? 1 : Math.ceil(runMs / sampleMs);
  for (let look = 1; look <= looks; look++) {
    await sleep(runMs / looks);
    rssMib.push(process.memoryUsage().rss / mib);
    // A collection would be seen in the latencies: only a soak can afford it.
    if (sampleMs !== undefined && (look === Math.ceil(looks / 3) || look === looks)) heldMib.push(held());
  }
  return { rssMib, heldMib };
}

const mib = 2 ** 20;

function held(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / mib;
}

/** A load that a driver carries; `begin` adds the streams of a range. */
function driven(driver: Driver) {
  const running: Promise<void>[] = [];
  const follow = async (index: number, total: number) => {
    await sleep((job.spreadMs * index) / Math.max(1, total));
    for (const gaps = new Float64Array(mostGaps); !over; ) await one(driver, gaps);
  };
  const begin = async (from: number, to: number) => {
    if (to === from) return;
    if (job.rate !== undefined) running.push(paced(driver, job.rate));
    else for (let i = from; i < to; i++) running.push(follow(i - from, to - from));
    await sleep(job.spreadMs);
  };
  const end = async () => {
    await Promise.all(running);
    await driver.close();
  };
  return { begin, end };
}

/** Of one stream: fewer than the events that any part asks for. */
const mostGaps = 128;

/** One request; its gaps go into an array that is used again. */
async function one(driver: Driver, gaps: Float64Array, dueMs?: number): Promise<void> {
  let length = 0;
  const onGap = (ms: number) => {
    gaps[length++] = ms;
    if (!closed) count.events++;
  };
  const record = await driver.send(body, { signal, onGap });
  if (closed) return;
  count.requests++;
  count.events += 1 + record.coalesced;
  count.coalesced += record.coalesced;
  if (record.outcome.kind !== 'ok') count.failed++;
  if (dueMs !== undefined && record.sentMs !== undefined) errors.send.record(record.sentMs - dueMs);
  if (job.stream) compare(record, gaps, length);
}

/**
 * Events are read in order, so each came with the first read after it was written. The truth is read digit by digit and
 * leaves no garbage: the collector's pauses are to be those of the driver.
 */
function compare({ id = '', firstTokenMs = Number.NaN }: CallRecord, gaps: Float64Array, length: number): void {
  let writtenMs = -offsetMs;
  let readMs = firstTokenMs;
  let firstOfReadMs = Number.NaN;
  let next = 0;
  let us = 0;
  for (let at = 'truth:'.length; at <= id.length; at++) {
    const digit = id.charCodeAt(at) - 48;
    if (digit >= 0 && digit <= 9) {
      us = us * 10 + digit;
      continue;
    }
    writtenMs += us / 1000;
    us = 0;
    if (Number.isNaN(firstOfReadMs)) {
      errors.ttft.record(readMs - writtenMs);
      firstOfReadMs = writtenMs;
    } else if (writtenMs > readMs && next < length) {
      const gapMs = gaps[next++] ?? 0;
      readMs += gapMs;
      errors.gap.record(Math.abs(gapMs - (writtenMs - firstOfReadMs)));
      firstOfReadMs = writtenMs;
    }
    errors.event.record(readMs - writtenMs);
  }
}

async function paced(driver: Driver, rate: number): Promise<void> {
  const begunMs = clock.now();
  const total = Math.floor((rate * (job.spreadMs + job.warmUpMs + job.runMs)) / 1000);
  const moments = Float64Array.from({ length: total }, (_, i) => begunMs + (i * 1000) / rate);
  const arrays: Float64Array[] = [];
  const fly = async (dueMs: number) => {
    const gaps = arrays.pop() ?? new Float64Array(mostGaps);
    await one(driver, gaps, dueMs);
    arrays.push(gaps);
  };
  let landed = 0;
  await new Promise<void>(resolve => {
    const land = () => {
      if (++landed === total) resolve();
    };
    createPacer({ clock }).start(moments, index => void fly(moments[index] ?? 0).then(land));
  });
}

/** autocannon's own loop: unary calls as fast as they are answered. */
function asShipped() {
  const ended = Promise.withResolvers<void>();
  let instance: autocannon.Instance | undefined;
  const options: autocannon.Options = {
    url: `${baseUrl}/chat/completions`,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${plan.key}` },
    body,
    connections: job.streams,
    duration: 100_000,
  };
  const begin = async (from: number, to: number) => {
    if (from === to) return;
    instance = autocannon(options, () => ended.resolve());
    instance.on('response', () => {
      if (!closed) count.requests++;
    });
  };
  const end = () => {
    instance?.stop();
    return ended.promise;
  };
  return { begin, end };
}

await main();
