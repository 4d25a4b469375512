/** What each kind of check asks, and what it makes of the answers. */
import { afterEach, expect, test } from 'vitest';
import { readToken } from '../../src/core/wire/auth.ts';
import { createMock, type MockOptions } from '../../src/mock-server/index.ts';
import { checks } from '../../src/probe/checks/index.ts';
import { type CheckKind, checkKinds } from '../../src/probe/config.ts';
import { runCheck } from '../../src/probe/probe.ts';
import * as fake from '../support/fake-glm.ts';
import { callOf, checkFor, doorFor } from '../support/probe.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function serve(reply: fake.Reply) {
  const server = await fake.createFakeGlm(reply);
  cleanups.push(() => server.close());
  return server;
}

async function startMock(options: Partial<MockOptions> = {}) {
  const mock = await createMock(options);
  cleanups.push(() => mock.close({ graceMs: 0 }));
  return mock;
}

async function look(url: string, check: Parameters<typeof checkFor>[1], key = 'my-id.my-secret') {
  return runCheck(await checkFor(url, check, { key }), doorFor());
}

test.each(checkKinds)('%s is good at a good endpoint', async kind => {
  // Streams that last, or there would be nothing to hold open.
  const mock = await startMock({ taskTime: '1ms', timing: kind === 'concurrency' ? 'ttft=5s,itl=1s' : 'instant' });
  const run = await look(mock.baseUrl, kind, mock.apiKey);
  expect(run).toMatchObject({ state: 'good', reason: null, warnings: [], kind });
  expect(run.calls).toBeLessThanOrEqual(checks[kind].cost.calls({ mostCalls: 8 }));
});

test.each<[CheckKind, number]>([
  ['chat', 1],
  ['chat_stream', 1],
  ['json_mode', 1],
  ['tool_call', 1],
  ['jwt', 3],
  ['cached_pair', 2],
])('what %s spends is about what the estimate says', async (kind, answers) => {
  const mock = await startMock();
  const { usage } = await look(mock.baseUrl, kind, mock.apiKey);
  const { cost } = checks[kind];
  expect(cost.answers({ mostCalls: 8 })).toBe(answers);
  const estimated = answers * (cost.promptTokens + (cost.answerTokens ?? 0));
  expect(usage?.total_tokens).toBeGreaterThan(estimated / 2);
  expect(usage?.total_tokens).toBeLessThan(estimated * 1.5);
});

test('a bug that shows in a run ends that run as a fault of this program, paid for as if it had called', async () => {
  const check = await checkFor('http://127.0.0.1:9/v4', 'chat');
  const random = Object.assign(() => 0.5, {
    fork: () => {
      throw new RangeError('Invalid string length');
    },
  });
  expect(await runCheck(check, { ...doorFor(), random })).toMatchObject({
    ...{ state: 'unknown', reason: 'internal', fault_domain: 'prober', calls: 1 },
    detail: 'this program failed: Invalid string length',
  });
});

test('every question begins with something new, so that no prefix cache can answer it', async () => {
  const server = await serve(fake.good);
  await look(server.url, 'chat_stream');
  await look(server.url, { kind: 'chat_stream', prompt: 'Hello' });
  const texts = server.requests.map(({ body }) => (body.messages as { content: string }[])[0]?.content ?? '');
  expect(texts.map(text => /^Reference ([a-z]+)\. /.exec(text)?.[1])).toEqual([expect.any(String), expect.any(String)]);
  expect(new Set(texts.map(text => text.slice(0, 20))).size).toBe(2);
});

test.each<[string, fake.Reply, object]>([
  ['refuses with 401', fake.apiError(401, '1000'), { state: 'good', reason: null }],
  [
    'refuses with another status',
    fake.apiError(400, '1000'),
    { reason: 'contract', detail: 'a wrong key got HTTP 400 and not 401' },
  ],
  [
    'says so in a 200',
    fake.json(200, { code: 1000, msg: 'no', success: false }),
    { reason: 'contract', detail: 'a wrong key got HTTP 200 and not 401' },
  ],
  [
    'lets it in',
    fake.goodUnary,
    { state: 'bad', reason: 'wrong_answer', fault_domain: 'provider', detail: 'a wrong key was let in' },
  ],
  ['is overloaded', fake.apiError(429, '1305'), { state: 'bad', reason: 'overloaded' }],
  ['hangs up', response => response.socket?.destroy(), { state: 'bad', reason: 'reset', fault_domain: 'network' }],
])('auth_rejected: an endpoint that %s', async (_name, reply, expected) => {
  const server = await serve(reply);
  expect(await look(server.url, 'auth_rejected')).toMatchObject(expected);
  expect(server.requests[0]?.authorization).toMatch(/^Bearer [0-9a-f]{32}\.\w{16}$/);
});

