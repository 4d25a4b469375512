import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.ts';
import {
  type Arrivals,
  expectedBy,
  levelAt,
  type Stage,
  scheduleHash,
  scheduleOf,
  shardOf,
  totalMs,
} from '../../src/loadtest/arrivals.ts';
import { gammaCdf } from './gamma-cdf.ts';
import { ksPValue } from './stats/ks.ts';

type Law = 'constant' | 'poisson' | 'gamma';

const flat = (perSecond: number, seconds: number): Stage[] => [
  { durationMs: seconds * 1000, from: perSecond, to: perSecond },
];
const hill: Stage[] = [
  { durationMs: 60_000, from: 0, to: 50 },
  { durationMs: 60_000, from: 50, to: 50 },
  { durationMs: 60_000, from: 50, to: 0 },
];
const open = (law: Law, stages: Stage[], shape = 1): Arrivals => ({ kind: 'open', law, shape, stages });
const schedule = (law: Law, stages: Stage[], { shape = 1, seed = 7 } = {}) =>
  scheduleOf(open(law, stages, shape), createRandom(seed));

const gapsOf = (moments: ArrayLike<number>) =>
  Array.from({ length: moments.length - 1 }, (_, i) => moments[i + 1]! - moments[i]!);
const meanOf = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
const spreadOf = (values: readonly number[]) => {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map(x => (x - mean) ** 2))) / mean;
};
/** Moments on the scale on which the stages ask for one request a unit. */
const rescaled = (moments: ArrayLike<number>, stages: readonly Stage[]) =>
  Array.from(moments, ms => expectedBy(stages, ms));
const exponential = (x: number) => 1 - Math.exp(-x);

test('a constant rate is even to the last digit and starts half a gap in', () => {
  const moments = schedule('constant', flat(10, 2));
  expect(moments).toHaveLength(20);
  expect([...moments.slice(0, 3)]).toEqual([50, 150, 250]);
  expect(spreadOf(gapsOf(schedule('constant', flat(333, 30))))).toBeLessThan(1e-9);
});

test.each<[string, Stage[], number]>([
  ['a rate that never fits the time', flat(3.3, 1), 3],
  ['a rate below one in the time', flat(0.3, 1), 0],
  ['a rate of nothing', flat(0, 10), 0],
  ['no stage', [], 0],
  ['a stage of no time', [{ durationMs: 0, from: 5, to: 9 }, ...flat(5, 1)], 5],
  ['a hill', hill, 6000],
  ['thousand stages of a tenth', Array.from({ length: 1000 }, () => flat(10, 0.01)[0]!), 100],
])('%s at a constant law gives as many requests as its integral, rounded', (_, stages, count) => {
  expect(schedule('constant', stages)).toHaveLength(count);
  expect(Math.round(expectedBy(stages, totalMs(stages)))).toBe(count);
});

test('a ramp starts each request where its integral has come to it', () => {
  // 0 to 10 a second in 2 s: the integral is 2.5 t² requests, t in s.
  const moments = schedule('constant', [{ durationMs: 2000, from: 0, to: 10 }]);
  expect(moments).toHaveLength(10);
  moments.forEach((ms, i) => {
    expect(ms / 1000).toBeCloseTo(Math.sqrt((i + 0.5) / 2.5), 10);
  });
});

test('a ramp down mirrors the ramp up', () => {
  const moments = schedule('constant', hill);
  moments.forEach((ms, i) => {
    expect(180_000 - ms).toBeCloseTo(moments[moments.length - 1 - i]!, 5);
  });
});

test.each<[Law, Stage[]]>([
  ['constant', hill],
  ['poisson', hill],
  ['gamma', hill],
  ['poisson', [...flat(0, 5), ...flat(100, 5), ...flat(0, 5), ...flat(1, 100)]],
])('moments of %s arrivals ascend and stay inside the stages', (law, stages) => {
  const moments = schedule(law, stages, { shape: 0.05 });
  expect(moments.length).toBeGreaterThan(100);
  expect(Math.min(...gapsOf(moments))).toBeGreaterThanOrEqual(0);
  expect(moments[0]).toBeGreaterThanOrEqual(0);
  expect(moments.at(-1)).toBeLessThanOrEqual(totalMs(stages));
});

test('while the rate is 0 nothing comes', () => {
  const moments = schedule('poisson', [...flat(20, 10), ...flat(0, 10), ...flat(20, 10)]);
  expect(moments.filter(ms => ms > 10_000 && ms < 20_000)).toHaveLength(0);
  expect(moments.filter(ms => ms < 10_000).length).toBeGreaterThan(100);
});

