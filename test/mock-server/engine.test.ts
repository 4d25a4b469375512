import { expect, test } from 'vitest';
import type { MockOptions } from '../../src/mock-server/index.ts';
import { createTestEngine, headersOf, noon, type Told } from '../support/mock-engine.ts';

const hello = { model: 'glm-4.6', messages: [{ role: 'user', content: 'Tell me about trains' }] };
const weather = {
  type: 'function',
  function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};

test.each<[string, string, number, string]>([
  ['GET', '/', 404, '/'],
  ['HEAD', '/', 404, '/'],
  ['GET', '/favicon.ico', 404, '/favicon.ico'],
  ['POST', '/v1/chat/completions', 404, '/v1/chat/completions'],
  ['POST', '/api/paas/v4/v1/chat/completions', 404, '/v4/v1/chat/completions'],
  ['POST', '/api/coding/paas/v4/v1/messages', 404, '/v4/v1/messages'],
  ['POST', '/api/paas/v3/model-api/x/invoke', 404, '/v3/model-api/x/invoke'],
  ['POST', '/api/paas/v4/chat/completions/', 404, '/v4/chat/completions/'],
  ['POST', '/api/paas/v4//chat/completions', 404, '/v4//chat/completions'],
  ['GET', '/api/paas/v4/__proto__', 404, '/v4/__proto__'],
  ['GET', '/api/paas/v4/async-result/', 404, '/v4/async-result/'],
  ['GET', '/api/paas/v4/async-result/a/b', 404, '/v4/async-result/a/b'],
  ['GET', '/api/paas/v4/chat/completions', 405, '/v4/chat/completions'],
  ['PUT', '/api/coding/paas/v4/chat/completions', 405, '/v4/chat/completions'],
  ['POST', '/api/paas/v4/models', 405, '/v4/models'],
  ['DELETE', '/api/paas/v4/async-result/x', 405, '/v4/async-result/x'],
])('%s %s is Spring’s %i', async (method, path, status, shown) => {
  const told = await createTestEngine().ask({ method, at: path, headers: { authorization: undefined } });
  expect(told.json()).toEqual({
    timestamp: '2026-10-09T04:00:00.000+00:00',
    status,
    error: status === 404 ? 'Not Found' : 'Method Not Allowed',
    path: shown,
  });
  expect(told.status).toBe(status);
});

test('posting to the root meets the gateway’s page', async () => {
  const told = await createTestEngine().ask({ at: '/', body: '{}' });
  expect([told.status, told.header('content-type'), told.text.slice(0, 6)]).toEqual([405, 'text/html', '<html>']);
});

test.each(['/api/paas/v4', '/api/coding/paas/v4'])('%s answers', async prefix => {
  const { ask } = createTestEngine();
  expect((await ask({ at: `${prefix}/chat/completions`, body: hello })).status).toBe(200);
  expect((await ask({ method: 'HEAD', at: `${prefix}/models` })).status).toBe(200);
});

test.each([
  ['cn', undefined, '模型不存在，请检查模型代码。'],
  ['cn', 'zh-CN,zh;q=0.9,en;q=0.5', '模型不存在，请检查模型代码。'],
  ['cn', 'en-US,en', 'Unknown Model, please check the model code.'],
  ['cn', ' EN', 'Unknown Model, please check the model code.'],
  ['cn', 'enm', '模型不存在，请检查模型代码。'],
  ['intl', undefined, 'Unknown Model, please check the model code.'],
  ['intl', 'en-US,en', 'Unknown Model, please check the model code.'],
] as const)('on %s with Accept-Language %s an error says %s', async (profile, language, message) => {
  const { chat } = createTestEngine({ profile });
  expect((await chat({ ...hello, model: 'nope' }, { 'accept-language': language })).message).toBe(message);
});

test('1261 is English everywhere', async () => {
  const { chat } = createTestEngine({ profile: 'cn' });
  const told = await chat({
    ...hello,
    model: 'glm-4v-flash',
    messages: [{ role: 'user', content: 'word '.repeat(17_000) }],
  });
  expect([told.status, told.code, told.message]).toEqual([400, '1261', 'Prompt exceeds max length']);
});

const names = (told: Told) => headersOf(told.head).map(([name]) => name);

