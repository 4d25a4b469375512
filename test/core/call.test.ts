import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { generate } from 'selfsigned';
import { afterEach, expect, test } from 'vitest';
import { createBodyReader, createStreamReader } from '../../src/core/call/reader.ts';
import { newDraft } from '../../src/core/call/record.ts';
import { chatCall, createCaller, e2e, phases, tpot, ttfb, ttft, ttftVisible } from '../../src/core/call.ts';
import type { Reason } from '../../src/core/outcome.ts';
import * as fake from '../support/fake-glm.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const key = 'canary-id.canary-secret';
const ask = (stream: boolean) => chatCall({ model: 'glm-4.6', messages: [], stream });

async function serve(reply: fake.Reply, tls?: { key: string; cert: string }) {
  const server = await fake.createFakeGlm(reply, tls);
  cleanups.push(() => server.close());
  return server;
}

function callerTo(baseUrl: string, more: Partial<Parameters<typeof createCaller>[0]> = {}) {
  const caller = createCaller({ baseUrl, key, connection: 'fresh', ...more });
  cleanups.push(() => caller.close());
  return caller;
}

const { word, thought, last, done, stream, json } = fake;
const half = word('half an ans');

test.each<[string, boolean, fake.Reply, Reason]>([
  ['a whole stream', true, fake.goodStream, 'ok'],
  ['a whole body', false, fake.goodUnary, 'ok'],
  ['a finish_reason without [DONE], ended cleanly', true, stream([word('x'), last()]), 'ok'],
  ['[DONE], then a FIN inside the chunked body', true, stream([word('x'), last(), done], 'fin'), 'ok'],
  ['a tool call and nothing else', true, stream([toolChunk(), last('tool_calls'), done]), 'ok'],
  [
    'a body cut at max_tokens with something to read',
    false,
    json(200, fake.completion({ content: 'a' }, 'length')),
    'ok',
  ],
  ['a stream ended cleanly without finish_reason', true, stream([half]), 'truncated'],
  ['a stream cut by FIN', true, stream([half], 'fin'), 'truncated'],
  ['a stream cut by FIN after finish_reason, before [DONE]', true, stream([half, last()], 'fin'), 'truncated'],
  ['a body cut by FIN', false, cutBody('end'), 'truncated'],
  ['a stream cut by RST', true, stream([half], 'reset'), 'reset'],
  ['a closing chunked stream cut by FIN', true, chunkedClose('end'), 'truncated'],
  ['a closing chunked stream cut by RST', true, chunkedClose('reset'), 'reset'],
  ['a stream without length cut by RST', true, closeDelimited('reset'), 'reset'],
  ['a stream without length that ends', true, closeDelimited('end'), 'truncated'],
  ['FIN instead of an answer', false, response => response.socket?.end(), 'reset'],
  ['RST instead of an answer', false, response => response.socket?.resetAndDestroy(), 'reset'],
  [
    'an error frame with a string code',
    true,
    stream([half, 'data: {"error":{"code":"1234","message":"x"}}\n\n']),
    'error_in_stream',
  ],
  [
    'an error frame with a number, then silence',
    true,
    stream(['data: {"error":{"code":1302}}\n\n'], 'hang'),
    'error_in_stream',
  ],
  ['a frame that is not JSON', true, stream([half, 'data: {"choices":[{"delta"\n\n'], 'hang'), 'malformed'],
  ['bytes that are not HTTP', false, response => response.socket?.end('hello\r\n\r\n'), 'malformed'],
  [
    'a head of 100 KB',
    false,
    response => response.socket?.end(`HTTP/1.1 200 OK\r\nx: ${'a'.repeat(100_000)}\r\n\r\n`),
    'malformed',
  ],
  [
    '100 that nobody asked for',
    false,
    response => response.socket?.end('HTTP/1.1 100 Continue\r\n\r\n'.repeat(50)),
    'malformed',
  ],
  ['a body that is broken JSON', false, brokenJson, 'malformed'],
  ['an HTML page with 502', true, fake.html(502), 'gateway_error'],
  ['an HTML page with 200', false, fake.html(200), 'gateway_error'],
  ['429 with 1302', true, fake.apiError(429, '1302'), 'rate_limited'],
  ['a code with spaces around it', false, fake.apiError(429, ' 1302 '), 'rate_limited'],
  ['a code of spaces', false, fake.apiError(429, '  '), 'rate_limited'],
  ['an empty 429', false, response => response.writeHead(429).end(), 'rate_limited'],
  ['an HTML page with 401', true, fake.html(401), 'auth'],
  ['429 with 1113', false, fake.apiError(429, '1113'), 'balance_exhausted'],
  ['429 with 1305', false, fake.apiError(429, 1305), 'overloaded'],
  ['a code nobody knows', false, fake.apiError(429, '1399'), 'unknown_code'],
  ['200 with a flat code', false, json(200, { code: 1000, msg: '身份验证失败。', success: false }), 'auth'],
  ['404 of the framework', false, json(404, { status: 404, error: 'Not Found', path: '/v4' }), 'not_found'],
  ['JSON that is no completion', false, json(200, { hello: 1 }), 'contract'],
  ['one body where a stream was asked for', true, fake.goodUnary, 'contract'],
  ['a stream where one body was asked for', false, fake.goodStream, 'contract'],
  ['thinking and nothing else', true, stream([thought('a'), thought('b'), last('length'), done]), 'reasoning_only'],
  ['thinking and a lone line break', true, stream([word('\n'), thought('b'), last('stop'), done]), 'reasoning_only'],
  [
    'thinking in a body, without content',
    false,
    json(200, fake.completion({ reasoning_content: 'a' }, 'length')),
    'reasoning_only',
  ],
  ['an answer without any text', true, stream([last(), done]), 'empty'],
  ['no usage', true, stream([word('x'), last('stop', null), done]), 'usage_missing'],
  ['finish_reason network_error', true, stream([half, last('network_error'), done]), 'network_error'],
  ['finish_reason sensitive', true, stream([half, last('sensitive'), done]), 'content_filtered'],
])('%s (stream %s) ends as it should', async (_name, streamed, reply, kind) => {
  const server = await serve(reply);
  const record = await callerTo(server.url, { deadlines: { total: 5000 } }).call(ask(streamed));
  expect(record.outcome).toMatchObject({ kind });
  expect(JSON.stringify(record)).not.toContain('canary');
});

