/** Streams against the recordings ST1–ST9 and the rules drawn from them; glm-api.md §4. */
import { expect, test } from 'vitest';
import type { Answer } from '../../src/mock-server/answer.ts';
import { answer, dialect, eventsOf, framesOf } from '../support/answer.ts';
import { openDesk, recordedStream } from '../support/engine.ts';

test('ST1, one tool call of glm-4-plus, is written byte for byte', () => {
  const id = '2025030119050107f2aa800e544259';
  const said = answer({
    id,
    created: 1740827101,
    model: 'glm-4-plus',
    toolCalls: [{ id: `call_${id}_0`, name: 'get_weather', arguments: '{"cityName": "南京"}' }],
    finish: 'tool_calls',
    usage: { prompt_tokens: 128, completion_tokens: 11, total_tokens: 139 },
  });
  expect(framesOf(said, dialect('glm-4-plus', '2025')).join('')).toBe(recordedStream('st1-glm-4-plus-tool-call.sse'));
});

test('ST2, thinking and a tool call of glm-4.5-flash, is written byte for byte where it was not shortened', () => {
  const said = answer({
    id: '2025091420174501de064dedfa4b68',
    created: 1757852265,
    model: 'glm-4.5-flash',
    reasoning: ['\n', ' I'],
    content: ['\n'],
    toolCalls: [{ id: 'call_4BgN84hpTbmswCBFSC9ggw', name: 'add', arguments: '{"a": 365, "b": 96}' }],
    finish: 'tool_calls',
    usage: {
      prompt_tokens: 170,
      completion_tokens: 72,
      total_tokens: 242,
      prompt_tokens_details: { cached_tokens: 43 },
    },
  });
  expect(framesOf(said, dialect('glm-4.5-flash', '2025')).join('')).toBe(
    recordedStream('st2-glm-4.5-flash-thinking-tool-call.sse'),
  );
});

test('ST3, text of glm-4.5 in August 2025, is written byte for byte', () => {
  const said = answer({
    id: '2025081814023662804f889e1d4242',
    created: 1755496956,
    model: 'glm-4.5',
    content: ['你好'],
    usage: { prompt_tokens: 13414, completion_tokens: 135, total_tokens: 13549 },
  });
  expect(framesOf(said, dialect('glm-4.5', '2025')).join('')).toBe(recordedStream('st3-glm-4.5-text.sse'));
});

test('ST4, described in prose: glm-4.5 sends a newline of content first, and then the reasoning', () => {
  const said = answer({ model: 'glm-4.5', reasoning: ['The', ' user'], content: ['Hi'] });
  const deltas = eventsOf(framesOf(said, dialect('glm-4.5', '2025'))).map(({ choices }) => choices[0]?.delta);
  expect(deltas.slice(0, 4).map(delta => JSON.stringify(delta))).toEqual([
    '{"role":"assistant","content":"\\n"}',
    '{"role":"assistant","reasoning_content":"The"}',
    '{"role":"assistant","reasoning_content":" user"}',
    '{"role":"assistant","content":"Hi"}',
  ]);
});

test('ST5, text and then a tool call of glm-4-flash, begins byte for byte as recorded', () => {
  const id = '20260513104055026b785598bb460e';
  const said = answer({
    id,
    created: 1778640055,
    model: 'glm-4-flash',
    content: ['创建'],
    toolCalls: [{ id: `call_${id}_0`, name: 'write_file', arguments: '{"path": "index.html", …}' }],
    finish: 'tool_calls',
  });
  const frames = framesOf(said, dialect('glm-4-flash', '2026'));
  expect(frames.slice(0, 2).join('')).toBe(recordedStream('st5-glm-4-flash-text-tool-call.sse'));
});

test('ST6, reasoning of glm-5.1, begins byte for byte as recorded', () => {
  const said = answer({
    id: '202606081413346de25863975a425a',
    created: 1780899214,
    model: 'glm-5.1',
    reasoning: ['1', '.', '  **'],
  });
  const frames = framesOf(said, dialect('glm-5.1', '2026'));
  expect(frames.slice(0, 2).join('')).toBe(recordedStream('st6-glm-5.1-reasoning.sse'));
});

const st7: readonly Partial<Answer>[] = [
  {
    id: '20260414023612262985ad09bc433c',
    created: 1776105372,
    model: 'glm-5.1',
    finish: 'stop',
    usage: {
      prompt_tokens: 41,
      completion_tokens: 85,
      total_tokens: 126,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 43 },
    },
  },
  {
    id: '2026082302422025cef109e41f480f',
    created: 1787424140,
    model: 'glm-5.3',
    finish: 'tool_calls',
    usage: {
      prompt_tokens: 24636,
      completion_tokens: 282,
      total_tokens: 24918,
      prompt_tokens_details: { cached_tokens: 20160 },
      completion_tokens_details: { reasoning_tokens: 231 },
    },
  },
];

