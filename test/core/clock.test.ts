import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Cancel, createManualClock, systemClock } from '../../src/core/clock.ts';
import { createRandom } from '../../src/core/random.ts';

/** What every kind of clock must do, told as data: an operation on a clock and on a sorted list. */
type Step =
  | { readonly kind: 'at'; readonly in: number }
  | { readonly kind: 'cancel'; readonly which: number }
  | { readonly kind: 'advance'; readonly by: number };

test('callbacks run in the order they are due, equals first come first served', () => {
  const clock = createManualClock();
  const ran: string[] = [];
  for (const [name, due] of [
    ['c', 20],
    ['a', 10],
    ['d', 20],
    ['b', 10],
    ['past', -5],
  ] as const)
    clock.at(due, () => ran.push(name));
  clock.advance(9);
  expect(ran).toEqual(['past']);
  clock.advance(11);
  expect(ran).toEqual(['past', 'a', 'b', 'c', 'd']);
});

test('during a callback the time is its due time, and what it adds runs in the same advance when due', () => {
  const clock = createManualClock(1_000_000);
  const ran: [string, number, number][] = [];
  const note = (name: string) => ran.push([name, clock.now(), clock.wall()]);
  clock.at(10, () => {
    note('first');
    clock.at(25, () => note('added'));
    clock.at(5, () => note('overdue'));
  });
  clock.at(30, () => note('last'));
  clock.advance(100);
  expect(ran).toEqual([
    ['first', 10, 1_000_010],
    ['overdue', 10, 1_000_010],
    ['added', 25, 1_000_025],
    ['last', 30, 1_000_030],
  ]);
  expect(clock.now()).toBe(100);
});

test('a cancelled callback never runs, and cancelling twice or too late does nothing', () => {
  const clock = createManualClock();
  const ran: string[] = [];
  const a = clock.at(10, () => ran.push('a'));
  const b = clock.at(10, () => ran.push('b'));
  clock.at(10, () => ran.push('c'));
  b();
  b();
  clock.advance(10);
  a();
  b();
  clock.advance(10);
  expect(ran).toEqual(['a', 'c']);
});

test('a callback may cancel another that is due at the same moment', () => {
  const clock = createManualClock();
  const ran: string[] = [];
  let cancel: Cancel = () => {};
  clock.at(10, () => cancel());
  cancel = clock.at(10, () => ran.push('cancelled'));
  clock.advance(10);
  expect(ran).toEqual([]);
});

test('time never runs backwards, even when a callback advances the clock itself', () => {
  const clock = createManualClock();
  clock.at(10, () => clock.advance(50));
  clock.advance(20);
  expect(clock.now()).toBe(60);
});

test('a due time that is no number is refused at once', () => {
  expect(() => createManualClock().at(Number.NaN, () => {})).toThrow('a due time must be a number');
  expect(() => systemClock.at(Number.NaN, () => {})).toThrow('a due time must be a number');
});

test('any mixture of setting, cancelling and advancing runs what a sorted list would run', () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('at' as const), in: fc.integer({ min: -5, max: 40 }) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('advance' as const), by: fc.nat({ max: 15 }) }) },
  );
  const property = fc.property(fc.array(step, { maxLength: 120, size: 'max' }), steps => {
    const last: Step = { kind: 'advance', by: 100 };
    expect(runOnClock([...steps, last])).toEqual(runOnList([...steps, last]));
  });
  fc.assert(property, { seed: 7, numRuns: 500 });
});

function runOnClock(steps: readonly Step[]): string[] {
  const clock = createManualClock();
  const ran: string[] = [];
  const cancels: Cancel[] = [];
  for (const step of steps) {
    if (step.kind === 'advance') clock.advance(step.by);
    else if (step.kind === 'cancel') cancels[step.which % Math.max(1, cancels.length)]?.();
    else {
      const name = cancels.length;
      cancels.push(clock.at(clock.now() + step.in, () => ran.push(`${name} at ${clock.now()}`)));
    }
  }
  return ran;
}

