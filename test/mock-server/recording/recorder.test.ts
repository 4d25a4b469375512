import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { bytesOf, openCassette, type RecordedExchange, readCassette } from '../../../src/core/cassette/cassette.ts';
import { createManualClock } from '../../../src/core/clock.ts';
import { createRandom, int } from '../../../src/core/random.ts';
import { createMock } from '../../../src/mock-server/create-mock.ts';
import { type RecorderOptions, startRecorder } from '../../../src/mock-server/recording/recorder.ts';
import { startReplay } from '../../../src/mock-server/recording/replay.ts';
import { refusedUrl } from '../../support/fake-glm.ts';
import { until } from '../../support/until.ts';
import {
  base,
  call,
  chunked,
  closing,
  framed,
  type Heard,
  head,
  hello,
  key,
  ownHeaders,
  rawServer,
  scratch,
} from './tools.ts';

const file = scratch();
const keep = closing();

async function recorderOf(upstream: string, more: Partial<RecorderOptions> = {}) {
  const path = file('session.jsonl');
  const said: string[] = [];
  const options = { warn: (text: string) => said.push(text), ...more };
  const recorder = keep(await startRecorder({ upstream, cassette: openCassette(path), ...options }));
  const exchanges = (count: number) =>
    until(`${count} exchanges`, () => {
      const { exchanges: found } = readCassette(path);
      return found.length >= count && found;
    });
  return { ...recorder, path, said, exchanges, text: () => readFileSync(path, 'utf8') };
}

const textsOf = ({ response }: RecordedExchange) =>
  response.chunks.map(chunk => Buffer.from(bytesOf(chunk)).toString());

test('a session with the mock comes back chunk by chunk, with its heads', async () => {
  const mock = keep(await createMock({ keys: [key], replyTokens: 12 }));
  const recorder = await recorderOf(mock.baseUrl);
  expect(recorder.baseUrl).toBe(`${recorder.url}${base}`);
  const auth = { headers: { authorization: `Bearer ${mock.apiKey}` } };
  const calls = [hello(), hello('你好'), { ...hello(), stream: false }, { model: 'nope' }, '{"broken'];
  const first: Heard[] = [];
  for (const body of calls) first.push(await call(recorder.baseUrl, body, auth));
  first.push(await call(recorder.baseUrl, undefined, { ...auth, method: 'GET', path: '/async-result/none?x=1' }));
  const exchanges = await recorder.exchanges(first.length);
  expect(exchanges.map(({ response }) => response.ending)).toEqual(first.map(() => 'complete'));
  expect(exchanges.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6]);

  const replay = keep(await startReplay({ exchanges, speed: 0 }));
  const again: Heard[] = [];
  for (const body of calls) again.push(await call(replay.baseUrl, body));
  again.push(await call(replay.baseUrl, undefined, { method: 'GET', path: '/async-result/none' }));
  again.forEach((heard, i) => {
    const recorded = exchanges[i] as RecordedExchange;
    const clean = ownHeaders(first[i]?.headers ?? []).map(([name, value]) =>
      name === 'set-cookie' ? [name, value?.replace(/=[^;]*/, '=***')] : [name, value],
    );
    expect(heard.status).toBe(first[i]?.status);
    expect(ownHeaders(heard.headers)).toEqual(clean);
    expect(heard.chunks.map(String)).toEqual(first[i]?.chunks.map(String));
    expect(heard.chunks.map(String)).toEqual(textsOf(recorded));
  });
  expect(replay.unmatched()).toBe(0);
});

test('times count from when the request left, on the clock that was passed in', async () => {
  const clock = createManualClock(Date.parse('2026-10-09T04:00:00Z'));
  let socket: Socket | undefined;
  const upstream = keep(
    await rawServer(own => {
      socket = own;
      clock.advance(40);
      own.write(chunked);
    }),
  );
  const recorder = await recorderOf(upstream.baseUrl, { clock });
  const steps = ['one', 'two', 'three'];
  const next = () => {
    clock.advance(25);
    const text = steps.shift();
    if (text === undefined) socket?.write('0\r\n\r\n');
    else socket?.write(framed(Buffer.from(text)));
  };
  const heard = call(recorder.baseUrl, hello(), { onChunk: next });
  await until('the head', () => upstream.heard() !== '' && socket);
  next();
  expect((await heard).ending).toBe('complete');
  const [exchange] = await recorder.exchanges(1);
  expect(exchange?.at).toBe('2026-10-09T04:00:00.000Z');
  expect(exchange?.response.chunks).toEqual([
    { atMs: 65, text: 'one' },
    { atMs: 90, text: 'two' },
    { atMs: 115, text: 'three' },
  ]);
  expect(exchange?.response.endMs).toBe(140);
});