function toolChunk() {
  const call = { id: 'call_1', index: 0, type: 'function', function: { name: 'f', arguments: '{}' } };
  return fake.chunk({ tool_calls: [call] });
}

function cutBody(how: 'end' | 'destroy'): fake.Reply {
  return response => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 });
    response.write('{"choices":', () => response.socket?.[how]());
  };
}

function closeDelimited(how: 'end' | 'reset') {
  return raw('connection: close', half, how);
}

function chunkedClose(how: 'end' | 'reset') {
  return raw('connection: close\r\ntransfer-encoding: chunked', `${half.length.toString(16)}\r\n${half}\r\n`, how);
}

/** A stream written by hand; broken off a little after it was written, so that its bytes arrive first. */
function raw(headers: string, body: string, how: 'end' | 'reset'): fake.Reply {
  return response => {
    const socket = response.socket;
    const text = `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n${headers}\r\n\r\n${body}`;
    socket?.write(text, () => setTimeout(() => (how === 'end' ? socket.end() : socket.resetAndDestroy()), 20));
  };
}

function brokenJson(response: Parameters<fake.Reply>[0]) {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end('{"choices":[');
}

test('a stream leaves its times in order, its counts and its identity', async () => {
  const server = await serve(fake.goodStream);
  const record = await callerTo(server.url).call(ask(true), { keepText: true });
  expect(record).toMatchObject({
    outcome: { kind: 'ok' },
    status: 200,
    text: 'pong',
    visibleChars: 4,
    chunks: 4,
    finishReason: 'stop',
    model: 'glm-4.6',
    id: '20261009015456dfa744dc7c144abe',
    logId: 'log-1',
    usage: fake.usage,
    done: true,
    reusedConnection: false,
    deadline: undefined,
  });
  const { startMs, connectMs, tcpMs, sentMs, headMs, firstEventMs, firstReasoningMs, firstVisibleMs, endMs } = record;
  const times = [startMs, connectMs, tcpMs, sentMs, headMs, firstEventMs, firstReasoningMs, firstVisibleMs, endMs];
  expect(times).toEqual([...times].sort((a, b) => Number(a) - Number(b)));
  expect(record.dnsMs).toBeUndefined();
  expect(record.tlsMs).toBeUndefined();
});

