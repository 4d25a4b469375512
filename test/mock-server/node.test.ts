import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { connect, createServer } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { generate } from 'selfsigned';
import { afterEach, expect, test } from 'vitest';
import { createManualClock } from '../../src/core/clock.ts';
import {
  type CreateMockOptions,
  createMock,
  type JournalEntry,
  type Mock,
  UsageError,
} from '../../src/mock-server/index.ts';
import { serveNode } from '../../src/mock-server/node.ts';
import { chunksOf, completionOf, createTestEngine, noon } from '../support/mock-engine.ts';
import { dial, post } from '../support/raw.ts';
import { until } from '../support/until.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options: CreateMockOptions = {}): Promise<Mock> {
  const mock = await createMock(options);
  cleanups.push(() => mock.close({ graceMs: 0 }));
  return mock;
}

const chat = '/api/paas/v4/chat/completions';
const hello = {
  model: 'glm-4.6',
  messages: [{ role: 'user', content: 'Tell me about trains' }],
  thinking: { type: 'disabled' },
};
const stream = { ...hello, stream: true };

async function knock(mock: Mock) {
  const client = await dial(mock.url);
  cleanups.push(() => client.socket.destroy());
  return client;
}

const send = (mock: Mock, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${mock.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${mock.apiKey}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

const lastEntry = async (mock: Mock, ending: JournalEntry['ending']) =>
  until(`an entry that ends ${ending}`, async () => (await mock.journal()).find(entry => entry.ending === ending));

/** How many beats left so far, open streams included. */
const beatsSent = async (mock: Mock) =>
  Number(/^glm_mock_chunk_lateness_seconds_count (\d+)$/m.exec(await mock.metrics())?.[1] ?? Number.NaN);

const metric = async (mock: Mock, line: string) =>
  (await mock.metrics())
    .split('\n')
    .find(text => text.startsWith(`${line} `))
    ?.slice(line.length + 1);

test('a stream’s headers arrive before its first token, and each token at its time', async () => {
  const clock = createManualClock(noon);
  const mock = await start({ clock, timing: 'ttft=60s,itl=10s', replyTokens: 3 });
  const client = await knock(mock);
  client.socket.write(post(chat, mock.apiKey, stream));
  const head = await client.hears(/\r\n\r\n/);
  expect(head).toMatch(/^HTTP\/1.1 200 OK\r\n.*content-type: text\/event-stream/s);
  expect(head).not.toContain('data:');
  clock.advance(59_999);
  expect(await beatsSent(mock)).toBe(0);
  clock.advance(1);
  await client.hears(/data: .*\n\n/);
  expect(await beatsSent(mock)).toBe(1);
  clock.advance(20_000);
  await client.hears(/\[DONE\]\n\n\r\n0\r\n\r\n$/);
  expect(await lastEntry(mock, 'complete')).toMatchObject({ beats: 5, durationMs: 80_000, worstLatenessMs: 0 });
});

test('a body’s head leaves with it', async () => {
  const clock = createManualClock(noon);
  const mock = await start({ clock, timing: 'ttft=60s', replyTokens: 3 });
  const client = await knock(mock);
  client.socket.write(post(chat, mock.apiKey, hello));
  await until('the request', async () => (await mock.journal()).length === 1);
  clock.advance(59_999);
  expect(client.heard()).toBe('');
  clock.advance(1);
  await client.hears(/"usage":\{.*\}\}$/);
});

test('nothing is generated for a client that does not read, until it reads again', async () => {
  const mock = await start({ replyTokens: 60_000 });
  const client = await knock(mock);
  client.socket.pause();
  client.socket.write(post(chat, mock.apiKey, stream));
  let before = -1;
  const held = await until('a count that stands still', async () => {
    const now = await beatsSent(mock);
    const still = now > 0 && now === before ? now : undefined;
    before = now;
    await new Promise(resolve => setTimeout(resolve, 100));
    return still;
  });
  expect(held).toBeLessThan(60_000);
  client.socket.resume();
  await client.hears(/\[DONE\]\n\n\r\n0\r\n\r\n$/);
  expect(await lastEntry(mock, 'complete')).toMatchObject({ beats: 60_002, completionTokens: 60_000 });
});

test('a client that goes in the middle of a stream is noticed, and nothing more is generated', async () => {
  const clock = createManualClock(noon);
  const mock = await start({ clock, timing: 'ttft=1s,itl=1s', replyTokens: 1000 });
  const client = await knock(mock);
  client.socket.write(post(chat, mock.apiKey, stream));
  await client.hears(/\r\n\r\n/);
  clock.advance(3000);
  await client.hears(/(data: [^\n]+\n\n.*){3}/s);
  client.socket.destroy();
  expect(await lastEntry(mock, 'client_gone')).toMatchObject({ beats: 3, status: 200 });
  clock.advance(1e6);
  expect(await beatsSent(mock)).toBe(3);
  expect(await metric(mock, 'glm_mock_client_disconnects_total{stage="mid_stream"}')).toBe('1');
  expect([await metric(mock, 'glm_mock_in_flight_requests'), await metric(mock, 'glm_mock_open_streams')]).toEqual([
    '0',
    '0',
  ]);
});

test.each([
  ['before the headers', hello, 'before_headers', 0],
  ['before the first token', stream, 'before_first_token', 0],
])('a client that goes %s is noticed', async (_, body, stage, beats) => {
  const clock = createManualClock(noon);
  const mock = await start({ clock, timing: 'ttft=60s' });
  const client = await knock(mock);
  client.socket.write(post(chat, mock.apiKey, body));
  await until('the request', async () => (await mock.journal()).length === 1);
  client.socket.resetAndDestroy();
  expect(await lastEntry(mock, 'client_gone')).toMatchObject({ beats, bytes: 0 });
  expect(await metric(mock, `glm_mock_client_disconnects_total{stage="${stage}"}`)).toBe('1');
  clock.advance(1e6);
  expect(await beatsSent(mock)).toBe(0);
});

test('a client that goes during its upload leaves nothing behind', async () => {
  const mock = await start();
  for (const end of ['destroy', 'resetAndDestroy', 'end'] as const) {
    const client = await knock(mock);
    client.socket.write(`POST ${chat} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{"model":`);
    client.socket[end]();
    await client.closed;
  }
  expect((await send(mock, hello)).status).toBe(200);
  expect((await mock.journal()).map(entry => entry.ending)).toEqual(['complete']);
  expect(await metric(mock, 'glm_mock_in_flight_requests')).toBe('0');
});

test('a connection is used again, and pipelined requests are answered in order', async () => {
  const mock = await start();
  const client = await knock(mock);
  client.socket.write(post(chat, mock.apiKey, hello));
  await client.hears(/"usage":\{.*\}\}$/);
  const asked = ['one', 'two', 'three', 'four'].map((request_id, i) =>
    post(chat, mock.apiKey, { ...hello, request_id: `id-${request_id}`, stream: i === 1 }),
  );
  client.socket.write(asked.join(''));
  await client.hears(/"request_id":"id-four".*\}\}$/s);
  expect(client.heard().match(/HTTP\/1.1 200|"request_id":"id-\w+"|\[DONE\]/g)).toEqual([
    'HTTP/1.1 200',
    'HTTP/1.1 200',
    '"request_id":"id-one"',
    'HTTP/1.1 200',
    '[DONE]',
    'HTTP/1.1 200',
    '"request_id":"id-three"',
    'HTTP/1.1 200',
    '"request_id":"id-four"',
  ]);
});

