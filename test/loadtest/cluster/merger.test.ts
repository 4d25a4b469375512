import { expect, test } from 'vitest';
import { createMerger } from '../../../src/loadtest/cluster/merger.ts';
import type { Interval } from '../../../src/loadtest/interval.ts';
import { mergeIntervals, totalOf } from '../../../src/loadtest/total.ts';

const second = (toMs: number, more: Partial<Interval> = {}): Interval => ({
  ...mergeIntervals([]),
  fromMs: toMs - 1000,
  toMs,
  ...more,
});
const finish = { before: null, after: null, end: { startMs: 0, lateMs: 0, offeredMs: 2000, halted: undefined } };
const endings = (intervals: readonly Interval[]) => totalOf(intervals).ended;

test('a second is told when every process has told its part, however late they cut', () => {
  const told: Interval[] = [];
  const merger = createMerger(2, { onInterval: interval => told.push(interval) });
  merger.add(0, second(1000.4, { planned: 3, ended: { ok: 2 } }));
  expect(told).toEqual([]);
  merger.add(1, second(1080.2, { planned: 4, ended: { ok: 1, truncated: 1 } }));
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({ planned: 7, ended: { ok: 3, truncated: 1 } });
});

test('what one process tells late is not taken for requests at the same time', () => {
  const merger = createMerger(2);
  for (const ms of [1000, 2000, 3000]) merger.add(0, second(ms, { inFlightMax: 3 }));
  for (const ms of [1000, 1600, 2000, 3000, 3010, 3020]) merger.add(1, second(ms, { inFlightMax: 2 }));
  merger.finish(0, finish);
  merger.finish(1, finish);
  expect(merger.read().intervals.map(({ inFlightMax }) => inFlightMax)).toEqual([5, 5, 5, 2]);
});

test('one process that is ahead does not outrun the others, and one that is done does not hold them up', () => {
  const told: Interval[] = [];
  const merger = createMerger(2, { onInterval: interval => told.push(interval) });
  for (const ms of [1000, 2000, 3000]) merger.add(0, second(ms, { planned: 1 }));
  merger.add(1, second(1000, { planned: 1 }));
  expect(told.map(({ planned }) => planned)).toEqual([2]);
  merger.finish(1, finish);
  expect(told.map(({ planned }) => planned)).toEqual([2, 1, 1]);
});

test('what a lost process had under way and before it is lost, and the sum is what was planned', () => {
  const merger = createMerger(2);
  merger.add(0, second(1000, { planned: 50, ended: { ok: 50 } }));
  merger.add(1, second(1000, { planned: 40, ended: { ok: 33, truncated: 2 } }));
  merger.lose(1, 100);
  merger.add(0, second(2000, { planned: 50, ended: { ok: 50 } }));
  merger.finish(0, finish);
  const { intervals } = merger.read();
  expect(totalOf(intervals).planned).toBe(200);
  expect(endings(intervals)).toEqual({ ok: 133, truncated: 2, lost: 65 });
});

test('of a closed loop only what was under way is lost, because nothing more was planned', () => {
  const merger = createMerger(1);
  merger.add(0, second(1000, { planned: 12, ended: { ok: 7 } }));
  merger.lose(0, undefined);
  const { intervals } = merger.read();
  expect(totalOf(intervals).planned).toBe(12);
  expect(endings(intervals)).toEqual({ ok: 7, lost: 5 });
});

test('a process that is lost twice, or after it finished, is lost once or not at all', () => {
  const merger = createMerger(2);
  merger.add(0, second(1000, { planned: 2, ended: { ok: 2 } }));
  merger.finish(0, finish);
  merger.lose(0, 100);
  merger.lose(1, 10);
  merger.lose(1, 10);
  expect(endings(merger.read().intervals)).toEqual({ ok: 2, lost: 10 });
});

test('a calibration that one process could not make leaves the whole without one', () => {
  const run = {
    streams: 5,
    events_per_second: 250,
    ttft_ms: { p50: 1, p90: 1, p95: 1, p99: 2, count: 10, moments: 10 },
    gap_ms: { p50: 1, p90: 1, p95: 1, p99: 3, count: 10, moments: 10 },
    send_ms: { p50: 1, p90: 1, p95: 1, p99: 4, count: 10, moments: 10 },
    health: { elu: 0.1, lagMs: 1, gcMs: 0, gcMaxMs: 0, steal: undefined },
  };
  const merger = createMerger(2);
  merger.finish(0, { ...finish, before: run, after: run });
  merger.finish(1, {
    ...finish,
    before: { ...run, ttft_ms: { p50: 3, p90: 5, p95: 7, p99: 9, count: 1, moments: 1 } },
    after: null,
  });
  const { before, after } = merger.read();
  expect(before).toMatchObject({ streams: 10, ttft_ms: { p50: 3, p90: 5, p95: 7, p99: 9, count: 11 } });
  expect(after).toBeNull();
});

test('a run ends for what halted it first, whoever tells first', () => {
  const halted = (reason: string, atMs: number) => ({
    ...finish,
    end: { ...finish.end, halted: { reason, code: reason === 'stopped' ? undefined : '1302', atMs } },
  });
  const merger = createMerger(3);
  merger.finish(0, halted('stopped', 1210));
  merger.finish(1, halted('rate_limited', 1200));
  merger.finish(2, finish);
  expect(merger.read().end.halted).toMatchObject({ reason: 'rate_limited', code: '1302', atMs: 1200 });
});

test('of a run that only some members ended early it is known how many', () => {
  const merger = createMerger(4);
  const stopped = { reason: 'stopped', code: undefined, atMs: 900 };
  merger.finish(0, finish);
  merger.finish(1, { ...finish, end: { ...finish.end, halted: { ...stopped, parts: { ended: 1, of: 8 } } } });
  merger.finish(2, finish);
  merger.lose(3, 5);
  expect(merger.read().end.halted).toEqual({ ...stopped, parts: { ended: 1, of: 3 } });
});

test('a member that takes no part is a mistake of ours, and is not counted as nobody', () => {
  expect(() => createMerger(2).add(2, second(1000))).toThrow('no member 2 of 2');
});
