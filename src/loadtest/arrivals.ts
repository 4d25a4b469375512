/** When requests are meant to start: decided beforehand, from the seed, so that a run can be repeated and its hash compared. */
import { createHash } from 'node:crypto';
import { UsageError } from '../core/errors.ts';
import { createRandom, gaussian, int, type Random, spread } from '../core/random.ts';

/** A stretch of time in which the level goes straight from one value to another. */
export interface Stage {
  readonly durationMs: number;
  readonly from: number;
  readonly to: number;
}

/**
 * - `closed`: `stages` give the number of requests under way; each is followed by the next.
 * - `open`: `stages` give requests per second, started whatever the answers do.
 * - `trace`: moments in ms since the start, as recorded.
 */
export type Arrivals =
  | { readonly kind: 'closed'; readonly stages: readonly Stage[] }
  | {
      readonly kind: 'open';
      readonly law: 'constant' | 'poisson' | 'gamma';
      /** Of the gamma law: 1 is Poisson, larger is more even, smaller is burstier. */
      readonly shape: number;
      readonly stages: readonly Stage[];
    }
  | {
      readonly kind: 'trace';
      readonly offsetsMs: readonly number[];
      /** How its file was understood, for people: `timestamp in ms`. */
      readonly readAs?: string;
    };

type Open = Extract<Arrivals, { kind: 'open' }>;

const most = 10_000_000;
const lowestShape = 0.01;
const highestShape = 10_000;

/**
 * The moments in ms since the start, ascending; empty for a closed loop, where answers decide.
 *
 * The law is drawn at the unit rate and carried over to the stages by the time at which their integral reaches each
 * draw: exact for any ramp. The number of requests is what the law gives; it is never stretched to a wanted total,
 * which would take its variance away.
 * @throws {UsageError} `too_many_requests` above 10 million, `bad_shape` outside 0.01 to 10,000
 */
export function scheduleOf(arrivals: Arrivals, random: Random): Float64Array {
  switch (arrivals.kind) {
    case 'closed':
      return new Float64Array(0);
    case 'trace':
      return Float64Array.from(arrivals.offsetsMs).sort();
    case 'open':
      refuseOpen(arrivals);
      return overStages(arrivals.stages, createUnitTimes(arrivals, random));
  }
}

/** @throws {UsageError} `too_many_requests`, `bad_shape`: what no schedule can be made of */
export function refuseOpen({ law, shape, stages }: Open): void {
  refuseTooMany(expectedBy(stages, totalMs(stages)));
  if (law !== 'gamma' || (shape >= lowestShape && shape <= highestShape)) return;
  throw new UsageError(
    'bad_shape',
    `--shape ${shape} of the gamma law must lie from ${lowestShape} to ${highestShape.toLocaleString('en-US')}: less is burstier, 1 is Poisson, more is more even`,
  );
}

/** @throws {UsageError} `too_many_requests` above 10 million, which is what a plan may hold in memory */
export function refuseTooMany(count: number): void {
  if (count <= most) return;
  throw new UsageError(
    'too_many_requests',
    `${Math.round(count).toLocaleString('en-US')} requests are more than the 10,000,000 that a run plans: lower the rate or the duration`,
  );
}

/** Moments at the unit rate, one a call. */
function createUnitTimes(arrivals: Open, random: Random): () => number {
  if (arrivals.law === 'constant') return evenTimes();
  const gaps = arrivals.law === 'poisson' ? poissonGaps(random) : gammaGaps(arrivals.shape, random);
  let at = gaps.first();
  let started = false;
  return () => {
    if (started) at += gaps.next();
    started = true;
    return at;
  };
}

/**
 * In the middle of each unit: the count is then the integral rounded, so no error in its last digit can add a request;
 * a ramp down mirrors a ramp up; and nothing starts at the very moment when the rate is still 0.
 */
function evenTimes(): () => number {
  let number = 0;
  return () => number++ + 0.5;
}

interface Gaps {
  first(): number;
  next(): number;
}

function poissonGaps(random: Random): Gaps {
  const next = () => -Math.log(1 - random());
  return { first: next, next };
}

/**
 * Gaps of mean 1 and a coefficient of variation of 1/√shape. The first one is what is left of a gap that began before
 * the start: with a whole one, bursty arrivals would bring (1/shape − 1)/2 requests more than the stages ask for.
 */