test('a body is compressed when asked, a stream and an error are not', async () => {
  const options = { clock: createManualClock(noon), seed: 3 };
  const [plain, packed] = [await start(options), await start(options)];
  const get = async (mock: Mock, body: unknown, coding?: string) => {
    const client = await knock(mock);
    const parts: Buffer[] = [];
    const socket = connect(Number(new URL(mock.url).port), '127.0.0.1').on('data', part => parts.push(part));
    socket.write(post(chat, mock.apiKey, body, 'Connection: close', ...(coding ? [`Accept-Encoding: ${coding}`] : [])));
    await once(socket, 'close');
    client.socket.destroy();
    const all = Buffer.concat(parts);
    const end = all.indexOf('\r\n\r\n');
    return { head: all.subarray(0, end).toString(), body: all.subarray(end + 4) };
  };
  const [a, b] = [await get(plain, hello), await get(packed, hello, 'br, gzip')];
  expect(a.head).not.toContain('content-encoding');
  expect(b.head).toContain('content-encoding: gzip');
  expect(b.head).toContain(`content-length: ${b.body.length}`);
  expect(gunzipSync(b.body).toString()).toBe(a.body.toString());
  for (const body of [stream, { ...hello, model: 'nope' }])
    expect((await get(packed, body, 'gzip')).head).not.toContain('content-encoding');
});

