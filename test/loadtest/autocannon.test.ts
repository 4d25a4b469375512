import { HTTPParser } from 'http-parser-js';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { Reason } from '../../src/core/outcome.ts';
import { createAutocannonDriver } from '../../src/loadtest/drivers/autocannon.ts';
import type { Driver } from '../../src/loadtest/drivers/driver.ts';
import { createUndiciDriver } from '../../src/loadtest/drivers/undici.ts';
import { workloadFor } from '../../src/loadtest/plan.ts';
import * as fake from '../support/fake-glm.ts';
import { planOf } from './plan.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(reply: fake.Reply) {
  const server = await fake.createFakeGlm(reply);
  cleanups.push(() => server.close());
  return server;
}

function driverFor(baseUrl: string, name: keyof typeof create, more: object = {}): Driver {
  const driver = create[name](planOf({ baseUrl, stream: false, driver: name, ...more }), systemClock);
  cleanups.push(() => driver.close());
  return driver;
}

const create = { autocannon: createAutocannonDriver, undici: createUndiciDriver };
const asked = (n: number) => workloadFor(planOf({ stream: false })).ask(n).body;
const body = asked(0);
const never = () => ({ signal: new AbortController().signal });

const raw =
  (text: string, end: 'end' | 'resetAndDestroy' | 'none' = 'none'): fake.Reply =>
  response => {
    const socket = response.socket;
    socket?.write(text, () => end !== 'none' && setImmediate(() => socket[end]()));
  };

const whole = JSON.stringify(fake.completion({ content: '海' }));

const chunked = (head: string, text?: string) =>
  raw(
    `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${head}${text === undefined ? '' : `${text}\r\n0\r\n\r\n`}`,
  );

