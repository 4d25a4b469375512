import { expect, test } from 'vitest';
import { z } from 'zod';
import { checked } from '../../src/core/config.ts';
import { digest } from '../../src/core/random.ts';
import { countTokens } from '../../src/core/wire/tokens.ts';
import { workloadSchema } from '../../src/loadtest/workload/spec.ts';
import { createWorkload, type Workload, workloadDigest } from '../../src/loadtest/workload.ts';
import { isRefusal, validateChat } from '../../src/mock-server/validate.ts';
import { createTestEngine } from '../support/mock-engine.ts';

interface Options {
  readonly seed?: number;
  readonly model?: string;
  readonly text?: string;
}

const make = (spec: object, { seed = 7, model = 'glm-4.6', text }: Options = {}): Workload =>
  createWorkload(workloadSchema.parse(spec), { seed, model, ...(text === undefined ? {} : { text }) });

interface Body {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly [key: string]: unknown;
}
const bodyOf = (workload: Workload, number: number): Body => JSON.parse(workload.ask(number).body);
const userTexts = (body: Body) => body.messages.filter(({ role }) => role === 'user').map(({ content }) => content);
const firstUserText = (body: Body) => userTexts(body)[0] ?? '';
const lines = (values: readonly unknown[]) => values.map(value => JSON.stringify(value)).join('\n');
const count = (length: number) => Array.from({ length }, (_, number) => number);

const asked = lines([
  { prompt: 'What is rain?' },
  { messages: [{ role: 'user', content: '什么是雪？' }], max_tokens: 9 },
  {
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'And hail?' },
    ],
  },
]);
const talks = lines([
  {
    messages: [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 'first' },
      { role: 'user', content: 'two' },
      { role: 'assistant', content: 'second' },
    ],
  },
  { messages: ['uno', 'due', 'tre'].map(content => ({ role: 'user', content })) },
]);

const kinds: readonly [string, object, string?][] = [
  ['text', { kind: 'text', prompt: 'hi' }],
  ['synthetic', { kind: 'synthetic', input_tokens: 'lognormal(80,0.8)', output_tokens: 'uniform(10,90)' }],
  ['Chinese', { kind: 'synthetic', input_tokens: 80, language: 'zh', tools: true }],
  ['mixed', { kind: 'synthetic', input_tokens: 80, language: 0.5, cache: 'shared-prefix', prefix_tokens: 40 }],
  ['jsonl', { kind: 'jsonl', file: 'a.jsonl', order: 'shuffled' }, asked],
  ['jsonl with a prefix', { kind: 'jsonl', file: 'a.jsonl', cache: 'shared-prefix', prefix_tokens: 30 }, asked],
  ['invented conversations', { kind: 'conversations', input_tokens: 'normal(60,20)', turns: 3, width: 4 }],
  ['conversations of a file', { kind: 'conversations', file: 'b.jsonl', turns: 4, width: 2, user_id: true }, talks],
];
const given = (text: string | undefined): Options => (text === undefined ? {} : { text });

test.each(kinds)('the seed and the number decide what is asked, nothing else: %s', (_, spec, text) => {
  const all = count(200);
  const workload = make(spec, given(text));
  const once = all.map(number => workload.ask(number));
  expect(
    all
      .toReversed()
      .map(number => workload.ask(number))
      .toReversed(),
  ).toEqual(once);
  expect(make(spec, given(text)).ask(77)).toEqual(once[77]);
  const other = make(spec, { ...given(text), seed: 8 });
  expect(all.filter(number => other.ask(number).body === once[number]?.body)).toEqual([]);
});

test.each(kinds)('the mock takes every body, and counts the tokens that were estimated: %s', (_, spec, text) => {
  for (const model of ['glm-4.6', 'glm-5.2', 'glm-4.5-air', 'glm-4-flash', 'glm-5.3', 'glm-4.6v']) {
    const workload = make(spec, { ...given(text), model });
    for (const number of count(40)) {
      const { body, promptTokens, maxTokens, stream } = workload.ask(number);
      const valid = validateChat(body, { language: 'en', extraModels: [], rangeCode: '1210', keepThinking: false });
      if (isRefusal(valid)) throw new Error(`${model} refuses ${body}`);
      expect(valid.request).toMatchObject({ model, max_tokens: maxTokens, stream });
      expect(valid.prompt.tokens).toBe(promptTokens);
    }
  }
});

