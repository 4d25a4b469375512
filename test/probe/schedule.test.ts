import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../../src/core/clock.ts';
import { createRandom } from '../../src/core/random.ts';
import { nextFiring } from '../../src/probe/cron.ts';
import { phaseOf, placesBetween, startAfter } from '../../src/probe/grid.ts';
import { maintenanceUntil } from '../../src/probe/maintenance.ts';
import type { ProbeCheck } from '../../src/probe/plan.ts';
import { createSchedule, type Scheduled, type Visit } from '../../src/probe/schedule.ts';
import type { Schedule as Rhythm } from '../../src/probe/settings.ts';
import { createWatch } from '../../src/probe/watch.ts';

const random = createRandom('test');
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const noon = Date.UTC(2026, 10, 28, 12);

const checkOf = (id: string, schedule: Partial<Extract<Rhythm, { kind: 'interval' }>> = {}, credential = 'main') => {
  const [target = '', check = '', model = ''] = id.split('/');
  const rhythm = { kind: 'interval', everyMs: minute, jitter: 0, ...schedule } as const;
  return { id, target, check, model, schedule: rhythm, endpoint: { credential } } as ProbeCheck;
};

const planOf = (checks: readonly ProbeCheck[], more: Partial<Scheduled> = {}): Scheduled => ({
  checks,
  credentials: [{ name: 'main', callsAtOnce: 1, budget: { currency: 'CNY', timezone: 'UTC' }, expiresAtMs: undefined }],
  maintenance: [],
  runsAtOnce: 4,
  ...more,
});

/** A manual clock whose wall can be set. */
function settable(wallMs = noon): ManualClock & { set: (byMs: number) => void } {
  const clock = createManualClock(wallMs);
  let shift = 0;
  return {
    ...clock,
    wall: () => clock.wall() + shift,
    set: byMs => {
      shift += byMs;
    },
  };
}

/** A schedule whose runs take as long as they are told, on the clock; everything is noted. */
function scheduled(plan: Scheduled, { clock = settable(), runMs = 1000, lastOf }: Options = {}) {
  const visits: (Visit & { atMs: number })[] = [];
  const skips: string[] = [];
  const missed: Record<string, number> = {};
  let most = 0;
  let now = 0;
  const visit = async (visit: Visit) => {
    visits.push({ ...visit, atMs: clock.wall() });
    most = Math.max(most, ++now);
    await clock.sleep(runMs);
    now--;
  };
  const schedule = createSchedule(
    plan,
    {
      clock,
      random,
      visit,
      skipped: (check, why) => skips.push(`${check.id} ${why}`),
      missed: (check, count) => {
        missed[check.id] = (missed[check.id] ?? 0) + count;
      },
    },
    lastOf,
  );
  return { schedule, clock, visits, skips, missed, most: () => most };
}

/** Lets promises settle between the steps. */
async function pass(clock: ManualClock, ms: number, stepMs = 1000): Promise<void> {
  for (let gone = 0; gone < ms; gone += stepMs) {
    clock.advance(stepMs);
    await new Promise(resolve => setImmediate(resolve));
  }
}

interface Options {
  readonly clock?: ReturnType<typeof settable>;
  readonly runMs?: number;
  readonly lastOf?: (id: string) => number | undefined;
}

test('a simulated day keeps the grid to the millisecond, whatever a run takes', async () => {
  const check = checkOf('home/chat/glm-4.6');
  const { clock, visits, skips } = scheduled(planOf([check]), { runMs: 41_337 });
  await pass(clock, day);
  expect(visits).toHaveLength(24 * 60);
  expect(skips).toEqual([]);
  const phase = phaseOf(check.id, minute);
  for (const { atMs } of visits) expect((atMs - phase + minute / 2) % minute).toBeCloseTo(minute / 2, 3);
});

test('jitter delays a start within its share and never moves the grid', async () => {
  const check = checkOf('home/chat/glm-4.6', { jitter: 0.1 });
  const { clock, visits } = scheduled(planOf([check]), { runMs: 10 });
  await pass(clock, day);
  const delays = visits.map(({ atMs, plannedAtMs }) => atMs - plannedAtMs);
  expect(visits.length).toBeGreaterThanOrEqual(24 * 60 - 1);
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...delays)).toBeLessThanOrEqual(6000);
  expect(new Set(delays.map(Math.round)).size).toBeGreaterThan(1000);
  expect(
    new Set(visits.slice(1).map(({ plannedAtMs }, i) => Math.round(plannedAtMs - visits[i]!.plannedAtMs))),
  ).toEqual(new Set([minute]));
});