test.each([
  ['glm-4.6', 400, '1261'],
  ['glm-5.2', 200, undefined],
])('a prompt of 4 MB is judged by %s with %i', async (model, status, code) => {
  const mock = await start({ replyTokens: 5 });
  const answer = await send(mock, { ...hello, model, messages: [{ role: 'user', content: 'word '.repeat(800_000) }] });
  const body = (await answer.json()) as { error?: { code: string } };
  expect([answer.status, body.error?.code]).toEqual([status, code]);
});

const big = `{"x":"${'y'.repeat(5000)}"}`;
const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
test.each([
  ['announced', `Content-Length: ${big.length}\r\n\r\n${big}`],
  ['announced and never sent', 'Content-Length: 99999999\r\n\r\n'],
  ['chunked', `Transfer-Encoding: chunked\r\n\r\n${chunked(big.slice(0, 3000))}${chunked(big.slice(3000))}0\r\n\r\n`],
  ['chunked and never ended', `Transfer-Encoding: chunked\r\n\r\n${chunked(big)}`],
])('a body that is too large, %s, is refused with 413, and the server lives on', async (_, rest) => {
  const mock = await start({ maxBodyBytes: 4096 });
  const client = await knock(mock);
  client.socket.write(`POST ${chat} HTTP/1.1\r\nHost: x\r\nAuthorization: ${mock.apiKey}\r\n${rest}`);
  const heard = await client.hears(/<\/html>/);
  expect(heard).toMatch(/^HTTP\/1.1 413 .*connection: close/is);
  expect((await send(mock, hello)).status).toBe(200);
  expect((await mock.journal()).map(entry => entry.status)).toEqual([413, 200]);
});

test('a body of exactly the limit is read', async () => {
  const body = JSON.stringify({ ...hello, x: 'y'.repeat(3000) });
  const mock = await start({ maxBodyBytes: Buffer.byteLength(body) });
  expect((await send(mock, body)).status).toBe(200);
  expect((await send(mock, `${body} `)).status).toBe(413);
});

test('many requests at once are all answered and counted', async () => {
  const mock = await start({ replyTokens: 20, timing: 'ttft=5ms,itl=1ms' });
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => (await send(mock, { ...hello, stream: i % 2 === 0 })).text()),
  );
  expect(answers.every(text => completionOf(text).usage.completion_tokens === 20)).toBe(true);
  expect(new Set(answers.map(text => completionOf(text).id)).size).toBe(200);
  const labels = 'endpoint="/chat/completions",model="glm-4.6",http_status="200",code="none"';
  expect(await metric(mock, `glm_mock_requests_total{${labels}}`)).toBe('200');
  expect(await metric(mock, 'glm_mock_output_tokens_total')).toBe('4000');
});

test('a caller who asks for every status there could be makes no label of an unknown one', async () => {
  const mock = await start();
  const ask = async (status: number) => {
    const response = await send(mock, hello, { 'x-glm-fault': `html-gateway,status=${status}` });
    expect(response.status).toBe(status);
    return response.text();
  };
  for (const status of [433, 502, 599]) await ask(status);
  const counted = [...(await mock.metrics()).matchAll(/^glm_mock_requests_total\{.*http_status="(\w+)".*\} (\d)$/gm)];
  expect(counted.map(([, status, count]) => `${status}: ${count}`).sort()).toEqual(['502: 1', 'other: 2']);
});