test.each(kinds)('strict mode finds nothing in it: %s', async (_, spec, text) => {
  const engine = createTestEngine({ strict: true });
  const workload = make({ ...spec, request_id: true, stream: false }, given(text));
  for (const number of count(30)) {
    const { status, entry } = await engine.ask({ body: JSON.parse(workload.ask(number).body) });
    expect([status, entry?.strict]).toEqual([200, []]);
  }
});

test.each(kinds.filter(([, spec]) => !('cache' in spec)))(
  'no two prompts begin alike, so that a prefix cache finds nothing: %s',
  (_, spec, text) => {
    const workload = make(spec, given(text));
    const bodies = count(3000).map(number => bodyOf(workload, number));
    const conversations = new Map(bodies.map(body => [firstUserText(body), body]));
    const heads = [...conversations.keys()].map(first => first.slice(0, 8));
    expect(new Set(heads).size).toBe(conversations.size);
    expect(new Set(bodies.map(({ messages }) => messages[0]?.content.slice(0, 8))).size).toBe(conversations.size);
    if (!('turns' in spec)) expect(conversations.size).toBe(3000);
  },
);

test('two hundred thousand salts are all different, and another seed has others', () => {
  const salts = (seed: number, length: number) => {
    const workload = make({ kind: 'text', prompt: 'x' }, { seed });
    return count(length).map(number => /[0-9a-f]{8}/.exec(workload.ask(number).body)?.[0]);
  };
  const [mine, other] = [salts(7, 200_000), salts(8, 1000)];
  expect(mine[0]).toMatch(/^[0-9a-f]{8}$/);
  expect(new Set(mine).size).toBe(200_000);
  expect(other.filter(salt => mine.includes(salt))).toEqual([]);
});

test('a system prompt alone is not found in a prefix cache either', () => {
  const workload = make({ kind: 'jsonl', file: 'a' }, { text: asked });
  const { messages } = bodyOf(workload, 2);
  expect(messages[0]?.content).toMatch(/^[0-9a-f]{8}\nBe brief\.$/);
  expect(messages[1]?.content).toMatch(/^[0-9a-f]{8}\nAnd hail\?$/);
});

test('a shared prefix is as long as asked for, and the rest differs at once', () => {
  const workload = make({ kind: 'synthetic', input_tokens: 400, cache: 'shared-prefix', prefix_tokens: 300 });
  const [one = '', two = ''] = [0, 1].map(number => firstUserText(bodyOf(workload, number)));
  const common = count(one.length).findIndex(i => one[i] !== two[i]);
  expect(countTokens(one.slice(0, one.lastIndexOf('\n', common)))).toBe(299); // and its line break
  expect(one.slice(0, common)).toContain('\n');
  expect(countTokens(one)).toBe(400);
});

test('the prefix is the same for all and another for another seed', () => {
  const spec = { kind: 'text', prompt: 'x', cache: 'shared-prefix', prefix_tokens: 200 };
  const prefix = (seed: number, number: number) => firstUserText(bodyOf(make(spec, { seed }), number)).split('\n')[0];
  expect(prefix(7, 0)).toBe(prefix(7, 999));
  expect(prefix(7, 0)).not.toBe(prefix(8, 0));
});

test.each(kinds.filter(([, spec]) => !('file' in spec || 'turns' in spec)))(
  'the very same prompt is a choice: %s',
  (_, spec) => {
    const workload = make({ ...spec, cache: 'same' });
    expect(workload.ask(99)).toEqual(workload.ask(0));
  },
);

test('lines can be sent as they are', () => {
  const workload = make({ kind: 'jsonl', file: 'a', cache: 'same' }, { text: asked });
  expect(bodyOf(workload, 3).messages).toEqual([{ role: 'user', content: 'What is rain?' }]);
  expect(bodyOf(workload, 4).messages).toEqual([{ role: 'user', content: '什么是雪？' }]);
});

