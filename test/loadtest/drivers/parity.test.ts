/** Whatever a server does, the driver's record is the one that core/call.ts leaves of the same bytes. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CallRecord, createCaller, type Deadlines } from '../../../src/core/call.ts';
import { systemClock } from '../../../src/core/clock.ts';
import type { Reason } from '../../../src/core/outcome.ts';
import { createSocketCaller } from '../../../src/loadtest/drivers/socket.ts';
import { createMock, type Mock } from '../../../src/mock-server/index.ts';
import { scenarios } from '../../../src/mock-server/scenarios/index.ts';
import * as fake from '../../support/fake-glm.ts';

interface Ask {
  readonly baseUrl: string;
  readonly body: string;
  readonly stream: boolean;
  readonly deadlines: Deadlines;
}

// Two mocks of one seed: the request of the same number is answered with the same bytes.
let mocks: readonly [Mock, Mock];
let server: Server;
let transcript = { bytes: Buffer.alloc(0), end: 'fin' as 'fin' | 'reset' | 'hang' };
beforeAll(async () => {
  mocks = [await createMock({ seed: 7 }), await createMock({ seed: 7 })];
  server = createServer(play).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  for (const mock of mocks) await mock.close({ graceMs: 0 });
  server.close();
});

/** Plays the transcript to every request, with the connection's end a turn of the loop later. */
function play(socket: Socket): void {
  const { bytes, end } = transcript;
  socket.on('error', () => {});
  socket.once('data', () => {
    socket.write(bytes, () => setTimeout(() => finish(socket, end), 5));
  });
}

function finish(socket: Socket, end: 'fin' | 'reset' | 'hang'): void {
  if (end === 'fin') socket.end();
  if (end === 'reset') socket.resetAndDestroy();
}

async function byCall({ body, stream, ...target }: Ask): Promise<CallRecord> {
  const caller = createCaller({ ...target, key: mocks[0].apiKey, connection: 'fresh' });
  const record = await caller.call({ kind: 'chat', body, stream });
  caller.close();
  return record;
}

async function bySocket({ body, ...target }: Ask): Promise<CallRecord> {
  const driver = createSocketCaller({ ...target, key: mocks[1].apiKey, connections: 1, clock: systemClock });
  const record = await driver.send(body, { signal: new AbortController().signal });
  await driver.close();
  return record;
}

/** All of a record but how long things took and how the bytes fell into reads; ids and the resets of limits tell the time. */
function shape({ maxGapMs: _gap, coalesced: _reads, id, logId, message, ...record }: CallRecord) {
  const moments = Object.entries(record).filter(([name]) => name.endsWith('Ms') && name !== 'retryAfterMs');
  const happened = Object.fromEntries(moments.map(([name, value]) => [name, value !== undefined]));
  const words = message?.replace(/[\d-]{10} [\d:]{8}/, 'then');
  return { ...record, ...happened, id: id?.length, logId: logId?.length, message: words };
}

const messages = [{ role: 'user', content: 'Hermes asks the Claude Agent SDK about tea, 茶 and 😀' }];
const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }];
const bodyOf = (stream: boolean) => JSON.stringify({ model: 'glm-4.6', messages, tools, tool_choice: 'none', stream });

const deadlineOf: Readonly<Partial<Record<Reason, keyof Deadlines>>> = {
  timeout_first_byte: 'first_byte',
  timeout_first_token: 'first_token',
  timeout_total: 'total',
  stalled: 'idle',
};

/** Only the deadline that is to fire is short, so that a slow machine cannot fire another one. */
const deadlinesFor = (expected: Reason): Deadlines => {
  const name = deadlineOf[expected];
  return { total: 60_000, ...(name && { [name]: 300 }) };
};

const plays = scenarios.flatMap(({ name, rate, outcome, unary = outcome }) => {
  const fault = encodeURIComponent(rate === undefined ? name : `${name},rate=1`);
  return [
    [name, 'a stream', fault, outcome],
    [name, 'a body', fault, unary],
  ] as const;
});