test('jwt: fresh, near its end and raw, in this order, and no further than the first refusal', async () => {
  const server = await serve(fake.json(200, fake.completion({ content: 'x' })));
  const check = { kind: 'jwt', prompt: 'Hi' } as const;
  await look(server.url, check);
  const sent = server.requests.map(({ authorization = '' }) => authorization.slice('Bearer '.length));
  const lives = sent.map(token => (readToken(token)?.exp ?? 0) - Number(readToken(token)?.payload.timestamp ?? 0));
  expect([lives, sent[2]]).toEqual([[210_000, 15_000, 0], 'my-id.my-secret']);
  server.reply = fake.apiError(401, '1003');
  expect(await look(server.url, check)).toMatchObject({ reason: 'token_expired', calls: 1 });
});

test('jwt: an expired token where our clock is wrong is our own fault', async () => {
  const server = await serve((response, request) => {
    response.setHeader('date', new Date(Date.now() + 600_000).toUTCString());
    fake.apiError(401, '1003')(response, request);
  });
  expect(await look(server.url, 'jwt')).toMatchObject({ state: 'unknown', reason: 'internal', fault_domain: 'prober' });
});

test('jwt: a key that is not id.secret can make no token, which is nobody else’s fault', async () => {
  const server = await serve(fake.good);
  expect(await look(server.url, 'jwt', 'sk-plain')).toMatchObject({
    ...{ state: 'unknown', reason: 'internal', calls: 1 },
    detail: 'the key is not of the form id.secret, so no token can be signed with it',
  });
  expect(server.requests).toEqual([]);
});

test('a credential in jwt mode signs every call anew', async () => {
  const server = await serve(fake.good);
  const check = await checkFor(server.url, { kind: 'chat', prompt: 'Hi' });
  await runCheck({ ...check, endpoint: { ...check.endpoint, mode: 'jwt' } }, doorFor());
  expect(readToken(server.requests[0]?.authorization?.slice(7) ?? '')?.apiKey).toBe('my-id');
});

test('models: one that used to be listed is missed, a free one is not', async () => {
  const list = { object: 'list', data: [{ id: 'glm-4.6' }, { id: 'glm-5' }, { odd: 1 }] };
  const server = await serve(fake.json(200, list));
  const [known, missing, free] = [
    await look(server.url, 'models'),
    await look(server.url, { kind: 'models', model: 'glm-4.7' }),
    await look(server.url, { kind: 'models', model: 'glm-4.7-flash' }),
  ];
  expect([known.warnings, known.readings]).toEqual([[], { models_listed: 2 }]);
  expect(missing.warnings).toEqual([{ kind: 'model', detail: 'glm-4.7 is not on the list' }]);
  expect(free.warnings).toEqual([]);
});

test('chat_async: asks until the task is done, and counts from the submission', async () => {
  const mock = await startMock({ taskTime: '300ms' });
  const run = await look(mock.baseUrl, 'chat_async', mock.apiKey);
  expect(run).toMatchObject({ state: 'good', finish_reason: 'stop' });
  expect(run.calls).toBeGreaterThanOrEqual(2); // one that submits, and as many as it takes
  expect(run.timing.total_ms).toBeGreaterThanOrEqual(300);
});

test.each<[string, object, object]>([
  ['fails', { task_status: 'FAIL' }, { reason: 'server_error', detail: 'task_status FAIL' }],
  ['is never done', { task_status: 'PROCESSING' }, { reason: 'timeout_total', deadline: 'total' }],
  ['has no state', {}, { reason: 'contract' }],
])('chat_async: a task that %s', async (_name, polled, expected) => {
  const server = await serve((response, request) => {
    const body = request.method === 'POST' ? { id: 't/1', task_status: 'PROCESSING' } : { id: 't/1', ...polled };
    fake.json(200, body)(response, request);
  });
  expect(await look(server.url, { kind: 'chat_async', deadlines: { total: '400ms' } })).toMatchObject({
    state: 'bad',
    ...expected,
  });
  expect(server.requests.map(({ path }) => path)).toContain('/api/paas/v4/async-result/t%2F1');
});