test('ST7, the final chunks of glm-5.1 and glm-5.3, are written byte for byte', () => {
  const finals = st7.map(parts => framesOf(answer(parts), dialect(parts.model ?? '', '2026')).at(-2));
  expect(finals.join('')).toBe(recordedStream('st7-final-chunks.sse'));
});

test('ST8, described by its shape: glm-5.3-flash has no finish_reason in the middle and one with an empty delta at the end', () => {
  const said = answer({ model: 'glm-5.3-flash', reasoning: ['a'], content: ['b', 'c'] });
  const frames = framesOf(said, dialect('glm-5.3-flash', '2026'));
  for (const frame of frames.slice(0, 3))
    expect(frame).toMatch(/"choices":\[\{"index":0,"delta":\{[^{}]+\}\}\]\}\n\n$/);
  expect(frames[3]).toContain(
    '"choices":[{"index":0,"finish_reason":"stop","delta":{"role":"assistant","content":""}}]',
  );
});

test('ST9, glm-4.5-flash in October 2026, is written byte for byte up to where the probe cut it', () => {
  const said = answer({
    id: '20261009015456dfa744dc7c144abe',
    created: 1791482096,
    model: 'glm-4.5-flash',
    reasoning: ['\n'],
    finish: 'length',
  });
  const text = framesOf(said, dialect('glm-4.5-flash', '2026')).join('');
  const shown = recordedStream('st9-glm-4.5-flash-cut.sse');
  expect(text.slice(0, shown.length)).toBe(shown);
});

const weather = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'weather of a city',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
];
const asked = { stream: true, messages: [{ role: 'user', content: 'How is the weather in Beijing?' }] };

test('a stream holds nothing but `data: ` lines and blank lines, each event on one line, and ends with [DONE]', async () => {
  const { text, frames, status } = await openDesk().chat({ stream: true });
  expect(status).toBe(200);
  expect(frames.length).toBeGreaterThan(3);
  for (const frame of frames.slice(0, -1)) expect(frame).toMatch(/^data: \{.*\}\n\n$/);
  expect(frames.join('')).toBe(text);
  expect(frames.at(-1)).toBe('data: [DONE]\n\n');
  expect(text).not.toMatch(/\r|^[:a-ce-z]/m);
});

test('id, created and model stay the same over one stream, and created is the second in the id', async () => {
  const { frames } = await openDesk({ timing: 'ttft=1500ms,itl=1s' }, { at: '2026-10-08T17:54:56Z' }).chat(asked);
  const events = eventsOf(frames);
  expect(new Set(events.map(({ id, created, model }) => `${id} ${created} ${model}`)).size).toBe(1);
  expect(events[0]?.id).toMatch(/^20261009015456[0-9a-f]{16}$/);
  expect(events[0]?.created).toBe(1791482096);
});

test('no chunk carries request_id, not even when the caller gave one', async () => {
  const { text } = await openDesk().chat({ stream: true, request_id: 'my-request-1' });
  expect(text).not.toContain('request_id');
  expect(text).not.toContain('my-request-1');
});

test('the keys of every chunk come in the recorded order', async () => {
  const { frames } = await openDesk().chat({ ...asked, tools: weather });
  const events = eventsOf(frames);
  for (const event of events.slice(0, -1))
    expect(Object.keys(event)).toEqual(['id', 'created', 'object', 'model', 'choices']);
  const last = events.at(-1);
  expect(Object.keys(last ?? {})).toEqual(['id', 'created', 'object', 'model', 'choices', 'usage']);
  expect(Object.keys(last?.choices[0] ?? {})).toEqual(['index', 'finish_reason', 'delta']);
  expect(Object.keys(last?.usage ?? {})).toEqual([
    'prompt_tokens',
    'completion_tokens',
    'total_tokens',
    'prompt_tokens_details',
    'completion_tokens_details',
  ]);
  const call = events.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])[0];
  expect(Object.keys(call ?? {})).toEqual(['id', 'index', 'type', 'function']);
  expect(Object.keys(call?.function ?? {})).toEqual(['name', 'arguments']);
});

test('every delta repeats the role', async () => {
  const { frames } = await openDesk().chat({ ...asked, tools: weather });
  expect(eventsOf(frames).map(({ choices }) => choices[0]?.delta.role)).toEqual(
    Array.from({ length: frames.length - 1 }, () => 'assistant'),
  );
});

test('finish_reason is absent, not null, before the last chunk of a newer model', async () => {
  const { frames } = await openDesk().chat({ ...asked, tools: weather });
  for (const event of eventsOf(frames).slice(0, -1)) expect(event.choices[0]).not.toHaveProperty('finish_reason');
});