test('the first requests of a rising rate are not piled up at the start', () => {
  const moments = schedule('gamma', [{ durationMs: 10_000, from: 0, to: 100 }], { shape: 0.01 });
  expect(moments.filter(Number.isNaN)).toHaveLength(0);
});

test.each([1, 2, 3])('gaps of Poisson arrivals are exponential, seed %d', seed => {
  const gaps = gapsOf(schedule('poisson', flat(100, 60), { seed })).map(ms => ms / 10);
  expect(ksPValue(gaps, exponential)).toBeGreaterThan(0.05);
  expect(spreadOf(gaps)).toBeCloseTo(1, 1);
});

test('Poisson arrivals over a hill are exponential once its rate is taken out, and not before', () => {
  const moments = schedule('poisson', hill, { seed: 3 });
  expect(ksPValue(gapsOf(rescaled(moments, hill)), exponential)).toBeGreaterThan(0.05);
  const mean = meanOf(gapsOf(moments));
  expect(
    ksPValue(
      gapsOf(moments).map(ms => ms / mean),
      exponential,
    ),
  ).toBeLessThan(1e-4);
});

test.each([
  [0.05, 0],
  [0.25, 1],
  [1, 2],
  [4, 3],
  [100, 4],
])('gaps of gamma arrivals of shape %d follow its law, their spread is 1/√shape', (shape, seed) => {
  const gaps = gapsOf(schedule('gamma', flat(100, 200), { shape, seed })).map(ms => ms / 10);
  // Gaps below the last digit of their moments come out as 0: of shape 0.05, a few in a hundred.
  const sampled = shape < 0.1 ? gaps.filter(gap => gap > 1e-9) : gaps;
  const cdf = gammaCdf(shape);
  const lost = shape < 0.1 ? cdf(1e-9) : 0;
  expect(ksPValue(sampled, x => (cdf(x) - lost) / (1 - lost))).toBeGreaterThan(0.05);
  expect(spreadOf(gaps) * Math.sqrt(shape)).toBeGreaterThan(0.94);
  expect(spreadOf(gaps) * Math.sqrt(shape)).toBeLessThan(1.06);
});

test('another shape is told apart', () => {
  const gaps = gapsOf(schedule('gamma', flat(100, 60), { shape: 2 })).map(ms => ms / 10);
  expect(ksPValue(gaps, gammaCdf(2))).toBeGreaterThan(0.05);
  expect(ksPValue(gaps, gammaCdf(1.7))).toBeLessThan(0.01);
});

test.each<[Law, number, number]>([
  ['poisson', 1, 1],
  ['gamma', 0.1, 1 / 0.1],
  ['gamma', 0.5, 1 / 0.5],
  ['gamma', 5, 1 / 5],
])(
  'counts of %s arrivals (shape %d) have the mean of the stages, and the variance of the law',
  (law, shape, dispersion) => {
    const stages: Stage[] = [{ durationMs: 10_000, from: 0, to: 40 }];
    const counts = Array.from({ length: 3000 }, (_, seed) => schedule(law, stages, { shape, seed }).length);
    const expected = expectedBy(stages, totalMs(stages));
    expect(expected).toBe(200);
    const error = Math.sqrt((expected * dispersion) / counts.length);
    expect(Math.abs(meanOf(counts) - expected)).toBeLessThan(4 * error);
    const variance = (spreadOf(counts) * meanOf(counts)) ** 2;
    expect(variance / (expected * dispersion)).toBeGreaterThan(0.85);
    expect(variance / (expected * dispersion)).toBeLessThan(1.15);
  },
);

test('the seed decides, and nothing else', () => {
  const once = schedule('gamma', hill, { shape: 0.5, seed: 42 });
  expect(schedule('gamma', hill, { shape: 0.5, seed: 42 })).toEqual(once);
  expect(schedule('gamma', hill, { shape: 0.5, seed: 43 })).not.toEqual(once);
});

test('a trace is sorted, a closed loop has no moments', () => {
  const trace: Arrivals = { kind: 'trace', offsetsMs: [30, 0, 100, 9] };
  expect([...scheduleOf(trace, createRandom(1))]).toEqual([0, 9, 30, 100]);
  const closed: Arrivals = { kind: 'closed', stages: flat(10, 5) };
  expect(scheduleOf(closed, createRandom(1))).toHaveLength(0);
});

test.each([0, -1, 0.001, Number.NaN, Number.POSITIVE_INFINITY])('shape %d is refused', shape => {
  expect(() => schedule('gamma', flat(1, 1), { shape })).toThrow(
    /^--shape .* must lie from 0.01 to 10,000: less is burstier/,
  );
});

