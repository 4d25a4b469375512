import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { phases } from '../../../src/core/call.ts';
import { createManualClock, systemClock } from '../../../src/core/clock.ts';
import type { Driver } from '../../../src/loadtest/drivers/driver.ts';
import { createSocketCaller, createSocketDriver } from '../../../src/loadtest/drivers/socket.ts';
import * as fake from '../../support/fake-glm.ts';
import { planOf } from '../plan.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Pem = { readonly key: string; readonly cert: string };
let pem: Pem;
let ofAnotherName: Pem;
beforeAll(async () => {
  pem = await certificateFor({ type: 7, ip: '127.0.0.1' }, { type: 2, value: 'localhost' });
  ofAnotherName = await certificateFor({ type: 2, value: 'elsewhere.test' });
});

async function certificateFor(...altNames: ({ type: 7; ip: string } | { type: 2; value: string })[]): Promise<Pem> {
  const extensions = [{ name: 'subjectAltName', altNames } as const];
  const made = await generate([{ name: 'commonName', value: 'test' }], { keySize: 2048, extensions });
  return { key: made.private, cert: made.cert };
}

async function serve(reply: fake.Reply, tls?: Pem) {
  const server = await fake.createFakeGlm(reply, tls);
  cleanups.push(() => server.close());
  return server;
}

/** A server of our own bytes. */
async function listen<T extends Server>(server: T): Promise<{ server: T; port: number }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return { server, port: (server.address() as AddressInfo).port };
}

function driverTo(baseUrl: string, more: Partial<Parameters<typeof createSocketCaller>[0]> = {}): Driver {
  const caller = createSocketCaller({
    baseUrl,
    key: 'canary-id.canary-secret',
    stream: true,
    connections: 1,
    deadlines: { total: 5000 },
    clock: systemClock,
    ...more,
  });
  cleanups.push(() => caller.close());
  return caller;
}

const never = () => new AbortController().signal;
const body = JSON.stringify({ model: 'glm-4.6', messages: [{ role: 'user', content: '海' }], stream: true });
const send = (driver: Driver, more: Partial<Parameters<Driver['send']>[1]> = {}) =>
  driver.send(body, { signal: never(), ...more });

test('a request goes out as it was given, on a kept connection', async () => {
  const server = await serve(fake.good);
  const driver = createSocketDriver(planOf({ baseUrl: server.url, concurrency: 1 }), systemClock);
  cleanups.push(() => driver.close());
  const records = [await send(driver), await send(driver), await send(driver, { authorization: 'Bearer other.key' })];
  expect(records.map(({ outcome, reusedConnection }) => [outcome.kind, reusedConnection])).toEqual([
    ['ok', false],
    ['ok', true],
    ['ok', true],
  ]);
  expect(server.requests.map(({ authorization }) => authorization)).toEqual([
    'Bearer canary-id.canary-secret',
    'Bearer canary-id.canary-secret',
    'Bearer other.key',
  ]);
  const [{ headers, path, method, body: seen } = {}] = server.requests as Partial<(typeof server.requests)[number]>[];
  expect([method, path, seen]).toEqual(['POST', '/api/paas/v4/chat/completions', JSON.parse(body)]);
  expect(headers).toMatchObject({ accept: 'text/event-stream', 'content-type': 'application/json' });
  expect(headers?.host).toBe(new URL(server.url).host);
  expect(headers?.['accept-encoding']).toBeUndefined();
});

test('a record has its moments in order, and its gaps are told', async () => {
  const server = await serve(fake.goodStream);
  const gaps: number[] = [];
  const record = await send(driverTo(server.url), { onGap: ms => gaps.push(ms) });
  expect(record).toMatchObject({ outcome: { kind: 'ok' }, chunks: 4, usage: fake.usage, done: true, logId: 'log-1' });
  const { intendedMs, startMs, connectMs, tcpMs, sentMs, headMs, firstReasoningMs, firstVisibleMs, endMs } = record;
  const times = [intendedMs, startMs, connectMs, tcpMs, sentMs, headMs, firstReasoningMs, firstVisibleMs, endMs];
  expect(times).toEqual([...times].sort((a, b) => Number(a) - Number(b)));
  expect([record.dnsMs, record.tlsMs]).toEqual([undefined, undefined]);
  expect(gaps.length + record.coalesced).toBe(2);
});

