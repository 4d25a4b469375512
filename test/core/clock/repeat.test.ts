import { expect, test } from 'vitest';
import { repeat } from '../../../src/core/clock/repeat.ts';
import { createManualClock } from '../../../src/core/clock.ts';

test('the grid is kept from its beginning, whatever the clock says', () => {
  const clock = createManualClock();
  clock.advance(30);
  const moments: number[] = [];
  repeat(clock, 5, 100, () => moments.push(clock.now()));
  clock.advance(300);
  expect(moments).toEqual([105, 205, 305]);
});

test('a call that takes longer than the period leaves moments out and moves none', () => {
  const clock = createManualClock();
  const moments: number[] = [];
  repeat(clock, 0, 100, () => {
    moments.push(clock.now());
    if (moments.length === 1) clock.advance(250);
  });
  clock.advance(600);
  expect(moments).toEqual([100, 400, 500, 600]);
});

test('once cancelled it is not called any more', () => {
  const clock = createManualClock();
  const moments: number[] = [];
  const cancel = repeat(clock, 0, 100, () => moments.push(clock.now()));
  clock.advance(100);
  cancel();
  clock.advance(500);
  expect(moments).toEqual([100]);
});

test('a call that cancels it is the last one', () => {
  const clock = createManualClock();
  const moments: number[] = [];
  const cancel = repeat(clock, 0, 100, () => {
    moments.push(clock.now());
    if (moments.length === 2) cancel();
  });
  clock.advance(1000);
  expect(moments).toEqual([100, 200]);
});