test.each(['en', 'zh', 0.5])('a synthetic text in %s has just the tokens that were drawn', language => {
  for (const tokens of [20, 57, 500, 4000, 50_000]) {
    const workload = make({ kind: 'synthetic', language, input_tokens: tokens, output_tokens: 77 });
    for (const number of count(tokens > 1000 ? 3 : 50))
      expect(countTokens(firstUserText(bodyOf(workload, number)))).toBe(tokens);
  }
});

test('a text shorter than its salt still says something', () => {
  const workload = make({ kind: 'synthetic', input_tokens: 1 });
  expect(firstUserText(bodyOf(workload, 0))).toMatch(/^[0-9a-f]{8}\n[A-Z][a-z]+$/);
});

test('lengths follow their distributions', () => {
  const workload = make({ kind: 'synthetic', input_tokens: 'lognormal(300,0.5)', output_tokens: 'uniform(100,200)' });
  const drawn = count(3000).map(number => workload.ask(number));
  const fixed = 5;
  const inputs = drawn.map(({ promptTokens }) => promptTokens - fixed).sort((a, b) => a - b);
  expect(inputs[1500]! / 300).toBeCloseTo(1, 1);
  expect(Math.log(inputs[Math.round(3000 * 0.8413)]! / 300)).toBeCloseTo(0.5, 1); // one sigma up
  const outputs = drawn.map(({ maxTokens }) => maxTokens);
  expect([Math.min(...outputs), Math.max(...outputs)]).toEqual([100, 200]);
  expect(outputs.reduce((sum, x) => sum + x, 0) / 3000 / 150).toBeCloseTo(1, 1);
});

test('Chinese is Chinese, English is English, and a share is a share', () => {
  const isChinese = (text: string) => (text.match(/[\u4e00-\u9fff]/g)?.length ?? 0) > text.length / 2;
  const share = (language: unknown) => {
    const workload = make({ kind: 'synthetic', language, input_tokens: 60 });
    return count(1000).filter(number => isChinese(firstUserText(bodyOf(workload, number)))).length / 1000;
  };
  expect(share('en')).toBe(0);
  expect(share('zh')).toBe(1);
  expect(share(0.3)).toBeCloseTo(0.3, 1);
  const english = firstUserText(bodyOf(make({ kind: 'synthetic', input_tokens: 300 }), 0));
  expect(english).toMatch(/^[0-9a-f]{8}\n[A-Z][a-z]+ [\w ,.]+\nContinue this story in at least 128 words\.$/);
});

test('no Chinese character is cut', () => {
  const workload = make({ kind: 'synthetic', language: 'zh', input_tokens: 'uniform(20,400)' });
  for (const number of count(300)) {
    const { body } = workload.ask(number);
    expect(Buffer.from(body, 'utf8').toString('utf8')).toBe(body);
    expect(body.isWellFormed()).toBe(true);
  }
});

test('lines come in their order, over and over, or shuffled, each once before any comes again', () => {
  const text = lines(count(50).map(i => ({ prompt: `p${i}` })));
  const order = (spec: object, seed: number) => {
    const workload = make({ kind: 'jsonl', file: 'a', cache: 'same', ...spec }, { text, seed });
    return count(100).map(number => Number(firstUserText(bodyOf(workload, number)).slice(1)));
  };
  expect(order({}, 7)).toEqual([...count(50), ...count(50)]);
  const shuffled = order({ order: 'shuffled' }, 7);
  expect(shuffled).not.toEqual(order({}, 7));
  expect(shuffled.slice(0, 50).toSorted((a, b) => a - b)).toEqual(count(50));
  expect(shuffled.slice(50)).toEqual(shuffled.slice(0, 50));
  expect(order({ order: 'shuffled' }, 8)).not.toEqual(shuffled);
});

