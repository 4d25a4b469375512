import { expect, test } from 'vitest';
import { createHealthMeter, type LoopDelay } from '../../src/loadtest/health.ts';

const off = () => true;

/** Timers every 10 ms, all as late as the latest of twenty but for the very latest. */
const timers = (count: number, lateMs: number): LoopDelay => ({
  count,
  max: (10 + 3 * lateMs) * 1e6,
  percentile: percent => (percent === 95 ? (10 + lateMs) * 1e6 : Number.NaN),
  reset: () => {},
  enable: off,
  disable: off,
});

test.each([
  ['short pauses, again and again, are what one timer of twenty shows', timers(60, 15), { lagMs: 45, lagP95Ms: 15 }],
  ['twenty timers are enough', timers(20, 1), { lagMs: 3, lagP95Ms: 1 }],
  ['a timer that came early was not late', timers(20, -2), { lagMs: 0, lagP95Ms: 0 }],
])('%s', (_, delay, late) => {
  const meter = createHealthMeter(delay);
  expect(meter.read(0)).toMatchObject(late);
  meter.close();
});

test.each([
  ['fewer than twenty timers say', timers(19, 15)],
  ['a process that has just begun says', undefined],
])('%s nothing of one in twenty', (_, delay) => {
  const meter = createHealthMeter(delay);
  expect(meter.read(0)).not.toHaveProperty('lagP95Ms');
  meter.close();
});

test('what was late before the last reading is not late again', () => {
  let resets = 0;
  const meter = createHealthMeter({ ...timers(20, 15), reset: () => void resets++ });
  meter.read(0);
  meter.close();
  expect(resets).toBe(1);
});