test('thirty checks do not begin together', async () => {
  const ids = Array.from({ length: 30 }, (_, i) => `home/chat/model-${i}`);
  const phases = ids.map(id => phaseOf(id, minute)).sort((a, b) => a - b);
  const [most = 0] = phases
    .map(from => phases.filter(at => at >= from && at < from + 1000).length)
    .sort((a, b) => b - a);
  expect(most).toBeLessThanOrEqual(4);
});

test('a restart takes the same places as before, and says how many it missed', async () => {
  const check = checkOf('home/chat/glm-4.6');
  const before = startAfter(check, noon, random)?.gridMs ?? 0;
  const { clock, visits, missed } = scheduled(planOf([check]), {
    clock: settable(noon + 10 * minute + 17),
    lastOf: () => before,
  });
  await pass(clock, minute);
  expect(visits.map(({ plannedAtMs }) => plannedAtMs)).toEqual([
    before + 10 * minute + (before < noon + 17 ? minute : 0),
  ]);
  expect(missed).toEqual({ 'home/chat/glm-4.6': visits[0]!.plannedAtMs / minute - before / minute - 1 });
});

test('a check never overlaps itself: what comes meanwhile is skipped and told', async () => {
  const { clock, visits, skips, most } = scheduled(planOf([checkOf('home/chat/m')]), { runMs: 150_000 });
  await pass(clock, 9 * minute);
  expect(visits).toHaveLength(3);
  expect(skips).toEqual(Array(6).fill('home/chat/m overlap'));
  expect(most()).toBe(1);
});

test('one call at a time per credential, four runs over all', async () => {
  const one = planOf([checkOf('home/chat/a'), checkOf('home/chat/b'), checkOf('home/chat/c')]);
  const single = scheduled(one, { runMs: 18_000 });
  await pass(single.clock, hour);
  expect(single.most()).toBe(1);
  expect(single.skips).toEqual([]);
  expect(single.visits.length).toBeGreaterThanOrEqual(3 * 59);

  const many = Array.from({ length: 12 }, (_, i) => checkOf(`home/chat/${i}`, {}, `c${i}`));
  const wide = scheduled(planOf(many), { runMs: 15_000 });
  await pass(wide.clock, hour);
  expect(wide.most()).toBe(4);
  expect(wide.visits.length).toBeGreaterThan(12 * 55);
});

test('waiting for a place is lag', async () => {
  const { clock, visits } = scheduled(planOf([checkOf('home/chat/a'), checkOf('home/chat/b')]), { runMs: 40_000 });
  await pass(clock, 3 * minute);
  const lags = visits.map(({ lagMs }) => lagMs);
  expect(lags[0]).toBe(0);
  expect(Math.max(...lags)).toBeGreaterThan(1000);
});

test('maintenance skips, and says so', async () => {
  const window = { from: '2026-11-28T12:10:00Z', until: '2026-11-28T12:15:00Z', checks: ['chat'] };
  const { clock, visits, skips } = scheduled(
    planOf([checkOf('home/chat/m'), checkOf('home/models/m')], { maintenance: [window] }),
  );
  await pass(clock, 20 * minute);
  expect(skips).toEqual(Array(5).fill('home/chat/m maintenance'));
  expect(visits.filter(({ check }) => check.check === 'models')).toHaveLength(20);
  expect(visits.filter(({ check }) => check.check === 'chat')).toHaveLength(15);
});

