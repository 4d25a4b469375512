import { expect, test } from 'vitest';
import { logGamma, regularizedBeta } from '../../../src/loadtest/stats/beta.ts';
import { binomialAtLeast, binomialAtMost, shareBounds } from '../../../src/loadtest/stats/binomial.ts';
import { student95 } from '../../../src/loadtest/stats/student.ts';

/** Summed term by term, as slow and as plain as can be; logarithms, because the first terms are too small for numbers. */
function summed(k: number, n: number, p: number): number {
  let term = n * Math.log(1 - p);
  let sum = 0;
  for (let i = 0; i <= k; i++) {
    sum += Math.exp(term);
    term += Math.log(((n - i) / (i + 1)) * (p / (1 - p)));
  }
  return sum;
}

test.each([
  [0, 1, 0.5],
  [3, 10, 0.4],
  [49, 100, 0.5],
  [1, 662, 0.01],
  [940, 1000, 0.95],
  [0, 600, 0.01],
])('at most %i of %i at %d is what the terms add up to', (k, n, p) => {
  expect(binomialAtMost(k, n, p)).toBeCloseTo(summed(k, n, p), 10);
  expect(binomialAtLeast(k + 1, n, p)).toBeCloseTo(1 - summed(k, n, p), 10);
});

test('ten million draws are judged, and small chances keep their figures', () => {
  expect(binomialAtMost(5_000_000, 10_000_000, 0.5)).toBeCloseTo(0.5 + 0.5 * Math.sqrt(2 / (Math.PI * 1e7)), 7);
  expect(binomialAtLeast(100, 100, 0.5) / 0.5 ** 100).toBeCloseTo(1, 9);
});

test.each([
  [-1, 0],
  [5, 1],
  [9, 1],
])('at most %i of 5 has the chance %i, whatever the share', (k, chance) => {
  for (const p of [0, 0.3, 1]) expect(binomialAtMost(k, 5, p)).toBe(chance);
});

test('the beta function is symmetric, bounded, and knows closed forms', () => {
  for (const x of [0.01, 0.3, 0.77]) {
    expect(regularizedBeta(x, 3, 8)).toBeCloseTo(1 - regularizedBeta(1 - x, 8, 3), 12);
    expect(regularizedBeta(x, 1, 4)).toBeCloseTo(1 - (1 - x) ** 4, 12);
  }
  expect([-1, 0, 1, 2, Number.NaN].map(x => regularizedBeta(x, 2, 2))).toEqual([0, 0, 1, 1, 0]);
  expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 11);
  expect(logGamma(11)).toBeCloseTo(Math.log(3_628_800), 11);
});

test('bounds of a share are those of Clopper and Pearson, and open at the ends', () => {
  const [low, high] = shareBounds(8, 10, 0.975);
  expect([low, high].map(bound => bound.toFixed(4))).toEqual(['0.4439', '0.9748']);
  expect(shareBounds(0, 10, 0.95)[0]).toBe(0);
  expect(shareBounds(10, 10, 0.95)).toEqual([expect.closeTo(0.05 ** 0.1, 9), 1]);
});

test.each([
  [1, 12.7062],
  [4, 2.7764],
  [9, 2.2622],
  [30, 2.0423],
  [1e6, 1.96],
  [0, 12.7062],
])('with %d degrees of freedom one in twenty lies beyond %d', (freedom, t) => {
  expect(student95(freedom)).toBeCloseTo(t, 3);
});