test('what a line says about its request goes before the workload; model, stream and request_id are the run’s', () => {
  const text = lines([
    {
      model: 'glm-5',
      messages: [{ role: 'user', content: 'hi', name: 'kept' }],
      stream: false,
      request_id: 'recorded-id',
      temperature: 0.2,
      thinking: { type: 'enabled', clear_thinking: false },
      tools: [],
      meta: { kept: true },
      max_tokens: 5,
    },
    { prompt: 'hi', temperature: 0.3, category: 'a column of the data set', id: 4 },
  ]);
  const spec = { kind: 'jsonl', file: 'a', cache: 'same', temperature: 1, tools: true, max_tokens: 64 };
  const workload = make(spec, { text });
  expect(bodyOf(workload, 0)).toEqual({
    model: 'glm-4.6',
    messages: [{ role: 'user', content: 'hi', name: 'kept' }],
    stream: true,
    temperature: 0.2,
    thinking: { type: 'enabled', clear_thinking: false },
    tools: [],
    meta: { kept: true },
    max_tokens: 5,
  });
  const second = bodyOf(workload, 1);
  expect(second).toMatchObject({ temperature: 0.3, max_tokens: 64, tools: expect.any(Array) });
  expect(Object.keys(second)).not.toContain('category');
  expect(Object.keys(second)).not.toContain('id');
  expect(workload.ask(0)).toMatchObject({ maxTokens: 5, stream: true });
});

test('a line may be a text and nothing else', () => {
  const workload = make(
    { kind: 'jsonl', file: 'a', cache: 'same' },
    { text: '"Why is the sea salty?"\n"海为什么是咸的？"' },
  );
  expect(bodyOf(workload, 0).messages).toEqual([{ role: 'user', content: 'Why is the sea salty?' }]);
  expect(bodyOf(workload, 1).messages).toEqual([{ role: 'user', content: '海为什么是咸的？' }]);
  expect(() => make({ kind: 'jsonl', file: 'a' }, { text: '" "' })).toThrow('line 1: prompt: must not be empty');
});

test('lines whose model or way to answer is not the run’s are counted', () => {
  const messages = [{ role: 'user', content: 'hi' }];
  const text = lines([
    { model: 'glm-5', messages, stream: true },
    { model: 'glm-4.6', messages, stream: false },
    { model: 'glm-4.6', messages, stream: true },
    { model: 'glm-4.6', messages },
    { prompt: 'hi', stream: null },
  ]);
  const spec = { kind: 'jsonl', file: 'a' };
  expect(make(spec, { text }).overruled).toBe(2);
  expect(make({ ...spec, stream: false }, { text }).overruled).toBe(2);
  expect(make({ kind: 'text' }).overruled).toBe(0);
});

test('lines of one question each are no conversations of several turns', () => {
  const text = lines([{ prompt: 'a' }, { prompt: 'b' }]);
  const conversations = { kind: 'conversations', file: 'a' };
  expect(() => make({ ...conversations, turns: 3 }, { text })).toThrow(
    '--turns 3 goes with conversations, and every line of --prompts has one user message; leave --turns out',
  );
  expect(bodyOf(make({ ...conversations, turns: 1 }, { text }), 0).messages).toHaveLength(1);
});

test('content in parts gets its salt in the first text, or as a text of its own', () => {
  const image = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
  const text = lines([
    { messages: [{ role: 'user', content: [image, { type: 'text', text: 'what?' }] }] },
    { messages: [{ role: 'user', content: [image] }] },
  ]);
  const workload = make({ kind: 'jsonl', file: 'a' }, { text, model: 'glm-4.6v' });
  expect(bodyOf(workload, 0).messages[0]?.content).toEqual([
    image,
    { type: 'text', text: expect.stringMatching(/^[0-9a-f]{8}\nwhat\?$/) },
  ]);
  expect(bodyOf(workload, 1).messages[0]?.content).toEqual([
    { type: 'text', text: expect.stringMatching(/^[0-9a-f]{8}\n$/) },
    image,
  ]);
});

