import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createManualClock, systemClock } from '../../src/core/clock.ts';
import { createConnectivity } from '../../src/probe/connectivity.ts';
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

// ── what is left of a run ──

const busy = { kind: 'event_loop', lateMs: 300 } as const;

test.each([
  ['good', runAt(0), 'good', null],
  ['too slow', runAt(0, { reason: 'slow' }), 'unknown', null],
  ['stalled', runAt(0, { reason: 'stalled', deadline: 'idle' }), 'unknown', null],
  ['refused', runAt(0, { reason: 'overloaded' }), 'bad', 'overloaded'],
  ['not made', runAt(0, { state: 'skipped', skipped: 'budget' }), 'skipped', null],
] as const)('a run that was %s while the prober was busy', (_, run, state, reason) => {
  const left = distrust(run, busy);
  expect(left).toMatchObject({ state, reason, deadline: null });
  expect(distrust(run, undefined)).toBe(run);
  if (state === 'good' || state === 'bad')
    expect(left.warnings).toEqual([{ kind: 'measurement', detail: 'this program was busy for 300ms meanwhile' }]);
});

test('a verdict that is taken back stays in the log', () => {
  const left = distrust(runAt(0, { reason: 'stalled' }), { kind: 'clock_step', stepMs: -5000 });
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