function runOnList(steps: readonly Step[]): string[] {
  const ran: string[] = [];
  const due: { name: number; at: number }[] = [];
  let waiting: typeof due = [];
  let now = 0;
  for (const step of steps) {
    if (step.kind === 'cancel') {
      const name = step.which % Math.max(1, due.length);
      waiting = waiting.filter(entry => entry.name !== name);
    } else if (step.kind === 'at') {
      const entry = { name: due.length, at: now + step.in };
      due.push(entry);
      waiting.push(entry);
    } else {
      const target = now + step.by;
      const ready = waiting.filter(entry => entry.at <= target).sort((a, b) => a.at - b.at || a.name - b.name);
      waiting = waiting.filter(entry => entry.at > target);
      for (const { name, at } of ready) {
        now = Math.max(now, at);
        ran.push(`${name} at ${now}`);
      }
      now = target;
    }
  }
  return ran;
}

test('a hundred thousand deadlines set and cancelled leave nothing behind that would run', () => {
  const clock = createManualClock();
  let fired = 0;
  let kept = 0;
  clock.at(500_000, () => kept++);
  for (let i = 0; i < 100_000; i++) {
    const cancel = clock.at(1_000_000, () => fired++);
    clock.advance(1);
    cancel();
  }
  clock.advance(2_000_000);
  expect({ fired, kept }).toEqual({ fired: 0, kept: 1 });
});

test('sleep on a manual clock ends when its time has come', async () => {
  const clock = createManualClock();
  let awake = false;
  const sleeping = clock.sleep(50).then(() => {
    awake = true;
  });
  clock.advance(49);
  await Promise.resolve();
  expect(awake).toBe(false);
  clock.advance(1);
  await sleeping;
  expect(awake).toBe(true);
});

test.each([
  ['manual', createManualClock()],
  ['system', systemClock],
] as const)('an aborted sleep on the %s clock rejects with the reason of the signal', async (_, clock) => {
  const reason = new Error('stopped');
  const controller = new AbortController();
  const sleeping = clock.sleep(1_000_000, controller.signal);
  controller.abort(reason);
  await expect(sleeping).rejects.toBe(reason);
  await expect(clock.sleep(1_000_000, AbortSignal.abort(reason))).rejects.toBe(reason);
});

test('a signal that aborts after the sleep is over changes nothing', async () => {
  const clock = createManualClock();
  const controller = new AbortController();
  const sleeping = clock.sleep(5, controller.signal);
  clock.advance(5);
  controller.abort();
  await expect(sleeping).resolves.toBeUndefined();
});

test('the system clock never calls early and calls in the order of the due times', async () => {
  const random = createRandom('clock');
  const start = systemClock.now();
  const ran: { due: number; early: boolean }[] = [];
  const dues = Array.from({ length: 60 }, () => start + random() * 30);
  await new Promise<void>(resolve => {
    for (const due of dues)
      systemClock.at(due, () => {
        ran.push({ due, early: systemClock.now() < due });
        if (ran.length === dues.length) resolve();
      });
  });
  expect(ran.filter(entry => entry.early)).toEqual([]);
  expect(ran.map(entry => entry.due)).toEqual(dues.toSorted((a, b) => a - b));
});

test('the system clock runs more work than one wake-up may hold, in order', async () => {
  const due = systemClock.now();
  const ran: number[] = [];
  await new Promise<void>(resolve => {
    for (let i = 0; i < 20; i++)
      systemClock.at(due, () => {
        const until = systemClock.now() + 1;
        while (systemClock.now() < until);
        ran.push(i);
        if (ran.length === 20) resolve();
      });
  });
  expect(ran).toEqual(Array.from({ length: 20 }, (_, i) => i));
});

test('on the system clock a nearer deadline is met although a far one was set before, and cancelled ones stay silent', async () => {
  const ran: string[] = [];
  const far = systemClock.at(systemClock.now() + 3_000_000_000, () => ran.push('far'));
  const near = systemClock.at(systemClock.now() + 1, () => ran.push('cancelled'));
  near();
  await systemClock.sleep(3);
  far();
  await systemClock.sleep(1);
  expect(ran).toEqual([]);
});
