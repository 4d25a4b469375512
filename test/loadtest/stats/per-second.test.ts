import { expect, test } from 'vitest';
import { createRandom, gaussian, type Random } from '../../../src/core/random.ts';
import type { Interval } from '../../../src/loadtest/interval.ts';
import { fewestSeconds, perSecond, tokensPerRead } from '../../../src/loadtest/stats/per-second.ts';
import { windowsOf } from '../../../src/loadtest/window.ts';
import { intervalAt, intervalsOf, sparseOf, type Visit } from './simulation.ts';

const visit = (startMs: number, lengthMs: number): Visit => ({
  startMs,
  firstMs: startMs + lengthMs / 10,
  endMs: startMs + lengthMs,
});

type Length = (random: Random) => number;

/** Every user asks again as soon as the answer has ended; all begin at once. */
function closed(users: number, length: Length, seconds: number, random: Random): Interval[] {
  const visits: Visit[] = [];
  for (let user = 0; user < users; user++)
    for (let at = 0; at < seconds * 1000; at = visits.at(-1)!.endMs) visits.push(visit(at, length(random)));
  return intervalsOf(visits, seconds);
}

/** Requests begin by chance, or on the dot, whatever became of those before. */
function open(rate: number, length: Length, seconds: number, random: Random, poisson = true): Interval[] {
  const visits: Visit[] = [];
  const gap = () => (poisson ? -Math.log(1 - random()) : 1) * (1000 / rate);
  for (let at = gap(); at < seconds * 1000; at += gap()) visits.push(visit(at, length(random)));
  return intervalsOf(visits, seconds);
}

const constant = () => 5000;
const varied = (random: Random) => 5000 * Math.exp(0.4 * gaussian(random) - 0.08);

/** 30 measured seconds after 12 of warm-up; answers of 5 s are a sixth of them. */
const runs = [
  ['a closed loop', true, 4, (random: Random) => closed(20, varied, 42, random)],
  ['a closed loop in lock-step', true, 4, (random: Random) => closed(20, constant, 42, random)],
  ['chance arrivals', false, 4, (random: Random) => open(4, varied, 42, random)],
  ['chance arrivals of equal answers', false, 4, (random: Random) => open(4, constant, 42, random)],
  ['arrivals on the dot', false, 4, (random: Random) => open(4, constant, 42, random, false)],
] as const;

const times = 300;

test.each(runs)(
  '%s: the truth lies within the bounds about 95 times in 100, and the figure always',
  (name, isClosed, truth, make) => {
    let within = 0;
    for (let i = 0; i < times; i++) {
      const window = make(createRandom(`${name} ${i}`)).slice(12);
      const { value, ci } = perSecond('requests_per_second', window, { closed: isClosed, tokensPerRead: 0 });
      expect(value).toBeGreaterThanOrEqual(ci![0] - 1e-9);
      expect(value).toBeLessThanOrEqual(ci![1] + 1e-9);
      if (truth >= ci![0] * 0.998 && truth <= ci![1] * 1.002) within++; // a bucket is 0.2 % wide
    }
    expect(within / times).toBeGreaterThan(0.915);
  },
);

test.each(runs)('%s without a warm-up: the steady part leaves the start-up out', (name, isClosed, truth, make) => {
  let [within, found] = [0, 0];
  for (let i = 0; i < times; i++) {
    const { steady } = windowsOf(make(createRandom(`cold ${name} ${i}`)), { warmupMs: 0, offeredMs: 42_000 });
    if (steady === undefined) continue;
    found++;
    const { ci } = perSecond('requests_per_second', steady, { closed: isClosed, tokensPerRead: 0 });
    if (truth >= ci![0] * 0.998 && truth <= ci![1] * 1.002) within++;
  }
  expect(found).toBeGreaterThan(times / 2);
  expect(within / found).toBeGreaterThan(0.9);
});

test.each(runs)('%s: requests per second times their latency are those in flight', (name, isClosed, _truth, make) => {
  const window = make(createRandom(name)).slice(12);
  const { ci } = perSecond('requests_per_second', window, { closed: isClosed, tokensPerRead: 0 });
  const attempts = window.flatMap(({ histograms: { attempt_ms: sparse } }) => (sparse?.length ? [sparse] : []));
  const answered = window.reduce((sum, one) => sum + one.answered, 0);
  const latency = attempts.reduce((sum, [ms = 0]) => sum + ms, 0) / answered / 1000;
  const inFlight = window.reduce((sum, { inFlightArea }) => sum + inFlightArea, 0) / 30_000;
  expect(inFlight).toBeGreaterThan(ci![0] * latency * 0.95);
  expect(inFlight).toBeLessThan(ci![1] * latency * 1.05);
});

const facts = { closed: true, tokensPerRead: 0 };

test('users in lock-step leave a count in doubt by what reaches over its ends, and no more', () => {
  const window = closed(20, () => 1400, 42, createRandom(1)).slice(12);
  const { ci, value } = perSecond('requests_per_second', window, facts);
  expect((ci![1] - ci![0]) / value).toBeLessThan(0.06);
});

test('what ended counts, whenever it began: 20 answers of 9 s in the 20 s after a warm-up of 10 s', () => {
  const window = closed(20, () => 9000, 30, createRandom(1)).slice(10);
  const { value, ci } = perSecond('requests_per_second', window, facts);
  expect(value).toBe(2); // at 18 and 27 s
  expect(ci![1]).toBeCloseTo(20 / 9, 1);
});

test.each([
  ['nothing', []],
  ['no time', [intervalAt(0, { toMs: 0, answered: 3 })]],
])('%s has no rate', (_name, window) => {
  expect(perSecond('requests_per_second', window, facts)).toEqual({ value: 0, ci: null });
});

test('too few seconds tell a rate and no bounds', () => {
  const second = (n: number) => intervalAt(n, { answered: 2 });
  const seconds = Array.from({ length: fewestSeconds }, (_, n) => second(n));
  expect(perSecond('requests_per_second', seconds.slice(1), facts)).toEqual({ value: 2, ci: null });
  expect(perSecond('requests_per_second', seconds, facts)).toEqual({ value: 2, ci: [2, 2] });
});

test('tokens count where they came, not where their answer ended', () => {
  const coming = Array.from({ length: 10 }, (_, n) => intervalAt(n, { reads: 50 }));
  const ending = intervalAt(10, {
    outputTokens: 1007,
    tokensRead: 1000,
    readsEnded: 500,
    histograms: { attempt_ms: sparseOf([9]) },
  });
  const each = tokensPerRead([...coming, ending]);
  expect(each).toBe(2);
  const told = (window: readonly Interval[]) =>
    perSecond('output_tokens_per_second', window, { closed: false, tokensPerRead: each }).value;
  expect(told(coming)).toBe(100);
  expect(told([ending])).toBe(7); // of an answer that came in one piece
  expect(tokensPerRead([])).toBe(0);
});
