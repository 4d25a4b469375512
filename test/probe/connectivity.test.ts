import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createManualClock, systemClock } from '../../src/core/clock.ts';
import { createConnectivity } from '../../src/probe/connectivity.ts';
import type { ProbeRun } from '../../src/probe/run.ts';
import { distrust, withoutNetwork } from '../../src/probe/trust.ts';
import { runAt } from '../support/probe-runs.ts';

const servers: { close(): void; closeAllConnections(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const nobody = 'http://127.0.0.1:1/';

test('any answer is an answer, also a refusal', async () => {
  const url = await listening((_req, res) => res.writeHead(503).end());
  const connectivity = createConnectivity({ urls: [nobody, url], timeout: 5000 }, { clock: systemClock });
  expect(await connectivity.look()).toBe(true);
});

test('nobody there, and somebody who says nothing, are no answers', async () => {
  const silent = await listening(() => {});
  const connectivity = createConnectivity({ urls: [nobody, silent], timeout: 50 }, { clock: systemClock });
  expect(connectivity.up).toBe(true);
  expect(await connectivity.look()).toBe(false);
  expect(connectivity.up).toBe(false);
});

test('without references nothing is asked and nothing is doubted', async () => {
  expect(await createConnectivity(undefined, { clock: systemClock, ask: () => Promise.reject() }).look()).toBe(true);
});

test('many who ask at once ask once, and an answer is good for five seconds', async () => {
  const clock = createManualClock();
  let asked = 0;
  const ask = async () => ++asked > 1;
  const connectivity = createConnectivity({ urls: [nobody], timeout: 50 }, { clock, ask });
  expect(await Promise.all([connectivity.look(), connectivity.look()])).toEqual([false, false]);
  clock.advance(4999);
  expect(await connectivity.look()).toBe(false);
  expect(asked).toBe(1);
  clock.advance(1);
  expect(await connectivity.look()).toBe(true);
});

test('the turns of the references are said, and nothing in between', async () => {
  const clock = createManualClock();
  const answers = [true, false, false, true];
  const said: string[] = [];
  const door = { clock, ask: async () => answers.shift() === true, say: (text: string) => void said.push(text) };
  const connectivity = createConnectivity({ urls: [nobody], timeout: 50 }, door);
  const after: number[] = [];
  for (const _ of [1, 2, 3, 4]) {
    await connectivity.look();
    after.push(said.length);
    clock.advance(5000);
  }
  expect(after).toEqual([0, 1, 1, 2]);
  expect(said).toEqual([expect.stringMatching(/^no reference URL answers/), 'a reference URL answers again']);
});

// ── what is left of a run ──

const patience = {
  deadlines: { connect: 1000, first_byte: 10_000, first_token: 15_000, idle: 10_000, total: 30_000 },
  expect: { ttftMs: 3000, ttfotMs: 3000, maxGapMs: 2000, totalMs: 20_000 },
};
const busyFor = (lateMs: number) => ({ kind: 'event_loop', lateMs }) as const;
const after = (total_ms: number, timing: Partial<ProbeRun['timing']> = {}) => ({
  timing: { ...runAt(0).timing, ...timing, total_ms },
});
const ended = (reason: ProbeRun['reason'], more: Partial<ProbeRun> = {}) => runAt(0, { reason, ...more });

test.each([
  ['was good', 300, runAt(0), 'good'],
  ['was silent for ten seconds, of which a hiccup explains little', 144.9, ended('stalled', after(10_400)), 'bad'],
  ['was silent for ten seconds, of which it explains nearly a tenth', 999, ended('stalled', after(10_400)), 'bad'],
  ['was silent, and a tenth of that was our own', 1000, ended('stalled', after(12_000)), 'unknown'],
  ['got no head, and hardly because of us', 999, ended('timeout_first_byte', after(10_000)), 'bad'],
  ['got no head in time, and might have', 1000, ended('timeout_first_byte', after(10_999)), 'unknown'],
  ['got no head in time even without our delay', 1000, ended('timeout_first_byte', after(11_000)), 'bad'],
  [
    'got no token, and this program was stopped for half a minute',
    30_000,
    ended('timeout_first_token', after(31_000)),
    'unknown',
  ],
  ['got no connection in a second', 300, ended('timeout_connect', after(1000)), 'unknown'],
  ['was not done, and hardly because of us', 2999, ended('timeout_total', after(30_000)), 'bad'],
  ['had a slow first token that may be ours', 300, ended('slow', after(4000, { ttft_ms: 3300 })), 'unknown'],
  ['had a slow first token in any case', 300, ended('slow', after(4000, { ttft_ms: 3301 })), 'bad'],
  ['had a silence that was too long in any case', 300, ended('slow', after(4000, { max_gap_ms: 2500 })), 'bad'],
  ['took too long in any case', 300, ended('slow', after(20_500)), 'bad'],
  ['was slow in one of its calls', 300, ended('slow', { ...after(20_500), calls: 2 }), 'unknown'],
  ['had a low rate', 300, ended('slow', after(1000)), 'unknown'],
  ['was refused', 60_000, ended('overloaded'), 'bad'],
  ['broke off', 60_000, ended('truncated'), 'bad'],
  ['had an error in its stream', 60_000, ended('error_in_stream'), 'bad'],
  ['had a wrong answer', 60_000, ended('wrong_answer'), 'bad'],
  ['found no name', 60_000, ended('dns'), 'bad'],
  ['had another certificate', 60_000, ended('tls'), 'bad'],
  ['was not made', 300, runAt(0, { state: 'skipped', skipped: 'budget' }), 'skipped'],
] as const)('a run that %s, while this program was busy for %d ms', (_, lateMs, run, state) => {
  const left = distrust(run, busyFor(lateMs), patience);
  expect(left).toMatchObject({ state, reason: state === 'unknown' ? null : run.reason });
  expect(distrust(run, undefined, patience)).toBe(run);
  const warned = left.warnings.map(({ kind, detail }) => `${kind}: ${detail}`);
  expect(warned).toEqual(
    state === 'good' || state === 'bad' ? [expect.stringMatching(/^measurement: this program was busy for/)] : [],
  );
});

test.each(['stalled', 'slow', 'timeout_total'] as const)(
  'a clock that moved spoils %s, however long it was',
  reason => {
    const run = ended(reason, after(60_000));
    expect(distrust(run, { kind: 'clock_step', stepMs: 2000 }, patience).state).toBe('unknown');
  },
);

test('a verdict that is taken back stays in the log', () => {
  const left = distrust(runAt(0, { reason: 'stalled' }), { kind: 'clock_step', stepMs: -5000 }, patience);
  expect(left.detail).toBe('stalled, but the clock moved by 5s meanwhile');
  expect(left.log.at(-1)).toBe('not trusted: the clock moved by 5s meanwhile');
});

test('a network fault of our own blames nobody', () => {
  expect(withoutNetwork(runAt(0, { reason: 'dns' }))).toMatchObject({
    state: 'unknown',
    reason: null,
    fault_domain: null,
  });
});
