import { expect, test } from 'vitest';
import { chatCompletion, chatRequest, errorBody } from '../../../src/core/wire/chat.ts';

const least = { model: 'glm-5', messages: [{ role: 'user', content: '你好' }] };

test('a model and messages are enough', () => {
  expect(chatRequest.parse(least)).toMatchObject(least);
});

test.each<[string, Record<string, unknown>]>([
  ['a request_id that is a number, as the SDK’s own tests send', { request_id: 1724.5 }],
  ['one stop word as plain text', { stop: '\n' }],
  ['a list of stop words', { stop: ['a', 'b'] }],
  ['any tool_choice', { tool_choice: { type: 'function', function: { name: 'f' } } }],
  ['nulls for what is not set', { stream: null, temperature: null, tools: null, thinking: null, stop: null }],
  ['thinking switched off', { thinking: { type: 'disabled', clear_thinking: false } }],
  ['values out of range, which depend on the model', { temperature: 7, max_tokens: -1, top_p: 0 }],
  ['a built-in tool', { tools: [{ type: 'web_search', web_search: { enable: true } }] }],
  ['a tool of an unknown type', { tools: [{ type: 'teleport' }] }],
  ['an unknown role', { messages: [{ role: 'developer', content: 'x' }] }],
  ['no messages at all', { messages: [] }],
])('%s is let through', (_, more) => {
  expect(chatRequest.parse({ ...least, ...more })).toMatchObject(more);
});

test('content may be parts, or absent beside tool calls', () => {
  const messages = [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'x' },
        { type: 'image_url', image_url: { url: 'AAAA' } },
      ],
    },
    { role: 'assistant', tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }] },
    { role: 'tool', content: '{}', tool_call_id: 'call_1' },
    { role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] },
  ];
  expect(chatRequest.parse({ ...least, messages }).messages).toEqual(messages);
});

test('unknown keys are dropped, as the service ignores them', () => {
  expect(chatRequest.parse({ ...least, store: true, stream_options: { include_usage: true } })).not.toHaveProperty(
    'store',
  );
});

test.each<[string, unknown, string]>([
  ['no model', { messages: [] }, 'model'],
  ['no messages', { model: 'glm-5' }, 'messages'],
  ['messages that are no list', { ...least, messages: {} }, 'messages'],
  ['stream as text', { ...least, stream: 'true' }, 'stream'],
  ['temperature as text', { ...least, temperature: '1' }, 'temperature'],
  ['a message without a role', { ...least, messages: [{ content: 'x' }] }, 'messages.0.role'],
  [
    'tool arguments that are no text',
    {
      ...least,
      messages: [
        { role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: {} } }] },
      ],
    },
    'messages.0.tool_calls.0.function.arguments',
  ],
])('%s is refused at the key', (_, body, path) => {
  const issues = chatRequest.safeParse(body).error?.issues ?? [];
  expect(issues.map(issue => issue.path.join('.'))).toContain(path);
});

test('the recorded answer with three tool calls is read', () => {
  const body =
    '{"choices":[{"finish_reason":"tool_calls","index":0,"message":{"content":"我先读取 quote 报价资料，并查看已登记的操作对象和当前权限。","role":"assistant","tool_calls":[{"function":{"arguments":"{\\"resource\\": \\"quote\\"}","name":"yuanxingmu_read"},"id":"call_-7263702910662343394","index":0,"type":"function"},{"function":{"arguments":"{}","name":"yuanxingmu_action_targets"},"id":"call_-7263702910662343393","index":1,"type":"function"},{"function":{"arguments":"{}","name":"yuanxingmu_describe"},"id":"call_-7263702910662343392","index":2,"type":"function"}]}}],"created":1789239492,"id":"20260913025810940aeb8d5ddb4064","model":"glm-5.2","object":"chat.completion","request_id":"20260913025810940aeb8d5ddb4064","usage":{"completion_tokens":47,"completion_tokens_details":{"reasoning_tokens":0},"prompt_tokens":4567,"prompt_tokens_details":{"cached_tokens":0},"total_tokens":4614}}';
  const answer = chatCompletion.parse(JSON.parse(body));
  expect(answer).toEqual(JSON.parse(body));
  expect(answer.choices[0]?.message.tool_calls).toHaveLength(3);
  expect(answer.usage?.completion_tokens_details?.reasoning_tokens).toBe(0);
});

test('an answer without content, usage or ids is still an answer, one without choices is none', () => {
  expect(chatCompletion.safeParse({ choices: [{ message: { reasoning_content: 'x' } }] }).success).toBe(true);
  expect(chatCompletion.safeParse({ id: '1', task_status: 'PROCESSING' }).success).toBe(false);
});

test.each([
  [{ error: { code: '1113', message: 'm' } }, '1113'],
  [{ error: { code: 1302, message: 'm' } }, '1302'],
  [{ contentFilter: [{ level: 1, role: 'user' }], error: { code: '1301', message: 'm' } }, '1301'],
  [{ error: { code: '1302', message: 'm' }, request_id: 'x' }, '1302'],
])('the code of %j is the text %s', (body, code) => {
  expect(errorBody.parse(body).error.code).toBe(code);
});

test.each([
  [{ timestamp: 'x', status: 404, error: 'Not Found', path: '/v4' }],
  [{ code: 1000, msg: 'm', success: false }],
  [{ error: { message: 'm' } }],
  ['<html>'],
])('%j is no error body of the chat API', body => {
  expect(errorBody.safeParse(body).success).toBe(false);
});