test('a clock that is set is found out, and the grid is found again', async () => {
  const check = checkOf('home/chat/m');
  const clock = settable();
  const { schedule, visits, missed } = scheduled(planOf([check]), { clock });
  const steps: number[] = [];
  const watch = createWatch({
    clock,
    onStep: ms => {
      steps.push(Math.round(ms));
      schedule.resync();
    },
  });
  await pass(clock, 5 * minute);
  clock.set(2 * hour + 7000);
  await pass(clock, 5 * minute);
  clock.set(-3 * hour);
  await pass(clock, 5 * minute);
  watch.stop();
  expect(steps).toEqual([2 * hour + 7000, -3 * hour]);
  expect(missed).toEqual({ 'home/chat/m': 120 });
  expect(visits.length).toBeGreaterThanOrEqual(14);
  const phase = phaseOf(check.id, minute);
  for (const { atMs } of visits) expect((atMs - phase + minute / 2) % minute).toBeCloseTo(minute / 2, 3);
});

test('slewing by a millisecond in two seconds is followed, not mistaken for a step', () => {
  const clock = settable();
  const { visits } = scheduled(planOf([checkOf('home/chat/m')]), { clock });
  const steps: number[] = [];
  const watch = createWatch({ clock, onStep: ms => steps.push(ms) });
  for (let i = 0; i < 3600; i++) {
    clock.advance(2000);
    clock.set(1);
  }
  watch.stop();
  expect(steps).toEqual([]);
  const delays = visits.map(({ atMs, plannedAtMs }) => Math.abs(atMs - plannedAtMs));
  expect(Math.max(...delays)).toBeLessThan(50);
});

test('a stretch of time remembers what disturbed it, and only that', () => {
  const clock = settable();
  const watch = createWatch({ clock });
  const calm = watch.begin();
  clock.advance(500);
  expect(calm()).toBeUndefined();
  const stepped = watch.begin();
  clock.set(-5000);
  clock.advance(100);
  expect(stepped()).toEqual({ kind: 'clock_step', stepMs: -5000 });
  const after = watch.begin();
  clock.advance(100);
  expect(after()).toBeUndefined();
  watch.stop();
});

test('a busy loop spoils what is measured meanwhile', () => {
  let late = 0;
  const clock = settable();
  const watch = createWatch({ clock: { ...clock, now: () => clock.now() + late, wall: () => clock.wall() + late } });
  const stretch = watch.begin();
  late = 300; // nobody ran anything for 300 ms
  expect(stretch()).toMatchObject({ kind: 'event_loop' });
  watch.stop();
});

test('one delay is told once, however many notice it', () => {
  let late = 0;
  const clock = settable();
  const told: number[] = [];
  const watch = createWatch({
    clock: { ...clock, now: () => clock.now() + late, wall: () => clock.wall() + late },
    onLate: ms => told.push(ms),
  });
  const [one, two] = [watch.begin(), watch.begin()];
  late = 300;
  expect([one(), two()]).toMatchObject([{ kind: 'event_loop' }, { kind: 'event_loop' }]);
  expect(told).toHaveLength(1);
  watch.stop();
});

test('stopping skips what waits and waits for what runs', async () => {
  const clock = settable();
  const skips: string[] = [];
  const ended: string[] = [];
  const schedule = createSchedule(planOf([checkOf('home/chat/a'), checkOf('home/chat/b')]), {
    clock,
    random,
    visit: ({ check, stop }) =>
      new Promise(resolve =>
        stop.addEventListener('abort', () => {
          ended.push(check.id);
          resolve();
        }),
      ),
    skipped: (check, why) => skips.push(`${check.id} ${why}`),
    missed: () => {},
  });
  clock.advance(minute);
  await schedule.stop();
  expect(ended).toHaveLength(1);
  expect(skips).toHaveLength(1);
  expect(skips[0]).toMatch(/shutdown$/);
  clock.advance(hour);
  expect(ended).toHaveLength(1);
});

test('a swap drops, adds, and leaves the others on their grid', async () => {
  const [a, b, c] = [checkOf('home/chat/a'), checkOf('home/chat/b'), checkOf('home/chat/c')];
  const { schedule, clock, visits } = scheduled(planOf([a, b]), { runMs: 10 });
  await pass(clock, 10 * minute);
  schedule.swap(planOf([b, c]));
  visits.length = 0;
  await pass(clock, 10 * minute);
  const by = Object.groupBy(visits, ({ check }) => check.check + check.model);
  expect(Object.keys(by).sort()).toEqual(['chatb', 'chatc']);
  expect(visits.filter(({ check }) => check === b)).toHaveLength(10);
  expect(schedule.nextOf('home/chat/a')).toBeUndefined();
});