test('the profile shows in the headers, and no header promises a time to retry', async () => {
  for (const body of [hello, { ...hello, stream: true }, { ...hello, model: 'nope' }]) {
    const cn = await createTestEngine({ profile: 'cn' }).ask({ body });
    const intl = await createTestEngine({ profile: 'intl' }).ask({ body });
    expect(cn.header('set-cookie')).toMatch(/^acw_tc=[0-9a-f]{60,64};path=\/;HttpOnly;Max-Age=1800$/);
    expect(intl.header('server')).toBe('nginx');
    expect([...names(cn), ...names(intl)].filter(name => /retry|ratelimit|request-id/.test(name))).toEqual([]);
    expect(names(cn)).not.toContain('server');
    expect(names(intl)).not.toContain('set-cookie');
    expect(cn.header('x-log-id')).toMatch(/^20261009120000[0-9a-f]{16}$/);
  }
});

test.each([
  ['2024', false, /^8\d{18}$/, undefined, undefined],
  ['2025', false, /^20261009120000[0-9a-f]{16}$/, true, undefined],
  ['2026', true, /^20261009120000[0-9a-f]{16}$/, true, true],
] as const)('era %s writes object %s and its own ids and usage', async (era, object, id, cached, reasoning) => {
  for (const stream of [false, true]) {
    const told = await createTestEngine({ era }).ask({ body: { ...hello, stream } });
    const { usage, id: given } = told.completion();
    expect(told.text.includes('"object":')).toBe(object);
    expect(given).toMatch(id);
    expect([
      usage.prompt_tokens_details !== undefined || undefined,
      usage.completion_tokens_details !== undefined || undefined,
    ]).toEqual([cached, reasoning]);
  }
});

test.each([
  ['2024', 'always', true],
  ['2026', 'never', false],
  ['2026', 'era', true],
] as const)('in era %s object can be set to %s', async (era, object, there) => {
  const told = await createTestEngine({ era, wire: { object } }).ask({ body: hello });
  expect(told.text.includes('"object":')).toBe(there);
});

test.each([
  ['2026', 'glm-4.6', /^call_-\d{15,19}$/],
  ['2026', 'glm-4-plus', /^call_20261009120000[0-9a-f]{16}_0$/],
  ['2025', 'glm-4.5-flash', /^call_[0-9A-Za-z]{22}$/],
  ['2024', 'glm-4-plus', /^call_\d{15,19}$/],
] as const)('in era %s %s numbers its calls as %s', async (era, model, id) => {
  const { chat } = createTestEngine({ era });
  const body = { model, messages: [{ role: 'user', content: 'weather in Beijing and Paris' }], tools: [weather] };
  expect((await chat(body)).completion().calls[0]?.id).toMatch(id);
});

test('parallel calls of a big model have consecutive ids', async () => {
  const { chat } = createTestEngine();
  const { calls } = (
    await chat({ messages: [{ role: 'user', content: 'weather in Beijing and Paris' }], tools: [weather] })
  ).completion();
  const [a = '', b = ''] = calls.map(call => call.id.slice(5));
  expect(BigInt(b) - BigInt(a)).toBe(1n);
});

test('the same seed gives the same bytes, another one other ids and other words', async () => {
  const run = async (seed: number) => {
    const { ask } = createTestEngine({ seed, keys: ['a.b'], timing: 'flash' });
    const headers = { authorization: 'a.b' };
    const told = [];
    for (const stream of [true, false, true]) told.push(await ask({ body: { ...hello, stream }, headers }));
    return told.map(({ head, beats }) => ({ head, beats }));
  };
  const first = await run(1);
  expect(await run(1)).toEqual(first);
  expect(JSON.stringify(await run(2))).not.toBe(JSON.stringify(first));
});

test('what others ask meanwhile changes ids, never texts', async () => {
  const alone = createTestEngine();
  const busy = createTestEngine();
  for (const text of ['hi', 'one', 'two']) await busy.chat(text);
  const [a, b] = [(await alone.chat(hello)).completion(), (await busy.chat(hello)).completion()];
  expect([b.content, b.reasoning]).toEqual([a.content, a.reasoning]);
  expect(b.id).not.toBe(a.id);
});

