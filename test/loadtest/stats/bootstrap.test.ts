import { expect, test } from 'vitest';
import { createHistogram } from '../../../src/core/histogram.ts';
import { createRandom, gaussian } from '../../../src/core/random.ts';
import { latencyBlocks, ratio } from '../../../src/loadtest/stats/blocks.ts';
import { differences } from '../../../src/loadtest/stats/bootstrap.ts';
import { verdictOf } from '../../../src/loadtest/stats/judgement.ts';
import { runBlocks } from '../../../src/loadtest/stats/run-blocks.ts';
import { intervalAt, sparseOf, wandering } from './simulation.ts';

const random = createRandom('bootstrap');
const blocks = Array.from({ length: 6 }, (_, i) =>
  Array.from({ length: 40 + i }, () => 100 * Math.exp(0.4 * gaussian(random)) + 10 * i),
);
const table = latencyBlocks(blocks.map(values => [sparseOf(values.slice(0, 9)), sparseOf(values.slice(9))]));

test.each([
  [1, 1, 1, 1, 1, 1],
  [0, 3, 0, 0, 2, 1],
  [6, 0, 0, 0, 0, 0],
])('weights %i %i %i %i %i %i read what a histogram of so many blocks says', (...weights) => {
  const histogram = createHistogram();
  for (const [i, weight] of weights.entries())
    for (let n = 0; n < weight; n++) for (const value of blocks[i]!) histogram.record(value);
  // one bucket: a histogram also knows its smallest and largest value
  for (const q of [0.01, 0.5, 0.9, 0.99])
    expect(Math.abs(table.quantile(q).of(weights) / histogram.quantile(q) - 1)).toBeLessThan(0.002);
  expect(table.mean().of(weights)).toBeCloseTo(histogram.sum / histogram.count, 6);
});

test('the value of a statistic is that of all blocks once, and the pulls add up to about nothing', () => {
  const { value, of, pulls } = table.quantile(0.5);
  expect(value).toBe(of([1, 1, 1, 1, 1, 1]));
  expect(Math.abs(pulls.reduce((sum, pull) => sum + pull, 0))).toBeLessThan(3); // a bucket’s worth of samples
  const mean = table.mean();
  expect(mean.pulls.reduce((sum, pull) => sum + pull, 0)).toBeCloseTo(0, 6);
});

test('nothing has no figures, and draws of nothing say nothing', () => {
  const empty = latencyBlocks([[], []]);
  expect([empty.count, empty.quantile(0.5).value, empty.mean().value]).toEqual([0, Number.NaN, Number.NaN]);
  const [found] = differences([{ a: empty.mean(), b: empty.mean() }], { random, replicates: 20 });
  expect(found?.difference).toBe(Number.NaN);
  expect(verdictOf(found!, { better: 'lower', matters: 1, blur: 1 })).toBe('inconclusive');
  expect(differences([], { random })).toEqual([]);
});

test('blocks that are all alike differ exactly, without noise', () => {
  const same = (ms: number) => latencyBlocks(Array.from({ length: 8 }, () => [sparseOf([ms, ms])])).quantile(0.5);
  const [none, some] = differences(
    [
      { a: same(50), b: same(50) },
      { a: same(50), b: same(60) },
    ],
    { random, replicates: 50 },
  );
  expect(none).toMatchObject({ difference: 0, noise: 0 });
  expect(some?.difference).toBeCloseTo(10, 1);
  expect(some?.noise).toBe(0);
});

test('the same seed draws the same, another seed nearly the same', () => {
  const other = latencyBlocks(blocks.map(values => [sparseOf(values.map(value => value * 1.1))]));
  const pair = { a: table.quantile(0.5), b: other.quantile(0.5) };
  const noise = (seed: number) => differences([pair], { random: createRandom(seed) })[0]!.noise;
  expect(noise(1)).toBe(noise(1));
  expect(Math.abs(noise(1) / noise(2) - 1)).toBeLessThan(0.2);
});