test.each<[string, fake.Reply, Reason]>([
  ['a good answer', fake.goodUnary, 'ok'],
  ['an answer that only a FIN ends', raw(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${whole}`, 'end'), 'ok'],
  ['a body cut by FIN', raw('HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{"cho', 'end'), 'truncated'],
  [
    'a chunked body cut by FIN',
    raw('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{"ch', 'end'),
    'truncated',
  ],
  ['FIN instead of an answer', response => response.socket?.end(), 'reset'],
  ['RST instead of an answer', response => response.socket?.resetAndDestroy(), 'reset'],
  ['bytes that are not HTTP', raw('SSH-2.0-hello\r\n\r\n'), 'malformed'],
  ['a chunk size below zero', chunked('-5\r\nhello\r\n'), 'malformed'],
  ['a chunk size that is no number', chunked('xyz\r\nabc\r\n0\r\n\r\n'), 'malformed'],
  ['a chunk size with something behind it', chunked(`${Buffer.byteLength(whole).toString(16)};a=b\r\n`, whole), 'ok'],
  ['a body size below zero', raw(`HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n${whole}`), 'malformed'],
  ['silence', fake.hang, 'timeout_first_byte'],
  ['half a body and silence', raw('HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{"cho'), 'timeout_total'],
  ['a gateway page', fake.html(502), 'gateway_error'],
  ['1302', fake.apiError(429, '1302'), 'rate_limited'],
  ['1113', fake.apiError(429, '1113'), 'balance_exhausted'],
  ['a body without usage', fake.json(200, fake.completion({ content: 'a' }, 'stop', null)), 'usage_missing'],
  ['a stream nobody asked for', fake.goodStream, 'contract'],
])('both drivers call %s the same', async (_name, reply, kind) => {
  const server = await serve(reply);
  for (const name of ['autocannon', 'undici'] as const) {
    const record = await driverFor(server.url, name, { timeoutMs: 200 }).send(body, never());
    expect([name, record.outcome.kind]).toEqual([name, kind]);
  }
});

const answer = `HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(whole)}\r\n\r\n${whole}`;
const announced = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n';
const timedOut = 'HTTP/1.1 408 Request Time-out\r\ncontent-length: 4\r\nconnection: close\r\n\r\nlate';

test.each([
  ['an answer that others announce', announced + answer],
  ['an answer with another behind it', answer + answer],
  ['an answer with a refusal behind it', answer + timedOut],
])('%s is one answer', async (_, text) => {
  const server = await serve(raw(text));
  const driver = driverFor(server.url, 'autocannon', { timeoutMs: 1000 });
  expect(await driver.send(body, never())).toMatchObject({ outcome: { kind: 'ok' }, status: 200 });
  expect(server.requests).toHaveLength(1);
});

test('what a server says on an idle connection is the answer to no request', async () => {
  const said = Promise.withResolvers<void>();
  const server = await serve(response => {
    const { socket } = response;
    socket?.once('close', said.resolve).write(answer, () => setImmediate(() => socket.write(timedOut)));
  });
  const driver = driverFor(server.url, 'autocannon', { timeoutMs: 1000 });
  expect(await driver.send(body, never())).toMatchObject({ outcome: { kind: 'ok' } });
  await said.promise;
  expect(await driver.send(body, never())).toMatchObject({ outcome: { kind: 'ok' }, reusedConnection: false });
});

test('the parser that autocannon brings still steps back at a size below zero, which is why it is fenced', () => {
  const steps: number[] = [];
  const parser = new HTTPParser(HTTPParser.RESPONSE);
  parser[HTTPParser.kOnHeadersComplete] = () => {};
  parser[HTTPParser.kOnMessageComplete] = () => {};
  parser[HTTPParser.kOnBody] = (_, __, length) => {
    if (steps.push(length) === 1000) throw new Error('without end');
  };
  const bytes = Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-5\r\nhello\r\n');
  expect(() => parser.execute(bytes)).toThrow('without end');
  expect(new Set(steps)).toEqual(new Set([-5]));
});

test('a refused port is tcp, once per request', async () => {
  const driver = driverFor(await fake.refusedUrl(), 'autocannon');
  const records = [await driver.send(body, never()), await driver.send(body, never())];
  expect(records).toMatchObject([{ outcome: { kind: 'tcp' } }, { outcome: { kind: 'tcp' } }]);
});

test('a request is the one that was given, with the key, on a kept connection', async () => {
  const server = await serve(fake.goodUnary);
  const driver = driverFor(server.url, 'autocannon', { concurrency: 1 });
  const records = [];
  for (const number of [0, 1, 2]) records.push(await driver.send(asked(number), never()));
  expect(server.requests.map(request => request.body)).toEqual([0, 1, 2].map(n => JSON.parse(asked(n))));
  expect(server.requests[0]).toMatchObject({ path: '/api/paas/v4/chat/completions', method: 'POST' });
  expect(server.requests[0]?.authorization).toBe('Bearer canary-id.canary-secret');
  expect(records.map(record => record.reusedConnection)).toEqual([false, true, true]);
  expect(records[0]).toMatchObject({
    usage: fake.usage,
    model: 'glm-4.6',
    logId: 'log-1',
    status: 200,
    visibleChars: 4,
  });
});

test('a connection that broke is opened again for the next request', async () => {
  const server = await serve(response => response.socket?.resetAndDestroy());
  const driver = driverFor(server.url, 'autocannon', { concurrency: 1 });
  const kinds = [];
  for (const reply of [
    server.reply,
    fake.goodUnary,
    raw('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{', 'end'),
    fake.goodUnary,
  ]) {
    server.reply = reply;
    kinds.push((await driver.send(body, never())).outcome.kind);
  }
  expect(kinds).toEqual(['reset', 'ok', 'truncated', 'ok']);
});

test('an answer that closes its connection does not take the next request with it', async () => {
  const server = await serve((response, request) => {
    response.setHeader('connection', 'close');
    fake.goodUnary(response, request);
  });
  const driver = driverFor(server.url, 'autocannon', { concurrency: 1 });
  const kinds = [];
  for (let i = 0; i < 5; i++) kinds.push((await driver.send(body, never())).outcome.kind);
  expect(kinds).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
});

test('a request can be cancelled', async () => {
  const stop = new AbortController();
  const server = await serve(() => stop.abort());
  const record = await driverFor(server.url, 'autocannon').send(body, { signal: stop.signal });
  expect(record.outcome.kind).toBe('cancelled');
});