test('a name is resolved, and that is a phase', async () => {
  const server = await serve(fake.good);
  const record = await send(driverTo(server.url.replace('127.0.0.1', 'localhost')));
  expect(record.outcome.kind).toBe('ok');
  expect(phases(record).dnsMs).toBeGreaterThan(0);
});

test('a connection that the server closed while it was idle is not used', async () => {
  const sockets: Socket[] = [];
  const { port } = await listen(createServer(socket => sockets.push(answering(socket, whole))));
  const driver = driverTo(`http://127.0.0.1:${port}/v4`, { stream: false });
  await send(driver);
  const closed = once(sockets[0]!, 'close');
  sockets[0]?.end();
  await closed;
  expect(await send(driver)).toMatchObject({ outcome: { kind: 'ok' }, reusedConnection: false });
});

test('a connection that turns out dead before a byte of the request left it is replaced', async () => {
  const sockets: Socket[] = [];
  const { port } = await listen(createServer(socket => sockets.push(answering(socket, whole))));
  const driver = driverTo(`http://127.0.0.1:${port}/v4`, { stream: false });
  expect(await send(driver)).toMatchObject({ outcome: { kind: 'ok' }, reusedConnection: false });
  // In one turn: the system knows of the reset and the driver does not.
  sockets[0]?.resetAndDestroy();
  expect(await send(driver)).toMatchObject({ outcome: { kind: 'ok' }, reusedConnection: false });
  expect(sockets).toHaveLength(2);
});

test.each(['end', 'resetAndDestroy'] as const)(
  'a request that was sent is not sent again, though its connection ended (%s) without an answer',
  async how => {
    let requests = 0;
    const act = (socket: Socket) => (requests++ === 0 ? socket.write(whole) : socket[how]());
    const { port } = await listen(createServer(socket => socket.on('error', () => {}).on('data', () => act(socket))));
    const driver = driverTo(`http://127.0.0.1:${port}/v4`, { stream: false });
    expect((await send(driver)).outcome.kind).toBe('ok');
    expect(await send(driver)).toMatchObject({ outcome: { kind: 'reset' }, reusedConnection: true });
    expect(requests).toBe(2);
    requests = 0;
    expect(await send(driver)).toMatchObject({ outcome: { kind: 'ok' }, reusedConnection: false });
  },
);

const answerText = JSON.stringify(fake.completion({ content: 'pong' }));
const whole = `HTTP/1.1 200 OK\r\ncontent-length: ${answerText.length}\r\n\r\n${answerText}`;

function answering(socket: Socket, text: string): Socket {
  return socket.on('error', () => {}).on('data', () => socket.write(text));
}

test.each([
  ['says that it closes', whole.replace('200 OK', '200 OK\r\nconnection: close')],
  ['says more than it should', `${whole}and more`],
])('a connection that %s is not used again', async (_name, text) => {
  const { port } = await listen(createServer(socket => answering(socket, text)));
  const driver = driverTo(`http://127.0.0.1:${port}/v4`, { stream: false });
  for (let i = 0; i < 3; i++)
    expect(await send(driver)).toMatchObject({ outcome: { kind: 'ok' }, reusedConnection: false });
});

test('bytes on an idle connection end it', async () => {
  const sockets: Socket[] = [];
  const { port } = await listen(createServer(socket => sockets.push(answering(socket, whole))));
  const driver = driverTo(`http://127.0.0.1:${port}/v4`, { stream: false });
  await send(driver);
  const closed = once(sockets[0]!, 'close');
  sockets[0]?.write(whole);
  await closed;
  expect(await send(driver)).toMatchObject({ outcome: { kind: 'ok' }, reusedConnection: false });
});

test('requests beyond the allowed connections wait, and their latency counts the wait', async () => {
  const held: (() => void)[] = [];
  let most = 0;
  const server = await serve((response, request) => {
    held.push(() => fake.good(response, request));
    most = Math.max(most, held.length);
    if (held.length === 2) for (const answer of held.splice(0)) answer();
  });
  const driver = driverTo(server.url, { connections: 2 });
  const records = await Promise.all(Array.from({ length: 8 }, () => send(driver)));
  expect(most).toBe(2);
  expect(records.every(({ outcome }) => outcome.kind === 'ok')).toBe(true);
  expect(records.some(({ startMs, intendedMs }) => startMs > intendedMs)).toBe(true);
});

