import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countTokens } from '../../src/core/wire/tokens.ts';
import { type Completion, createTestEngine } from '../support/mock-engine.ts';

const off = { thinking: { type: 'disabled' } };
const ask = (content: string) => ({ messages: [{ role: 'user', content }] });
const told = async (fields: object, options: object = {}): Promise<Completion> =>
  (await createTestEngine(options).chat({ ...ask('Tell me about trains'), ...fields })).completion();

test('thinking eats max_tokens first: the content stays empty and the reason is length', async () => {
  const { content, reasoning, finish, usage } = await told({ max_tokens: 5 });
  expect({ content, finish, usage }).toMatchObject({
    content: '',
    finish: 'length',
    usage: { completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 5 } },
  });
  expect(countTokens(reasoning ?? '')).toBe(5);
});

test.each([1, 2, 7, 30])('max_tokens %i without thinking cuts the content to so many tokens', async most => {
  const { content, reasoning, finish, usage } = await told({ ...off, max_tokens: most });
  expect({ reasoning, finish, spent: usage.completion_tokens, length: countTokens(content) }).toEqual({
    reasoning: undefined,
    finish: 'length',
    spent: most,
    length: most,
  });
});

test('max_tokens that is just enough cuts nothing', async () => {
  const { usage, content } = await told(off);
  expect(await told({ ...off, max_tokens: usage.completion_tokens })).toMatchObject({ finish: 'stop', content });
});

test('max_completion_tokens counts where max_tokens is absent or null', async () => {
  const spent = async (fields: object) => (await told({ ...off, ...fields })).usage.completion_tokens;
  expect(await spent({ max_completion_tokens: 4 })).toBe(4);
  expect(await spent({ max_completion_tokens: 4, max_tokens: null })).toBe(4);
  expect(await spent({ max_completion_tokens: 4, max_tokens: 6 })).toBe(6);
});

test('a full context ends the answer, and says so', async () => {
  const { chat } = createTestEngine();
  const words = 'word '.repeat(19_985);
  const { finish, usage } = (await chat({ model: 'autoglm-phone', ...ask(words) })).completion();
  expect(finish).toBe('model_context_window_exceeded');
  expect(usage.total_tokens).toBe(20_000);
});

test.each([true, false])('a stop word ends the text before it (stream %s)', async stream => {
  const whole = (await told({ ...off, stream })).content;
  for (const stop of ['.', [' '], ['nowhere to be found', 'n'], 'trains', whole.slice(7, 19)]) {
    const { content, finish } = await told({ ...off, stop, stream });
    const words = typeof stop === 'string' ? [stop] : stop;
    const end = Math.min(...words.map(word => whole.indexOf(word)).filter(at => at >= 0));
    expect({ content, finish }).toEqual({ content: whole.slice(0, end), finish: 'stop' });
  }
});

test('a Chinese stop word ends a Chinese text', async () => {
  const fields = { ...off, ...ask('说说火车') };
  const whole = (await told(fields)).content;
  const stop = whole.slice(5, 8);
  expect((await told({ ...fields, stop })).content).toBe(whole.slice(0, whole.indexOf(stop)));
});

test.each([[[]], [['']], [''], [null], [['never said']]])('stop %j stops nothing', async stop => {
  expect(await told({ ...off, stop })).toMatchObject({ finish: 'stop', content: (await told(off)).content });
});

test.each([
  ['glm-5.3', {}, true],
  ['glm-5.2', {}, true],
  ['glm-5.2', { reasoning_effort: 'none' }, false],
  ['glm-5.2', { reasoning_effort: 'minimal' }, false],
  ['glm-5.2', { reasoning_effort: 'low' }, true],
  ['glm-5.2', off, false],
  ['glm-5.1', off, false],
  ['glm-5.1', { reasoning_effort: 'none' }, true],
  ['glm-4.6', {}, true],
  ['glm-4.6', { thinking: null }, true],
  ['glm-4.6', { thinking: {} }, true],
  ['glm-4.7', off, false],
  ['glm-4.5-flash', off, false],
  ['glm-4.5v', off, false],
  ['glm-4-flash-250414', { thinking: { type: 'enabled' } }, false],
  ['glm-4-plus', {}, false],
])('%s with %j thinks: %s', async (model, fields, thinks) => {
  const { reasoning, usage } = await told({ model, ...fields });
  expect(reasoning !== undefined).toBe(thinks);
  if (!thinks) expect(usage.completion_tokens_details?.reasoning_tokens ?? 0).toBe(0);
});

