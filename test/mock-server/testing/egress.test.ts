import http, { createServer } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { HttpResponse, http as handler } from 'msw';
import { setupServer } from 'msw/node';
import OpenAI from 'openai';
import * as undici from 'undici';
import { afterEach, expect, test } from 'vitest';
import { type EgressGuard, guardEgress } from '../../../src/mock-server/testing/egress.ts';

const url = 'https://open.bigmodel.cn/api/paas/v4/models';
const seams = () => [net.Socket.prototype.connect, Reflect.get(tls.TLSSocket.prototype, 'setServername'), fetch];
const untouched = seams();

let guard: EgressGuard | undefined;

afterEach(() => {
  guard?.release();
  guard = undefined;
  expect(seams()).toEqual(untouched);
});

/** How an emitter failed. */
const failure = (emitter: NodeJS.EventEmitter) =>
  new Promise<unknown>(resolve => {
    emitter.once('error', resolve);
    emitter.once('connect', () => resolve('connected'));
    emitter.once('response', () => resolve('answered'));
  });

const thrown = (promise: Promise<unknown>) =>
  promise.then(
    () => 'answered',
    error => error.cause ?? error,
  );

const ways: Record<string, () => Promise<unknown>> = {
  fetch: () => thrown(fetch(url)),
  'undici.fetch': () => thrown(undici.fetch(url)),
  'undici.request': () => thrown(undici.request(url)),
  'an undici Pool': () => thrown(new undici.Pool('https://api.z.ai').request({ path: '/', method: 'GET' })),
  'node:https': () => failure(https.get(url)),
  'node:http': () => failure(http.get('http://api.z.ai/api')),
  'node:http2': () => failure(http2.connect('https://api.z.ai')),
  'net.connect by port and host': () => failure(net.connect(443, 'open.bigmodel.cn')),
  'net.connect by options': () => failure(net.connect({ host: 'OPEN.bigmodel.cn.', port: 443 })),
  'Socket.connect': () => failure(new net.Socket().connect(443, 'bigmodel.cn', () => {})),
  'tls.connect': () => failure(tls.connect({ host: 'dev.bigmodel.cn', port: 443 })),
  'an address with the name for TLS': () =>
    failure(tls.connect({ host: '192.0.2.1', port: 443, servername: 'api.z.ai' })),
  'a resolver of its own': () =>
    failure(net.connect({ host: 'api.z.ai', port: 443, lookup: (_, __, done) => done(null, '192.0.2.1', 4) })),
};

test.each(Object.entries(ways))('%s does not reach the vendor', async (_, way) => {
  guard = guardEgress();
  const error = await way();
  expect(error).toMatchObject({ name: 'EgressError', code: 'ERR_GLM_EGRESS' });
  expect(guard.violations()).toEqual([error]);
});

test.each(['fetch', 'undici.request', 'node:https', 'net.connect by options'])(
  '%s: the stack is the caller’s',
  async name => {
    guard = guardEgress();
    async function anUnsuspectingCaller() {
      return ways[name]!();
    }
    const error = await anUnsuspectingCaller();
    expect(String((error as Error).stack)).toContain('anUnsuspectingCaller');
    expect(String((error as Error).stack)).toMatch(/^EgressError: refused to connect to open\.bigmodel\.cn while/);
  },
);

test('a client that swallows the error is found out', async () => {
  guard = guardEgress();
  const client = new OpenAI({ baseURL: 'https://open.bigmodel.cn/api/paas/v4', apiKey: 'id.secret', maxRetries: 0 });
  const ask = async () => client.models.list();
  await ask().catch(() => undefined);
  expect(guard.violations()[0]?.stack).toContain('egress.test.ts');
});

const listening = async (server: net.Server) => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

test('this machine is always reached', async () => {
  guard = guardEgress({ hosts: ['*'] });
  const server = createServer((_, res) => res.end('ok'));
  const port = await listening(server);
  for (const host of ['127.0.0.1', 'localhost'])
    expect(await thrown(fetch(`http://${host}:${port}/`, { headers: { connection: 'close' } }))).not.toHaveProperty(
      'host',
    );
  expect(guard.violations()).toEqual([]);
  server.close();
});