test('more requests than a plan can hold are refused before they are drawn', () => {
  expect(() => schedule('poisson', flat(1_000_000, 3600))).toThrow(/3,600,000,000 requests are more than/);
});

test.each<[number, number]>([
  [-1, 0],
  [0, 0],
  [14_000, 5],
  [15_000, 5],
  [29_999, 10],
  [30_000, 40],
  [45_000, 25],
  [59_999, 10],
  [60_000, 0],
  [1e9, 0],
  [Number.NaN, 0],
])('at %d ms the level of a ramp and a jump is %d', (ms, level) => {
  const stages: Stage[] = [
    { durationMs: 30_000, from: 0, to: 10 },
    { durationMs: 30_000, from: 40, to: 10 },
  ];
  expect(levelAt(stages, ms)).toBe(level);
});

test('every slot is in exactly one shard', () => {
  const moments = schedule('poisson', flat(100, 100));
  const shards = [0, 1, 2, 3, 4, 5, 6].map(index => shardOf(moments, index, 7, 99));
  const all = shards.flatMap(slots => [...slots]).sort((a, b) => a - b);
  expect(all).toEqual(Array.from(moments, (_, slot) => slot));
  const fair = moments.length / 7;
  const chiSquare = shards.reduce((sum, { length }) => sum + (length - fair) ** 2 / fair, 0);
  expect(chiSquare).toBeLessThan(16.8); // 1 % at 6 degrees of freedom
  expect([...shardOf(moments, 0, 1, 99)]).toEqual(all);
});

test('a shard of a Poisson schedule is Poisson, and shards do not know of each other', () => {
  const moments = schedule('poisson', flat(100, 300), { seed: 11 });
  const gaps = (index: number) => gapsOf(Array.from(shardOf(moments, index, 4, 5), slot => moments[slot]!));
  for (const index of [0, 1, 2, 3])
    expect(
      ksPValue(
        gaps(index).map(ms => ms / 40),
        exponential,
      ),
    ).toBeGreaterThan(0.05);
  const perSecond = (index: number) => {
    const counts = new Array<number>(300).fill(0);
    for (const slot of shardOf(moments, index, 4, 5)) counts[Math.floor(moments[slot]! / 1000)]!++;
    return counts;
  };
  const [a, b] = [perSecond(0), perSecond(1)];
  const together = meanOf(a.map((count, i) => (count - 25) * (b[i]! - 25))) / 25;
  expect(Math.abs(together)).toBeLessThan(0.2); // the standard error of a correlation of 300 pairs is 0.06
});

test('slots next to each other are dealt independently', () => {
  const owned = new Uint8Array(100_000);
  for (const slot of shardOf(owned, 0, 2, 1)) owned[slot] = 1;
  const pairs = owned.reduce((sum, one, i) => sum + (i > 0 && one === owned[i - 1] ? 1 : 0), 0);
  expect(Math.abs(pairs / owned.length - 0.5)).toBeLessThan(0.006);
});

test('another seed deals otherwise', () => {
  const moments = schedule('constant', flat(100, 10));
  expect(shardOf(moments, 1, 3, 8)).not.toEqual(shardOf(moments, 1, 3, 9));
  expect(shardOf(moments, 1, 3, 8)).toEqual(shardOf(moments, 1, 3, 8));
  expect(shardOf(new Float64Array(0), 0, 3, 8)).toHaveLength(0);
});

test('the hash tells moments, bodies and levels apart', () => {
  const moments = schedule('poisson', flat(10, 10));
  const hash = scheduleHash(moments, 'bodies');
  expect(hash).toMatch(/^[0-9a-f]{16}$/);
  expect(scheduleHash(moments.slice(), 'bodies')).toBe(hash);
  const moved = moments.slice();
  moved[3] = moved[3]! + 1e-6;
  const none = new Float64Array(0);
  const others = [
    scheduleHash(moved, 'bodies'),
    scheduleHash(moments, 'other'),
    scheduleHash(moments.subarray(0, -1), 'bodies'),
    scheduleHash(none, 'bodies', flat(10, 10)),
    scheduleHash(none, 'bodies', flat(11, 10)),
  ];
  expect(new Set([hash, ...others]).size).toBe(6);
});

test('the hash of a known schedule stays the same from version to version', () => {
  expect(scheduleHash(schedule('poisson', hill, { seed: 42 }), 'bodies')).toBe('0ef92b7dec8a8c1e');
});