test.each([
  ['a FIN', 'fin', 'closed', (socket: Socket) => socket.end()],
  ['a reset', 'reset', 'ECONNRESET', (socket: Socket) => socket.resetAndDestroy()],
] as const)('%s half way is in the recording, and comes back in the replay', async (_, ending, broke, cut) => {
  const parts = ['data: {"a":1}\n\n', 'data: {"b":'].map(text => Buffer.from(text));
  const sockets: Socket[] = [];
  const upstream = keep(
    await rawServer(socket => {
      sockets.push(socket);
      socket.write(Buffer.concat([Buffer.from(chunked), ...parts.map(framed)]));
    }),
  );
  const recorder = await recorderOf(upstream.baseUrl);
  let seen = 0;
  const onChunk = () => {
    if (++seen === 2) cut(sockets[0] as Socket);
  };
  const first = await call(recorder.baseUrl, hello(), { onChunk });
  expect(first.ending).toBe(broke);
  const exchanges = await recorder.exchanges(1);
  expect(exchanges[0]?.response).toMatchObject({ ending, status: 200 });
  expect(textsOf(exchanges[0] as RecordedExchange)).toEqual(parts.map(String));
  const replay = keep(await startReplay({ exchanges, speed: 1 }));
  const again = await call(replay.baseUrl, hello());
  expect(again.ending).toBe(broke);
  if (ending === 'fin') expect(again.chunks).toEqual(parts);
});

test('a connection that ends before an answer is recorded without a head', async () => {
  const upstream = keep(await rawServer(socket => socket.resetAndDestroy()));
  const recorder = await recorderOf(upstream.baseUrl);
  expect(await call(recorder.baseUrl, hello())).toMatchObject({ status: undefined, ending: 'ECONNRESET' });
  const exchanges = await recorder.exchanges(1);
  expect(exchanges[0]?.response).toMatchObject({ ending: 'reset', chunks: [] });
  expect(exchanges[0]?.response).not.toHaveProperty('status');
  const replay = keep(await startReplay({ exchanges }));
  expect(await call(replay.baseUrl, hello())).toMatchObject({ status: undefined, ending: 'ECONNRESET' });
});

test('a body that ends with its connection is complete', async () => {
  const upstream = keep(await rawServer(socket => socket.end(`${head('Connection: close')}all of it`)));
  const recorder = await recorderOf(upstream.baseUrl);
  expect((await call(recorder.baseUrl, hello())).ending).toBe('complete');
  const [exchange] = await recorder.exchanges(1);
  expect(exchange?.response).toMatchObject({ ending: 'complete', headers: ['Content-Type', 'text/event-stream'] });
});

test('a client that hangs up hangs up on the upstream, and is recorded as aborted', async () => {
  const upstreamClosed = Promise.withResolvers<void>();
  const upstream = keep(
    await rawServer(socket => {
      socket.once('close', () => upstreamClosed.resolve());
      socket.write(Buffer.concat([Buffer.from(chunked), framed(Buffer.from('data: 1\n\n'))]));
    }),
  );
  const recorder = await recorderOf(upstream.baseUrl);
  expect((await call(recorder.baseUrl, hello(), { onChunk: (_, abort) => abort() })).ending).toBe('aborted');
  await upstreamClosed.promise;
  const [exchange] = await recorder.exchanges(1);
  expect(exchange?.response).toMatchObject({ ending: 'aborted', status: 200 });
  expect(exchange && textsOf(exchange)).toEqual(['data: 1\n\n']);
});

test('what still runs when the recorder closes is recorded as aborted', async () => {
  const upstream = keep(
    await rawServer(socket => socket.write(Buffer.concat([Buffer.from(chunked), framed(Buffer.from('x'))]))),
  );
  const recorder = await recorderOf(upstream.baseUrl);
  const first = Promise.withResolvers<void>();
  const heard = call(recorder.baseUrl, hello(), { onChunk: () => first.resolve() });
  await first.promise;
  await recorder.close();
  expect((await heard).ending).not.toBe('complete');
  expect(readCassette(recorder.path).exchanges.map(({ response }) => response.ending)).toEqual(['aborted']);
});

