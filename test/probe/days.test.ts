import { expect, test } from 'vitest';
import { placesWanted, probeDays } from '../../bench/support/probe-days.ts';
import { placesBetween } from '../../src/probe/grid.ts';

const noon = Date.UTC(2026, 2, 20, 12);
const day = 86_400_000;
const halfHours = { kind: 'cron', pattern: '*/30 * * * *', timezone: 'Europe/Berlin' } as const;

test('a whole prober lives a day: every place on the grid is a run or a skip, and none is away from its moment', {
  timeout: 60_000,
}, async () => {
  const { days, runs, wanted, driftMs } = await probeDays(0, 1);
  expect([days, runs, wanted]).toEqual([1, 1248, 1248]);
  expect(driftMs).toBe(0);
});

test('places of a pattern come every half hour through both changes of the clock, and the count has no end', () => {
  const check = { id: 'x', schedule: halfHours };
  expect(placesWanted(check, noon, noon + 365 * day)).toBe(365 * 48);
  for (const from of [Date.UTC(2026, 2, 28, 12), Date.UTC(2026, 9, 24, 12)])
    expect(placesBetween(check, from, from + 2 * day)).toBe(placesWanted(check, from, from + 2 * day));
});
