/** What hostile users found: each of these once ended the mock, or let it say something untrue. */
import { mkdtempSync, symlinkSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { chatCall, createCaller } from '../../src/core/call.ts';
import { createManualClock } from '../../src/core/clock.ts';
import { loadFixtures } from '../../src/mock-server/fixtures/load.ts';
import { createPattern } from '../../src/mock-server/fixtures/pattern.ts';
import { createMock, type TestMock } from '../../src/mock-server/index.ts';

const mocks: TestMock[] = [];
afterEach(() => Promise.all(mocks.splice(0).map(mock => mock.close({ graceMs: 0 }))));
const start = async (options: Parameters<typeof createMock>[0] = {}) => {
  const mock = await createMock(options);
  mocks.push(mock);
  return mock;
};

const body = (fields: object = {}) => ({ model: 'glm-4.6', messages: [{ role: 'user', content: 'hi' }], ...fields });
const post = (mock: TestMock, path = '', fields: object = {}) =>
  fetch(`${mock.url}${path}/api/paas/v4/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${mock.apiKey}` },
    body: JSON.stringify(body(fields)),
  });

test.each(['reset', 'reset-mid-stream,after=2'])('%s over TLS breaks one connection and not the mock', async fault => {
  const mock = await start({ tls: true });
  const through = (faults: string) =>
    createCaller({
      baseUrl: `${mock.url}${faults}/api/paas/v4`,
      key: mock.apiKey,
      connection: 'fresh',
      ca: mock.certificate,
    });
  expect((await through(`/~${fault}`).call(chatCall(body({ stream: true })))).outcome.kind).toBe('reset');
  expect((await through('').call(chatCall(body()))).outcome.kind).toBe('ok');
});

test.each(['forever', '99999999999h'])('a window that lasts %s has a reset time all the same', async length => {
  const mock = await start();
  const answer = await post(mock, `/~window-exhausted,for=${length}`);
  expect(answer.status).toBe(429);
  expect(await answer.text()).toContain('9999-12-31');
});

test('a link to nowhere in a folder of fixtures is passed over, and said when nothing else is there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'glm-hard-'));
  symlinkSync(join(folder, 'nothing'), join(folder, 'dead.yaml'));
  expect(() => loadFixtures([folder])).toThrow('no .yaml, .yml, .json file in this folder');
});

test('an expression that would try for years does not match', () => {
  expect(createPattern('/^(a+)+$/').find(`${'a'.repeat(47)}!`)).toBeUndefined();
  expect(createPattern('/^(a+)+$/').find('a'.repeat(47))?.[0]).toHaveLength(47);
});

const adminAs = (mock: TestMock, headers: Record<string, string>) =>
  new Promise<number>(resolve => {
    request(`${mock.url}/__admin/state`, { headers }, answer => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    }).end();
  });

test('a foreign name or origin is not this machine, whatever its address', async () => {
  const mock = await start();
  expect(await adminAs(mock, { host: 'evil.example' })).toBe(403);
  expect(await adminAs(mock, { origin: 'http://evil.example' })).toBe(403);
  expect(await adminAs(mock, { origin: mock.url })).toBe(200);
});

test('a reset of everything ends the faults of single keys', async () => {
  const mock = await start();
  const spec = mock.key('spec');
  spec.faults('overloaded');
  mock.reset();
  expect(mock.state().faults).toEqual({ everybody: [], keys: {} });
});

test('setting the same fault again begins its count anew', async () => {
  const mock = await start();
  const statuses: number[] = [];
  for (let round = 0; round < 2; round++) {
    mock.faults('overloaded,first=1');
    for (let i = 0; i < 2; i++) statuses.push((await post(mock)).status);
  }
  expect(statuses).toEqual([429, 200, 429, 200]);
});

/** Everything that comes over one socket until it ends. */
const over = (mock: TestMock, text: string) =>
  new Promise<string>(resolve => {
    let seen = '';
    const socket = connect(Number(new URL(mock.url).port), '127.0.0.1', () => socket.write(text));
    socket.on('data', bytes => {
      seen += bytes;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(seen));
  });
const raw = (mock: TestMock, fault: string, fields: object = {}) => {
  const text = JSON.stringify(body(fields));
  return `POST /~${fault}/api/paas/v4/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${mock.apiKey}\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
};

test('what came before a reset arrives, without any pace', async () => {
  const mock = await start();
  const seen = await over(mock, raw(mock, 'reset-mid-stream,after=5', { stream: true }));
  expect(seen.match(/data: /g)).toHaveLength(5);
});

test('a reset that waits behind another answer takes place after it', async () => {
  const mock = await start();
  const seen = await over(mock, raw(mock, 'late-head,for=20ms') + raw(mock, 'reset') + raw(mock, 'crlf'));
  expect(seen.match(/HTTP\/1\.1 200/g)).toHaveLength(1);
  expect(mock.state().in_flight).toEqual([]);
});

test('delay and fault beside an error of a fixture take place', async () => {
  const clock = createManualClock(Date.parse('2026-10-09T04:00:00Z'));
  const mock = await start({ clock });
  mock.on('hi', { error: { code: 1305 }, delay: '2s' });
  const answer = post(mock);
  while (mock.requests().length === 0) await new Promise(resolve => setImmediate(resolve));
  clock.advance(1999);
  expect(mock.requests()[0]?.ending).toBe('open');
  clock.advance(1);
  expect((await answer).status).toBe(429);
});

test('a client that still hangs is seen to have no timeout', async () => {
  const clock = createManualClock(Date.parse('2026-10-09T04:00:00Z'));
  const mock = await start({ clock });
  const stop = new AbortController();
  const hanging = fetch(`${mock.url}/~hang/api/paas/v4/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${mock.apiKey}` },
    body: JSON.stringify(body()),
    signal: stop.signal,
  }).catch(() => 'stopped');
  while (mock.requests().length === 0) await new Promise(resolve => setImmediate(resolve));
  clock.advance(120_000);
  expect(mock.report()).toContain('FAIL no_timeout #1');
  stop.abort();
  expect(await hanging).toBe('stopped');
});