test('a request can be cancelled before, while waiting and under way, and the next one is none the worse', async () => {
  const stop = new AbortController();
  const server = await serve(() => stop.abort());
  const driver = driverTo(server.url);
  const [underWay, waiting] = await Promise.all([
    send(driver, { signal: stop.signal }),
    send(driver, { signal: stop.signal }),
  ]);
  const before = await send(driver, { signal: stop.signal });
  expect([underWay, waiting, before].map(({ outcome }) => outcome.kind)).toEqual(Array(3).fill('cancelled'));
  expect(server.requests).toHaveLength(1);
  server.reply = fake.good;
  expect(await send(driver)).toMatchObject({ outcome: { kind: 'ok' }, reusedConnection: false });
});

test('closing ends what is under way, what waits and what comes as our own doing', async () => {
  const server = await serve(() => void driver.close());
  const driver = driverTo(server.url);
  const records = await Promise.all([send(driver), send(driver)]);
  expect([...records, await send(driver)].map(({ outcome }) => outcome.kind)).toEqual(Array(3).fill('internal'));
  expect(server.requests).toHaveLength(1);
});

test('a key that cannot be a header is not sent and not repeated', async () => {
  const server = await serve(fake.good);
  for (const key of ['canary\r\nx-evil: 1', 'canary\0', 'canary海']) {
    const record = await send(driverTo(server.url, { key }));
    expect([record.outcome.kind, JSON.stringify(record).includes('canary')]).toEqual(['internal', false]);
  }
  expect(server.requests).toHaveLength(0);
});

test('a refused port is tcp, a name that does not exist is dns', async () => {
  const refused = await send(driverTo(await fake.refusedUrl()));
  expect(refused).toMatchObject({ outcome: { kind: 'tcp', detail: 'ECONNREFUSED' }, sentMs: undefined });
  expect(await send(driverTo('http://name.invalid/v4'))).toMatchObject({ outcome: { kind: 'dns' }, dnsMs: undefined });
});

test('a certificate is verified, against a given authority if there is one', async () => {
  const server = await serve(fake.good, pem);
  expect((await send(driverTo(server.url))).outcome).toMatchObject({ kind: 'tls' });
  const record = await send(driverTo(server.url, { ca: pem.cert }));
  expect(record.outcome.kind).toBe('ok');
  expect(phases(record).tlsMs).toBeGreaterThan(0);
  const plain = await serve(fake.good);
  expect((await send(driverTo(plain.url.replace('http:', 'https:')))).outcome.kind).toBe('tls');
});

test('no variable of the environment turns verifying off', async () => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  cleanups.push(() => vi.unstubAllEnvs());
  const server = await serve(fake.good, pem);
  expect((await send(driverTo(server.url))).outcome.kind).toBe('tls');
});

test('a certificate of another name is refused', async () => {
  const server = await serve(fake.good, ofAnotherName);
  for (const url of [server.url, server.url.replace('127.0.0.1', 'localhost')])
    expect((await send(driverTo(url, { ca: ofAnotherName.cert }))).outcome.kind).toBe('tls');
});

test('over TLS the name is told, no session is taken up again, and connections are kept', async () => {
  const seen: { name: unknown; again: boolean }[] = [];
  const accept = (socket: TLSSocket) => {
    seen.push({ name: socket.servername, again: socket.isSessionReused() });
    answering(socket, whole);
  };
  const { port } = await listen(createTlsServer(pem, accept));
  const options = { ca: pem.cert, stream: false };
  for (const host of ['localhost', '127.0.0.1']) {
    const driver = driverTo(`https://${host}:${port}/v4`, options);
    expect(await send(driver)).toMatchObject({ outcome: { kind: 'ok' }, reusedConnection: false });
    expect(await send(driver)).toMatchObject({ outcome: { kind: 'ok' }, reusedConnection: true });
    await driver.close();
    const next = driverTo(`https://${host}:${port}/v4`, options);
    expect((await send(next)).outcome.kind).toBe('ok');
  }
  expect(seen).toEqual(['localhost', 'localhost', false, false].map(name => ({ name, again: false })));
});