test('every bad line is named at once, and never what it says', () => {
  const text = [
    '{"prompt":"fine"}',
    'secret words',
    '[1]',
    '',
    '{}',
    '{"prompt":" "}',
    '{"prompt":"a","messages":[{"role":"user","content":"b"}]}',
    '{"messages":[]}',
    '{"messages":[{"role":"developer","content":"x"}]}',
    '{"messages":[{"role":"user","content":7}]}',
    '{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"}]}',
    '{"messages":[{"role":"user","content":""}]}',
    '{"prompt":"a","max_tokens":0}',
    '{"prompt":"a","max_tokens":200000}',
    `{"model":"m","messages":[{"role":"user","content":"x"}],"meta":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
    '{"prompt":"a","temperature":"hot"}',
  ].join('\r\n');
  expect(() => make({ kind: 'jsonl', file: 'bad.jsonl' }, { text })).toThrow(
    [
      'bad.jsonl:',
      '  line 2: is not JSON',
      '  line 3: is not a JSON object',
      '  line 5: needs prompt or messages, and not both',
      '  line 6: prompt: must not be empty',
      '  line 7: needs prompt or messages, and not both',
      '  line 8: has no user message',
      '  line 9: messages[0].role: must be one of system, user, assistant, tool',
      '  line 10: messages[0].content: Invalid input',
      '  line 11: ends with an assistant message; leave it out, or choose the workload conversations',
      '  line 12: has a last user message without content',
      '  line 13: max_tokens: must be a whole number from 1',
      '  line 14: max_tokens 200000 is above the 131072 of the model',
      '  line 15: is nested too deeply',
      '  line 16: temperature: Invalid input: expected number, received string',
    ].join('\n'),
  );
});

test.each(['', '\n\n', '\ufeff'])('a file of nothing is refused: %j', text => {
  expect(() => make({ kind: 'jsonl', file: 'a.jsonl' }, { text })).toThrow(/a\.jsonl: is empty/);
});

test('hostile lines are only text', () => {
  const hostile = [
    '\u2028x\u2029',
    '\ud800 alone',
    '"}],"model":"other',
    '\\u0000\u0000',
    '👩‍👩‍👧‍👦',
    '{{match.1}} $HOME',
    '[DONE]',
  ];
  const text = [
    ...hostile.map(prompt => JSON.stringify({ prompt })),
    '{"prompt":"x","__proto__":{"model":"evil"},"constructor":1}',
  ].join('\n');
  const workload = make({ kind: 'jsonl', file: 'a', cache: 'same' }, { text });
  hostile.forEach((prompt, number) => {
    expect(bodyOf(workload, number)).toMatchObject({ model: 'glm-4.6', messages: [{ role: 'user', content: prompt }] });
  });
  expect(Object.keys(bodyOf(workload, hostile.length)).sort()).toEqual([
    'max_tokens',
    'messages',
    'model',
    'stream',
    'thinking',
  ]);
});

test('a conversation goes on turn by turn, with all that was said before', () => {
  const workload = make({ kind: 'conversations', turns: 3, width: 4, input_tokens: 30, output_tokens: 12 });
  const turnsOf = (conversation: number) => [0, 4, 8].map(step => bodyOf(workload, conversation + step).messages);
  for (const conversation of [0, 1, 2, 3, 12, 15]) {
    const [first = [], second = [], third = []] = turnsOf(conversation);
    expect(first.map(({ role }) => role)).toEqual(['user']);
    expect(second.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(third.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant', 'user']);
    expect(second.slice(0, 1)).toEqual(first);
    expect(third.slice(0, 3)).toEqual(second);
    expect(third.map(({ content }) => countTokens(content))).toEqual([30, 12, 30, 12, 30]);
  }
  const openings = [0, 1, 2, 3, 12, 13, 14, 15, 24].map(number => firstUserText(bodyOf(workload, number)));
  expect(new Set(openings).size).toBe(9);
});

test('a conversation of a file is asked turn by turn, with the recorded answers or invented ones', () => {
  const spec = { kind: 'conversations', file: 'b', turns: 3, width: 2, output_tokens: 8, cache: 'same' };
  const workload = make(spec, { text: talks });
  const said = (number: number) => bodyOf(workload, number).messages.map(({ role, content }) => `${role}: ${content}`);
  expect(said(0)).toEqual(['system: Be kind.', 'user: one']);
  expect(said(2)).toEqual(['system: Be kind.', 'user: one', 'assistant: first', 'user: two']);
  expect(said(4)).toEqual(said(0)); // it has two turns and begins anew
  expect(said(5)).toEqual([
    'user: uno',
    expect.stringMatching(/^assistant: [A-Z]/),
    'user: due',
    expect.stringMatching(/^assistant: [A-Z]/),
    'user: tre',
  ]);
  expect(countTokens(said(5)[1]?.slice(11) ?? '')).toBe(8);
  expect(said(6)).toEqual(said(0));
});

test('a conversation that begins anew is another one to the prefix cache', () => {
  const workload = make({ kind: 'conversations', file: 'b', turns: 4, width: 1 }, { text: talks });
  const heads = [0, 1, 2, 3].map(number => firstUserText(bodyOf(workload, number)).slice(0, 8));
  expect([heads[1], heads[3]]).toEqual([heads[0], heads[2]]);
  expect(heads[2]).not.toBe(heads[0]);
});

test.each<[string, boolean | undefined, unknown]>([
  ['glm-4.6', undefined, { type: 'disabled' }],
  ['glm-4.6', false, { type: 'disabled' }],
  ['glm-4.6', true, { type: 'enabled' }],
  ['glm-5.2', undefined, { type: 'disabled' }],
  ['glm-5.3', undefined, undefined],
  ['glm-5.3', true, undefined],
  ['glm-4.1v-thinking-flash', undefined, undefined],
  ['glm-4-flash', undefined, undefined],
  ['glm-4-flash', false, undefined],
  ['somebody-elses', undefined, undefined],
  ['somebody-elses', false, { type: 'disabled' }],
])('%s with thinking %s sends thinking %j', (model, thinking, sent) => {
  const spec = { kind: 'text', ...(thinking === undefined ? {} : { thinking }) };
  expect(bodyOf(make(spec, { model }), 0).thinking).toEqual(sent);
});

test.each<[object, string, RegExp]>([
  [{ kind: 'text', thinking: false }, 'glm-5.3', /glm-5\.3 always thinks, so it cannot be switched off/],
  [{ kind: 'text', thinking: true }, 'glm-4-flash', /glm-4-flash never thinks, so it cannot be switched on/],
  [
    { kind: 'text', max_tokens: 2000 },
    'glm-4v-flash',
    /max_tokens: glm-4v-flash answers with at most 1024 tokens, found 2000/,
  ],
  [
    { kind: 'synthetic', output_tokens: 'uniform(5,5000)' },
    'glm-4-plus',
    /output_tokens: glm-4-plus .* 4095 tokens, found 5000/,
  ],
])('workload %j is refused for %s', (spec, model, message) => {
  expect(() => make(spec, { model })).toThrow(message);
});

test('draws beyond what the model can answer are cut', () => {
  const spec = { kind: 'synthetic', input_tokens: 10, output_tokens: 'lognormal(900,2)' };
  const workload = make(spec, { model: 'glm-4v-flash' });
  const drawn = count(200).map(number => workload.ask(number).maxTokens);
  expect(Math.max(...drawn)).toBe(1024);
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(1);
});

test('ids are sent when asked for, and no two are the same', () => {
  const workload = make({
    kind: 'conversations',
    turns: 5,
    width: 10,
    request_id: true,
    user_id: true,
    input_tokens: 10,
  });
  const bodies = count(1000).map(number => bodyOf(workload, number));
  expect(new Set(bodies.map(({ request_id }) => request_id)).size).toBe(1000);
  expect(new Set(bodies.map(({ user_id }) => user_id)).size).toBe(200);
  expect(bodies[0]?.user_id).toBe(bodies[10]?.user_id);
  expect(bodies[0]).toMatchObject({ request_id: expect.stringMatching(/^load-00000007-[0-9a-f]{8}$/) });
  const again = JSON.parse(workload.ask(0, 2).body);
  expect(again).toEqual({ ...bodies[0], request_id: `${bodies[0]?.request_id}-2` });
  expect(bodyOf(make({ kind: 'text' }), 0)).not.toHaveProperty('request_id');
  expect(make({ kind: 'text' }).ask(3, 1)).toEqual(make({ kind: 'text' }).ask(3));
});

test('the body says what the workload says', () => {
  const body = bodyOf(make({ kind: 'text', stream: false, temperature: 0.7, max_tokens: 9, tools: true }), 0);
  expect(body).toMatchObject({ model: 'glm-4.6', stream: false, temperature: 0.7, max_tokens: 9 });
  const tools = body.tools as { function: { name: string; parameters: { required: string[]; properties: object } } }[];
  expect(new Set(tools.map(tool => tool.function.name)).size).toBe(4);
  for (const { parameters } of tools.map(tool => tool.function))
    expect(Object.keys(parameters.properties)).toEqual(expect.arrayContaining(parameters.required));
});

test('the digest is of the first thousand bodies', () => {
  const digestOf = (spec: object, length: number, seed = 7) => workloadDigest(make(spec, { seed }), length);
  const spec = { kind: 'synthetic', input_tokens: 20 };
  expect(digestOf(spec, 5)).toMatch(/^[0-9a-f]{64}$/);
  expect(digestOf(spec, 5)).toBe(digestOf(spec, 5));
  expect(digestOf(spec, 5)).not.toBe(digestOf(spec, 6));
  expect(digestOf(spec, 5)).not.toBe(digestOf(spec, 5, 8));
  expect(digestOf(spec, 1000)).toBe(digestOf(spec, Number.POSITIVE_INFINITY));
});

test('what a seed asks stays the same from version to version', () => {
  const known = kinds.map(([name, spec, text]) => {
    const workload = make({ ...spec, request_id: true, user_id: true }, given(text));
    return [
      name,
      digest(
        count(20)
          .map(number => workload.ask(number).body)
          .join('\n'),
      ),
    ];
  });
  expect(Object.fromEntries(known)).toMatchInlineSnapshot(`
    {
      "Chinese": 2855196142,
      "conversations of a file": 175409753,
      "invented conversations": 1279816,
      "jsonl": 924738472,
      "jsonl with a prefix": 3772629544,
      "mixed": 3408108495,
      "synthetic": 3198878455,
      "text": 3924849249,
    }
  `);
});

test.each<[object, RegExp]>([
  [{}, /workload\.kind: knows only text, synthetic, jsonl, conversations/],
  [{ kind: 'poem' }, /workload\.kind: knows only text, synthetic, jsonl, conversations/],
  [{ kind: 'text', prompt: ' ' }, /workload\.prompt: must not be empty/],
  [{ kind: 'text', input_tokens: 5 }, /workload: unknown key input_tokens/],
  [{ kind: 'text', cache: 'warm' }, /workload\.cache: knows only unique, shared-prefix, same, found "warm"/],
  [{ kind: 'text', temperature: 2 }, /workload\.temperature: must be a number from 0 to 1, found 2/],
  [{ kind: 'text', max_tokens: 0 }, /workload\.max_tokens: must be a whole number from 1 to 131072/],
  [{ kind: 'synthetic', input_tokens: 0 }, /workload\.input_tokens: is not a length in tokens: write 500, uniform/],
  [{ kind: 'synthetic', input_tokens: 'uniform(9,3)' }, /input_tokens: is not a length/],
  [{ kind: 'synthetic', input_tokens: 'normal(0,3)' }, /input_tokens: is not a length/],
  [{ kind: 'synthetic', input_tokens: 'lognormal(5,9)' }, /input_tokens: is not a length/],
  [{ kind: 'synthetic', input_tokens: 'pareto(5,1)' }, /input_tokens: is not a length/],
  [{ kind: 'synthetic', input_tokens: '1e9' }, /input_tokens: is not a length/],
  [{ kind: 'synthetic', input_tokens: null }, /input_tokens: is not a length/],
  [{ kind: 'synthetic', language: 'fr' }, /workload\.language: knows en, zh, or the share/],
  [{ kind: 'synthetic', language: 2 }, /workload\.language: knows en, zh, or the share/],
  [{ kind: 'jsonl' }, /workload\.file: is missing/],
  [{ kind: 'jsonl', file: 'a', order: 'random' }, /workload\.order: knows only sequential, shuffled/],
  [{ kind: 'conversations', turns: 0 }, /workload\.turns: must be a whole number from 1 to 1000/],
  [{ kind: 'conversations', width: 1.5 }, /workload\.width: must be a whole number/],
])('workload %j is refused', (workload, message) => {
  expect(() => checked(z.strictObject({ workload: workloadSchema }), { workload }, 'load.yaml')).toThrow(message);
});
