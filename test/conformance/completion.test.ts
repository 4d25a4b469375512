/** Unary bodies against the recordings NS1–NS5 and the rules drawn from them; glm-api.md §3. */
import { expect, test } from 'vitest';
import { completionBody } from '../../src/mock-server/render/completion.ts';
import { answer, dialect } from '../support/answer.ts';
import { openDesk, recording } from '../support/engine.ts';

test('NS1, three parallel tool calls of glm-5.2, is written byte for byte', () => {
  const said = answer({
    id: '20260913025810940aeb8d5ddb4064',
    created: 1789239492,
    model: 'glm-5.2',
    content: ['我先读取 quote 报价资料，', '并查看已登记的操作对象和当前权限。'],
    toolCalls: [
      { id: 'call_-7263702910662343394', name: 'yuanxingmu_read', arguments: '{"resource": "quote"}' },
      { id: 'call_-7263702910662343393', name: 'yuanxingmu_action_targets', arguments: '{}' },
      { id: 'call_-7263702910662343392', name: 'yuanxingmu_describe', arguments: '{}' },
    ],
    finish: 'tool_calls',
    usage: {
      prompt_tokens: 4567,
      completion_tokens: 47,
      total_tokens: 4614,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0 },
    },
  });
  expect(completionBody(said, dialect('glm-5.2', '2026'))).toBe(recording('ns1-glm-5.2-three-tool-calls.golden.json'));
});

test('NS2, of which only the tail was published, ends byte for byte as recorded', () => {
  const said = answer({
    id: '20251103162614ab25f9b375f8437a',
    created: 1762158376,
    model: 'glm-4.6',
    content: ['好'],
    usage: {
      prompt_tokens: 81,
      completion_tokens: 186,
      total_tokens: 267,
      prompt_tokens_details: { cached_tokens: 6 },
    },
  });
  const body = completionBody(said, { ...dialect('glm-4.6', '2025'), object: true });
  expect(body.startsWith('{"choices":[{"finish_reason":"stop","index":0,"message":{"content":"好",')).toBe(true);
  expect(body).toContain(recording('ns2-glm-4.6-tail.golden.json').slice(1));
  expect(body.endsWith(recording('ns2-glm-4.6-tail.golden.json').slice(1))).toBe(true);
});

test('NS3, of which only the tail was published, ends byte for byte as recorded, reasoning before role', () => {
  const said = answer({
    id: '2026080610200802a655cfe5c74aa2',
    created: 1785982811,
    model: 'glm-5.2',
    reasoning: ['1', '.  **Analyze the Request:** …'],
    content: ['x'],
    usage: {
      prompt_tokens: 29,
      completion_tokens: 81,
      total_tokens: 110,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 77 },
    },
  });
  const body = completionBody(said, dialect('glm-5.2', '2026'));
  expect(body.endsWith(recording('ns3-glm-5.2-reasoning-tail.golden.json').slice(1))).toBe(true);
});

test('NS4, a tool call of glm-4.7 after thinking, is written byte for byte as its author re-indented it', () => {
  const said = answer({
    id: 'x',
    requestId: undefined,
    created: 1777040104,
    model: 'glm-4.7',
    reasoning: ['User wants weather.'],
    content: ["I'll check the weather."],
    toolCalls: [{ id: 'call_-7682507267639338722', name: 'get_weather', arguments: '{"city":"Paris"}' }],
    finish: 'tool_calls',
    usage: {
      prompt_tokens: 160,
      completion_tokens: 78,
      total_tokens: 238,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 56 },
    },
  });
  expect(completionBody(said, dialect('glm-4.7', '2026'))).toBe(
    recording('ns4-glm-4.7-thinking-tool-call.golden.json'),
  );
});