test('HTTP chunks that arrive in one read have one stamp', async () => {
  const parts = [word('a'), word('b'), word('c'), last(), done].map(
    part => `${part.length.toString(16)}\r\n${part}\r\n`,
  );
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
  const server = await serve(response => response.socket?.write(`${head}${parts.join('')}0\r\n\r\n`));
  const gaps: number[] = [];
  const record = await callerTo(server.url).call(ask(true), { onGap: ms => gaps.push(ms) });
  expect(record).toMatchObject({ outcome: { kind: 'ok' }, chunks: 4, coalesced: 2, maxGapMs: 0 });
  expect(gaps).toEqual([]);
});

test('the text is not kept unless asked for', async () => {
  const server = await serve(fake.good);
  const record = await callerTo(server.url).call(ask(true));
  expect(record).toMatchObject({ text: undefined, visibleChars: 4 });
});

test.each<[string, fake.Reply, object, Reason]>([
  ['connect', fake.hang, { connect: 60 }, 'timeout_connect'],
  ['first_byte', fake.hang, { first_byte: 60 }, 'timeout_first_byte'],
  ['first_token', fake.hangAfterHead, { first_token: 60 }, 'timeout_first_token'],
  ['first_token', fake.stream([fake.chunk({ content: '' })], 'hang'), { first_token: 60 }, 'timeout_first_token'],
  ['idle', stream([half], 'hang'), { idle: 60 }, 'stalled'],
  ['total', stream([half], 'hang'), { total: 60 }, 'timeout_total'],
  ['first_byte', fake.hang, { connect: 60, first_byte: 60, first_token: 60, total: 60 }, 'timeout_first_byte'],
])('deadline %s that fires is named', async (name, reply, deadlines, kind) => {
  const server = await serve(reply);
  // A server that accepts and never says hello: for TLS the connection is not there before the handshake.
  const url = name === 'connect' ? await silentUrl() : server.url;
  const record = await callerTo(url, { deadlines }).call(ask(true));
  expect(record).toMatchObject({ deadline: name, outcome: { kind } });
});