test('a slow reader holds the upstream back', async () => {
  const piece = framed(Buffer.alloc(64 * 1024, 'x'));
  let written = 0;
  let finished = false;
  const most = 1000;
  const upstream = keep(
    await rawServer(socket => {
      const more = () => {
        while (written < most && socket.write(piece)) written++;
        if (written++ < most) socket.once('drain', more);
        else {
          finished = true;
          socket.end('0\r\n\r\n');
        }
      };
      socket.write(chunked);
      more();
    }),
  );
  const recorder = await recorderOf(upstream.baseUrl);
  const answer = await fetch(`${recorder.baseUrl}/chat/completions`, { method: 'POST', body: '{}' });
  let before = -1;
  let looks = 0;
  await until('a standstill', () => {
    looks = written === before ? looks + 1 : 0;
    before = written;
    return looks > 20;
  });
  expect(finished).toBe(false);
  const { length } = await answer.bytes();
  expect(length).toBeGreaterThan(60_000_000);
  await until('the warning', () => recorder.said.length > 0);
  expect(recorder.said).toEqual([expect.stringMatching(/is not recorded: its answer has more than/)]);
});

test('the caller’s headers reach the upstream as they came, but compression is not asked for', async () => {
  const upstream = keep(await rawServer(socket => socket.end(`${head('Content-Length: 2')}ok`)));
  const recorder = await recorderOf(upstream.baseUrl);
  await call(recorder.baseUrl, hello(), {
    headers: { 'Accept-Language': 'en', 'accept-encoding': 'gzip, br', 'X-Odd': '1' },
  });
  expect(upstream.heard()).toContain(`authorization: Bearer ${key}\r\n`);
  expect(upstream.heard()).toContain('Accept-Language: en\r\n');
  expect(upstream.heard()).toContain('X-Odd: 1\r\n');
  expect(upstream.heard().match(/accept-encoding: .*/gi)).toEqual(['accept-encoding: identity']);
  const [exchange] = await recorder.exchanges(1);
  expect(exchange?.request.headers).toEqual({ 'content-type': 'application/json', 'accept-language': 'en' });
});

test.each([
  ['a key of the usual shape', key],
  ['a key of any shape', 'someone.odd-canary'],
  ['a token without a dot', 'oddcanarytoken'],
])('%s is nowhere in the recording, not even where it was sent, echoed or split', async (_, secret) => {
  const frame = (content: string) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
  const echo = `{"error":{"message":"bad ${secret}"}}`;
  const pieces = [echo.slice(0, 30), echo.slice(30), ...Array.from(`you said ${secret}!`, frame), 'data: [DONE]\n\n'];
  const cookies = ['Set-Cookie: sid=canarycookie; Path=/', `X-Echo: Bearer ${secret}`, `X-Api-Key: ${secret}`];
  const upstream = keep(
    await rawServer(socket => {
      const body = pieces.map(text => framed(Buffer.from(text)));
      socket.write(
        Buffer.concat([Buffer.from(head('Transfer-Encoding: chunked', ...cookies)), ...body, Buffer.from('0\r\n\r\n')]),
      );
    }),
  );
  const told: unknown[] = [];
  const recorder = await recorderOf(upstream.baseUrl, { onRecorded: exchange => told.push(exchange) });
  const heard = await call(recorder.baseUrl, hello(`my key is ${secret}`, { user_id: secret, [secret]: 1 }), {
    path: `/chat/completions?api_key=${secret}&${secret}=1`,
    headers: {
      authorization: `Bearer ${secret}`,
      cookie: `own=${secret}`,
      'user-agent': secret,
      'accept-language': secret,
    },
  });
  expect(Buffer.concat(heard.chunks).toString()).toContain(`bad ${secret}`); // the client itself gets the truth
  const [exchange] = await recorder.exchanges(1);
  const kept = recorder.text() + JSON.stringify(told) + recorder.said.join();
  for (const part of [secret, ...secret.split('.').slice(1), 'canarycookie']) expect(kept).not.toContain(part);
  const said = (exchange ? textsOf(exchange) : []).flatMap(text => /"content":"(.*)"/.exec(text)?.[1] ?? []).join('');
  expect(said).toBe(`you said ${'*'.repeat(secret.length)}!`);
});

