import { expect, test } from 'vitest';
import { growthOf } from '../../../src/loadtest/findings/growth.ts';
import { slicesOf, together } from '../../../src/loadtest/slices.ts';
import { emptyRun, healthyRun, longRun, makeRun } from '../results.ts';

const { intervals, metrics, ledger } = healthyRun().result;

test('slices add up to exactly what the intervals say', () => {
  for (const atMost of [1, 7, 60, 1000]) {
    const slices = slicesOf(intervals, atMost);
    expect(slices.length).toBeLessThanOrEqual(atMost);
    expect(slices.reduce((sum, { ok }) => sum + ok, 0)).toBe(ledger.ok);
    expect(slices.reduce((sum, slice) => sum + slice.figure('itl_ms').count, 0)).toBe(metrics.itl_ms?.count);
    expect(slices[0]?.fromMs).toBe(0);
    expect(slices.at(-1)?.toMs).toBe(intervals.at(-1)?.toMs);
  }
});

test('an interval of milliseconds is no slice of its own, unless it is the first', () => {
  const one = { ...intervals[5]!, fromMs: 0, toMs: 1000 };
  const ends = [1000, 1002, 2000, 2400].map((toMs, i, all) => ({ ...one, fromMs: all[i - 1] ?? 0, toMs }));
  expect(slicesOf(ends, 300).map(({ toMs }) => toMs)).toEqual([1002, 2400]);
  expect(slicesOf(ends.slice(1), 300).map(({ toMs }) => toMs)).toEqual([1002, 2400]);
});

test('all intervals together have the figures of the run', () => {
  const { p50, p90, p99, count, mean } = together(intervals).figure('e2e_ms');
  expect(metrics.e2e_ms).toMatchObject({ p50, p90, p99, count });
  expect(mean).toBeCloseTo(metrics.e2e_ms?.mean ?? 0, 9);
  expect([...together(intervals).buckets('e2e_ms').values()].reduce((sum, n) => sum + n, 0)).toBe(count);
});

test('nothing at all is a slice of zeros', () => {
  expect(slicesOf([], 300)).toEqual([]);
  expect(together([])).toMatchObject({ fromMs: 0, toMs: 0, ok: 0, failed: 0, inFlightMean: 0, elu: 0 });
  expect(together([]).figure('e2e_ms').count).toBe(0);
});

test('a code that is named like a field of every object is counted like any other', () => {
  const odd = { ...intervals[0]!, codes: JSON.parse('{"__proto__":2,"constructor":1}') };
  expect(Object.entries(together([odd, odd]).codes)).toEqual([
    ['__proto__', 4],
    ['constructor', 2],
  ]);
});

test('a ramp is compared at its ends, and the knee is the last level that was still fast', () => {
  const growth = growthOf(longRun().result.intervals);
  expect(growth).toMatchObject({ from: expect.closeTo(2, 0), to: expect.closeTo(32, 0) });
  expect(growth?.ttft.ratio).toBeGreaterThan(8);
  expect(growth?.itl.ratio).toBeCloseTo(1, 1);
  expect(growth?.knee).toBeGreaterThan(6);
  expect(growth?.knee).toBeLessThan(17);
});

test.each([
  ['no interval', emptyRun().result.intervals],
  ['one level', intervals],
  ['three intervals', intervals.slice(0, 3)],
  [
    'nothing but failures',
    makeRun({ load: { kind: 'closed', levels: [2, 8] }, durationMs: 20_000, faults: { tcp: 1 } }).result.intervals,
  ],
])('%s says nothing about growth', (_, some) => {
  expect(growthOf(some)).toBeNull();
});
