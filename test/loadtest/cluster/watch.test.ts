import { expect, test } from 'vitest';
import { createManualClock } from '../../../src/core/clock.ts';
import { measureLocally } from '../../../src/loadtest/cluster/local.ts';
import { createWatch } from '../../../src/loadtest/cluster/watch.ts';
import { totalOf } from '../../../src/loadtest/total.ts';
import { open, planOf } from '../plan.ts';

/** A watch of members 0 and 1, who have 3 s, and whom it called silent. */
function watch() {
  const clock = createManualClock();
  const silent: number[] = [];
  const it = createWatch(clock, member => silent.push(member));
  for (const member of [0, 1]) it.expect(member, 3000);
  return { clock, silent, ...it };
}

test('a member that says nothing in its time is silent, once', () => {
  const { clock, silent, expect: hear, close } = watch();
  clock.advance(3000);
  expect(silent).toEqual([]);
  hear(0, 3000);
  clock.advance(1000);
  expect(silent).toEqual([1]);
  clock.advance(2000);
  expect(silent).toEqual([1]);
  clock.advance(1000);
  expect(silent).toEqual([1, 0]);
  close();
});

test('who has nothing to say is not silent, nor is anybody after the end', () => {
  const { clock, silent, rest, close } = watch();
  rest(0);
  clock.advance(4000);
  expect(silent).toEqual([1]);
  close();
  clock.advance(60_000);
  expect(silent).toEqual([1]);
});

test('time in which the watch itself stood still is held against nobody', () => {
  const clock = createManualClock();
  let stoodMs = 0;
  const silent: number[] = [];
  const it = createWatch({ ...clock, now: () => clock.now() + stoodMs }, member => silent.push(member));
  it.expect(0, 3000);
  stoodMs = 3_600_000;
  clock.advance(2000);
  expect(silent).toEqual([]);
  it.close();
});

test('processes that stand still for good are ended, and their requests are lost', async () => {
  const clock = createManualClock();
  const plan = planOf(open(10, 1000));
  const measured = measureLocally(plan, { workers: 2, clock, stop: new AbortController().signal });
  clock.advance(62_000); // none of them can have said anything yet
  const { gone, intervals } = await measured;
  expect([gone, totalOf(intervals).ended]).toEqual([2, { lost: 10 }]);
});