test('a thousand random chunkings are recorded and replayed as they were', { timeout: 60_000 }, async () => {
  const random = createRandom('chunkings');
  const whole = Buffer.from('data: {"choices":[{"delta":{"content":"你好, 😀 world"}}]}\r\n\r\ndata: [DONE]\n\n\ufeff');
  const chunkings = Array.from({ length: 1000 }, () => {
    const cuts = [...new Set(Array.from({ length: int(random, 9) }, () => 1 + int(random, whole.length - 1)))].sort(
      (a, b) => a - b,
    );
    return [...cuts, whole.length].map((end, i) => whole.subarray(cuts[i - 1] ?? 0, end));
  });
  const upstream = keep(
    await rawServer((socket, request) => {
      const parts = chunkings[Number(/"content":"(\d+)"/.exec(request)?.[1])] ?? [];
      socket.write(Buffer.concat([Buffer.from(chunked), ...parts.map(framed), Buffer.from('0\r\n\r\n')]));
    }),
  );
  const recorder = await recorderOf(upstream.baseUrl);
  const ask = async (baseUrl: string) => {
    const heard: string[][] = [];
    for (let from = 0; from < chunkings.length; from += 50) {
      const some = Array.from({ length: 50 }, (_, i) => call(baseUrl, hello(String(from + i))));
      for (const { chunks } of await Promise.all(some)) heard.push(chunks.map(part => part.toString('hex')));
    }
    return heard;
  };
  const expected = chunkings.map(parts => parts.map(part => part.toString('hex')));
  expect(await ask(recorder.baseUrl)).toEqual(expected);
  const exchanges = await recorder.exchanges(chunkings.length);
  const replay = keep(await startReplay({ exchanges, speed: 0 }));
  expect(await ask(replay.baseUrl)).toEqual(expected);
});

test('an upstream that is not there is told, and not recorded', async () => {
  const recorder = await recorderOf(await refusedUrl());
  const heard = await call(recorder.baseUrl, hello());
  expect(heard.status).toBe(502);
  expect(Buffer.concat(heard.chunks).toString()).toContain('mock_upstream_unreachable');
  expect(recorder.said).toEqual([expect.stringMatching(/cannot be reached \(ECONNREFUSED\); nothing is recorded/)]);
  expect(recorder.text()).toBe('');
});

test('an answer that is not packed as it says passes but is not recorded, because no key could be found in it', async () => {
  const upstream = keep(
    await rawServer(socket => socket.end(`${head('Content-Encoding: gzip', 'Content-Length: 2')}xx`)),
  );
  const recorder = await recorderOf(upstream.baseUrl);
  expect((await call(recorder.baseUrl, hello())).ending).toBe('complete');
  await until('the warning', () => recorder.said.length > 0);
  expect(recorder.said).toEqual([expect.stringMatching(/compressed \(gzip\)/)]);
  expect(recorder.text()).toBe('');
});

test('a recorder does not record itself', async () => {
  const taken = await recorderOf('http://127.0.0.1:9');
  const port = Number(new URL(taken.url).port);
  await taken.close();
  const self = startRecorder({
    upstream: `http://localhost:${port}${base}`,
    port,
    cassette: openCassette(file('self.jsonl')),
  });
  await expect(self).rejects.toMatchObject({ code: 'bad_upstream' });
});

test('a compressed answer passes as it came, and what it said is recorded without the keys in it', async () => {
  const said = `data: {"choices":[{"delta":{"content":"key ${key}"}}]}\n\n`;
  const packed = gzipSync(said);
  const upstream = keep(
    await rawServer(socket => {
      socket.write(head('Content-Encoding: gzip', `Content-Length: ${packed.length}`));
      socket.end(packed);
    }),
  );
  const recorder = await recorderOf(upstream.baseUrl);
  expect(Buffer.concat((await call(recorder.baseUrl, hello())).chunks)).toEqual(packed);
  const [exchange] = await recorder.exchanges(1);
  expect(exchange && textsOf(exchange)).toEqual([said.replace(key, '*'.repeat(key.length))]);
  expect(exchange?.response.headers.join()).not.toMatch(/content-(?:encoding|length)/i);
  expect(recorder.said).toEqual([]);
});

test('a key in front of the path is not recorded', async () => {
  const upstream = keep(await rawServer(socket => socket.end(`${head('Content-Length: 2')}ok`)));
  const recorder = await recorderOf(upstream.baseUrl);
  await call(recorder.url, hello(), { path: '/odd-id.odd-canary/chat/completions' });
  const [exchange] = await recorder.exchanges(1);
  expect(exchange?.request.path).toBe('/***/chat/completions');
  expect(recorder.text()).not.toContain('canary');
});
