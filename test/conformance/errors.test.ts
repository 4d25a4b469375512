/** Refusals: bodies E1, E2, E8, E11, and what comes back for which mistake; glm-api.md §5, §2.2–2.5. */
import { expect, test } from 'vitest';
import { businessError, contentError, springError } from '../../src/mock-server/render/error.ts';
import { type Ask, base, key, openDesk, recording } from '../support/engine.ts';

const desk = openDesk();
const english = { 'accept-language': 'en-US,en' };

test.each([
  ['1113', 'en', 429, 'e1-1113-arrears-en'],
  ['1211', 'en', 400, 'e1-1211-unknown-model-en'],
  ['1000', 'zh', 401, 'e1-1000-unknown-key'],
  ['1001', 'zh', 401, 'e1-1001-no-authorization'],
  ['1261', 'zh', 400, 'e1-1261-prompt-too-long'],
] as const)(
  'E1, the body of %s in %s with HTTP %d, is written byte for byte as recorded (%s)',
  (code, lang, http, file) => {
    expect(businessError(code, lang)).toMatchObject({ status: http, body: recording(`${file}.golden.json`) });
  },
);

test('E1 has a code of text, and neither type nor param', async () => {
  const { text } = await desk.chat({ model: 'glm-99' });
  expect(text).toMatch(/^\{"error":\{"code":"\d+","message":"[^"]+"\}\}$/);
});

test('E2, refused by content review, has contentFilter first, level before role, then the error of 1301', () => {
  const { status, body } = contentError('zh', [{ level: 1, role: 'user' }]);
  expect(status).toBe(400);
  expect(body).toBe(
    '{"contentFilter":[{"level":1,"role":"user"}],"error":{"code":"1301","message":"系统检测到输入或生成内容可能包含不安全或敏感内容，请您避免输入易产生敏感内容的提示语，感谢您的配合。"}}',
  );
  expect(contentError('en', []).body).toMatch(
    /^\{"contentFilter":\[\],"error":\{"code":"1301","message":"System detected potentially unsafe or sensitive content in input or generation\. /,
  );
});

test('a range is judged before the shapes of other parameters', async () => {
  const { status, text } = await desk.chat({ max_tokens: 0, messages: 'no list' });
  expect({ status, text }).toEqual({
    status: 400,
    text: '{"error":{"code":"1210","message":"max_tokens参数非法：限制数值范围[1,131072]"}}',
  });
});

test.each(['/api/paas/v4/v1/chat/completions', '/api/coding/paas/v4/v1/chat/completions'])(
  'E8, the answer to the wrong path %s, is written byte for byte: the gateway has stripped the base',
  async path => {
    const { status, text, header } = await openDesk({}, { at: '2026-06-08T06:12:47.210Z' }).ask({ path });
    expect(status).toBe(404);
    expect(text).toBe(recording('e8-spring-404.golden.json'));
    expect(header('content-type')).toEqual(['application/json']);
  },
);

test('a wrong method on a known path is answered in the same style with 405', async () => {
  const { status, text } = await openDesk({}, { at: '2026-06-08T06:12:47.210Z' }).ask({
    method: 'GET',
    path: `${base}/chat/completions`,
  });
  expect(status).toBe(405);
  expect(text).toBe(
    '{"timestamp":"2026-06-08T06:12:47.210+00:00","status":405,"error":"Method Not Allowed","path":"/v4/chat/completions"}',
  );
  expect(springError(404, 0, '/v4').body).toContain('"status":404,"error":"Not Found"');
});

test('a wrong path is refused before the key is looked at', async () => {
  expect((await desk.ask({ path: `${base}/nowhere`, headers: { authorization: undefined } })).status).toBe(404);
});

test('E11, POST to the root, is nginx’s page with 405', async () => {
  const { status, text, header } = await desk.ask({ path: '/' });
  expect(status).toBe(405);
  expect(header('content-type')).toEqual(['text/html']);
  expect(text).toBe(
    '<html>\r\n<head><title>405 Not Allowed</title></head>\r\n<body>\r\n<center><h1>405 Not Allowed</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n',
  );
});

test('a body too large for the gateway is nginx’s page with 413', () => {
  const { status, text, header } = desk.tooLarge();
  expect(status).toBe(413);
  expect(header('content-type')).toEqual(['text/html']);
  expect(text).toContain('<center><h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>nginx</center>');
});

const user = (content: unknown) => ({ messages: [{ role: 'user', content }] });
const image = (url: string) => user([{ type: 'image_url', image_url: { url } }]);
const tool = (name: string, parameters: unknown = {}) => ({ type: 'function', function: { name, parameters } });
const answered = {
  role: 'assistant',
  tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }],
};
const text = { type: 'text', text: 'x' };
const always = '该模型始终思考，不支持关闭思考；请使用 low、high 或 max。';
const illegal = (field: string) => `${field} 参数非法。请检查文档。`;

test.each<[string, Record<string, unknown>, string, string]>([
  ['an unknown model', { model: 'glm-99' }, '1211', '模型不存在，请检查模型代码。'],
  ['no model', { model: undefined }, '1211', '模型不存在，请检查模型代码。'],
  ['a model in upper case', { model: 'GLM-5.1' }, '1211', '模型不存在，请检查模型代码。'],
  ['messages that are missing', { messages: undefined }, '1214', illegal('messages')],
  ['no messages', { messages: [] }, '1214', illegal('messages')],
  ['only a system message', { messages: [{ role: 'system', content: 'x' }] }, '1214', illegal('messages')],
  ['only an assistant message', { messages: [{ role: 'assistant', content: 'x' }] }, '1214', illegal('messages')],
  [
    'a system message without text',
    { messages: [{ role: 'system' }, ...user('x').messages] },
    '1214',
    illegal('messages'),
  ],
  [
    'a tool message without tool_call_id',
    { messages: [...user('x').messages, answered, { role: 'tool', content: 'x' }] },
    '1214',
    illegal('messages'),
  ],
  ['an empty user text', user(''), '1213', '未正常接收到prompt参数。'],
  ['a blank user text', user(' \n'), '1213', '未正常接收到prompt参数。'],
  ['parts without any text', user([{ type: 'text', text: '' }]), '1213', '未正常接收到prompt参数。'],
  ['the role developer', { messages: [{ role: 'developer', content: 'x' }] }, '1214', '角色信息不正确'],
  ['a message without a role', { messages: [{ content: 'x' }] }, '1214', '角色信息不正确'],
  [
    'an image for a text model, by its place',
    {
      messages: [
        ...user('a').messages,
        ...user([text, { type: 'image_url', image_url: { url: 'https://x' } }]).messages,
      ],
    },
    '1214',
    'messages[1].content[1].type type error',
  ],
  [
    'a part of an unknown type, by its place',
    user([text, { type: 'smell' }]),
    '1214',
    'messages[0].content[1].type type error',
  ],
  ['a part without a type, by its place', user([text, {}]), '1214', 'messages[0].content[1].type type error'],
  [
    'a tool of an unknown type, by its place',
    { tools: [tool('f'), { type: 'teleport' }] },
    '1214',
    'tools[1].type:type is illegal',
  ],
  ['more than 128 tools', { tools: Array.from({ length: 129 }, (_, i) => tool(`f${i}`)) }, '1214', illegal('tools')],
  ['a function name with a blank', { tools: [tool('get weather')] }, '1214', illegal('tools')],
  ['a function name of 65 characters', { tools: [tool('f'.repeat(65))] }, '1214', illegal('tools')],
  [
    'a tuple in a schema',
    { tools: [tool('f', { type: 'array', items: [{ type: 'string' }] })] },
    '1210',
    'API调用参数有误，请检查文档。',
  ],
  ['max_tokens above the cap of 131072', { max_tokens: 131_073 }, '1210', 'max_tokens参数非法：限制数值范围[1,131072]'],
  [
    'max_tokens above the cap of 98304',
    { model: 'glm-4.5-air', max_tokens: 98_305 },
    '1210',
    'max_tokens参数非法：限制数值范围[1,98304]',
  ],
  ['max_tokens 0', { max_tokens: 0 }, '1210', 'max_tokens参数非法：限制数值范围[1,131072]'],
  ['max_tokens with a fraction', { max_tokens: 1.5 }, '1210', 'max_tokens参数非法：限制数值范围[1,131072]'],
  ['a temperature above 1', { temperature: 1.01 }, '1210', 'temperature参数非法：限制数值范围[0.0,1.0]'],
  ['a temperature below 0', { temperature: -0.01 }, '1210', 'temperature参数非法：限制数值范围[0.0,1.0]'],
  ['top_p 0', { top_p: 0 }, '1210', 'top_p参数非法：限制数值范围[0.01,1.0]'],
  ['top_p above 1', { top_p: 1.01 }, '1210', 'top_p参数非法：限制数值范围[0.01,1.0]'],
  ['thinking switched off for glm-5.3', { model: 'glm-5.3', thinking: { type: 'disabled' } }, '1210', always],
  [
    'thinking switched off for glm-5.3-flash',
    { model: 'glm-5.3-flash', thinking: { type: 'disabled' } },
    '1210',
    always,
  ],
  ['effort medium for glm-5.3', { model: 'glm-5.3', reasoning_effort: 'medium' }, '1210', always],
  ['effort none for glm-5.3', { model: 'glm-5.3', reasoning_effort: 'none' }, '1210', always],
  ['effort minimal for glm-5.3', { model: 'glm-5.3', reasoning_effort: 'minimal' }, '1210', always],
  ['effort xhigh for glm-5.3', { model: 'glm-5.3', reasoning_effort: 'xhigh' }, '1210', always],
  ['an image that is none', { model: 'glm-4.6v', ...image('!') }, '1210', '图片输入格式/解析错误'],
  [
    'a video that is no address',
    { model: 'glm-4.6v', ...user([{ type: 'video_url', video_url: { url: 'x' } }]) },
    '1210',
    '视频输入格式/解析错误',
  ],
  ['a field of the wrong type', { temperature: 'warm' }, '1210', 'API调用参数有误，请检查文档。'],
])('%s is refused with 400 and its own text', async (_, body, code, message) => {
  const { status, text } = await desk.chat(body);
  expect([status, text]).toEqual([400, JSON.stringify({ error: { code, message } })]);
});

test.each(['{', '', '[]', '"text"', 'null'])('the body %j is no request: 400 with the generic 1210', async body => {
  const { status, text } = await desk.ask({ path: `${base}/chat/completions`, body });
  expect([status, text]).toEqual([400, '{"error":{"code":"1210","message":"API调用参数有误，请检查文档。"}}']);
});

test.each<[string, Record<string, unknown>]>([
  ['unknown fields', { store: true, prompt_cache_key: 'k', metadata: { user_id: 'u' }, presence_penalty: 2 }],
  [
    'nulls for what is not set',
    {
      stream: null,
      temperature: null,
      top_p: null,
      max_tokens: null,
      thinking: null,
      tools: null,
      stop: null,
      response_format: null,
      request_id: null,
      tool_choice: null,
    },
  ],
  ['stream_options', { stream_options: { include_usage: true } }],
  ['strict on a tool', { tools: [{ type: 'function', function: { name: 'f', strict: true } }] }],
  ['anyOf and $ref in a schema', { tools: [tool('f', { anyOf: [{ $ref: '#/x' }] })] }],
  [
    'an array of schemas under anyOf',
    { tools: [tool('f', { type: 'object', properties: { a: { anyOf: [{ type: 'string' }] } } })] },
  ],
  [
    'the built-in tools',
    {
      tools: [
        { type: 'web_search', web_search: { enable: true } },
        { type: 'retrieval', retrieval: { knowledge_id: 'none' } },
        { type: 'mcp', mcp: {} },
      ],
    },
  ],
  ['128 tools', { tools: Array.from({ length: 128 }, (_, i) => tool(`f${i}`)) }],
  ['a function name of 64 characters', { tools: [tool('a-Z_9'.padEnd(64, 'x'))] }],
  ['any tool_choice', { tool_choice: { type: 'function', function: { name: 'f' } } }],
  ['several stop words', { stop: ['a', 'b', 'c', 'd', 'e'] }],
  ['a request_id that is short or a number', { request_id: 1724398346.1234567, user_id: 'u' }],
  ['json_schema', { response_format: { type: 'json_schema', json_schema: {} } }],
  ['reasoning_effort on an older model', { model: 'glm-4.6', reasoning_effort: 'xhigh' }],
  ['tool_stream on a model that cannot', { model: 'glm-4-flash', tool_stream: true }],
  ['max_completion_tokens', { max_completion_tokens: 9 }],
  ['max_tokens at the cap', { max_tokens: 131_072 }],
  ['temperature 0 and top_p 0.01', { temperature: 0, top_p: 0.01 }],
  ['temperature 1 and top_p 1', { temperature: 1, top_p: 1 }],
  [
    'do_sample, seed, meta, extra and sensitive_word_check',
    { do_sample: false, seed: 1, meta: {}, extra: {}, sensitive_word_check: { type: 'ALL', status: 'ENABLE' } },
  ],
  ['text parts for a text model', user([text])],
  [
    'an assistant message without content beside tool calls',
    { messages: [...user('x').messages, answered, { role: 'tool', tool_call_id: 'call_1', content: 'x' }] },
  ],
  [
    'reasoning_content sent back',
    {
      messages: [
        ...user('x').messages,
        { role: 'assistant', content: 'y', reasoning_content: 'z' },
        ...user('x').messages,
      ],
    },
  ],
  [
    'two messages of one role, and an assistant at the end',
    { messages: [...user('x').messages, ...user('y').messages, { role: 'assistant', content: 'z' }] },
  ],
  ['an image address', { model: 'glm-4.6v', ...image('https://example.com/a.png') }],
  ['an image as data URL', { model: 'glm-4.6v', ...image('data:image/jpeg;base64,/9j/4AAQ') }],
  ['an image as bare base64', { model: 'glm-4.6v', ...image('iVBORw0KGgoAAAANSUhEUg==') }],
  ['low, high and max for glm-5.3', { model: 'glm-5.3', reasoning_effort: 'low', thinking: { type: 'enabled' } }],
  ['effort high for glm-5.3', { model: 'glm-5.3', reasoning_effort: 'high' }],
  ['effort max for glm-5.3', { model: 'glm-5.3', reasoning_effort: 'max' }],
  ['an older model that no list names', { model: 'glm-4.5v' }],
])('%s: accepted with 200', async (_, body) => {
  const { status, text } = await desk.chat(body);
  expect(text).not.toContain('"error"');
  expect(status).toBe(200);
});

test.each<[string, Partial<Ask>, string]>([
  ['the key before the model', { headers: { authorization: undefined }, body: { model: 'glm-99' } }, '1001'],
  ['the key before the messages', { headers: { authorization: undefined }, body: { model: 'glm-4-flash' } }, '1001'],
  ['the model before parameters', { body: { model: 'glm-99', max_tokens: 0 } }, '1211'],
  ['the model before messages', { body: { model: 'glm-99' } }, '1211'],
  ['parameters before messages', { body: { model: 'glm-5.1', messages: [], max_tokens: 0 } }, '1210'],
  ['messages before tools', { body: { model: 'glm-5.1', messages: [], tools: [{ type: 'teleport' }] } }, '1214'],
  [
    'tools before the length',
    { body: { model: 'glm-4v-flash', tools: [tool('a b')], ...user('好的'.repeat(40_000)) } },
    '1214',
  ],
])('checked is %s', async (_, what, code) => {
  const { json } = await desk.ask({ path: `${base}/chat/completions`, ...what });
  expect(json).toHaveProperty('error.code', code);
});

test('a prompt longer than the context is refused with the recorded English body on the Chinese host', async () => {
  const { status, text } = await desk.chat({ model: 'glm-4v-flash', ...user('好的'.repeat(40_000)) });
  expect([status, text]).toEqual([400, recording('e1-1261-prompt-too-long.golden.json')]);
});

test.each([
  ['cn', undefined, 'zh'],
  ['cn', 'zh-CN,zh;q=0.9', 'zh'],
  ['cn', 'en-US,en', 'en'],
  ['cn', 'en', 'en'],
  ['intl', undefined, 'en'],
  ['intl', 'en-US,en', 'en'],
] as const)('host %s with Accept-Language %s speaks %s', async (profile, accept, language) => {
  const { text } = await openDesk({ profile }).chat({ model: 'glm-99' }, { 'accept-language': accept });
  expect(text).toBe(businessError('1211', language).body);
  expect(text.includes('Unknown Model')).toBe(language === 'en');
});

test.each<[string, Record<string, unknown>, string]>([
  ['unknown model', { model: 'glm-99' }, 'Unknown Model, please check the model code.'],
  ['messages', { messages: [] }, 'The messages parameter is illegal. Please check the documentation.'],
  ['role', { messages: [{ role: 'developer', content: 'x' }] }, 'Incorrect role information'],
  [
    'always thinks',
    { model: 'glm-5.3', thinking: { type: 'disabled' } },
    'This model always engages in thinking and cannot be disabled; please use low, high, or max',
  ],
  ['tool type', { tools: [{ type: 'teleport' }] }, 'tools[0].type:type is illegal'],
])('in English the text about %s is the recorded one', async (_, body, message) => {
  expect((await desk.chat(body, english)).json).toHaveProperty('error.message', message);
});

test.each([
  ['1210', 400],
  ['1214', 400],
] as const)(
  'wire.rangeCode %s is the code of a temperature or top_p out of range, never of max_tokens',
  async (rangeCode, status) => {
    const own = openDesk({ wire: { rangeCode } });
    expect(await own.chat({ temperature: 9 })).toMatchObject({ status, json: { error: { code: rangeCode } } });
    expect(await own.chat({ top_p: 9 })).toMatchObject({ status, json: { error: { code: rangeCode } } });
    expect(await own.chat({ max_tokens: 0 })).toMatchObject({ status: 400, json: { error: { code: '1210' } } });
  },
);

test.each([
  ['1302', 429, '您的账户已达到速率限制，请您控制请求频率', 'Rate limit reached for requests'],
  [
    '1305',
    429,
    '该模型当前访问量过大，请您稍后再试',
    'The service may be temporarily overloaded, please try again later',
  ],
  ['1113', 429, '余额不足或无可用资源包,请充值。', 'Insufficient balance or no resource package. Please recharge.'],
] as const)('429 by code %s is worded as recorded', (code, status, zh, en) => {
  expect(businessError(code, 'zh')).toMatchObject({ status, body: JSON.stringify({ error: { code, message: zh } }) });
  expect(businessError(code, 'en')).toMatchObject({ status, body: JSON.stringify({ error: { code, message: en } }) });
});

test('reset times of 1308 and 1310 stand in the message, and the error id in that of 1234', () => {
  const next_flush_time = '2026-01-16 06:12:24';
  expect(businessError('1308', 'en', { values: { number: '5', unit: 'hour', next_flush_time } }).body).toContain(
    '"Usage limit reached for 5 hour. Your limit will reset at 2026-01-16 06:12:24"',
  );
  expect(businessError('1310', 'en', { values: { next_flush_time } }).body).toContain(
    '"Weekly/Monthly Limit Exhausted. Your limit will reset at 2026-01-16 06:12:24"',
  );
  const trouble = businessError('1234', 'zh', { values: { error_id: '20260521092139debf4436b746436c' } });
  expect(trouble).toMatchObject({
    status: 500,
    body: '{"error":{"code":"1234","message":"网络错误，错误id：20260521092139debf4436b746436c，请稍后重试"}}',
  });
});

test('with --strict a second use of a request_id is 1231, and findings stand in the message', async () => {
  const strict = openDesk({ strict: true });
  expect((await strict.chat({ request_id: 'my-request-1' })).status).toBe(200);
  expect(await strict.chat({ request_id: 'my-request-1' })).toMatchObject({
    status: 400,
    json: { error: { code: '1231', message: expect.stringMatching(/^glm-testkit --strict: /) } },
  });
  expect(await strict.chat({ metadata: {} })).toMatchObject({ status: 400, json: { error: { code: '1214' } } });
  expect((await desk.chat({ request_id: 'my-request-1' })).status).toBe(200);
  expect((await desk.chat({ request_id: 'my-request-1' })).status).toBe(200);
});

test('the coding base answers as the general one', async () => {
  const { status } = await desk.ask({
    path: '/api/coding/paas/v4/chat/completions',
    body: { model: 'glm-5.1', ...user('x') },
    headers: { authorization: `Bearer ${key}` },
  });
  expect(status).toBe(200);
});