test.each([
  ['a further host', ['example.com'], 'https://example.com/'],
  ['its subdomain', ['example.com'], 'https://api.example.com/'],
  ['all but this machine', ['*'], 'https://example.org/'],
  ['an address', ['*'], 'http://192.0.2.1/'],
])('%s can be forbidden', async (_, hosts, target) => {
  guard = guardEgress({ hosts });
  expect(await thrown(fetch(target))).toMatchObject({ name: 'EgressError', host: new URL(target).hostname });
});

test('a host that only ends in the same letters is left alone', async () => {
  guard = guardEgress();
  const lookup: net.LookupFunction = (_, __, done) => done(new Error('looked up') as NodeJS.ErrnoException, '', 4);
  expect(await failure(net.connect({ host: 'notbigmodel.cn', port: 443, lookup }))).toMatchObject({
    message: 'looked up',
  });
});

test('a tunnel through a proxy does not reach it either', async () => {
  guard = guardEgress();
  const proxy = createServer();
  proxy.on('connect', (_, socket) => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
  const port = await listening(proxy);
  const agent = new undici.ProxyAgent(`http://127.0.0.1:${port}`);
  expect(await thrown(undici.request(url, { dispatcher: agent }))).toMatchObject({ name: 'EgressError' });
  await agent.destroy();
  proxy.closeAllConnections();
  proxy.close();
});

test.each(['before', 'after'])('what MSW answers never reaches a socket, started %s the guard', async when => {
  const server = setupServer(handler.get(url, () => HttpResponse.text('mocked')));
  if (when === 'before') server.listen({ onUnhandledFrame: 'bypass' });
  guard = guardEgress();
  if (when === 'after') server.listen({ onUnhandledFrame: 'bypass' });
  expect(await (await fetch(url)).text()).toBe('mocked');
  expect(await failure(https.get(url))).toBe('answered');
  expect(guard.violations()).toEqual([]);
  expect(await thrown(fetch('https://api.z.ai/api'))).toMatchObject({ name: 'EgressError' });
  expect(await failure(https.get('https://api.z.ai/api'))).toMatchObject({ name: 'EgressError' });
  expect(guard.violations()).toHaveLength(2);
  // Put back in the reverse order, so that nobody undoes the other.
  if (when === 'before') guard.release();
  server.close();
});

test('a socket that is tried again does not get through', async () => {
  guard = guardEgress();
  const socket = new net.Socket();
  for (let i = 0; i < 2; i++)
    expect(await failure(socket.connect(443, 'api.z.ai'))).toMatchObject({ name: 'EgressError' });
});

test('released under somebody’s wrapper it lets everything through', async () => {
  guard = guardEgress();
  const own = globalThis.fetch;
  globalThis.fetch = (...args) => own(...args);
  guard.release();
  const server = createServer((_, res) => res.end('ok'));
  const port = await listening(server);
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('ok');
  globalThis.fetch = untouched[2] as typeof fetch;
  server.closeAllConnections();
  server.close();
});

test('a resolver that leads to this machine is let through', async () => {
  guard = guardEgress();
  const server = createServer((_, res) => res.end('ok'));
  const port = await listening(server);
  const lookup: net.LookupFunction = (_, { all }, done) =>
    all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
  expect(await failure(http.get({ host: 'open.bigmodel.cn', port, lookup, agent: false }))).toBe('answered');
  expect(guard.violations()).toEqual([]);
  server.closeAllConnections();
  server.close();
});

test('two guards hold until both are released', async () => {
  const first = guardEgress();
  const second = guardEgress({ hosts: ['example.com'] });
  first.release();
  first.release();
  expect(await thrown(fetch('https://api.z.ai/'))).toMatchObject({ name: 'EgressError' });
  expect(await thrown(fetch('https://example.com/'))).toMatchObject({ name: 'EgressError' });
  expect(first.violations()).toEqual([]);
  expect(second.violations()).toHaveLength(2);
  second.release();
});
