import { expect, test } from 'vitest';
import { createManualClock } from '../../src/core/clock.ts';
import { createPacer } from '../../src/loadtest/pacer.ts';

test('every moment is served in order and none before its time', () => {
  const clock = createManualClock();
  const fired: [number, number][] = [];
  createPacer({ clock, spinMs: 0 }).start(Float64Array.of(5, 5, 8.25, 30), index => fired.push([index, clock.now()]));
  clock.advance(100);
  expect(fired).toEqual([
    [0, 5],
    [1, 5],
    [2, 8.25],
    [3, 30],
  ]);
});

test('moments that have passed are served at once, and the later ones keep their place', () => {
  const clock = createManualClock();
  clock.advance(10);
  const fired: number[] = [];
  createPacer({ clock, spinMs: 0 }).start(Float64Array.of(1, 2, 15), () => fired.push(clock.now()));
  expect(fired).toEqual([10, 10]);
  clock.advance(10);
  expect(fired).toEqual([10, 10, 15]);
});

test('the last stretch is waited out turn by turn, and counted as idle', () => {
  const clock = createManualClock();
  const turns: (() => void)[] = [];
  const pacer = createPacer({ clock, spinMs: 2, soon: fn => turns.push(fn) });
  const fired: number[] = [];
  pacer.start(Float64Array.of(10), () => fired.push(clock.now()));
  clock.advance(8);
  while (fired.length === 0 && turns.length > 0) {
    clock.advance(0.05);
    turns.shift()?.();
  }
  expect(fired[0]).toBeCloseTo(10, 1);
  expect(pacer.idledMs).toBeCloseTo(2, 1);
});

test('a turn in which something else happened is no idleness', () => {
  const clock = createManualClock();
  const turns: (() => void)[] = [];
  const pacer = createPacer({ clock, spinMs: 5, soon: fn => turns.push(fn) });
  pacer.start(Float64Array.of(4), () => {});
  clock.advance(3);
  turns.shift()?.();
  expect(pacer.idledMs).toBe(0);
});

test('what was stopped does not fire', () => {
  const clock = createManualClock();
  const fired: number[] = [];
  const cancel = createPacer({ clock, spinMs: 0 }).start(Float64Array.of(5, 10), index => fired.push(index));
  clock.advance(6);
  cancel();
  clock.advance(100);
  expect(fired).toEqual([0]);
});