test.each([true, false, undefined])(
  'usage comes with the last chunk and choices in it, stream_options.include_usage being %s',
  async include => {
    const { frames } = await openDesk().chat({ ...asked, stream_options: { include_usage: include } });
    const events = eventsOf(frames);
    expect(events.filter(({ usage }) => usage !== undefined)).toEqual([events.at(-1)]);
    for (const event of events) expect(event.choices).toHaveLength(1);
    expect(events.at(-1)?.choices[0]).toEqual({
      index: 0,
      finish_reason: 'stop',
      delta: { role: 'assistant', content: '' },
    });
  },
);

test('reasoning comes before content, content before tool calls', () => {
  const said = answer({
    reasoning: ['r'],
    content: ['c'],
    toolCalls: [{ id: 'call_-1', name: 'f', arguments: '{}' }],
    finish: 'tool_calls',
  });
  const kinds = eventsOf(framesOf(said, dialect('glm-5.1', '2026'))).map(({ choices }) =>
    Object.keys(choices[0]?.delta ?? {}).at(-1),
  );
  expect(kinds).toEqual(['reasoning_content', 'content', 'tool_calls', 'content']);
});

test('a delta carries either reasoning or content', async () => {
  const { frames } = await openDesk().chat(asked);
  for (const { choices } of eventsOf(frames)) expect(Object.keys(choices[0]?.delta ?? {})).toHaveLength(2);
});

test('the glm-4.5 family leads reasoning and content with a lone newline', async () => {
  const { frames } = await openDesk().chat({ ...asked, model: 'glm-4.5-flash' });
  const deltas = eventsOf(frames).map(({ choices }) => choices[0]?.delta);
  expect(deltas[0]).toEqual({ role: 'assistant', reasoning_content: '\n' });
  expect(deltas.find(delta => delta?.content !== undefined)).toEqual({ role: 'assistant', content: '\n' });
});

test('other families do not lead with a newline', async () => {
  const { frames } = await openDesk().chat({ ...asked, model: 'glm-4.6' });
  const deltas = eventsOf(frames).map(({ choices }) => choices[0]?.delta);
  expect(deltas[0]?.reasoning_content?.trim()).not.toBe('');
  expect(deltas.find(delta => delta?.content !== undefined)?.content?.trim()).not.toBe('');
});

test.each([
  ['glm-4.5', '2025', 'content-first'],
  ['glm-4.5-air', '2025', 'content-first'],
  ['glm-4.5-flash', '2025', 'newline-with-content'],
  ['glm-4.5', '2026', 'newline'],
  ['glm-4.5-flash', '2026', 'newline'],
  ['glm-4.6', '2025', 'plain'],
  ['glm-5.1', '2026', 'plain'],
] as const)('the first delta of %s in %s is %s', (model, era, lead) => {
  expect(dialect(model, era).lead).toBe(lead);
});

test('a chunk is about one token: a word with its leading space, or one or two Chinese characters', async () => {
  const desk = openDesk();
  const pieces = async (content: string) => {
    const { frames } = await desk.chat({ stream: true, messages: [{ role: 'user', content }], model: 'glm-4-plus' });
    return eventsOf(frames).flatMap(({ choices }) => choices[0]?.delta.content || []);
  };
  for (const piece of await pieces('Write a long story about rivers.')) expect(piece).toMatch(/^ ?\w{1,9}$|^\W+$/);
  for (const piece of await pieces('写一个关于河流的长故事')) expect([...piece].length).toBeLessThanOrEqual(9);
});

test('usage of a stream counts the pieces that were sent', async () => {
  const { frames } = await openDesk().chat({ ...asked, model: 'glm-5.1' });
  const events = eventsOf(frames);
  expect(events.at(-1)?.usage?.completion_tokens).toBe(events.length - 1);
});

test.each([
  ['glm-5.1', { role: true, finish: false, minusOne: false }],
  ['glm-4.6', { role: true, finish: false, minusOne: false }],
  ['glm-4-plus', { role: true, finish: true, minusOne: false }],
  ['glm-4-flash', { role: true, finish: true, minusOne: false }],
  ['glm-4.5-flash', { role: false, finish: true, minusOne: true }],
] as const)('the tool chunk of %s is written with %j', (model, chunk) => {
  expect(dialect(model, '2026').toolChunk).toEqual(chunk);
});

test('without tool_stream a call comes whole, in one chunk of its own', async () => {
  const { frames } = await openDesk().chat({ ...asked, tools: weather });
  const calls = eventsOf(frames).flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
  expect(calls).toEqual([
    {
      id: expect.stringMatching(/^call_-\d+$/),
      index: 0,
      type: 'function',
      function: { name: 'get_weather', arguments: '{"city":"Beijing"}' },
    },
  ]);
  expect(eventsOf(frames).at(-1)?.choices[0]?.finish_reason).toBe('tool_calls');
});