test('every completion has an id of its own', async () => {
  const { chat } = createTestEngine();
  const ids = new Set<string>();
  for (let i = 0; i < 200; i++) ids.add((await chat(hello)).completion().id);
  expect(ids.size).toBe(200);
});

const optional = [
  'stream',
  'thinking',
  'reasoning_effort',
  'do_sample',
  'temperature',
  'top_p',
  'max_tokens',
  'max_completion_tokens',
  'stop',
  'tools',
  'tool_choice',
  'tool_stream',
  'response_format',
  'request_id',
  'user_id',
  'stream_options',
  'sensitive_word_check',
  'seed',
  'meta',
  'extra',
];

test.each([...optional, 'all of them'])('null for %s counts as absent', async field => {
  const nulls = Object.fromEntries((field === 'all of them' ? optional : [field]).map(name => [name, null]));
  const [plain, told] = [
    await createTestEngine().ask({ body: hello }),
    await createTestEngine().ask({ body: { ...hello, ...nulls } }),
  ];
  expect(told.text).toBe(plain.text);
});

test('nulls inside messages and tools count as absent', async () => {
  const content = 'weather in Paris';
  const nulls = { reasoning_content: null, tool_calls: null, tool_call_id: null };
  const tool = { ...weather, web_search: null };
  const [plain, told] = [
    await createTestEngine({ replyTokens: 9 }).ask({ body: { ...hello, messages: [{ role: 'user', content }] } }),
    await createTestEngine({ replyTokens: 9 }).ask({
      body: { ...hello, messages: [{ role: 'user', content, ...nulls }] },
    }),
  ];
  expect(told.text).toBe(plain.text);
  expect((await createTestEngine().ask({ body: { ...hello, tools: [tool] } })).status).toBe(200);
  expect(
    (
      await createTestEngine().ask({
        body: {
          ...hello,
          tools: [{ ...weather, function: { ...weather.function, parameters: null, description: null } }],
        },
      })
    ).status,
  ).toBe(200);
});

test.each([
  'store',
  'prompt_cache_key',
  'presence_penalty',
  'frequency_penalty',
  'user',
  'metadata',
  'n',
  'logprobs',
  'json_schema',
  'parallel_tool_calls',
  '__proto__',
  'constructor',
  '未知',
])('the unknown field %s is ignored', async field => {
  const body = JSON.stringify(hello).replace('{', `{${JSON.stringify(field)}:{"a":[1]},`);
  expect((await createTestEngine().ask({ body })).text).toBe((await createTestEngine().ask({ body: hello })).text);
});

test('a request_id is echoed in bodies, whatever its type, and not in chunks', async () => {
  const { chat } = createTestEngine();
  expect((await chat({ ...hello, request_id: 'mine-0001' })).json()).toMatchObject({ request_id: 'mine-0001' });
  expect((await chat({ ...hello, request_id: 1760000000.5 })).json()).toMatchObject({ request_id: '1760000000.5' });
  expect((await chat({ ...hello, request_id: 'mine-0001', stream: true })).text).not.toContain('mine-0001');
});

test('a byte order mark before the body is no part of it', async () => {
  const { ask } = createTestEngine();
  expect((await ask({ body: `\ufeff${JSON.stringify(hello)}` })).status).toBe(200);
});

test('the journal says what was asked and how it ended', async () => {
  const { chat, engine, ask } = createTestEngine({ keys: ['my-id.my-secret'] });
  await chat({ ...hello, stream: true });
  await ask({ path: '/nowhere' });
  const [first, second] = engine.journal.entries();
  expect(first).toMatchObject({
    n: 1,
    at: noon,
    method: 'POST',
    path: '/api/paas/v4/chat/completions',
    keyId: 'my-id',
    model: 'glm-4.6',
    stream: true,
    status: 200,
    code: 'none',
    ending: 'complete',
    strict: [],
  });
  expect(first?.completionTokens).toBe((first?.beats ?? 0) - 2);
  expect(second).toMatchObject({ n: 2, status: 404, keyId: undefined, model: undefined, stream: false });
});