test('bounds of a mean are as wide as theory has it, and wider for more figures at once', () => {
  const sample = () => Array.from({ length: 20 }, () => Array.from({ length: 50 }, () => 100 + 10 * gaussian(random)));
  const means = () => latencyBlocks(sample().map(values => [sparseOf(values)])).mean();
  const noiseOf = (count: number) =>
    differences(
      Array.from({ length: count }, () => ({ a: means(), b: means() })),
      { random },
    ).reduce((sum, { noise }) => sum + noise / count, 0);
  const theory = 1.96 * 10 * Math.sqrt(2 / 1000);
  const [one, ten] = [noiseOf(1), noiseOf(10)];
  expect(one / theory).toBeGreaterThan(0.7);
  expect(one / theory).toBeLessThan(2.2);
  expect(ten / theory).toBeGreaterThan(1.2); // ten at once reach 2.8 standard errors, not 2
});

test('a wandering level makes noise of what independent draws would take for certain', () => {
  const noiseOf = (memory: number, wander: number) => {
    const run = () => {
      const options = { seconds: 60, perSecond: 30, medianMs: 100, sigma: 0.2, wander, memory, random };
      return latencyBlocks(wandering(options).map(values => [sparseOf(values)])).quantile(0.5);
    };
    return differences([{ a: run(), b: run() }], { random })[0]!.noise;
  };
  expect(noiseOf(0.8, 0.2)).toBeGreaterThan(3 * noiseOf(0, 0));
});

const judge = (difference: number, noise: number, better: 'lower' | 'higher' = 'lower') =>
  verdictOf(
    { a: 100, b: 100 + difference, difference, noise, ci: [difference - noise, difference + noise] },
    { better, matters: 5, blur: 10 },
  );

test.each([
  ['certain and worse', judge(20, 10), 'regression'],
  ['certain and better', judge(-20, 10), 'improvement'],
  ['certain and more, where more is better', judge(20, 10, 'higher'), 'improvement'],
  ['certain and less, where more is better', judge(-20, 10, 'higher'), 'regression'],
  ['certain, but too small to matter', judge(4, 1), 'same'],
  ['uncertain within little noise', judge(3, 9), 'same'],
  ['uncertain within much noise', judge(3, 11), 'inconclusive'],
  ['large, but larger still the noise', judge(50, 51), 'inconclusive'],
  ['nothing at all', judge(0, 0), 'same'],
  ['no number', judge(Number.NaN, 1), 'inconclusive'],
  ['endless noise', judge(1, Number.POSITIVE_INFINITY), 'inconclusive'],
])('%s: %s', (_name, verdict, expected) => {
  expect(verdict).toBe(expected);
});

test('rates of a run are of its window, answers of the drain only among the latencies', () => {
  const window = Array.from({ length: 45 }, (_, i) =>
    intervalAt(i, { ended: { ok: 3, truncated: 1 }, outputTokens: 30, histograms: { e2e_ms: sparseOf([10]) } }),
  );
  const drain = [
    intervalAt(45, { ended: { ok: 5, censored: 2 }, outputTokens: 50, histograms: { e2e_ms: sparseOf([900]) } }),
  ];
  const run = runBlocks(window, drain);
  expect(run.blocks).toBe(15);
  expect(run.rate('requests_per_second').value).toBeCloseTo(3, 9);
  expect(run.rate('output_tokens_per_second').value).toBeCloseTo(30, 9);
  expect(run.rate('error_rate').value).toBeCloseTo(0.25, 9);
  expect(run.latency('e2e_ms').count).toBe(46);
  expect(run.latency('ttft_any_ms').count).toBe(0);
});

test('a ratio of nothing is no number', () => {
  expect(ratio([0, 0], [0, 0]).value).toBe(Number.NaN);
  expect(ratio([1, 2], [2, 2]).value).toBe(0.75);
});