const twoCalls = answer({
  toolCalls: [
    { id: 'call_-2', name: 'f', arguments: '{"city":"北京"}' },
    { id: 'call_-1', name: 'g', arguments: '{}' },
  ],
  finish: 'tool_calls',
});

test('several calls come in a chunk each, with index 0, 1 and so on', () => {
  const calls = eventsOf(framesOf(twoCalls, dialect('glm-5.1', '2026'))).map(
    ({ choices }) => choices[0]?.delta.tool_calls,
  );
  expect(calls.slice(0, 2).map(list => list?.map(({ id, index }) => [id, index]))).toEqual([
    [['call_-2', 0]],
    [['call_-1', 1]],
  ]);
});

test('glm-4.5-flash gives every call the index −1', () => {
  const calls = eventsOf(framesOf(twoCalls, dialect('glm-4.5-flash', '2026'))).flatMap(
    ({ choices }) => choices[0]?.delta.tool_calls ?? [],
  );
  expect(calls.map(({ index }) => index)).toEqual([-1, -1]);
});

test('with tool_stream the name comes first and the arguments in pieces, and nothing else is repeated', () => {
  const [call] = twoCalls.toolCalls;
  const said = { ...twoCalls, toolCalls: call ? [call] : [] };
  const fragments = eventsOf(framesOf(said, dialect('glm-5.1', '2026'), { toolStream: true })).flatMap(
    ({ choices }) => choices[0]?.delta.tool_calls ?? [],
  );
  expect(fragments[0]).toEqual({ id: 'call_-2', index: 0, type: 'function', function: { name: 'f', arguments: '' } });
  for (const fragment of fragments.slice(1)) expect(Object.keys(fragment)).toEqual(['index', 'function']);
  for (const fragment of fragments.slice(1)) expect(Object.keys(fragment.function)).toEqual(['arguments']);
  expect(fragments.length).toBeGreaterThan(4);
  expect(fragments.map(fragment => fragment.function.arguments).join('')).toBe('{"city":"北京"}');
});

test.each([
  ['nothing', ['index', 'function'], ['arguments']],
  ['id_and_type', ['id', 'index', 'type', 'function'], ['arguments']],
  ['everything', ['id', 'index', 'type', 'function'], ['name', 'arguments']],
] as const)('wire.toolStreamRepeats %s repeats %j and %j in later fragments', async (repeats, outer, inner) => {
  const desk = openDesk({ wire: { toolStreamRepeats: repeats } });
  const { frames } = await desk.chat({ ...asked, tools: weather, tool_stream: true });
  const fragments = eventsOf(frames).flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
  expect(fragments.length).toBeGreaterThan(3);
  for (const fragment of fragments.slice(1)) expect(Object.keys(fragment)).toEqual(outer);
  for (const fragment of fragments.slice(1)) expect(Object.keys(fragment.function)).toEqual(inner);
});

test.each([
  ['glm-5.3', true],
  ['glm-5.2', true],
  ['glm-5.1', true],
  ['glm-5', true],
  ['glm-4.7', true],
  ['glm-4.6', true],
  ['glm-5.3-flash', true],
  ['glm-4.5-air', false],
  ['glm-4-plus', false],
  ['glm-4.6v', false],
  ['glm-5v-turbo', false],
] as const)('%s streams the arguments when asked: %s', async (model, streams) => {
  const { frames } = await openDesk().chat({ ...asked, model, tools: weather, tool_stream: true });
  const fragments = eventsOf(frames).flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
  expect(fragments.length > 1).toBe(streams);
});

test('only the body’s `stream` asks for a stream, not the Accept header', async () => {
  const desk = openDesk();
  expect((await desk.chat({ stream: true }, { accept: 'application/json' })).text).toMatch(/^data: /);
  expect((await desk.chat({}, { accept: 'text/event-stream' })).text).toMatch(/^\{"choices"/);
});

test('a refused stream is a plain JSON error with its status', async () => {
  const { status, text, header } = await openDesk().chat({ stream: true, model: 'glm-99' });
  expect(status).toBe(400);
  expect(text).toBe('{"error":{"code":"1211","message":"模型不存在，请检查模型代码。"}}');
  expect(header('content-type')).toEqual(['application/json; charset=UTF-8']);
});

test.each(['sensitive', 'network_error', 'length', 'model_context_window_exceeded'] as const)(
  'an answer that ends with %s says so in the last chunk, with an empty delta, and [DONE] follows',
  finish => {
    const frames = framesOf(answer({ content: ['a'], finish }), dialect('glm-5.1', '2026'));
    expect(frames.at(-2)).toContain(
      `"choices":[{"index":0,"finish_reason":"${finish}","delta":{"role":"assistant","content":""}}]`,
    );
    expect(frames.at(-1)).toBe('data: [DONE]\n\n');
  },
);
