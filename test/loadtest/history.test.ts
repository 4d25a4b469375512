import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.ts';
import { createHistory, type HistoryOptions } from '../../src/loadtest/history.ts';
import type { Health, Interval } from '../../src/loadtest/interval.ts';
import { totalOf } from '../../src/loadtest/total.ts';
import { intervalAt, sparseOf } from './stats/simulation.ts';

const health = (elu: number): Health => ({ elu, lagMs: 1, gcMs: 2, gcMaxMs: 1, steal: undefined });

/** So many seconds of some latencies each, cut up to 20 ms late. */
function seconds(count: number): Interval[] {
  const random = createRandom(count);
  const lateMs = Array.from({ length: count + 1 }, () => 20 * random());
  return Array.from({ length: count }, (_, i) => ({
    ...intervalAt(i, { planned: 3, ended: { ok: 3 }, inFlightMax: i % 7 }),
    fromMs: i * 1000 + lateMs[i]!,
    toMs: (i + 1) * 1000 + lateMs[i + 1]!,
    histograms: { e2e_ms: sparseOf([100 * random(), 2000 * random(), 0.5]) },
    health: [health(random())],
  }));
}

function kept(intervals: readonly Interval[], options?: HistoryOptions) {
  const history = createHistory(options);
  for (const interval of intervals) history.add(interval);
  return history.read();
}

const facts = (intervals: readonly Interval[]) => {
  const { histograms, health, ...total } = totalOf(intervals);
  return {
    ...total,
    e2e: histograms.e2e_ms?.encode(),
    seconds: health.length,
    elu: Math.max(...health.map(h => h.elu)),
  };
};

test('three minutes are kept second by second', () => {
  const all = seconds(200);
  expect(kept(all)).toEqual(all);
});

test.each([201, 600, 1199, 20_000])('%d seconds become at most 200 stretches, and every sum is exact', count => {
  const all = seconds(count);
  const few = kept(all);
  expect(few.length).toBeLessThanOrEqual(200);
  expect(few.length).toBeGreaterThanOrEqual(100);
  expect(facts(few)).toEqual(facts(all));
});

test('it never keeps more on its way, and never joins more than a few at a time', () => {
  const history = createHistory();
  const sizes = seconds(3000).map(second => {
    history.add(second);
    return history.size;
  });
  expect(Math.max(...sizes)).toBe(200);
  expect(Math.max(...sizes.slice(1).map((size, i) => (sizes[i] ?? 0) - size))).toBeLessThanOrEqual(2);
});

test('all stretches but the last are of one length', () => {
  const lengths = kept(seconds(1000)).map(({ fromMs, toMs }) => Math.round((toMs - fromMs) / 1000));
  expect(new Set(lengths)).toEqual(new Set([8]));
});

test('no stretch reaches over the end of the warm-up or of the run', () => {
  const ends = kept(seconds(1000), { edgesMs: [101_000, 997_000] }).map(({ toMs }) => Math.floor(toMs / 1000));
  expect(ends).toEqual(expect.arrayContaining([101, 997]));
});

test('of a second that several processes measured the busiest counts', () => {
  const [second] = kept(seconds(1).map(one => ({ ...one, health: [health(0.2), health(0.9), health(0.1)] })));
  expect(second?.health).toEqual([health(0.9)]);
});
