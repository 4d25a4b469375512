import { expect, test } from 'vitest';
import { measuredOf } from '../../src/loadtest/measured.ts';
import { windowsOf } from '../../src/loadtest/window.ts';
import { planOf } from './plan.ts';
import { intervalsOf, type Visit } from './stats/simulation.ts';

function evenRun(perSecond: number, seconds: number, answerMs: number) {
  const visits = Array.from({ length: perSecond * seconds }, (_, i): Visit => {
    const startMs = ((i + 0.5) * 1000) / perSecond;
    return { startMs, firstMs: startMs + answerMs / 5, endMs: startMs + answerMs };
  });
  return intervalsOf(visits, seconds);
}

test.each([
  ['1.18 s in 8 s', 8, 1180, 2000],
  ['1.4 s in 8 s', 8, 1400, 2000],
  ['1.02 s in 8 s, which is hardly more than a second', 8, 1020, 1000],
  ['0.2 s in 8 s', 8, 200, 1000],
  ['20 ms in 8 s', 8, 20, 0],
  ['0.2 s in 60 s', 60, 200, 0],
  ['1.18 s in 60 s', 60, 1180, 1000],
  ['3.9 s in 60 s', 60, 3900, 4000],
])('with answers of %s the steady part leaves the start-up out, to 1 %% of the run', (_, seconds, answerMs, fromMs) => {
  const { steady } = windowsOf(evenRun(30, seconds, answerMs), { warmupMs: 0, offeredMs: seconds * 1000 });
  expect(steady?.[0]?.fromMs).toBe(fromMs);
});

test('what is said per second of it is what was offered', () => {
  const { steady = [] } = windowsOf(evenRun(30, 8, 1180), { warmupMs: 0, offeredMs: 8000 });
  expect(steady.reduce((sum, { answered }) => sum + answered, 0) / steady.length).toBe(30);
});

test('a run without an interval has no steady part', () => {
  expect(windowsOf([], { warmupMs: 0, offeredMs: 0 })).toEqual({ whole: [], answerMs: 0, steady: undefined });
});

test.each([
  ['for a part of it', 9, 18, false],
  ['all the time', 0, 18, true],
])('a run in which most failed %s has a steady part: from %d to %d s, %s', (_, from, to, expected) => {
  const failing = evenRun(30, 18, 200).map((one, i) =>
    i >= from && i < to ? { ...one, ended: { ...one.ended, server_error: 90 } } : one,
  );
  expect(windowsOf(failing, { warmupMs: 0, offeredMs: 18_000 }).steady !== undefined).toBe(expected);
});

test.each([
  ['ok', 1.2],
  ['stalled', null],
  ['lost', null],
] as const)('of answers that ended as %s the start-up takes %d s', (name, expected) => {
  const intervals = evenRun(30, 3, 1180).map(({ ended, ...one }) => ({ ...one, ended: { [name]: ended.ok ?? 0 } }));
  const attempts = intervals.map(one => ({
    ...one,
    histograms: { ...one.histograms, attempt_ms: one.histograms.e2e_ms ?? [] },
  }));
  const { throughput } = measuredOf(planOf(), { intervals: attempts, offeredMs: 3000, before: null, after: null });
  if (expected === null) expect(throughput.start_up_s).toBeNull();
  else expect(throughput.start_up_s).toBeCloseTo(expected, 1);
});
