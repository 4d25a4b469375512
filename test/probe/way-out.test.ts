/** Behind a proxy everything goes through it, not only the calls that are measured. */
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createAskUrl } from '../../src/probe/connectivity.ts';
import { createSendPost } from '../../src/probe/notify/post.ts';
import { createSendOtlp } from '../../src/probe/otlp/push.ts';
import { startMute } from '../support/mute.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const url = 'http://far.test/place';
const stop = new AbortController().signal;

test.each<[string, (env: Record<string, string>) => Promise<unknown>]>([
  ['a notification', env => createSendPost(env)({ url, body: '{}' }, 5000, stop)],
  ['an export', env => createSendOtlp(env)({ url, body: '{}', headers: {}, timeoutMs: 5000 })],
  ['a question whether there is a network', env => createAskUrl(env)(url, 5000)],
])('%s goes through the proxy of the environment, with its password', async (_, go) => {
  const proxy = await proxyTo(await somebody());
  expect(await go({ http_proxy: `me:secret@127.0.0.1:${proxy.port}` })).not.toBe(false);
  expect(proxy.asked).toEqual([['far.test:80', `Basic ${Buffer.from('me:secret').toString('base64')}`]]);
});

test('a proxy that reaches nobody is no network, and fails a notification without its URL', async () => {
  const proxy = await proxyTo(1);
  const env = { http_proxy: `http://127.0.0.1:${proxy.port}` };
  expect(await createAskUrl(env)(url, 5000)).toBe(false);
  await expect(createSendPost(env)({ url, body: '{}' }, 5000, stop)).rejects.toThrow(/^no connection \(\w+\)$/);
});

test('who says nothing is told of by the time that he had', async () => {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  cleanups.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const silent = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const told = 'no answer in time';
  await expect(createSendPost({})({ url: silent, body: '{}' }, 30, stop)).rejects.toThrow(told);
  await expect(createSendOtlp({})({ url: silent, body: '{}', headers: {}, timeoutMs: 30 })).rejects.toThrow(told);
});

test.each<[string, string, (port: number) => Promise<Record<string, string>>]>([
  ['a service that shakes no hands', 'https', async () => ({})],
  ['a proxy that says nothing', 'http', async port => ({ http_proxy: `http://127.0.0.1:${port}` })],
  [
    'a service behind a proxy that shakes no hands',
    'https',
    async port => ({ https_proxy: `127.0.0.1:${(await proxyTo(port)).port}` }),
  ],
])('%s is given up while it is still being reached, in time and when told to', async (_, scheme, envFor) => {
  const mute = await startMute();
  cleanups.push(mute.close);
  const env = await envFor(mute.port);
  const url = `${scheme}://${Object.keys(env).length === 0 ? `127.0.0.1:${mute.port}` : 'far.test'}/place`;
  const ending = new AbortController();
  const told = createSendPost(env)({ url, body: '{}' }, 3_600_000, ending.signal);
  expect(await createAskUrl(env)(url, 30)).toBe(false);
  await expect(createSendOtlp(env)({ url, body: '{}', headers: {}, timeoutMs: 30 })).rejects.toThrow('in time');
  ending.abort();
  await expect(told).rejects.toThrow('no answer in time');
  await mute.left(3);
});

test('who is told not to take the proxy does not', async () => {
  const port = await somebody();
  const proxy = await proxyTo(1);
  const env = { all_proxy: `http://127.0.0.1:${proxy.port}`, no_proxy: 'localhost' };
  await createSendPost(env)({ url: `http://127.0.0.1:${port}/`, body: '{}' }, 5000, stop);
  expect(proxy.asked).toEqual([]);
});

async function somebody(): Promise<number> {
  const server = createServer((_req, res) => res.end('{}')).listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  cleanups.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** Tunnels everybody to one port, wherever they want to go. */
async function proxyTo(port: number) {
  const asked: (string | undefined)[][] = [];
  const sockets = new Set<Socket>();
  const server = createServer().listen(0, '127.0.0.1');
  server.on('connect', ({ url: to, headers }, socket: Socket) => {
    asked.push([to, headers['proxy-authorization']]);
    const there = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      there.pipe(socket).pipe(there);
    });
    sockets.add(socket).add(there);
    socket.on('error', () => there.destroy());
    there.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
  });
  await new Promise(resolve => server.once('listening', resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, asked };
}