async function silentUrl() {
  const sockets: Socket[] = [];
  const silent = createServer(socket => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  return `https://127.0.0.1:${(silent.address() as AddressInfo).port}/v4`;
}

test('a deadline does not fire for an answer that kept within it', async () => {
  const server = await serve(fake.goodStream);
  const deadlines = { connect: 1000, first_byte: 1000, first_token: 1000, idle: 1000, total: 1000 };
  expect(await callerTo(server.url, { deadlines }).call(ask(true))).toMatchObject({ outcome: { kind: 'ok' } });
});

test('a stream that hangs after [DONE] was complete', async () => {
  const server = await serve(stream([word('x'), last(), done], 'hang'));
  const record = await callerTo(server.url, { deadlines: { idle: 60 } }).call(ask(true));
  expect(record).toMatchObject({ outcome: { kind: 'ok' }, deadline: undefined });
});

test('a refused port is tcp, a name that does not exist is dns', async () => {
  const refused = await callerTo(await fake.refusedUrl()).call(ask(true));
  expect(refused).toMatchObject({ outcome: { kind: 'tcp', detail: 'ECONNREFUSED' }, sentMs: undefined });
  const lost = await callerTo('http://name.invalid/v4').call(ask(true));
  expect(lost).toMatchObject({ outcome: { kind: 'dns' }, dnsMs: undefined });
});

test('a caller that hangs up gets cancelled', async () => {
  const stop = new AbortController();
  const server = await serve((response, request) => {
    stream([half], 'hang')(response, request);
    setImmediate(() => stop.abort());
  });
  const record = await callerTo(server.url).call(ask(true), { signal: stop.signal });
  expect(record.outcome.kind).toBe('cancelled');
  expect((await callerTo(server.url).call(ask(true), { signal: stop.signal })).outcome.kind).toBe('cancelled');
  expect(server.requests).toHaveLength(1);
});

test('a pooled connection is used again, a fresh one never', async () => {
  const server = await serve(fake.good);
  const reuse = async (connection: 'pooled' | 'fresh') => {
    const caller = callerTo(server.url, { connection });
    return [await caller.call(ask(true)), await caller.call(ask(false))].map(record => record.reusedConnection);
  };
  expect(await reuse('pooled')).toEqual([false, true]);
  expect(await reuse('fresh')).toEqual([false, false]);
});

test('a reset of a kept connection is a reset, and is not repeated', async () => {
  const server = await serve(fake.good);
  const caller = callerTo(server.url, { connection: 'pooled' });
  await caller.call(ask(false));
  server.reply = response => response.socket?.resetAndDestroy();
  expect(await caller.call(ask(false))).toMatchObject({ reusedConnection: true, outcome: { kind: 'reset' } });
  expect(server.requests).toHaveLength(2);
  server.reply = fake.good;
  expect(await caller.call(ask(false))).toMatchObject({ reusedConnection: false, outcome: { kind: 'ok' } });
});

test('calls beyond the allowed connections wait, and their latency counts the wait', async () => {
  let most = 0;
  const held: (() => void)[] = [];
  // Two by two: nobody is answered before a second request is there.
  const server = await serve((response, request) => {
    held.push(() => fake.good(response, request));
    most = Math.max(most, held.length);
    if (held.length === 2) for (const answer of held.splice(0)) answer();
  });
  const caller = callerTo(server.url, { connection: 'pooled', connections: 2 });
  const records = await Promise.all(Array.from({ length: 8 }, () => caller.call(ask(false))));
  expect(most).toBe(2);
  expect(records.every(record => record.outcome.kind === 'ok')).toBe(true);
  expect(records.some(record => record.startMs > record.intendedMs)).toBe(true);
});

test('a call after closing ends at once as our own fault', async () => {
  const server = await serve(fake.good);
  const caller = callerTo(server.url, { connection: 'pooled' });
  caller.close();
  expect((await caller.call(ask(false))).outcome.kind).toBe('internal');
});

test('the key goes out as a bearer token, from a text or from a function', async () => {
  const server = await serve(fake.good);
  await callerTo(server.url).call(ask(false));
  await callerTo(server.url, { key: async () => 'a.jwt.token' }).call(ask(false));
  expect(server.requests.map(request => request.authorization)).toEqual([`Bearer ${key}`, 'Bearer a.jwt.token']);
  expect(server.requests[0]?.headers['accept-encoding']).toBeUndefined();
  const broken = await callerTo(server.url, { key: () => Promise.reject(new Error(key)) }).call(ask(false));
  expect(broken.outcome.kind).toBe('internal');
  expect(JSON.stringify(broken)).not.toContain('canary');
  const forbidden = await callerTo(server.url, { key: `${key}\n` }).call(ask(false));
  expect(forbidden.outcome.kind).toBe('internal');
  expect(JSON.stringify(forbidden)).not.toContain('canary');
});

test('GET /models is a call too', async () => {
  const server = await serve(json(200, { object: 'list', data: [] }));
  expect((await callerTo(server.url).call({ kind: 'models' })).outcome.kind).toBe('ok');
  expect(server.requests[0]).toMatchObject({ method: 'GET', path: '/api/paas/v4/models' });
});

test('a certificate is verified, against a given authority if there is one', async () => {
  const names = [{ type: 7, ip: '127.0.0.1' }] as const;
  const pem = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    keySize: 2048,
    extensions: [{ name: 'subjectAltName', altNames: [...names] }],
  });
  const server = await serve(fake.good, { key: pem.private, cert: pem.cert });
  expect((await callerTo(server.url).call(ask(true))).outcome).toMatchObject({ kind: 'tls' });
  const record = await callerTo(server.url, { ca: pem.cert }).call(ask(true));
  expect(record.outcome.kind).toBe('ok');
  expect(phases(record).tlsMs).toBeGreaterThan(0);
  const plain = await serve(fake.good);
  expect((await callerTo(plain.url.replace('http:', 'https:')).call(ask(true))).outcome.kind).toBe('tls');
});

const bytes = (...frames: string[]) => Buffer.from(frames.join(''));

test('tokens of one read share its stamp: one gap per read, the rest counted as coalesced', () => {
  const draft = newDraft(0, 0);
  const gaps: number[] = [];
  const reader = createStreamReader(draft, { onGap: ms => gaps.push(ms) });
  reader.feed(bytes(fake.chunk({ content: '' })), 10);
  reader.feed(bytes(thought('a'), thought('b')), 20);
  reader.feed(bytes(word('c')), 50);
  reader.feed(bytes(word('d'), word('e'), word('f')), 60);
  reader.feed(bytes(last('stop', { ...fake.usage, completion_tokens: 6 }), done), 61);
  expect(reader.end()).toEqual({ kind: 'ok' });
  expect(gaps).toEqual([30, 10]);
  expect(draft).toMatchObject({ maxGapMs: 30, coalesced: 3, chunks: 8 });
  expect(draft).toMatchObject({ firstEventMs: 10, firstTokenMs: 20, firstVisibleMs: 50, lastTokenMs: 60 });
  expect(tpot(draft)).toBe((60 - 20) / 5);
});

