/** Seeded runs without a network: what a load tester would have counted of a queue, a closed loop, or a wandering latency. */
import { createHistogram, type Sparse } from '../../../src/core/histogram.ts';
import { gaussian, type Random } from '../../../src/core/random.ts';
import type { Interval } from '../../../src/loadtest/interval.ts';
import type { Measure } from '../../../src/loadtest/measures.ts';
import { newCounting } from '../../../src/loadtest/total.ts';

/** One simulated request; moments in ms since the run began. */
export interface Visit {
  readonly startMs: number;
  readonly firstMs: number;
  readonly endMs: number;
}

const nothing: Interval = {
  ...newCounting(),
  fromMs: 0,
  toMs: 1000,
  inFlightArea: 0,
  inFlightMax: 0,
  histograms: {},
  health: [],
};

/** The second `second` of a run. */
export const intervalAt = (second: number, more: Partial<Interval> = {}): Interval => ({
  ...nothing,
  fromMs: second * 1000,
  toMs: second * 1000 + 1000,
  answered: more.ended?.ok ?? 0,
  ...more,
});

const scratch = createHistogram();

export function sparseOf(values: readonly number[]): Sparse {
  scratch.reset();
  for (const value of values) scratch.record(value);
  return scratch.sparse();
}

/** Seconds with one measure, all values of each. */
export const secondsOf = (measure: Measure, seconds: readonly (readonly number[])[]): Interval[] =>
  seconds.map((values, second) =>
    intervalAt(second, { ended: { ok: values.length }, histograms: { [measure]: sparseOf(values) } }),
  );

/** Files visits in the seconds in which they ended, as the tally does. */
export function intervalsOf(visits: readonly Visit[], seconds: number): Interval[] {
  const values = Array.from({ length: seconds }, () => ({ first: [] as number[], whole: [] as number[] }));
  const planned = new Array<number>(seconds).fill(0);
  const area = new Array<number>(seconds).fill(0);
  for (const { startMs, firstMs, endMs } of visits) {
    const second = Math.floor(endMs / 1000);
    if (startMs < seconds * 1000) planned[Math.floor(startMs / 1000)]!++;
    for (let at = startMs; at < Math.min(endMs, seconds * 1000); at = (Math.floor(at / 1000) + 1) * 1000)
      area[Math.floor(at / 1000)]! += Math.min(endMs, (Math.floor(at / 1000) + 1) * 1000) - at;
    values[second]?.first.push(firstMs - startMs);
    values[second]?.whole.push(endMs - startMs);
  }
  return values.map(({ first, whole }, second) =>
    intervalAt(second, {
      planned: planned[second]!,
      sent: planned[second]!,
      ended: { ok: first.length },
      inFlightArea: area[second]!,
      histograms: { ttft_any_ms: sparseOf(first), e2e_ms: sparseOf(whole), attempt_ms: sparseOf(whole) },
    }),
  );
}

export interface QueueOptions {
  readonly offeredPerSecond: number;
  /** Infinity: nobody ever waits. */
  readonly servers: number;
  /** Drawn for every request; its first tenth is the time to the first token once served. */
  readonly serviceMs: (random: Random) => number;
  readonly seconds: number;
  readonly random: Random;
}

/** M/G/c, first come first served: Poisson arrivals before a fixed number of servers. */
export function queue({ offeredPerSecond, servers, serviceMs, seconds, random }: QueueOptions): Interval[] {
  const free = Number.isFinite(servers) ? new Array<number>(servers).fill(0) : [];
  const visits: Visit[] = [];
  for (let at = 0; ; ) {
    at -= (Math.log(1 - random()) * 1000) / offeredPerSecond;
    if (at >= seconds * 1000) return intervalsOf(visits, seconds);
    visits.push(serve(free, at, serviceMs(random)));
  }
}

/** Takes the server that is free first. */
function serve(free: number[], startMs: number, serviceMs: number): Visit {
  const server = free.indexOf(Math.min(...free));
  const from = Math.max(startMs, free[server] ?? 0);
  if (server >= 0) free[server] = from + serviceMs;
  return { startMs, firstMs: from + serviceMs / 10, endMs: from + serviceMs };
}

export interface LoopOptions extends Omit<QueueOptions, 'offeredPerSecond' | 'serviceMs'> {
  readonly users: number;
  readonly serviceMs: (random: Random, atMs: number) => number;
}

/** A closed loop: every user sends again as soon as answered. */
export function loop({ users, servers, serviceMs, seconds, random }: LoopOptions): Interval[] {
  const free = Number.isFinite(servers) ? new Array<number>(servers).fill(0) : [];
  const ready = new Array<number>(users).fill(0);
  const visits: Visit[] = [];
  for (;;) {
    const at = Math.min(...ready);
    if (at >= seconds * 1000) return intervalsOf(visits, seconds);
    const visit = serve(free, at, serviceMs(random, at));
    visits.push(visit);
    ready[ready.indexOf(at)] = visit.endMs;
  }
}

/** A lognormal time with that mean. */
export const lognormal = (meanMs: number, sigma: number) => (random: Random) =>
  meanMs * Math.exp(sigma * gaussian(random) - (sigma * sigma) / 2);

export interface WanderOptions {
  readonly seconds: number;
  readonly perSecond: number;
  readonly medianMs: number;
  /** Spread of a single latency around its second's level, and of the levels, both of the logarithm. */
  readonly sigma: number;
  readonly wander: number;
  /** How much of its level a second keeps from the one before, 0 to below 1. */
  readonly memory: number;
  readonly random: Random;
}

/** Latencies whose level wanders from second to second (AR(1)), as those of a busy server do. */
export function wandering({ seconds, perSecond, medianMs, sigma, wander, memory, random }: WanderOptions): number[][] {
  let level = wander * gaussian(random);
  return Array.from({ length: seconds }, () => {
    level = memory * level + Math.sqrt(1 - memory * memory) * wander * gaussian(random);
    const count = Math.round(perSecond * (0.7 + 0.6 * random()));
    return Array.from({ length: count }, () => medianMs * Math.exp(level + sigma * gaussian(random)));
  });
}
