/** A drill on a scene of data: what is found, and what is told when it goes otherwise. */
import { expect, test } from 'vitest';
import { createManualClock } from '../../src/core/clock.ts';
import { type Fault, faults } from '../../src/drill/catalogue.ts';
import { type PlayDoor, playWave } from '../../src/drill/play.ts';
import { type Alert, Lost, type Scene } from '../../src/drill/scene.ts';

const named = (name: string) => faults.find(fault => fault.name === name) as Fault;
const overloaded = named('overloaded');
const overdue = named('account-overdue');

interface Event {
  readonly name: string;
  readonly about?: string;
  readonly to?: string;
  /** ms since the fault began; negative: so long after the start. */
  readonly at: number;
  /** ms since the fault ended; of an alert before it, since the start. */
  readonly clears?: number;
}

interface Script {
  readonly events?: readonly Event[];
  readonly reason?: string | null;
  readonly unrest?: string;
  readonly firing?: readonly string[];
  readonly diesAt?: number;
}

const calmAfterMs = 1000;

/** Time goes on only while somebody waits. */
function theatre(script: Script) {
  const time = createManualClock();
  const stop = new AbortController();
  const said: string[] = [];
  const log: string[] = [];
  let began: number | undefined;
  let ended: number | undefined;
  const alerts = (): Alert[] =>
    (script.events ?? []).flatMap(({ name, about = 'overloaded', to = 'pager', at, clears }) => {
      const atMs = at < 0 ? -at : began === undefined ? Infinity : began + at;
      const since = at < 0 ? 0 : (ended ?? Infinity);
      const clearedMs = clears === undefined ? Infinity : since + clears;
      if (time.now() < atMs) return [];
      return [{ ...{ name, about, to, atMs }, ...(time.now() >= clearedMs && { clearedMs }) }];
    });
  const { reason = 'overloaded' } = script;
  const scene: Scene = {
    unrest: async () => script.unrest ?? (time.now() < calmAfterMs ? 'not yet' : undefined),
    begin: async ({ name }) => {
      log.push(`begin ${name}`);
      began ??= time.now();
    },
    end: async ({ name }) => {
      log.push(`end ${name}`);
      ended ??= time.now();
    },
    alerts: async () => alerts(),
    said: async () => ({ state: 'down', reason, domain: reason && 'provider' }),
    firing: async () => script.firing ?? [],
    broken: () =>
      script.diesAt !== undefined && time.now() >= script.diesAt ? 'prometheus ended: out of memory' : undefined,
    close: async () => {},
  };
  const door: PlayDoor = {
    clock: {
      ...time,
      sleep: async (ms, signal) => {
        signal?.throwIfAborted();
        time.advance(ms);
      },
    },
    ...{ stop: stop.signal, patienceMs: 60_000, lookMs: 100, quietMs: 2000, say: sentence => void said.push(sentence) },
  };
  return { scene, door, log, said, stop };
}

test('an alert that comes and goes is timed from the fault and from its end', async () => {
  const { scene, door, log, said } = theatre({ events: [{ name: 'GlmProbeDown', at: 5800, clears: 10_000 }] });
  const wave = await playWave([overloaded], scene, door);
  const played = { fault: overloaded, reason: 'overloaded', detectMs: 5800, clearMs: 10_000, problems: [] };
  expect(wave).toEqual({ played: [played], early: [], stray: [], busy: [] });
  expect(log).toEqual(['begin overloaded', 'end overloaded']);
  expect(said).toEqual([
    'all is well, and no alert comes',
    'overloaded: GlmProbeDown after 5.8s',
    'overloaded: cleared after 10.0s',
  ]);
});

test('alerts that an outage brings along are no mistake', async () => {
  const { scene, door } = theatre({
    events: [
      { name: 'GlmProbeDown', at: 0, clears: 0 },
      { name: 'GlmProbeErrorBudgetBurnFast', at: 0 },
    ],
  });
  expect((await playWave([overloaded], scene, door)).played[0]?.problems).toEqual([]);
});

const down = { name: 'GlmProbeDown', at: 0, clears: 500 };

test.each<[string, Script, string]>([
  [
    'an alert that does not come',
    { firing: ['GlmProbeUnknown', 'GlmProbeUnknown'] },
    'GlmProbeDown did not come: the probe says overloaded (provider), Prometheus fires GlmProbeUnknown',
  ],
  ['nothing at all', { reason: null }, 'GlmProbeDown did not come: the probe says down, Prometheus fires nothing'],
  [
    'the wrong receiver',
    { events: [{ ...down, to: 'tickets' }] },
    'GlmProbeDown came to tickets and not to pager: the probe says overloaded (provider), Prometheus fires nothing',
  ],
  ['an alert that does not end', { events: [{ name: 'GlmProbeDown', at: 0 }] }, 'GlmProbeDown did not end'],
  [
    'another word for it',
    { events: [down], reason: 'server_error' },
    'the probe called it server_error (provider), not overloaded',
  ],
  [
    'a wrong alert beside the right one',
    { events: [down, { name: 'GlmProbeAccountBlocked', to: 'account-owner', at: 10 }] },
    'there also came GlmProbeAccountBlocked',
  ],
  [
    'a program that dies',
    { diesAt: 2000 },
    'GlmProbeDown did not come: the probe says overloaded (provider), Prometheus fires nothing, prometheus ended: out of memory',
  ],
])('told: %s', async (_, script, problem) => {
  const { scene, door, log } = theatre(script);
  const wave = await playWave([overloaded], scene, door);
  expect(wave.played[0]?.problems).toEqual([problem]);
  expect(log.at(-1)).toBe('end overloaded');
});