test('cached_pair: the second prompt is cached, the first is not', async () => {
  const mock = await startMock();
  const { readings } = await look(mock.baseUrl, 'cached_pair', mock.apiKey);
  expect(readings.cold_cached_share).toBe(0);
  expect(readings.cached_share).toBeGreaterThan(0.9);
});

test('cached_pair: a new prompt that is cached is a warning', () => {
  const cached = (tokens: number) => ({
    ...fake.usage,
    prompt_tokens: 1000,
    prompt_tokens_details: { cached_tokens: tokens },
  });
  const pair = [callOf({ usage: cached(900), firstTokenMs: 5 }), callOf({ usage: cached(960), firstTokenMs: 3 })];
  const check = { model: 'm', mostCalls: 8 };
  expect(checks.cached_pair.conclude?.(pair, check)).toEqual({
    readings: { cold_cached_share: 0.9, cached_share: 0.96, cache_saved_ms: 2 },
    warnings: [{ kind: 'cache', detail: 'a new prompt was 90 % cached' }],
  });
  const silent = [callOf({ usage: undefined }), callOf({ usage: { ...fake.usage, prompt_tokens: 0 } })];
  expect(checks.cached_pair.conclude?.(silent, check)).toEqual({ readings: {} });
});

test('reuse: the second call goes over the first one’s connection, or says that it could not', async () => {
  const mock = await startMock();
  const run = await look(mock.baseUrl, 'reuse', mock.apiKey);
  expect(run).toMatchObject({ connection: 'reused', readings: { reuse_saved_ms: expect.any(Number) } });
  const server = await serve((response, request) => {
    response.setHeader('connection', 'close');
    fake.good(response, request);
  });
  expect(await look(server.url, { kind: 'reuse', prompt: 'Hi' })).toMatchObject({
    state: 'good',
    warnings: [{ kind: 'measurement', detail: 'the server did not keep the connection open' }],
  });
});

test.each([
  [3, { concurrency_limit: 3 }, 4],
  [8, { concurrency_at_least: 8 }, 8],
])('concurrency: at a limit of %i it reads %j after %i calls', async (concurrency, readings, calls) => {
  const mock = await startMock({ limits: { concurrency }, timing: 'ttft=20s' });
  const run = await look(mock.baseUrl, 'concurrency', mock.apiKey);
  expect(run).toMatchObject({ state: 'good', readings, calls });
});

test('concurrency: one that is refused for another reason, or at once, is told', async () => {
  const overloaded = await serve(fake.apiError(429, '1305'));
  expect(await look(overloaded.url, 'concurrency')).toMatchObject({ state: 'bad', reason: 'overloaded', calls: 1 });
  const busy = await serve(fake.apiError(429, '1302'));
  expect(await look(busy.url, 'concurrency')).toMatchObject({ reason: 'rate_limited', fault_domain: 'account' });
});

test('concurrency: an error inside a stream is the fault of whoever its code says', async () => {
  const broke = await serve(fake.stream(['data: {"error":{"code":"1113"}}\n\n']));
  const expected = { reason: 'error_in_stream', cause: 'balance_exhausted', fault_domain: 'account' };
  expect(await look(broke.url, 'concurrency')).toMatchObject(expected);
});

test('concurrency: streams that ended before the refusal do not count, and are told', () => {
  const admitted = { status: 200, startMs: 0 };
  const calls = [
    callOf({ ...admitted, endMs: 5, outcome: { kind: 'ok' } }),
    callOf({ ...admitted, endMs: 20, outcome: { kind: 'cancelled' } }),
    callOf({ status: 429, startMs: 10, endMs: 12, outcome: { kind: 'rate_limited' } }),
  ];
  expect(checks.concurrency.conclude?.(calls, { model: 'm', mostCalls: 8 })).toEqual({
    readings: { concurrency_limit: 1 },
    warnings: [{ kind: 'measurement', detail: '1 calls ended before the refusal' }],
  });
});

test('no check hangs on when told to stop', async () => {
  const server = await serve(fake.hang);
  for (const kind of checkKinds) {
    const stop = new AbortController();
    const running = runCheck(await checkFor(server.url, kind), doorFor({ stop: stop.signal }));
    server.reply = () => stop.abort();
    expect(await running).toMatchObject({ state: 'skipped', skipped: 'shutdown' });
  }
});
