import { expect, test } from 'vitest';
import { createTestEngine } from '../support/mock-engine.ts';

const user = { role: 'user', content: 'hello there' };
const assistant = { role: 'assistant', content: 'hello' };
const system = { role: 'system', content: 'be brief' };
const call = (id: string) => ({
  role: 'assistant',
  content: '',
  tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: '{}' } }],
});
const result = (id: string) => ({ role: 'tool', content: '1', tool_call_id: id });
const body = (more: object) => ({ model: 'glm-4.6', messages: [user], ...more });

test.each<[string, object, string[]]>([
  ['an undocumented field', { store: true }, ['store: the API does not document this field']],
  ['a field called like a method', { toString: 1 }, ['toString: the API does not document this field']],
  ['a short request_id', { request_id: 'abc' }, ['request_id: must have 6 to 64 characters, has 3']],
  ['a long request_id', { request_id: 'x'.repeat(65) }, ['request_id: must have 6 to 64 characters, has 65']],
  ['two stop words', { stop: ['a', 'b'] }, ['stop: only one stop word is supported, found 2']],
  [
    'an assistant who begins',
    { messages: [system, assistant, user] },
    ["messages[1]: the first message after the system prompt must be the user's"],
  ],
  [
    'an assistant who ends',
    { messages: [user, assistant] },
    ['messages[1]: the conversation must not end with the assistant'],
  ],
  ['a late system message', { messages: [user, system, user] }, ['messages[1]: a system message must come first']],
  ['two users in a row', { messages: [user, user] }, ['messages[1]: follows another message of role user']],
  [
    'two assistants in a row',
    { messages: [user, assistant, assistant, user] },
    ['messages[2]: follows another message of role assistant'],
  ],
  [
    'an orphan tool message',
    { messages: [user, assistant, result('x'), user] },
    ['messages[2]: tool message answers no call of the message before it'],
  ],
  [
    'a tool message answered twice',
    { messages: [user, call('x'), result('x'), result('x')] },
    ['messages[3]: tool message answers no call of the message before it'],
  ],
  ['an unanswered call', { messages: [user, call('x'), user] }, ['messages[1]: tool call x has no tool message']],
  [
    'an unanswered call at the end',
    { messages: [user, call('x'), result('x'), call('y')] },
    ['messages[3]: the conversation must not end with the assistant', 'messages[3]: tool call y has no tool message'],
  ],
  [
    'several at once',
    { stop: ['a', 'b'], n: 1 },
    ['n: the API does not document this field', 'stop: only one stop word is supported, found 2'],
  ],
])('strict mode names %s', async (_, more, findings) => {
  const told = await createTestEngine({ strict: true }).ask({ body: body(more) });
  expect(told.message).toBe(`glm-testkit --strict: ${findings.join('; ')}`);
  expect({ status: told.status, code: told.code, strict: told.entry.strict }).toEqual({
    status: 400,
    code: '1214',
    strict: findings,
  });
  const lenient = await createTestEngine().ask({ body: body(more) });
  expect({ status: lenient.status, strict: lenient.entry.strict }).toEqual({ status: 200, strict: [] });
});

test('a request_id that was used before is 1231, also on another endpoint', async () => {
  const { ask } = createTestEngine({ strict: true });
  const mine = body({ request_id: 'mine-0001' });
  expect((await ask({ body: mine })).status).toBe(200);
  for (const path of ['/chat/completions', '/async/chat/completions']) {
    const told = await ask({ path, body: mine });
    expect([told.status, told.code]).toEqual([400, '1231']);
    expect(told.message).toContain('request_id: was used before');
  }
  expect((await ask({ body: body({ request_id: 'mine-0002' }) })).status).toBe(200);
});

test.each<[string, object]>([
  ['a plain question', {}],
  [
    'every documented field',
    {
      stream: false,
      thinking: { type: 'enabled' },
      do_sample: true,
      temperature: 0.5,
      top_p: 0.5,
      max_tokens: 9,
      stop: ['x'],
      tools: [],
      tool_choice: 'auto',
      tool_stream: false,
      response_format: { type: 'text' },
      request_id: 'mine-0003',
      user_id: 'user-0001',
      stream_options: { include_usage: true },
    },
  ],
  [
    'parallel calls, all answered',
    {
      messages: [
        system,
        user,
        { ...call('x'), tool_calls: [...call('x').tool_calls, ...call('y').tool_calls] },
        result('y'),
        result('x'),
      ],
    },
  ],
  ['a long conversation', { messages: [system, user, assistant, user, call('x'), result('x'), assistant, user] }],
])('strict mode lets %s pass', async (_, more) => {
  const told = await createTestEngine({ strict: true }).ask({ body: body(more) });
  expect({ status: told.status, message: told.message }).toEqual({ status: 200, message: undefined });
});
