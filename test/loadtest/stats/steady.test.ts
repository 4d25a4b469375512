import { expect, test } from 'vitest';
import { createRandom, type Random } from '../../../src/core/random.ts';
import type { Interval } from '../../../src/loadtest/interval.ts';
import { steadyPart, steadyWindow } from '../../../src/loadtest/stats/steady.ts';
import { intervalAt, lognormal, loop, queue } from './simulation.ts';

const servers = 14;
const capacity = 142;
const service = lognormal((servers / capacity) * 1000, 0.5);

const open = (load: number, seconds: number) => (random: Random) =>
  queue({ offeredPerSecond: capacity * load, servers, serviceMs: service, seconds, random });
/** Twenty users, half a second each, times a factor that may change over the run (0 to 1). */
const closed = (seconds: number, factor: (at: number) => number) => (random: Random) =>
  loop({
    users: 20,
    servers: 40,
    serviceMs: (chance, atMs) => lognormal(500 * factor(atMs / (seconds * 1000)), 0.4)(chance),
    seconds,
    random,
  });
const still = () => 1;

/** How many of so many seeded runs have a steady window. */
function steadyRuns(make: (random: Random) => Interval[], runs: number): number {
  const windows = Array.from({ length: runs }, (_, i) => steadyWindow(make(createRandom(`steady ${i}`))));
  return windows.filter(({ kind }) => kind === 'steady').length;
}

test.each([
  ['an open loop at half load, 10 s', open(0.5, 10), 20, 16],
  ['an open loop at half load, 1 min', open(0.5, 60), 10, 8],
  ['an open loop at 80 %, 10 min', open(0.8, 600), 2, 2],
  ['a closed loop, 10 s', closed(10, still), 20, 16],
  ['a closed loop, 10 min', closed(600, still), 2, 2],
])('%s is steady', (_name, make, runs, least) => {
  expect(steadyRuns(make, runs)).toBeGreaterThanOrEqual(least);
});

test.each([
  ['176 % of capacity, 10 s', open(1.76, 10), 20],
  ['130 % of capacity, 10 s', open(1.3, 10), 20],
  ['110 % of capacity, 1 min', open(1.1, 60), 10],
  ['105 % of capacity, 10 min', open(1.05, 600), 2],
  ['176 % of capacity, 10 min', open(1.76, 600), 1],
  ['a closed loop that becomes twice as slow', closed(60, at => 1 + at), 10],
  ['a closed loop that is half as slow again after half of the time', closed(60, at => (at > 0.5 ? 1.6 : 1)), 10],
])('%s is never steady', (_name, make, runs) => {
  expect(steadyRuns(make, runs)).toBe(0);
});

test('a slow start is cut off, and no more than needed', () => {
  const found = steadyWindow(closed(120, at => 1 + 3 * Math.exp(-at * 30))(createRandom('warm')));
  if (found.kind === 'none') throw new Error(found.reason);
  expect(found.from).toBeGreaterThan(3); // twice as slow until second 4
  expect(found.from).toBeLessThan(60);
  expect(found.to).toBe(120);
});

test('a tail in which nothing was offered is left out', () => {
  const drained = [...closed(30, still)(createRandom('tail')), ...[30, 31, 32].map(second => intervalAt(second))];
  expect(steadyWindow(drained)).toMatchObject({ kind: 'steady', to: 30 });
});

test('waves of users who all started together are steady, though every second differs', () => {
  const waves = loop({ users: 20, servers: 20, serviceMs: () => 2500, seconds: 60, random: createRandom(1) });
  expect(steadyWindow(waves).kind).toBe('steady');
});

const flat = (value: number, length = 20) => new Array<number>(length).fill(value);
const of = (ttftMs: readonly (number | undefined)[], inFlight = flat(4, ttftMs.length)) =>
  steadyPart({ completionsPerSecond: flat(10, ttftMs.length), inFlight, ttftMs });

test.each<[string, ReturnType<typeof steadyPart>, number]>([
  ['constants', of(flat(100)), 0],
  ['zeros', of(flat(0)), 0],
  ['a difference of a billionth', of(flat(100).map((ms, i) => ms + i * 1e-9)), 0],
  [
    'one wild second',
    of(
      flat(100)
        .with(9, 900)
        .map((ms, i) => ms + (i % 2)),
    ),
    0,
  ],
  ['a start with other numbers', of([900, 500, ...flat(100)].map((ms, i) => ms + (i % 2))), 2],
  ['a start without latency', of([undefined, undefined, ...flat(100)]), 0],
  ['a rise that does not matter', of(flat(100).map((ms, i) => ms + i / 4)), 0],
])('%s are steady', (_name, found, from) => {
  expect(found).toMatchObject({ kind: 'steady', from });
});

test.each<[string, ReturnType<typeof steadyPart>, RegExp]>([
  ['nothing', of([]), /0 whole intervals are too few/],
  ['four seconds', of(flat(100, 4)), /4 whole intervals are too few/],
  ['no latency at all', of(flat(100).map(() => undefined)), /time to the first token is known in too few/],
  ['a rise', of(flat(100).map((ms, i) => ms + 10 * i)), /time to the first token/],
  [
    'a fall',
    of(
      flat(100),
      flat(50).map((n, i) => n - 2 * i),
    ),
    /requests in flight/,
  ],
  ['a rise like the root of time', of(flat(100).map((ms, i) => ms * Math.sqrt(i + 1))), /time to the first token/],
])('%s is not steady, and says why', (_name, found, reason) => {
  expect(found).toEqual({ kind: 'none', reason: expect.stringMatching(reason) });
});