test('TLS records that arrive together have one stamp', async () => {
  const frames = ['a', 'b', 'c'].map(fake.word).concat(fake.last(), fake.done);
  const { port } = await listen(
    createTlsServer(pem, socket => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n');
        for (const frame of frames) socket.write(frame);
        socket.end();
      });
    }),
  );
  const gathered = await listen(createServer(socket => gather(socket, port)));
  const gaps: number[] = [];
  const driver = driverTo(`https://localhost:${gathered.port}/v4`, { ca: pem.cert });
  const record = await send(driver, { onGap: ms => gaps.push(ms) });
  expect(record).toMatchObject({ outcome: { kind: 'ok' }, chunks: 4, coalesced: 2 });
  expect(gaps).toEqual([]);
});

/** Passes bytes on; after the client's request, everything the server says in one piece. */
function gather(client: Socket, port: number): void {
  const server = connect(port, '127.0.0.1');
  const parts: Buffer[] = [];
  let heldBack = false;
  client.on('data', bytes => {
    // Application data of TLS begin with 23; the request is longer than the last message of a handshake.
    heldBack ||= bytes[0] === 23 && bytes.length > 200;
    server.write(bytes);
  });
  server.on('data', bytes => (heldBack ? parts.push(bytes) : client.write(bytes)));
  server.on('end', () => client.end(Buffer.concat(parts)));
  for (const socket of [client, server]) socket.on('error', () => {});
}

test('what is no certificate is refused before anything is sent', () => {
  expect(() => driverTo('https://localhost:1/v4', { ca: 'hello' })).toThrow(/--ca/);
  const damaged = pem.cert.replace(/MII.{8}/, 'MIIAAAAAAAA');
  expect(() => driverTo('https://localhost:1/v4', { ca: `${pem.cert}\n${damaged}` })).toThrow(/--ca .*damaged/);
});

test('a deadline that fires closes the connection', async () => {
  const server = await serve(fake.hangAfterHead);
  const driver = driverTo(server.url, { deadlines: { first_token: 50 } });
  expect(await send(driver)).toMatchObject({ outcome: { kind: 'timeout_first_token' }, deadline: 'first_token' });
  server.reply = fake.good;
  expect(await send(driver)).toMatchObject({ outcome: { kind: 'ok' }, reusedConnection: false });
});

test('a deadline of a request that is over does not end the next one, whose own does', async () => {
  const clock = createManualClock();
  const server = await serve(fake.good);
  const driver = driverTo(server.url, { clock, deadlines: { total: 100 } });
  expect((await send(driver)).outcome.kind).toBe('ok');
  clock.advance(60);
  const arrived = Promise.withResolvers<void>();
  server.reply = () => arrived.resolve();
  const ended = vi.fn();
  const record = send(driver).finally(ended);
  await arrived.promise;
  clock.advance(99);
  await new Promise(setImmediate);
  expect(ended).not.toHaveBeenCalled();
  clock.advance(2);
  expect(await record).toMatchObject({ outcome: { kind: 'timeout_total' }, endMs: 160, reusedConnection: true });
});

test('two hundred streams share one buffer and none gets another’s bytes', async () => {
  const server = await serve((response, request) => {
    const text = String((request.body.messages as { content: string }[])[0]?.content);
    fake.stream([...Array(5).fill(fake.word(text)), fake.last(), fake.done])(response, request);
  });
  const driver = driverTo(server.url, { connections: 50 });
  const records = await Promise.all(
    Array.from({ length: 200 }, (_, i) => {
      const messages = [{ role: 'user', content: 'x'.repeat(i + 1) }];
      return driver.send(JSON.stringify({ messages, stream: true }), { signal: never() });
    }),
  );
  expect(records.map(({ outcome }) => outcome.kind)).toEqual(Array(200).fill('ok'));
  expect(records.map(({ visibleChars }) => visibleChars)).toEqual(Array.from({ length: 200 }, (_, i) => 5 * (i + 1)));
});