test('the journal keeps the newest entries, oldest first', async () => {
  const { ask, engine } = createTestEngine({ journalSize: 3 });
  for (let i = 0; i < 5; i++) await ask({ method: 'GET', path: `/n${i}` });
  expect(engine.journal.entries().map(entry => entry.path.at(-1))).toEqual(['2', '3', '4']);
  engine.journal.clear();
  expect(engine.journal.entries()).toEqual([]);
});

const streamed = { model: 'glm-4.6', stream: true, messages: [{ role: 'user', content: 'hi' }] };

test.each<[string, MockOptions, object, Record<string, string>, boolean]>([
  ['a stream', {}, {}, {}, true],
  ['a wrong key', {}, {}, { authorization: 'Bearer a.b' }, false],
  ['an unknown model', {}, { model: 'nope' }, {}, false],
  ['a wrong parameter', {}, { max_tokens: 0 }, {}, false],
  ['a limit', { limits: { balance: 0 } }, {}, {}, false],
  ['a business error', { faults: ['1302'] }, {}, {}, false],
  ['a page of the gateway', { faults: ['html-gateway'] }, {}, {}, false],
  ['an answer in one piece', { faults: ['body-for-stream'] }, {}, {}, false],
])(
  'the journal says that a stream was asked for, and whether one was answered: %s',
  async (_, options, fields, headers, answered) => {
    const { entry } = await createTestEngine(options).ask({ body: { ...streamed, ...fields }, headers });
    expect(entry).toMatchObject({ stream: true, streamed: answered });
    const unary = await createTestEngine(options).ask({ body: { ...streamed, ...fields, stream: false }, headers });
    expect(unary.entry).toMatchObject({ stream: false, streamed: false });
  },
);

test.each<[string, object, object, boolean]>([
  ['the same', { top_p: 0.5 }, { top_p: 0.5 }, true],
  ['another value', { top_p: 0.5 }, { top_p: 0.6 }, false],
  ['another request_id', { request_id: 'request-1' }, { request_id: 'request-22' }, true],
  ['another time beside the user', { user_id: 'ann-1800000000000' }, { user_id: 'ann-1800000000999' }, true],
  ['another date', { user_id: 'ann 2026-10-09T04:00:00Z' }, { user_id: 'ann 2026-10-09T04:00:01Z' }, true],
  ['another user', { user_id: 'ann-7' }, { user_id: 'bob-8' }, false],
  ['another time alone', { sent: 1_800_000_000_000 }, { sent: 1_800_000_000_999 }, true],
  ['another time in the words', { stop: ['at: 1800000000000,'] }, { stop: ['at: 1800000000999,'] }, false],
  [
    'another time in words that look like a field',
    { stop: ['"t":1800000000000,'] },
    { stop: ['"t":1800000000999,'] },
    false,
  ],
])('two bodies that differ by %s', async (_, one, other, same) => {
  const { chat } = createTestEngine();
  const messages = [{ role: 'user', content: 'hi' }];
  const [first, second] = [await chat({ messages, ...one }), await chat({ messages, ...other })];
  expect(first.entry.fingerprint === second.entry.fingerprint).toBe(same);
});

test('the journal knows the number of a retry, and what the client was told to wait', async () => {
  const { chat } = createTestEngine({ limits: { requestsPerMinute: 1, retryAfter: true } });
  expect((await chat('hi', { 'x-stainless-retry-count': '0' })).entry).toMatchObject({ attempt: 0, told: false });
  expect((await chat('hi', { 'x-stainless-retry-count': '2' })).entry).toMatchObject({ attempt: 2, told: true });
  expect((await chat('hi', { 'x-stainless-retry-count': 'x' })).entry.attempt).toBeUndefined();
});

test('a request arrived with its headers, however long its body took', async () => {
  const { engine, clock, key } = createTestEngine();
  const arrivedMs = clock.now();
  clock.advance(40);
  const headers = { authorization: key };
  const asked = {
    method: 'POST',
    path: '/api/paas/v4/chat/completions',
    headers,
    body: JSON.stringify(hello),
    arrivedMs,
  };
  const { settle } = await engine.handle(asked);
  settle({ ending: 'complete', headSent: true, beats: 1, bytes: 1, worstLatenessMs: 0 });
  expect(engine.journal.entries()[0]).toMatchObject({ at: noon, durationMs: 40 });
});