test('closing lets a running stream end, refuses new connections, and is done with the stream', async () => {
  const clock = createManualClock(noon);
  const mock = await start({ clock, timing: 'ttft=1s,itl=1s', replyTokens: 10 });
  const client = await knock(mock);
  client.socket.write(post(chat, mock.apiKey, stream));
  await client.hears(/\r\n\r\n/);
  clock.advance(2000);
  const closed = mock.close({ graceMs: 3_600_000 });
  await expect(dial(mock.url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  clock.advance(60_000);
  await client.hears(/\[DONE\]\n\n\r\n0\r\n\r\n$/);
  client.socket.end();
  await closed;
});

test('closing breaks what is left after the grace', async () => {
  const clock = createManualClock(noon);
  const mock = await start({ clock, timing: 'ttft=1h' });
  const client = await knock(mock);
  client.socket.write(post(chat, mock.apiKey, stream));
  await client.hears(/\r\n\r\n/);
  const closed = mock.close({ graceMs: 5000 });
  clock.advance(5000);
  await Promise.all([closed, client.closed]);
  expect(client.heard()).not.toContain('data:');
});

const trust = (mock: Mock, ca: string) =>
  new Promise<string>((resolve, reject) => {
    const headers = { authorization: mock.apiKey };
    httpsRequest(`${mock.baseUrl}/chat/completions`, { method: 'POST', headers, ca }, res => {
      let text = '';
      res.setEncoding('utf8').on('data', part => {
        text += part;
      });
      res.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end(JSON.stringify(stream));
  });

test('a certificate is made for the run, and a client that trusts it is answered', async () => {
  const mock = await start({ tls: true });
  expect(mock.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  expect(completionOf(await trust(mock, mock.certificate ?? '')).finish).toBe('stop');
  await expect(trust(mock, '')).rejects.toThrow();
});

test('the user’s own certificate is served, and nothing is shown of it', async () => {
  const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const folder = mkdtempSync(`${tmpdir()}/glm-test-`);
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const made = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  writeFileSync(`${folder}/cert.pem`, made.cert);
  writeFileSync(`${folder}/key.pem`, made.private);
  const mock = await start({ tlsCert: `${folder}/cert.pem`, tlsKey: `${folder}/key.pem` });
  expect(mock.certificate).toBeUndefined();
  expect(completionOf(await trust(mock, made.cert)).finish).toBe('stop');
  writeFileSync(`${folder}/key.pem`, 'no key at all');
  await expect(createMock({ tlsCert: `${folder}/cert.pem`, tlsKey: `${folder}/key.pem` })).rejects.toThrow(
    /cert\.pem and .*key\.pem: not a certificate with its key/,
  );
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  writeFileSync(`${folder}/key.pem`, ec);
  await expect(createMock({ tlsCert: `${folder}/cert.pem`, tlsKey: `${folder}/key.pem` })).rejects.toThrow(
    /not a certificate with its key \(.*key\.pem is not the key of the certificate/,
  );
  await expect(createMock({ tlsCert: `${folder}/cert.pem` })).rejects.toThrow('--tls-key is missing');
  await expect(createMock({ tlsCert: `${folder}/none.pem`, tlsKey: `${folder}/key.pem` })).rejects.toThrow(
    'none.pem: no such file',
  );
});

test('a port in use is a clear sentence', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  cleanups.push(() => other.close());
  const { port } = other.address() as { port: number };
  const failed = await createMock({ port }).catch(error => error);
  expect(failed).toBeInstanceOf(UsageError);
  expect([failed.code, failed.message]).toEqual([
    'port_in_use',
    `port ${port} is in use; choose another with --port, or 0 for any`,
  ]);
});

test('a client of HTTP/1.0 gets its stream until the connection closes', async () => {
  const mock = await start();
  const client = await knock(mock);
  client.socket.write(post(chat, mock.apiKey, stream).replace('HTTP/1.1', 'HTTP/1.0'));
  await client.closed;
  const [head = '', ...rest] = client.heard().split('\r\n\r\n');
  expect(head).not.toMatch(/transfer-encoding/i);
  expect(chunksOf(rest.join('\r\n\r\n')).length).toBeGreaterThan(2);
});

test('a client that asks before it sends is told to go on', async () => {
  const mock = await start();
  const client = await knock(mock);
  const [head, body] = post(chat, mock.apiKey, hello, 'Expect: 100-continue').split('\r\n\r\n');
  client.socket.write(`${head}\r\n\r\n`);
  await client.hears(/^HTTP\/1.1 100 Continue\r\n\r\n/);
  client.socket.write(body ?? '');
  await client.hears(/HTTP\/1.1 200 OK.*\}\}$/s);
});

test.each([
  ['no HTTP at all', 'hello\r\n\r\n'],
  ['a broken header', 'GET / HTTP/1.1\r\nHost x\r\n\r\n'],
  ['two lengths', `POST ${chat} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
  ['a negative length', `POST ${chat} HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n`],
  ['a chunk size that is none', `POST ${chat} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`],
  ['no host', 'GET / HTTP/1.1\r\n\r\n'],
])('%s is a 400, and the server lives on', async (_, text) => {
  const mock = await start();
  const client = await knock(mock);
  client.socket.write(text);
  await client.hears(/^HTTP\/1.1 400 /);
  await client.closed;
  expect((await send(mock, hello)).status).toBe(200);
});

test('headers that are too large are a 431, and the server lives on', async () => {
  const mock = await start();
  const client = await knock(mock);
  client.socket.write(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`);
  await client.hears(/^HTTP\/1.1 431 /);
  expect((await send(mock, hello)).status).toBe(200);
});

test.each(['/healthz', '/metrics', '/__admin/journal'])('%s needs no key and is no request of the API', async path => {
  const mock = await start();
  for (const method of ['GET', 'HEAD']) {
    const answer = await fetch(mock.url + path, { method });
    expect([answer.status, (await answer.text()) === '']).toEqual([200, method === 'HEAD']);
  }
  expect(await mock.journal()).toEqual([]);
  expect((await fetch(mock.url + path, { method: 'POST' })).status).toBe(path.startsWith('/__admin') ? 405 : 404);
});

test('HEAD has the headers of GET and no body', async () => {
  const mock = await start();
  const answer = await fetch(`${mock.baseUrl}/models`, { method: 'HEAD', headers: { authorization: mock.apiKey } });
  expect([answer.status, await answer.text()]).toEqual([200, '']);
  expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(100);
});

test('a query is no part of the path, nor of the journal', async () => {
  const mock = await start();
  const answer = await fetch(`${mock.baseUrl}/models?key=canary`, { headers: { authorization: mock.apiKey } });
  expect(answer.status).toBe(200);
  expect((await mock.journal())[0]?.path).toBe('/api/paas/v4/models');
});

test.each(['reset', 'fin', 'hang'] as const)('a plan may end with %s', async how => {
  const { engine, clock, meter, key } = createTestEngine();
  const settled: unknown[] = [];
  const plan = {
    head: { at: 0, status: 200, headers: ['x-a', '1'] },
    beats: [
      { at: 0, send: 'abc' },
      { at: 0, end: how },
    ],
  };
  const answering = { ...engine, handle: () => ({ plan, settle: (played: unknown) => settled.push(played) }) };
  const server = await serveNode(answering, {
    host: '127.0.0.1',
    port: 0,
    maxBodyBytes: 1e6,
    tls: undefined,
    clock,
    lateness: meter.lateness,
    aside: () => false,
  });
  cleanups.push(async () => {
    const closed = server.close(0);
    clock.advance(0);
    await closed;
  });
  const client = await dial(`http://127.0.0.1:${server.port}`);
  client.socket.write(post(chat, key, hello));
  if (how !== 'reset') await client.hears(/abc/);
  if (how === 'hang') client.socket.destroy();
  await client.closed;
  await until('the end', () => settled.length > 0);
  expect(settled).toEqual([
    { ending: how === 'hang' ? 'client_gone' : 'cut', headSent: true, beats: 1, bytes: 3, worstLatenessMs: 0 },
  ]);
});
