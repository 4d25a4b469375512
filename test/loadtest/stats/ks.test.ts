import { expect, test } from 'vitest';
import { createRandom } from '../../../src/core/random.ts';
import { ksPValue } from './ks.ts';

const uniform = (x: number) => Math.min(1, Math.max(0, x));
const grid = (n: number, move = 0) => Array.from({ length: n }, (_, i) => (i + 0.5) / n + move);

/** Samples whose distance to the uniform law is just `distance`. */
const atDistance = (n: number, distance: number) => grid(n, distance - 0.5 / n);

// Upper points of Kolmogorov's limit law: 1.3581 at 5 %, 1.6276 at 1 %, 0.8276 at 50 %, 1.2238 at 10 %.
test.each([
  [1.6276, 0.01],
  [1.3581, 0.05],
  [1.2238, 0.1],
  [0.8276, 0.5],
  [0.5196, 0.95],
])('a scaled distance of %d has a p of %d', (scaled, p) => {
  const n = 250_000;
  expect(ksPValue(atDistance(n, scaled / Math.sqrt(n)), uniform)).toBeCloseTo(p, 2);
});

// Exact critical distances of small samples (Miller 1956): 5 % at n = 5 and 10, 1 % at n = 20.
test.each([
  [5, 0.56328, 0.05],
  [10, 0.40925, 0.05],
  [20, 0.35241, 0.01],
])('of %d samples, a distance of %d has a p near %d', (n, distance, p) => {
  const found = ksPValue(atDistance(n, distance), uniform);
  expect(found).toBeGreaterThan(p * 0.9);
  expect(found).toBeLessThan(p * 1.1);
});

test('samples of the law fall below a p of 5 % about 5 times in a hundred', () => {
  const runs = 2000;
  let low = 0;
  for (let run = 0; run < runs; run++) {
    const random = createRandom(20261122).fork(run);
    if (ksPValue(Array.from({ length: 50 }, random), uniform) < 0.05) low++;
  }
  expect(low / runs).toBeGreaterThan(0.035);
  expect(low / runs).toBeLessThan(0.065);
});

test('samples of another law are told apart, in any order', () => {
  const random = createRandom(1);
  const squared = Array.from({ length: 300 }, () => random() ** 2);
  expect(ksPValue(squared, uniform)).toBeLessThan(1e-6);
  expect(ksPValue(squared.toReversed(), uniform)).toBe(ksPValue(squared, uniform));
  expect(ksPValue(squared, x => Math.sqrt(uniform(x)))).toBeGreaterThan(0.05);
});

test('the two series meet', () => {
  const n = 1_000_000;
  const [below = 0, above = 0] = [1.1985, 1.201].map(x => ksPValue(atDistance(n, x / Math.sqrt(n)), uniform));
  const slope = 8 * 1.2 * Math.exp(-2 * 1.2 ** 2); // of the law at 1.2, from its first term
  expect((below - above) / (1.201 - 1.1985)).toBeCloseTo(slope, 2);
});

test.each<[string, number[], number]>([
  ['nothing', [], 1],
  ['what is not a number', [0.2, Number.NaN, 0.4], 0],
  ['a perfect grid', grid(1000), 1],
  ['a thousand times the same', new Array(1000).fill(0.5), 0],
])('%s gives a plain answer', (_, samples, p) => {
  expect(ksPValue(samples, uniform)).toBeCloseTo(p, 9);
});

test('one sample can only make doubtful', () => {
  expect(ksPValue([0.5], uniform)).toBeGreaterThan(0.5);
  expect(ksPValue([0.999], uniform)).toBeLessThan(0.1);
  expect(ksPValue([Number.POSITIVE_INFINITY], uniform)).toBeLessThan(0.1);
});