test('what goes on for long after its fault is named, with how long it is waited for', async () => {
  const { scene, door, said } = theatre({ events: [{ name: 'GlmProbeDown', at: 0 }] });
  const of = 'home/chat/glm-4.6';
  const placed: Scene = { ...scene, alerts: async () => (await scene.alerts()).map(alert => ({ ...alert, of })) };
  await playWave([overloaded], placed, door);
  expect(said.at(-1)).toBe(`still waiting: GlmProbeDown of ${of} fires, for at most 1m after overloaded`);
});

test('of two faults each has its own alerts, and one about neither is stray', async () => {
  const { scene, door } = theatre({
    events: [
      down,
      { name: 'GlmProbeAccountBlocked', about: 'account-overdue', to: 'account-owner', at: 0, clears: 500 },
      { name: 'GlmProbeAbsent', about: 'nobody', at: 0 },
    ],
  });
  const elsewhere: Scene = {
    ...scene,
    alerts: async () =>
      (await scene.alerts()).map(alert => (alert.about === 'nobody' ? { ...alert, about: undefined } : alert)),
    said: async ({ reason, domain }) => ({ state: 'down', reason, domain }),
  };
  const wave = await playWave([overloaded, overdue], elsewhere, door);
  expect(wave.played.map(({ problems }) => problems)).toEqual([[], []]);
  expect(wave.stray).toEqual(['GlmProbeAbsent']);
});

test.each([
  ['in the silence', -1500, 1600, ['GlmProbeStale']],
  ['at the start, and ends before all is well', -10, 900, []],
  ['at the start, and ends a little later', -10, 1800, []],
])('an alert that comes %s', async (_, at, clears, early) => {
  const { scene, door } = theatre({ events: [{ name: 'GlmProbeStale', at, clears }, down] });
  const wave = await playWave([overloaded], scene, door);
  expect(wave.early).toEqual(early);
  expect(wave.played[0]?.problems).toEqual([]);
});

test('what only says that this machine is busy is kept apart, whenever it comes', async () => {
  const events = [{ name: 'GlmMockLate', at: -10 }, { name: 'GlmProbeMeasurementUnreliable', at: 10 }, down];
  const { scene, door } = theatre({ events });
  const wave = await playWave([overloaded], scene, door);
  expect(wave.busy).toEqual(['GlmMockLate', 'GlmProbeMeasurementUnreliable']);
  expect([wave.early, wave.stray, wave.played[0]?.problems]).toEqual([[], [], []]);
});

test('nothing is played while an alert of the start does not end', async () => {
  const { scene, door, log } = theatre({ events: [{ name: 'GlmProbeStale', at: -10 }] });
  const wave = await playWave([overloaded], scene, door);
  expect(wave.played[0]?.problems).toEqual(['all was not well before it began: GlmProbeStale fires']);
  expect(log).toEqual([]);
});

test('nothing is played when all does not become well', async () => {
  const { scene, door, log, said } = theatre({ unrest: 'not yet 3 good runs of overloaded' });
  const wave = await playWave([overloaded], scene, door);
  expect(wave.played[0]?.problems).toEqual(['all was not well before it began: not yet 3 good runs of overloaded']);
  expect(log).toEqual([]);
  expect(said).toEqual(['still waiting: not yet 3 good runs of overloaded']);
});

test('what the drill talks to is gone: no other fault waits on', async () => {
  const { scene, door } = theatre({});
  let waits = 0;
  const lost: Scene = {
    ...scene,
    begin: async fault => {
      if (fault === overdue) throw new Lost('the mock does not answer');
    },
  };
  const { sleep } = door.clock;
  const clock: PlayDoor['clock'] = {
    ...door.clock,
    sleep: async (ms, signal) => {
      waits++;
      await sleep(ms, signal);
    },
  };
  await expect(playWave([overloaded, overdue], lost, { ...door, clock })).rejects.toThrow(Lost);
  const waitedUntilThen = waits;
  await new Promise(resolve => setImmediate(resolve));
  expect(waits).toBeLessThanOrEqual(waitedUntilThen + 1);
});

test('told to stop, it stops where it is', async () => {
  const { scene, door, stop } = theatre({});
  stop.abort(new Error('stop'));
  await expect(playWave([overloaded], scene, door)).rejects.toThrow('stop');
});
