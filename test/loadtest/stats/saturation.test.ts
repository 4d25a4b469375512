import { expect, test } from 'vitest';
import { createRandom, type Random } from '../../../src/core/random.ts';
import type { Interval } from '../../../src/loadtest/interval.ts';
import { saturationOf } from '../../../src/loadtest/stats/saturation.ts';
import { intervalAt, lognormal, queue } from './simulation.ts';

const servers = 14;
const capacity = 142;
const meanMs = (servers / capacity) * 1000;
const laws = {
  fixed: () => meanMs,
  lognormal: lognormal(meanMs, 0.5),
  heavy: lognormal(meanMs, 1),
} satisfies Record<string, (random: Random) => number>;

const run = (offeredPerSecond: number, law: keyof typeof laws, seed: number, seconds: number) =>
  queue({ offeredPerSecond, servers, serviceMs: laws[law], seconds, random: createRandom(`${law} ${seed}`) });

/** The second after which it is first called saturated. */
function foundAfter(intervals: readonly Interval[]): number | undefined {
  for (let seconds = 1; seconds <= intervals.length; seconds++)
    if (saturationOf(intervals.slice(0, seconds)).kind === 'saturated') return seconds;
  return undefined;
}

test.each(['fixed', 'lognormal'] as const)('250/s against 142/s of a %s service are found within 20 s', law => {
  for (let seed = 0; seed < 10; seed++) expect(foundAfter(run(250, law, seed, 25))).toBeLessThanOrEqual(20);
});

test.each(['fixed', 'lognormal', 'heavy'] as const)('20 runs at 90 %% of a %s service raise no alarm', law => {
  for (let seed = 0; seed < 20; seed++) expect(foundAfter(run(0.9 * capacity, law, seed, 45))).toBe(undefined);
});

test('20 runs at exactly full load, whose backlog wanders off by chance, raise no alarm', () => {
  const found = Array.from({ length: 20 }, (_, seed) => foundAfter(run(capacity, 'lognormal', seed, 45)));
  expect(found).toEqual(found.map(() => undefined));
});

test('the excess and the share that is served are told', () => {
  const found = saturationOf(run(250, 'lognormal', 1, 30));
  if (found.kind !== 'saturated') throw new Error(found.kind);
  expect(Math.abs(found.excessPerSecond - 108)).toBeLessThan(15);
  expect(Math.abs(found.served - 142 / 250)).toBeLessThan(0.05);
});

test.each<[string, number, (random: Random) => number]>([
  ['half a minute, all alike', 50, () => 30_000],
  ['ten seconds, very unlike', 100, lognormal(10_000, 1)],
  ['twenty seconds, unlike', 100, lognormal(20_000, 0.6)],
  ['mostly short', 50, random => (random() < 0.8 ? 500 : 30_000) * (0.5 + random())],
])('long answers (%s) pile up at the start, which is no saturation', (_name, offeredPerSecond, serviceMs) => {
  for (let seed = 0; seed < 3; seed++) {
    const random = createRandom(`long ${seed}`);
    const waiting = queue({ offeredPerSecond, servers: Infinity, serviceMs, seconds: 60, random });
    expect(foundAfter(waiting)).toBe(undefined);
  }
});

test('what was found stays found while it lasts', () => {
  const loud = run(250, 'lognormal', 2, 40);
  for (let seconds = 20; seconds <= 40; seconds++) expect(saturationOf(loud.slice(0, seconds)).kind).toBe('saturated');
});

test('overload after two quiet minutes is found as fast', () => {
  const quiet = run(100, 'lognormal', 3, 120);
  const loud = run(250, 'lognormal', 4, 20).map((interval, i) => ({ ...interval, ...at(120 + i) }));
  const found = foundAfter([...quiet, ...loud]);
  expect(found).toBeGreaterThan(120);
  expect(found).toBeLessThanOrEqual(140);
});

const at = (second: number) => ({ fromMs: second * 1000, toMs: second * 1000 + 1000 });

test('what is offered but never sent is no backlog', () => {
  const stopped = run(100, 'lognormal', 5, 40).map((interval, second) =>
    second < 20 ? interval : { ...interval, planned: 250, ended: { ...interval.ended, unsent: 150 } },
  );
  expect(saturationOf(stopped)).toEqual({ kind: 'keeps_up' });
});

test.each<[string, Interval[], string]>([
  ['no interval', [], 'unknown'],
  ['a quarter of a minute', run(250, 'fixed', 1, 15), 'unknown'],
  ['empty seconds', Array.from({ length: 40 }, (_, second) => intervalAt(second)), 'keeps_up'],
  [
    'only refusals',
    Array.from({ length: 40 }, (_, i) => intervalAt(i, { planned: 9, ended: { rate_limited: 9 } })),
    'keeps_up',
  ],
  ['no answer at all', Array.from({ length: 40 }, (_, second) => intervalAt(second, { planned: 99 })), 'keeps_up'],
])('%s: %s', (_name, intervals, kind) => {
  expect(saturationOf(intervals).kind).toBe(kind);
});