test('NS5, max_tokens eaten by thinking, is the recorded body once trimmed as its author trimmed it', () => {
  const said = answer({
    model: 'glm-5-turbo',
    reasoning: ['1', '.  **Analyze the Request:**\n …'],
    finish: 'length',
    usage: {
      prompt_tokens: 11,
      completion_tokens: 50,
      total_tokens: 61,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 50 },
    },
  });
  const trimmed = new Set([
    'index',
    'created',
    'id',
    'request_id',
    'completion_tokens',
    'completion_tokens_details',
    'prompt_tokens_details',
  ]);
  const body = completionBody(said, dialect('glm-5-turbo', '2026'));
  const shown = JSON.stringify(JSON.parse(body, (name, value) => (trimmed.has(name) ? undefined : value)));
  expect(shown).toBe(recording('ns5-glm-5-turbo-length-trimmed.golden.json'));
});

test('every object of a body has its keys in alphabetical order, and there is no space between tokens', async () => {
  const tools = [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } }];
  const { text, json } = await openDesk().chat({ tools, messages: [{ role: 'user', content: 'weather in Paris?' }] });
  const unsorted: string[] = [];
  JSON.parse(text, (_, value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const names = Object.keys(value);
    if (names.join() !== names.toSorted().join()) unsorted.push(names.join());
    return value;
  });
  expect(unsorted).toEqual([]);
  expect(text).toBe(JSON.stringify(json));
  expect(text).toContain('"tool_calls":[{"function":{');
});

test('text beyond ASCII is written as it is, and a slash is not escaped', () => {
  const body = completionBody(answer({ content: ['你好 a/b 🎉'], reasoning: ['想/'] }), dialect('glm-5.1', '2026'));
  expect(body).toContain('"content":"你好 a/b 🎉","reasoning_content":"想/"');
});

test.each([
  ['2026', true],
  ['2025', false],
  ['2024', false],
] as const)('in the era %s a body carries `object`: %s', async (era, present) => {
  const { json } = await openDesk({ era }).chat({ model: 'glm-4.6' });
  expect(json).toHaveProperty('created');
  if (present) expect(json).toHaveProperty('object', 'chat.completion');
  else expect(json).not.toHaveProperty('object');
});

test.each([
  ['2025', 'always', true],
  ['2026', 'never', false],
] as const)('era %s with wire.object %s has `object`: %s, in bodies and streams', async (era, object, present) => {
  const desk = openDesk({ era, wire: { object } });
  expect('object' in ((await desk.chat()).json as object)).toBe(present);
  expect((await desk.chat({ stream: true })).text.includes('"object":"chat.completion.chunk"')).toBe(present);
});

test('there is one choice, whatever `n` asks for, and no logprobs, fingerprint or tier', async () => {
  const { json, status } = await openDesk().chat({ n: 3, logprobs: true });
  expect(status).toBe(200);
  const body = json as { choices: unknown[] };
  expect(body.choices).toHaveLength(1);
  expect(body.choices[0]).toHaveProperty('index', 0);
  expect(Object.keys(body)).toEqual(['choices', 'created', 'id', 'model', 'object', 'request_id', 'usage']);
});

test('`model` echoes the request', async () => {
  expect((await openDesk().chat({ model: 'glm-4.5-air' })).json).toHaveProperty('model', 'glm-4.5-air');
});

test('`reasoning_content` is absent when the model did not think', async () => {
  const desk = openDesk();
  const messageOf = ({ json }: { json: unknown }) =>
    (json as { choices: [{ message: Record<string, unknown> }] }).choices[0].message;
  expect(messageOf(await desk.chat({ thinking: { type: 'disabled' } }))).not.toHaveProperty('reasoning_content');
  expect(messageOf(await desk.chat())).toHaveProperty('reasoning_content');
});

test('a unary body is stamped when it is complete, its id when the request came', async () => {
  const desk = openDesk({ timing: 'ttft=2s,itl=0' }, { at: '2026-10-08T17:54:56Z' });
  const { json, at } = await desk.chat();
  expect(at).toBe(2000);
  expect(json).toMatchObject({ id: expect.stringMatching(/^20261009015456/), created: 1791482096 + 2 });
});