test('a stream reads the same wherever its bytes are split', () => {
  const whole = bytes(thought('嗯'), word('你好'), last(), done);
  for (let at = 0; at <= whole.length; at++) {
    const draft = newDraft(0, 0);
    const reader = createStreamReader(draft, { keepText: true });
    reader.feed(whole.subarray(0, at), 1);
    reader.feed(whole.subarray(at), 2);
    expect([reader.end().kind, draft.text, draft.chunks]).toEqual(['ok', '你好', 3]);
  }
});

test('usage without completion_tokens is read from the total', () => {
  const draft = { ...newDraft(0, 0), status: 200 };
  const reader = createBodyReader(draft, 'completion', {});
  reader.feed(
    bytes(JSON.stringify(fake.completion({ content: 'x' }, 'length', { prompt_tokens: 11, total_tokens: 61 }))),
    1,
  );
  expect(reader.end()).toEqual({ kind: 'ok' });
  expect(draft.usage).toEqual({ prompt_tokens: 11, completion_tokens: 50, total_tokens: 61 });
});

test.each([
  ['negative', { prompt_tokens: -5, completion_tokens: -5, total_tokens: -10 }],
  ['a fraction', { prompt_tokens: 5.5, completion_tokens: 5, total_tokens: 10.5 }],
  ['absurd', { prompt_tokens: 1e300, completion_tokens: 1, total_tokens: 1e300 }],
  ['more than any context', { prompt_tokens: 5, completion_tokens: 1e12, total_tokens: 10 }],
  ['less than the prompt', { prompt_tokens: 50, total_tokens: 10 }],
  ['negative in its details', { ...fake.usage, prompt_tokens_details: { cached_tokens: -1 } }],
  ['a fraction in its details', { ...fake.usage, completion_tokens_details: { reasoning_tokens: 0.5 } }],
])('a number of tokens that is %s is no usage', (_, usage) => {
  const draft = newDraft(0, 0);
  const reader = createStreamReader(draft, {});
  reader.feed(bytes(word('x'), last('stop', usage), done), 1);
  expect([reader.end().kind, draft.usage]).toEqual(['usage_missing', undefined]);
});

test.each([
  ['E1', { error: { code: '1113', message: '余额不足' } }],
  ['flat', { code: 1000, msg: '余额不足', success: false }],
  ['of a framework', { message: '余额不足' }],
  ['a text', { error: '余额不足' }],
])('the words of an error of the shape %s are kept', (_, body) => {
  const draft = { ...newDraft(0, 0), status: 429 };
  const reader = createBodyReader(draft, 'completion', {});
  reader.feed(bytes(JSON.stringify(body)), 1);
  reader.end();
  expect(draft.message).toBe('余额不足');
});

test('the words of an error frame are kept, and cut', () => {
  const draft = newDraft(0, 0);
  const reader = createStreamReader(draft, {});
  reader.feed(bytes(`data: {"error":{"code":"1234","message":"${'x'.repeat(9999)}"}}\n\n`), 1);
  expect(draft.message).toBe('x'.repeat(4096));
});

test('every figure is a function of the record, and counts from the intended moment', () => {
  const record = { ...newDraft(100, 110), connectMs: 110, dnsMs: 111, tcpMs: 113, tlsMs: 120, sentMs: 121 };
  const full = { ...record, headMs: 150, firstTokenMs: 160, firstVisibleMs: 170, lastTokenMs: 200, endMs: 210 };
  expect([ttfb(full), ttft(full), ttftVisible(full), e2e(full)]).toEqual([29, 60, 70, 110]);
  expect(phases(full)).toEqual({ dnsMs: 1, tcpMs: 2, tlsMs: 7 });
  expect(tpot(full)).toBeUndefined();
  expect(ttft(record)).toBeUndefined();
});

const callChunk = (...toolCalls: object[]) => Buffer.from(fake.chunk({ tool_calls: toolCalls }));

