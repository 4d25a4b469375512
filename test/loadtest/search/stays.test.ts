import { expect, test } from 'vitest';
import type { Arrivals } from '../../../src/loadtest/arrivals.ts';
import { heldIn } from '../../../src/loadtest/search/stays.ts';
import { intervalAt, intervalsOf, sparseOf, type Visit } from '../stats/simulation.ts';

const level = (from: number) => [{ durationMs: 300_000, from, to: from }];
const closed: Arrivals = { kind: 'closed', stages: level(8) };
const open: Arrivals = { kind: 'open', law: 'poisson', shape: 1, stages: level(40) };
const visit = (startMs: number, lengthMs: number): Visit => ({ startMs, firstMs: startMs, endMs: startMs + lengthMs });

/** Nine turns of eight who began together. */
const lockStep = (lengthMs: number): Visit[] =>
  Array.from({ length: 72 }, (_, n) => visit(Math.floor(n / 8) * lengthMs, lengthMs));

/** Forty a second for two seconds; then nobody begins any more. */
const onTheDot = (lengthMs: number): Visit[] => Array.from({ length: 80 }, (_, n) => visit(n * 25, lengthMs));

test.each([
  ['in lock-step, a second holds one turn or two of them', 580, 6, 13.79],
  ['a stay that is over within two answers’ time of a second', 900, 9, 8.89],
])('a closed loop %s: seats by the time of an answer', (_, lengthMs, seconds, perSecond) => {
  const held = heldIn(intervalsOf(lockStep(lengthMs), seconds), 9 * lengthMs, closed);
  expect(held.requestsPerSecond).toBeGreaterThan(perSecond * 0.98);
  expect(held.requestsPerSecond).toBeLessThan(perSecond * 1.02);
});

test('a rate that is kept for two seconds: neither its first answers nor its last make it look slower', () => {
  expect(heldIn(intervalsOf(onTheDot(580), 3), 2000, open).requestsPerSecond).toBe(40);
});

test('answers that take longer than the stay are told from its start to the last of them', () => {
  expect(heldIn(intervalsOf(onTheDot(2500), 5), 2000, open).requestsPerSecond).toBe(16);
});

test('what was in flight is of the same part', () => {
  expect(heldIn(intervalsOf(onTheDot(580), 3), 2000, open).inFlight).toBeCloseTo(23.2, 1);
});

test('a stay without any answer holds nothing', () => {
  const nothing = intervalAt(0, { ended: { tcp: 8 }, histograms: { attempt_ms: sparseOf([1, 1]) } });
  expect(heldIn([nothing], 1000, closed)).toEqual({ requestsPerSecond: 0, inFlight: 0 });
  expect(heldIn([], 0, closed)).toEqual({ requestsPerSecond: 0, inFlight: 0 });
});