/** What is left after a collection. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

test('memory stays flat over simulated weeks', { timeout: 60_000 }, async () => {
  const checks = Array.from({ length: 20 }, (_, i) => checkOf(`home/chat/${i}`, { jitter: 0.1 }, `c${i}`));
  const clock = settable();
  let visits = 0;
  createSchedule(planOf(checks, { runsAtOnce: 64 }), {
    clock,
    random,
    visit: async () => {
      visits++;
    },
    skipped: () => {},
    missed: () => {},
  });
  await pass(clock, day, 10_000);
  const before = heapUsed();
  await pass(clock, 7 * day, 10_000);
  expect(visits).toBeGreaterThan(20 * 8 * 1439);
  expect(heapUsed() - before).toBeLessThan(1024 * 1024);
});

// ── time zones ──

const utc = (text: string) => Date.parse(text);

test.each([
  ['the hour that is skipped', '30 2 * * *', '2026-03-28T12:00Z', ['2026-03-29T01:00Z', '2026-03-30T00:30Z']],
  ['the hour that comes twice', '30 2 * * *', '2026-10-24T12:00Z', ['2026-10-25T00:30Z', '2026-10-26T01:30Z']],
  [
    'half-hours while the hour comes twice',
    '*/30 * * * *',
    '2026-10-25T00:10Z',
    ['2026-10-25T00:30Z', '2026-10-25T01:00Z'],
  ],
])('cron in Berlin: %s', (_, pattern, from, expected) => {
  const first = nextFiring(pattern, 'Europe/Berlin', utc(from));
  expect([first, nextFiring(pattern, 'Europe/Berlin', first ?? 0)]).toEqual(expected.map(utc));
});

test('a cron pattern counts its places like an interval', () => {
  const check = {
    ...checkOf('home/chat/m'),
    schedule: { kind: 'cron', pattern: '*/5 * * * *', timezone: 'Asia/Shanghai' },
  } as const;
  expect(placesBetween(check, noon, noon + hour)).toBe(12);
  expect(placesBetween(check, noon, noon - hour)).toBe(0);
  expect(
    startAfter({ id: 'a', schedule: { kind: 'cron', pattern: '0 0 30 2 *', timezone: 'UTC' } }, noon, random),
  ).toBeUndefined();
});

const nightly = { timezone: 'Europe/Berlin', start: '02:30', duration: hour };

test.each([
  ['an ordinary night', nightly, '2026-06-10T00:29:59Z', undefined],
  ['its beginning', nightly, '2026-06-10T00:30Z', '2026-06-10T01:30Z'],
  ['its end', nightly, '2026-06-10T01:30Z', undefined],
  ['the night that skips its start', nightly, '2026-03-29T01:10Z', '2026-03-29T02:00Z'],
  ['before that', nightly, '2026-03-29T00:59Z', undefined],
  ['the night that has it twice: the first', nightly, '2026-10-25T00:45Z', '2026-10-25T01:30Z'],
  ['the night that has it twice: not the second', nightly, '2026-10-25T01:45Z', undefined],
  [
    'over midnight',
    { timezone: 'Asia/Shanghai', start: '23:00', duration: 3 * hour, weekdays: ['sun'] as const },
    '2026-11-29T17:30Z',
    '2026-11-29T18:00Z',
  ],
  [
    'another weekday',
    { timezone: 'Asia/Shanghai', start: '23:00', duration: 3 * hour, weekdays: ['sat'] as const },
    '2026-11-29T17:30Z',
    undefined,
  ],
  [
    'longer than a day',
    { timezone: 'UTC', start: '00:00', duration: 2 * day, weekdays: ['sat'] as const },
    '2026-11-29T23:00Z',
    '2026-11-30T00:00Z',
  ],
  ['another target', { ...nightly, targets: ['other'] }, '2026-06-10T00:45Z', undefined],
])('maintenance: %s', (_, window, at, until) => {
  const found = maintenanceUntil(
    [window as Parameters<typeof maintenanceUntil>[0][0]],
    checkOf('home/chat/m'),
    utc(at),
  );
  expect(found).toBe(until === undefined ? undefined : utc(until));
});