function gammaGaps(shape: number, random: Random): Gaps {
  return {
    first: () => (random() * gamma(shape + 1, random)) / shape,
    next: () => gamma(shape, random) / shape,
  };
}

/** A gamma deviate of scale 1 (Marsaglia and Tsang 2000); below 1 by that of shape + 1. */
function gamma(shape: number, random: Random): number {
  if (shape < 1) return gamma(shape + 1, random) * (1 - random()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = gaussian(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random()) < (x * x) / 2 + d * (1 - v + Math.log(v))) return d * v;
  }
}

function overStages(stages: readonly Stage[], next: () => number): Float64Array {
  const moments: number[] = [];
  let startMs = 0;
  let before = 0;
  let latest = 0;
  let unit = next();
  for (const stage of stages) {
    const end = before + areaOf(stage, stage.durationMs);
    for (; unit < end; unit = next()) {
      latest = Math.max(latest, startMs + timeOf(stage, unit - before));
      moments.push(latest);
    }
    startMs += stage.durationMs;
    before = end;
  }
  return Float64Array.from(moments);
}

/** Requests of a stage in its first `ms`. */
function areaOf({ durationMs, from, to }: Stage, ms: number): number {
  if (durationMs === 0) return 0;
  return ((from + ((to - from) * ms) / (2 * durationMs)) * ms) / 1000;
}

/** The time in ms into a stage at which so many of its requests have come: `areaOf` the other way round. */
function timeOf({ durationMs, from, to }: Stage, requests: number): number {
  const area = requests * 1000;
  if (!(area > 0)) return 0;
  const slope = (to - from) / durationMs;
  return Math.min(durationMs, (2 * area) / (from + Math.sqrt(Math.max(0, from * from + 2 * slope * area))));
}

/** Requests that stages of an open loop ask for in their first `ms`: the integral of the rate. */
export function expectedBy(stages: readonly Stage[], ms: number): number {
  let left = ms;
  let sum = 0;
  for (const stage of stages) {
    const part = Math.min(Math.max(0, left), stage.durationMs);
    sum += areaOf(stage, part);
    left -= part;
  }
  return sum;
}

/** How long all stages take, in ms. */
export const totalMs = (stages: readonly Stage[]): number => stages.reduce((sum, stage) => sum + stage.durationMs, 0);

/** The highest level that stages come to. */
export const peakOf = (stages: readonly Stage[]): number => Math.max(...stages.flatMap(({ from, to }) => [from, to]));

/** Whether all stages have one level; a ramp is on its way to its highest. */
export const isLevel = (stages: readonly Stage[]): boolean =>
  stages.every(({ from, to }) => from === to && from === stages[0]?.from);

/** Requests that a closed loop keeps under way at a moment: whole, and 0 before the start and from the end on. */
export function levelAt(stages: readonly Stage[], ms: number): number {
  let left = ms;
  for (const { durationMs, from, to } of stages) {
    if (left >= 0 && left < durationMs) return Math.round(from + ((to - from) * left) / durationMs);
    left -= durationMs;
  }
  return 0;
}

/**
 * The slots that shard `index` of `count` takes. Chance decides slot by slot, so a thinned Poisson stays Poisson; the
 * seed decides chance, so every slot is in exactly one shard and nobody needs to ask whose it is.
 */
export function shardOf(
  { length }: { readonly length: number },
  index: number,
  count: number,
  seed: number,
): Uint32Array {
  const random = createRandom(seed).fork('shard');
  const [first, second] = [int(random, 2 ** 32), int(random, 2 ** 32)];
  const slots: number[] = [];
  for (let slot = 0; slot < length; slot++)
    if ((spread(spread(slot + first) ^ second) >>> 0) % count === index) slots.push(slot);
  return Uint32Array.from(slots);
}

/**
 * Sixteen hex digits for all planned moments and bodies: equal hashes, equal load.
 * @param stages of a closed loop, which has no moments
 */
export function scheduleHash(schedule: Float64Array, bodiesDigest: string, stages: readonly Stage[] = []): string {
  const levels = stages.map(({ durationMs, from, to }) => [durationMs, from, to]);
  return createHash('sha256')
    .update(new Uint8Array(schedule.buffer, schedule.byteOffset, schedule.byteLength))
    .update(JSON.stringify([schedule.length, levels, bodiesDigest]))
    .digest('hex')
    .slice(0, 16);
}
