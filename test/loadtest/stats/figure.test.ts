import { expect, test } from 'vitest';
import { createHistogram, type Histogram } from '../../../src/core/histogram.ts';
import { createRandom, gaussian } from '../../../src/core/random.ts';
import type { Interval } from '../../../src/loadtest/interval.ts';
import { effectiveCount, figureOf, samplesNeeded } from '../../../src/loadtest/stats/figure.ts';
import { memoryFactor } from '../../../src/loadtest/stats/memory.ts';
import { secondsOf, wandering } from './simulation.ts';

function histogramOf(values: readonly number[]): Histogram {
  const histogram = createHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

test.each([
  [0.5, 11],
  [0.9, 64],
  [0.95, 130],
  [0.99, 662],
  [0.999, 6636],
  [0.9999, 66_381],
])('quantile %d needs %i samples, as MLPerf LoadGen has it', (q, samples) => {
  expect(samplesNeeded(q)).toBe(samples);
});

test.each([
  [0, { p50: 11, p90: 64, p95: 130, p99: 662 }],
  [10, { p50: 11, p90: 64, p95: 130, p99: 662 }],
  [11, { p90: 64, p95: 130, p99: 662 }],
  [130, { p99: 662 }],
  [661, { p99: 662 }],
  [662, {}],
])('with %i samples the levels that need more are named', (count, needs) => {
  expect(figureOf(histogramOf(upTo(count))).needs).toEqual(needs);
});

test('bounds are the samples at the binomial ranks', () => {
  const { ci } = figureOf(histogramOf(upTo(1000)));
  // ranks 469 and 532 of a thousand for the median: any table of order statistics
  const rounded = (pair: readonly number[] = []) => pair.map(Math.round);
  expect(rounded(ci.p50)).toEqual([469, 532]);
  expect(rounded(ci.p90)).toEqual([881, 919]);
  expect(rounded(ci.p99)).toEqual([983, 997]);
});

test('bounds that so few samples cannot have are left out', () => {
  expect(Object.keys(figureOf(histogramOf(upTo(5))).ci)).toEqual([]);
  expect(Object.keys(figureOf(histogramOf(upTo(60))).ci)).toEqual(['p50', 'p90']);
  expect(Object.keys(figureOf(histogramOf(upTo(400))).ci)).toEqual(['p50', 'p90', 'p95', 'p99']);
});

test('fewer effective samples widen the bounds and leave the figures alone', () => {
  const histogram = histogramOf(upTo(1000));
  const [sure, unsure] = [figureOf(histogram), figureOf(histogram, { effectiveCount: 100 })];
  const width = ({ ci }: typeof sure) => ci.p50![1] - ci.p50![0];
  expect(width(unsure) / width(sure)).toBeGreaterThan(2.8);
  expect({ ...unsure, ci: {} }).toEqual({ ...sure, ci: {} });
});

test.each([0, -5, 0.3, Number.NEGATIVE_INFINITY])('%d effective samples are one, which bounds nothing', effective => {
  expect(figureOf(histogramOf(upTo(1000)), { effectiveCount: effective }).ci).toEqual({});
});

test('more effective samples than samples are as many as there are', () => {
  const histogram = histogramOf(upTo(500));
  expect(figureOf(histogram, { effectiveCount: 1e9 })).toEqual(figureOf(histogram));
});

test('nothing recorded is a figure of zeros', () => {
  const { ci, needs: _, ...rest } = figureOf(createHistogram());
  expect(ci).toEqual({});
  expect(Object.values(rest)).toEqual(Object.values(rest).map(() => 0));
});

test('one value many times over is bounded by itself', () => {
  expect(figureOf(histogramOf(new Array(900).fill(70))).ci).toEqual({
    p50: [70, 70],
    p90: [70, 70],
    p95: [70, 70],
    p99: [70, 70],
  });
});

const calm = { seconds: 60, perSecond: 20, medianMs: 100, sigma: 0.3, wander: 0, memory: 0 };
const effectOf = (seconds: readonly Interval[]) => {
  const count = seconds.reduce((sum, { ended }) => sum + (ended.ok ?? 0), 0);
  return effectiveCount(seconds, 'ttft_any_ms') / count;
};

test('independent samples count nearly in full, wandering ones much less, and no result leaves its range', () => {
  const random = createRandom('effect');
  const ratios = (more: object) =>
    Array.from({ length: 20 }, (_, i) =>
      effectOf(secondsOf('ttft_any_ms', wandering({ ...calm, ...more, random: random.fork(i) }))),
    );
  const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [still, wild] = [ratios({}), ratios({ wander: 0.2, memory: 0.7 })];
  expect(mean(still)).toBeGreaterThan(0.55);
  expect(mean(wild)).toBeLessThan(0.1);
  for (const ratio of [...still, ...wild]) {
    expect(ratio).toBeGreaterThan(0);
    expect(ratio).toBeLessThanOrEqual(1);
  }
});

test.each<[string, number[][], number]>([
  ['no interval', [], 0],
  ['empty intervals', [[], [], []], 0],
  ['fewer than five with samples', [[1], [9], [], [1], [9]], 4],
  ['all the same value', new Array(30).fill([50, 50, 50]), 90],
  ['zeros', new Array(30).fill([0, 0]), 60],
])('%s: all samples count', (_name, values, count) => {
  expect(effectiveCount(secondsOf('e2e_ms', values), 'e2e_ms')).toBe(count);
});

test('a level that changes for good leaves hardly more than one sample', () => {
  const values = Array.from({ length: 40 }, (_, second) => new Array(50).fill(second < 20 ? 100 : 200));
  expect(effectiveCount(secondsOf('e2e_ms', values), 'e2e_ms')).toBeLessThan(3);
});

test('the bounds of a wandering median hold the truth about as often as they say', () => {
  const random = createRandom('coverage');
  let held = 0;
  for (let run = 0; run < 120; run++) {
    const values = wandering({ ...calm, wander: 0.1, memory: 0.7, random: random.fork(run) });
    const effective = effectiveCount(secondsOf('e2e_ms', values), 'e2e_ms');
    const [low, high] = figureOf(histogramOf(values.flat()), { effectiveCount: effective }).ci.p50 ?? [0, Infinity];
    if (low <= 100 && 100 <= high) held++;
  }
  expect(held / 120).toBeGreaterThan(0.9);
});

test('memory is told from chance and from swinging to and fro', () => {
  const random = createRandom('memory');
  const noise = Array.from({ length: 400 }, () => gaussian(random));
  let level = 0;
  const slow = noise.map(step => {
    level = 0.6 * level + step;
    return level;
  });
  expect(memoryFactor(noise)).toBeLessThan(1.3);
  expect(memoryFactor(slow)).toBeGreaterThan(3); // (1 + 0.6) / (1 − 0.6) = 4
  expect(memoryFactor([1, -1, 1, -1, 1, -1, 1, -1])).toBe(1);
  expect([[], [0], [0, 0, 0], [Number.NaN, 1]].map(memoryFactor)).toEqual([1, 1, 1, 1]);
});