test.each<[string, object[][], { name: string; arguments: string }[]]>([
  ['whole', [[{ id: 'a', function: { name: 'f', arguments: '{"x":1}' } }]], [{ name: 'f', arguments: '{"x":1}' }]],
  [
    'in fragments whose first carries the id',
    [
      [{ id: 'a', index: 0, function: { name: 'f', arguments: '{"x"' } }],
      [{ index: 0, function: { arguments: ':1}' } }],
    ],
    [{ name: 'f', arguments: '{"x":1}' }],
  ],
  [
    'in fragments that repeat id and name',
    [
      [{ id: 'a', function: { name: 'f', arguments: '{"x"' } }],
      [{ id: 'a', function: { name: 'f', arguments: ':1}' } }],
    ],
    [{ name: 'f', arguments: '{"x":1}' }],
  ],
  [
    'twice as a whole',
    [[{ id: 'a', function: { name: 'f', arguments: '{}' } }], [{ id: 'a', function: { name: 'f', arguments: '{}' } }]],
    [{ name: 'f', arguments: '{}' }],
  ],
  [
    'two in one chunk, with odd indexes',
    [
      [
        { id: 'a', index: -1, function: { name: 'f', arguments: '{}' } },
        { id: 'b', index: -1, function: { name: 'g', arguments: '{}' } },
      ],
    ],
    [
      { name: 'f', arguments: '{}' },
      { name: 'g', arguments: '{}' },
    ],
  ],
  [
    'with arguments as an object',
    [[{ id: 'a', function: { name: 'f', arguments: { x: 1 } } }]],
    [{ name: 'f', arguments: '{"x":1}' }],
  ],
  ['without anything to read', [[{ id: 7, function: null }]], [{ name: '', arguments: '' }]],
])('a tool call that comes %s is kept as one', (_name, chunks, expected) => {
  const draft = newDraft(0, 0);
  const reader = createStreamReader(draft, { keepText: true });
  for (const [at, calls] of chunks.entries()) reader.feed(callChunk(...calls), at);
  expect(draft.toolCalls?.map(({ name, arguments: text }) => ({ name, arguments: text }))).toEqual(expected);
});

test.each<[string, object, Reason, string | undefined]>([
  ['on its way', { id: 't', task_status: 'PROCESSING' }, 'ok', 'PROCESSING'],
  ['done', { ...fake.completion({ content: 'x' }), task_status: 'SUCCESS' }, 'ok', 'SUCCESS'],
  ['done without an answer', { ...fake.completion({ content: '' }), task_status: 'SUCCESS' }, 'empty', 'SUCCESS'],
  ['failed', { id: 't', task_status: 'FAIL' }, 'server_error', 'FAIL'],
  ['of no state', { id: 't' }, 'contract', undefined],
  ['refused', { error: { code: '1233', message: 'no' } }, 'not_found', undefined],
])('a task that is %s', (_name, body, reason, status) => {
  const draft = { ...newDraft(0, 0), status: 200 };
  const reader = createBodyReader(draft, 'task', {});
  reader.feed(Buffer.from(JSON.stringify(body)), 1);
  expect([reader.end().kind, draft.taskStatus]).toEqual([reason, status]);
});

test('tasks are submitted and asked for at their own paths', async () => {
  const server = await serve(json(200, { id: 't', task_status: 'PROCESSING' }));
  const caller = callerTo(server.url);
  await caller.call({ kind: 'async_chat', body: '{}' });
  await caller.call({ kind: 'async_result', taskId: '../models?x' });
  expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /api/paas/v4/async/chat/completions',
    'GET /api/paas/v4/async-result/..%2Fmodels%3Fx',
  ]);
});

test('a witness sees the whole exchange but not the key', async () => {
  const server = await serve(fake.goodStream);
  const seen: unknown[] = [];
  const parts: Uint8Array[] = [];
  const trace = {
    sent: (request: unknown) => seen.push(request),
    head: (status: number, headers: object, peer: object) => seen.push(status, headers, peer),
    data: (bytes: Uint8Array) => parts.push(Uint8Array.from(bytes)),
  };
  const { bytes: count, outcome } = await callerTo(server.url).call(ask(true), { trace });
  expect(outcome.kind).toBe('ok');
  expect(seen).toMatchObject([
    { method: 'POST', path: '/api/paas/v4/chat/completions', headers: { accept: 'text/event-stream' } },
    200,
    { 'x-log-id': 'log-1' },
    { address: '127.0.0.1', port: Number(new URL(server.url).port), certificateEndsMs: undefined },
  ]);
  expect(Buffer.concat(parts)).toHaveLength(count);
  expect(Buffer.concat(parts).toString()).toContain('[DONE]');
  expect(JSON.stringify(seen)).not.toContain('canary');
});
