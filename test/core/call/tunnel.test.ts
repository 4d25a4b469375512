import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { generate } from 'selfsigned';
import { afterEach, expect, test } from 'vitest';
import { chatCall, createCaller, phases } from '../../../src/core/call.ts';
import * as fake from '../../support/fake-glm.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A proxy that answers every CONNECT as told, and notes what it was asked. @param reply undefined: it opens the tunnel */
async function serveProxy(reply?: string) {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(client => {
    sockets.add(client);
    client.on('error', () => {}); // a client may hang up as it likes
    client.once('data', head => {
      asked.push(head.toString());
      if (reply !== undefined) return client.end(reply);
      const [, host = '', port = ''] = /^CONNECT (\S+):(\d+) /.exec(head.toString()) ?? [];
      const upstream = connect(Number(port), host, () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        client.pipe(upstream).pipe(client);
      });
      sockets.add(upstream);
      upstream.on('error', () => client.destroy());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { asked, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const ask = chatCall({ model: 'glm-4.6', messages: [], stream: true });

async function through(proxy: string, url: string, ca?: string) {
  const caller = createCaller({ baseUrl: url, key: 'a.b', connection: 'fresh', proxy, ca, deadlines: { total: 5000 } });
  const record = await caller.call(ask);
  caller.close();
  return record;
}

async function serve(tls?: { key: string; cert: string }) {
  const server = await fake.createFakeGlm(fake.good, tls);
  cleanups.push(() => server.close());
  return server;
}

test('a call over http goes through the tunnel', async () => {
  const [proxy, server] = [await serveProxy(), await serve()];
  expect((await through(`http://${proxy.host}`, server.url)).outcome.kind).toBe('ok');
  expect(proxy.asked).toEqual([expect.stringContaining(`CONNECT ${new URL(server.url).host} HTTP/1.1\r\n`)]);
  expect(proxy.asked.join()).not.toContain('uthorization');
});

test('a call over TLS shakes hands with the endpoint itself, and has all its phases', async () => {
  const pem = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  const [proxy, server] = [await serveProxy(), await serve({ key: pem.private, cert: pem.cert })];
  const record = await through(`http://${proxy.host}`, server.url, pem.cert);
  expect(record.outcome.kind).toBe('ok');
  expect(phases(record)).toMatchObject({ tcpMs: expect.any(Number), tlsMs: expect.any(Number) });
  expect(record.tlsMs).toBeGreaterThan(record.tcpMs as number);
  // Without trust in its certificate the endpoint's handshake fails, not the proxy's.
  expect(await through(`http://${proxy.host}`, server.url)).toMatchObject({ outcome: { kind: 'tls' } });
});

test('the proxy is told user and password, the endpoint is not', async () => {
  const [proxy, server] = [await serveProxy(), await serve()];
  await through(`http://me:p%40ss@${proxy.host}`, server.url);
  const login = Buffer.from('me:p@ss').toString('base64');
  expect(proxy.asked[0]).toContain(`Proxy-Authorization: Basic ${login}\r\n`);
  expect(server.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
});

test.each([
  ['refuses', 'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', 'PROXY_407'],
  ['is down', 'HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n', 'PROXY_502'],
  ['hangs up', '', 'PROXY_CLOSED'],
  ['is no proxy', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 'PROXY_NOT_HTTP'],
  ['never ends its head', 'x'.repeat(20_000), 'PROXY_NOT_HTTP'],
])('a proxy that %s is the network’s fault', async (_name, reply, detail) => {
  const [proxy, server] = [await serveProxy(reply), await serve()];
  const record = await through(`http://${proxy.host}`, server.url);
  expect(record.outcome).toEqual({ kind: 'tcp', detail });
  expect(server.requests).toEqual([]);
});

test('a proxy that is not there is the network’s fault, and said to be the proxy', async () => {
  const record = await through((await fake.refusedUrl()).replace('/api/paas/v4', ''), 'http://api.test/v4');
  expect(record.outcome).toEqual({ kind: 'tcp', detail: 'PROXY_ECONNREFUSED' });
});

test.each([
  ['a page behind its head', 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>login</html>', 'PROXY_NO_TUNNEL'],
  ['a head without an end', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(4000)}`, 'PROXY_NOT_HTTP'],
])('a proxy that sends %s leaves the endpoint unreached', async (_, reply, detail) => {
  const proxy = await serveProxy(reply);
  for (const scheme of ['http', 'https'])
    expect((await through(`http://${proxy.host}`, `${scheme}://glm.invalid/v4`)).outcome).toEqual({
      kind: 'tcp',
      detail,
    });
});