test.each(plays)('%s, asked for %s: the same record', async (_name, form, fault, expected) => {
  const stream = form === 'a stream';
  const ask = (mock: Mock) => ({
    baseUrl: `${mock.url}/~${fault}/api/paas/v4`,
    body: bodyOf(stream),
    stream,
    deadlines: deadlinesFor(expected),
  });
  const [theirs, ours] = await Promise.all([byCall(ask(mocks[0])), bySocket(ask(mocks[1]))]);
  expect(shape(ours)).toEqual(shape(theirs));
  expect(ours.outcome.kind).toBe(expected);
});

const { word, thought, last, done } = fake;
const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n';
const chunks = (...frames: string[]) =>
  `${head}transfer-encoding: chunked\r\n\r\n${frames.map(frame => `${Buffer.byteLength(frame).toString(16)}\r\n${frame}\r\n`).join('')}`;
const unary = JSON.stringify(fake.completion({ content: '海' }));
const withLength = (text: string, more = 0) =>
  `HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(text) + more}\r\n\r\n${text}`;

/** Bytes that no mock sends. */
const transcripts: readonly (readonly [string, string, 'fin' | 'reset' | 'hang'])[] = [
  ['nothing, FIN', '', 'fin'],
  ['nothing, RST', '', 'reset'],
  ['half a head, FIN', 'HTTP/1.1 200 O', 'fin'],
  ['half a head, RST', `${head}x-log-id: `, 'reset'],
  ['half a head, silence', head, 'hang'],
  ['another protocol', 'SSH-2.0-hello\r\n', 'hang'],
  ['a whole stream, silence', `${chunks(thought('嗯'), word('a'), last(), done)}0\r\n\r\n`, 'hang'],
  ['a whole stream, FIN', `${chunks(word('a'), word('b'), last(), done)}0\r\n\r\n`, 'fin'],
  ['a whole stream without its last chunk, FIN', chunks(word('a'), last(), done), 'fin'],
  ['a whole stream without its last chunk, RST', chunks(word('a'), last(), done), 'reset'],
  ['a stream without length, FIN', `${head}\r\n${word('a')}${last()}${done}`, 'fin'],
  ['a stream without length, RST', `${head}\r\n${word('a')}${last()}`, 'reset'],
  ['half a stream, RST', chunks(word('a'), word('b')), 'reset'],
  ['half an event, FIN', chunks(word('a'), word('b').slice(0, 50)), 'fin'],
  [
    'an event in two chunks',
    `${chunks(word('abc').slice(0, 99), word('abc').slice(99), last(), done)}0\r\n\r\n`,
    'hang',
  ],
  ['an error in the stream, silence', chunks(word('a'), 'data: {"error":{"code":"1302"}}\n\n'), 'hang'],
  ['broken JSON, silence', chunks(word('a'), word('a'), 'data: {"cho\n\n'), 'hang'],
  ['a chunk that is too long', `${chunks(word('a'))}1\r\nabc`, 'hang'],
  ['a size that is none', `${chunks(word('a'))}xyz\r\n`, 'hang'],
  ['a body, silence', withLength(unary), 'hang'],
  ['a body and more', `${withLength(unary)}HTTP/1.1`, 'hang'],
  ['a body cut by FIN', withLength(unary, 1), 'fin'],
  ['a body cut by RST', withLength(unary, 1), 'reset'],
  ['a body that never ends', withLength(unary, 1), 'hang'],
  ['a body without length, FIN', `HTTP/1.1 200 OK\r\n\r\n${unary}`, 'fin'],
  ['no content', 'HTTP/1.1 204 No Content\r\n\r\n', 'hang'],
  ['early hints', `HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${withLength(unary)}`, 'hang'],
  ['HTTP/1.0', `HTTP/1.0 200 OK\r\nx-log-id: a\r\nretry-after: 2\r\n\r\n${unary}`, 'fin'],
  ['two codings', `HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n2;a\r\n{}\r\n0\r\nx: y\r\n\r\n`, 'hang'],
];

test.each(transcripts.flatMap(([name, text, end]) => [true, false].map(stream => [name, stream, text, end] as const)))(
  '%s (stream %s): the same record',
  async (_name, stream, text, end) => {
    transcript = { bytes: Buffer.from(text), end };
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v4`;
    const ask = { baseUrl, body: bodyOf(stream), stream, deadlines: { total: 150 } };
    const [theirs, ours] = await Promise.all([byCall(ask), bySocket(ask)]);
    expect(shape(ours)).toEqual(shape(theirs));
  },
);