test.each([{ thinking: { type: 'disabled' } }, { reasoning_effort: 'medium' }, { reasoning_effort: 'none' }])(
  'a model that always thinks refuses %j',
  async fields => {
    const { chat } = createTestEngine();
    for (const model of ['glm-5.3', 'glm-5.3-flash', 'glm-5.3-flashx'])
      expect((await chat({ model, ...ask('hello there'), ...fields })).code).toBe('1210');
  },
);

test.each([off, {}])('glm-4.1v-thinking-flash thinks inside its content whatever is asked: %j', async fields => {
  const { content, reasoning, usage } = await told({ model: 'glm-4.1v-thinking-flash', ...fields });
  expect(content).toMatch(/^<think>.+<\/think>\n/s);
  expect({ reasoning, details: usage.completion_tokens_details }).toEqual({ reasoning: undefined, details: undefined });
});

test.each([
  [1, 0],
  [17, 9],
  [500, 1],
])('%i tokens of reply and %i of thinking are exact, in both languages and both forms', async (reply, thinking) => {
  for (const content of ['Tell me about trains', '说说火车'])
    for (const stream of [true, false]) {
      const options = { replyTokens: reply, thinkingTokens: thinking };
      const { usage } = await told({ ...ask(content), stream }, options);
      expect(usage).toMatchObject({
        completion_tokens: reply + thinking,
        completion_tokens_details: { reasoning_tokens: thinking },
      });
    }
});

const requests = fc.record(
  {
    model: fc.constantFrom(
      'glm-4.6',
      'glm-4.5',
      'glm-4.5-flash',
      'glm-5',
      'glm-5.2',
      'glm-5.3',
      'glm-4-flash',
      'glm-4.1v-thinking-flash',
    ),
    messages: fc
      .oneof(
        fc.string({ minLength: 1, unit: 'grapheme' }),
        fc.constantFrom('2+2', '北京和上海天气', 'weather in Paris', 'as JSON like {"a":1}'),
      )
      .filter(text => text.trim() !== '')
      .map(content => [{ role: 'user', content }]),
    max_tokens: fc.integer({ min: 1, max: 60 }),
    stop: fc.constantFrom('.', '。', ' the'),
    response_format: fc.constantFrom({ type: 'json_object' }, { type: 'text' }),
    tools: fc.constant([
      {
        type: 'function',
        function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
      },
    ]),
  },
  { requiredKeys: ['model', 'messages'], noNullPrototype: true },
);

test('a request says the same streamed and not, and its usage adds up', async () => {
  await fc.assert(
    fc.asyncProperty(requests, fc.nat(100), async (fields, seed) => {
      const both = await Promise.all(
        [true, false].map(async stream => (await createTestEngine({ seed }).chat({ ...fields, stream })).completion()),
      );
      // How a streamed tool call numbers itself differs by model; what it says does not.
      const [streamed, whole] = both.map(({ calls, ...rest }) => ({
        ...rest,
        calls: calls.map(call => [call.id, call.function]),
      }));
      expect(streamed).toEqual(whole);
      const usage = both[0]?.usage;
      expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
      expect(usage?.completion_tokens).toBeLessThanOrEqual(fields.max_tokens ?? 131_072);
    }),
    { seed: 21, numRuns: 300 },
  );
});

test('a stream has one frame per token of text', async () => {
  const { chat } = createTestEngine({ replyTokens: 40, thinkingTokens: 11 });
  const { beats, text } = await chat({ ...ask('Tell me about trains'), stream: true });
  expect(beats).toHaveLength(40 + 11 + 2);
  expect(text.match(/"reasoning_content"/g)).toHaveLength(11);
});