test('the budget is spent on thinking first: empty content, reasoning, and finish_reason length', async () => {
  const { json } = await openDesk().chat({ max_tokens: 3, thinking: { type: 'enabled' } });
  expect(json).toMatchObject({
    choices: [{ finish_reason: 'length', message: { content: '', reasoning_content: expect.any(String) } }],
    usage: { completion_tokens: 3, completion_tokens_details: { reasoning_tokens: 3 } },
  });
});

test('completion tokens include the reasoning, and the total is the sum', async () => {
  const { json } = await openDesk().chat();
  const { usage } = json as { usage: Record<string, number> & { completion_tokens_details: Record<string, number> } };
  const reasoning = usage.completion_tokens_details.reasoning_tokens ?? 0;
  expect(reasoning).toBeGreaterThan(0);
  expect(usage.completion_tokens).toBeGreaterThan(reasoning);
  expect(usage.total_tokens).toBe((usage.prompt_tokens ?? 0) + (usage.completion_tokens ?? 0));
});

test.each([
  ['glm-4-flash-250414', '2026', []],
  ['glm-4.1v-thinking-flash', '2026', []],
  ['glm-4.5-flash', '2026', ['prompt_tokens_details']],
  ['glm-5', '2026', ['prompt_tokens_details']],
  ['glm-4.6', '2026', ['completion_tokens_details', 'prompt_tokens_details']],
  ['glm-5.3', '2026', ['completion_tokens_details', 'prompt_tokens_details']],
  ['glm-4.6', '2025', ['prompt_tokens_details']],
  ['glm-4-flash-250414', '2025', []],
  ['glm-4.6', '2024', []],
] as const)('usage of %s in %s carries the details %j', async (model, era, details) => {
  const { json } = await openDesk({ era }).chat({ model });
  const names = Object.keys((json as { usage: object }).usage);
  expect(names.filter(name => name.endsWith('_details'))).toEqual(details);
});

test('the end is stop, length, tool_calls or model_context_window_exceeded', async () => {
  const desk = openDesk();
  const tools = [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } }];
  const finish = async (body: Record<string, unknown>) =>
    ((await desk.chat(body)).json as { choices: [{ finish_reason: string }] }).choices[0].finish_reason;
  expect(await finish({})).toBe('stop');
  expect(await finish({ max_tokens: 2 })).toBe('length');
  expect(await finish({ tools, messages: [{ role: 'user', content: 'weather in Paris?' }] })).toBe('tool_calls');
  const nearlyFull = [{ role: 'user', content: '好。'.repeat(9_993) }];
  expect(await finish({ model: 'autoglm-phone', messages: nearlyFull, max_tokens: 2048 })).toBe(
    'model_context_window_exceeded',
  );
});

test('a stop word ends the text before itself, in either spelling', async () => {
  const desk = openDesk();
  const contentOf = async (body: Record<string, unknown>) =>
    (
      (await desk.chat({ thinking: { type: 'disabled' }, ...body })).json as {
        choices: [{ message: { content: string } }];
      }
    ).choices[0].message.content;
  const whole = await contentOf({});
  const word = whole.slice(3, 5);
  const upTo = whole.slice(0, whole.indexOf(word));
  expect(await contentOf({ stop: word })).toBe(upTo);
  expect(await contentOf({ stop: [word] })).toBe(upTo);
  expect(await contentOf({ stop: ['\u0000', word] })).toBe(upTo);
});

test('a caller’s request_id is echoed, a number as text; without one it is the id', async () => {
  const desk = openDesk();
  expect((await desk.chat({ request_id: 'my-request-1' })).json).toHaveProperty('request_id', 'my-request-1');
  expect((await desk.chat({ request_id: 1724398346.1234567 })).json).toHaveProperty('request_id', '1724398346.1234567');
  const { id, request_id } = (await desk.chat()).json as Record<string, string>;
  expect(request_id).toBe(id);
});
