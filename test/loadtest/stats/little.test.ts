import { expect, test } from 'vitest';
import { createRandom } from '../../../src/core/random.ts';
import { littleOf } from '../../../src/loadtest/stats/little.ts';
import { intervalAt, lognormal, loop, queue, sparseOf } from './simulation.ts';

const steady = (seconds: number) =>
  queue({
    offeredPerSecond: 100,
    servers: 14,
    serviceMs: lognormal(100, 0.5),
    seconds,
    random: createRandom('little'),
  });

test('an honest run agrees within 2 %, open or closed', () => {
  const closed = loop({ users: 30, servers: 10, serviceMs: lognormal(100, 0.5), seconds: 60, random: createRandom(1) });
  for (const intervals of [steady(60).slice(10), closed.slice(10)])
    expect(littleOf(intervals)?.disagreement).toBeLessThan(0.02);
  expect(littleOf(closed)?.inFlight).toBeCloseTo(30, 0);
});

test('latencies that leave a fifth of the waiting out are found out', () => {
  const shorter = steady(60).map(interval => ({
    ...interval,
    histograms: { attempt_ms: interval.histograms.e2e_ms!.map((n, i) => (i > 2 && i % 2 === 1 ? n - 110 : n)) },
  })); // 110 buckets are a fifth
  expect(littleOf(shorter)?.disagreement).toBeGreaterThan(0.12);
});

test('rate and latency are told as they are', () => {
  const second = (n: number) =>
    intervalAt(n, { inFlightArea: 2000, histograms: { e2e_ms: sparseOf([500, 500, 500, 500]) } });
  const found = littleOf([second(0), second(1)], 'e2e_ms');
  expect(found).toMatchObject({ inFlight: 2, perSecond: 4 });
  expect(found?.latencyMs).toBeCloseTo(500, 0);
  expect(found?.disagreement).toBeLessThan(0.001);
});

test.each([
  ['no interval', []],
  ['nothing in flight', [intervalAt(0, { histograms: { attempt_ms: sparseOf([5]) } })]],
  ['nothing ended', [intervalAt(0, { inFlightArea: 900 })]],
  ['no time', [intervalAt(0, { toMs: 0, inFlightArea: 900, histograms: { attempt_ms: sparseOf([5]) } })]],
])('%s: there is nothing to hold against each other', (_name, intervals) => {
  expect(littleOf(intervals)).toBe(undefined);
});
