import { expect, test } from 'vitest';
import { type Deadlines, missedBy, nextDue, type Progress, watchDeadlines } from '../../../src/core/call/deadlines.ts';
import type { DeadlineName } from '../../../src/core/call/record.ts';
import { createManualClock } from '../../../src/core/clock.ts';

const nothing: Progress = {
  startMs: 100,
  sentMs: undefined,
  headMs: undefined,
  firstTokenMs: undefined,
  lastTokenMs: undefined,
};
const all: Deadlines = { connect: 10, first_byte: 20, first_token: 30, idle: 5, total: 40 };
const sent = { ...nothing, sentMs: 101 };
const headed = { ...sent, headMs: 102 };
const spoke = { ...headed, firstTokenMs: 103, lastTokenMs: 120 };

test.each<[string, Progress, boolean, number, DeadlineName]>([
  ['nothing', nothing, true, 110, 'connect'],
  ['a request that was sent', sent, true, 120, 'first_byte'],
  ['a head', headed, true, 130, 'first_token'],
  ['a head of a whole answer', headed, false, 140, 'total'],
  ['a token', spoke, true, 125, 'idle'],
  ['a late token', { ...spoke, lastTokenMs: 138 }, true, 140, 'total'],
])('after %s the next deadline is the first that was not met', (_, progress, stream, due, name) => {
  expect(nextDue(progress, all, stream)).toBe(due);
  expect(missedBy(due - 0.001, progress, all, stream)).toBeUndefined();
  expect(missedBy(due, progress, all, stream)).toBe(name);
  expect(missedBy(due + 1000, progress, all, stream)).toBe(name); // whatever else has passed since
});

test.each<[string, Progress, Deadlines]>([
  ['no deadlines', nothing, {}],
  ['deadlines that were met', headed, { connect: 10, first_byte: 20 }],
  ['a gap before the first token', headed, { idle: 5 }],
])('%s are never due', (_, progress, deadlines) => {
  expect(nextDue(progress, deadlines, true)).toBe(Number.POSITIVE_INFINITY);
  expect(missedBy(Number.MAX_VALUE, progress, deadlines, true)).toBeUndefined();
});

test.each<[readonly DeadlineName[], DeadlineName]>([
  [['total', 'first_token', 'first_byte', 'connect'], 'connect'],
  [['total', 'first_token', 'first_byte'], 'first_byte'],
  [['total', 'first_token'], 'first_token'],
])('of %j at one moment the most specific is named', (names, first) => {
  const deadlines = Object.fromEntries(names.map(name => [name, 50]));
  expect(missedBy(150, nothing, deadlines, true)).toBe(first);
});

test('a deadline of 0 has passed at once', () => {
  expect(missedBy(100, nothing, { total: 0 }, false)).toBe('total');
});

/** A watched call that goes on as it is told, and what it was told. */
function watched(deadlines: Deadlines, steps: readonly (readonly [number, Partial<Progress>])[]) {
  const clock = createManualClock();
  const progress = { ...nothing, startMs: 0 };
  const missed: [number, DeadlineName][] = [];
  const watch = watchDeadlines({
    progress,
    deadlines,
    stream: true,
    clock,
    onMissed: name => {
      missed.push([clock.now(), name]);
      watch.end();
    },
  });
  for (const [atMs, step] of steps)
    clock.at(atMs, () => {
      const spoken = progress.lastTokenMs !== undefined;
      Object.assign(progress, step);
      if (!spoken && step.lastTokenMs !== undefined) watch.again();
    });
  return { clock, missed, watch };
}

test.each<[string, readonly (readonly [number, Partial<Progress>])[], readonly [number, DeadlineName]]>([
  ['nothing happens', [], [10, 'connect']],
  ['it is sent', [[9, { sentMs: 9 }]], [20, 'first_byte']],
  ['the head comes', [[9, { sentMs: 9, headMs: 9 }]], [30, 'first_token']],
  ['one token comes', [[9, { sentMs: 9, headMs: 9, firstTokenMs: 9, lastTokenMs: 9 }]], [14, 'idle']],
  [
    'tokens come and stop',
    [
      [9, { sentMs: 9, headMs: 9, firstTokenMs: 9, lastTokenMs: 9 }],
      [13, { lastTokenMs: 13 }],
      [17, { lastTokenMs: 17 }],
    ],
    [22, 'idle'],
  ],
  [
    'tokens come without end',
    Array.from({ length: 50 }, (_, i) => [i, { sentMs: 0, headMs: 0, firstTokenMs: 0, lastTokenMs: i }] as const),
    [40, 'total'],
  ],
])('when %s the watch tells of the deadline that passes, at its moment and once', (_, steps, told) => {
  const { clock, missed } = watched(all, steps);
  for (let i = 0; i < 200; i++) clock.advance(1);
  expect(missed).toEqual([told]);
});

test('a watch that has ended tells nothing, and leaves no timer behind', () => {
  const { clock, missed, watch } = watched(all, []);
  watch.end();
  clock.advance(1000);
  expect(missed).toEqual([]);
});
