/** Ids, thinking, token arithmetic and the prompt cache, as a caller sees them; glm-api.md §2.4, §8. */
import { expect, test } from 'vitest';
import type { MockOptions } from '../../src/mock-server/config.ts';
import { openDesk } from '../support/engine.ts';

interface Body {
  readonly id: string;
  readonly request_id: string;
  readonly choices: readonly [
    {
      readonly message: {
        readonly content: string;
        readonly reasoning_content?: string;
        readonly tool_calls?: readonly { readonly id: string }[];
      };
    },
  ];
  readonly usage: {
    readonly prompt_tokens: number;
    readonly prompt_tokens_details?: { readonly cached_tokens: number };
    readonly completion_tokens_details?: { readonly reasoning_tokens: number };
  };
}

const ask = async (body: Readonly<Record<string, unknown>>, options: MockOptions = {}) =>
  (await openDesk(options, { at: '2026-10-08T17:54:56Z' }).chat(body)).json as Body;

const weather = {
  tools: [
    {
      type: 'function',
      function: {
        name: 'get_weather',
        description: 'Get the current weather of a city',
        parameters: {
          type: 'object',
          properties: { city: { type: 'string', description: 'name of the city' } },
          required: ['city'],
        },
      },
    },
  ],
};
const twoCities = { ...weather, messages: [{ role: 'user', content: 'Weather in Beijing and Shanghai?' }] };

test('an id is the second in UTC+8 and 16 hexadecimal digits, and new with every answer', async () => {
  const desk = openDesk({}, { at: '2026-10-08T17:54:56Z' });
  const ids = [(await desk.chat()).json as Body, (await desk.chat()).json as Body].map(({ id }) => id);
  for (const id of ids) expect(id).toMatch(/^20261009015456[0-9a-f]{16}$/);
  expect(new Set(ids).size).toBe(2);
});

test('in the era 2024 id and request_id are the same 19 decimal digits', async () => {
  const { id, request_id } = await ask({ model: 'glm-4-plus' }, { era: '2024' });
  expect(id).toMatch(/^\d{19}$/);
  expect(request_id).toBe(id);
});

test.each([
  ['glm-5.2', '2026', /^call_-\d{15,19}$/],
  ['glm-4.7', '2026', /^call_-\d{15,19}$/],
  ['glm-4-plus', '2025', /^call_20261009015456[0-9a-f]{16}_0$/],
  ['glm-4-flash', '2026', /^call_20261009015456[0-9a-f]{16}_0$/],
  ['glm-4.5-flash', '2025', /^call_[0-9A-Za-z]{22}$/],
  ['glm-4-plus', '2024', /^call_\d{15,19}$/],
] as const)('the id of a tool call of %s in %s looks like %s', async (model, era, shape) => {
  const { choices } = await ask({ ...twoCities, model }, { era });
  expect(choices[0].message.tool_calls?.[0]?.id).toMatch(shape);
});

test('parallel calls of a big model have consecutive ids', async () => {
  const { choices } = await ask({ ...twoCities, model: 'glm-5.2' });
  const [first, second] = (choices[0].message.tool_calls ?? []).map(({ id }) => BigInt(id.slice(5)));
  expect((second ?? 0n) - (first ?? 0n)).toBe(1n);
});

test('the second call of glm-4-plus ends in _1', async () => {
  const { id, choices } = await ask({ ...twoCities, model: 'glm-4-plus' });
  expect(choices[0].message.tool_calls?.map(call => call.id)).toEqual([`call_${id}_0`, `call_${id}_1`]);
});

test.each<[string, Record<string, unknown>, boolean]>([
  ['glm-5.3', {}, true],
  ['glm-5.3', { reasoning_effort: 'low' }, true],
  ['glm-5.2', {}, true],
  ['glm-5.2', { thinking: { type: 'disabled' } }, false],
  ['glm-5.2', { reasoning_effort: 'none' }, false],
  ['glm-5.2', { reasoning_effort: 'minimal' }, false],
  ['glm-5.2', { reasoning_effort: 'low' }, true],
  ['glm-5.1', { thinking: { type: 'disabled' } }, false],
  ['glm-5.1', { reasoning_effort: 'none' }, true],
  ['glm-4.7', { thinking: { type: 'disabled' } }, false],
  ['glm-4.5v', { thinking: { type: 'disabled' } }, false],
  ['glm-4.5-flash', {}, true],
  ['glm-4-flash-250414', { thinking: { type: 'enabled' } }, false],
  ['glm-4.1v-thinking-flash', {}, false],
])('%s with %j gives reasoning_content: %s', async (model, body, thinks) => {
  const { choices, usage } = await ask({ model, ...body });
  expect(choices[0].message.reasoning_content !== undefined).toBe(thinks);
  if (!thinks && usage.completion_tokens_details) expect(usage.completion_tokens_details.reasoning_tokens).toBe(0);
});

test('glm-4.1v-thinking thinks inside the content between tags, whatever is asked', async () => {
  const { choices } = await ask({ model: 'glm-4.1v-thinking-flash', thinking: { type: 'disabled' } });
  expect(choices[0].message.content).toMatch(/^<think>[\s\S]+<\/think>/);
});

const one = { messages: [{ role: 'user', content: 'a' }] };

test.each<[string, Record<string, unknown>, number]>([
  ['glm-4.5', one, 6],
  ['glm-4.6', one, 6],
  ['glm-5.1', one, 6],
  ['glm-4-flash-250414', one, 6],
  ['glm-5', one, 7],
  ['glm-5.2', one, 7],
  ['glm-4.1v-thinking-flash', one, 7],
  ['glm-4.6v', one, 11],
  ['glm-4.5-air', { ...one, thinking: { type: 'disabled' } }, 10],
  ['glm-4.5-airx', { ...one, thinking: { type: 'disabled' } }, 10],
  ['glm-4.5-flash', { ...one, thinking: { type: 'disabled' } }, 10],
  ['glm-5.2', { ...one, reasoning_effort: 'none' }, 13],
  ['glm-5.2', { ...one, thinking: { type: 'enabled' } }, 13],
  ['glm-5-turbo', { messages: [{ role: 'user', content: 'Say hello in 5 words' }] }, 11],
])('a prompt of %s with %j costs %d tokens, as measured', async (model, body, tokens) => {
  expect((await ask({ model, ...body })).usage.prompt_tokens).toBe(tokens);
});

test.each([
  ['glm-4.5-flash', 159],
  ['glm-4-flash-250414', 102],
])('one small tool makes a prompt of %s about %d tokens long', async (model, measured) => {
  const parameters = { type: 'object', properties: { city: { type: 'string' } } };
  const tools = [{ type: 'function', function: { name: 'get_weather', parameters } }];
  const { usage } = await ask({ model, ...one, tools });
  expect(usage.prompt_tokens).toBeGreaterThan(measured * 0.85);
  expect(usage.prompt_tokens).toBeLessThan(measured * 1.15);
});

test('json_object adds a hidden instruction to the prompt: about 66 tokens for a prompt of 23 characters', async () => {
  const messages = [{ role: 'user', content: 'Give me a JSON, please.' }];
  const { usage } = await ask({ model: 'glm-4.5-flash', messages, response_format: { type: 'json_object' } });
  expect(usage.prompt_tokens).toBeGreaterThanOrEqual(63);
  expect(usage.prompt_tokens).toBeLessThanOrEqual(69);
});

test('json_schema is ignored, json_object gives one JSON object', async () => {
  const contentOf = async (type: string) =>
    (await ask({ response_format: { type }, messages: [{ role: 'user', content: '介绍北京' }] })).choices[0].message
      .content;
  expect(JSON.parse(await contentOf('json_object'))).toBeTypeOf('object');
  const text = await contentOf('json_schema');
  expect(() => JSON.parse(text)).toThrow();
});

const long = (chars: number) => [
  { role: 'system', content: 'You are a careful assistant. '.repeat(Math.ceil(chars / 29)).slice(0, chars) },
  { role: 'user', content: 'a' },
];
const cached = async (model: string, { options = {}, waitMs = 0 }: { options?: MockOptions; waitMs?: number } = {}) => {
  const desk = openDesk(options);
  const tokensOf = async () => ((await desk.chat({ model, messages: long(9000) })).json as Body).usage;
  const first = await tokensOf();
  desk.clock.advance(waitMs);
  const second = await tokensOf();
  return {
    prompt: second.prompt_tokens,
    first: first.prompt_tokens_details?.cached_tokens,
    second: second.prompt_tokens_details?.cached_tokens,
  };
};

test('a repeated prompt is cached: a paid model reports blocks of 64, a free one all but two tokens', async () => {
  const paid = await cached('glm-5.1');
  expect(paid.first).toBe(0);
  expect(paid.second).toBe(Math.floor(paid.prompt / 64) * 64);
  const free = await cached('glm-4.5-flash');
  expect([free.first, free.second]).toEqual([0, free.prompt - 2]);
});

test('a prompt counts as cached after cacheDelay', async () => {
  const options = { cacheDelay: '60s' };
  expect((await cached('glm-5.1', { options, waitMs: 59_999 })).second).toBe(0);
  expect((await cached('glm-5.1', { options, waitMs: 60_000 })).second).toBeGreaterThan(0);
});

test('what two prompts share at the beginning is cached, but neither for another model nor for another key', async () => {
  const desk = openDesk({ keys: ['test-id.test-secret', 'other-id.other-secret'] });
  const cachedOf = async (model: string, last: string, headers = {}) => {
    const messages = [...long(9000).slice(0, 1), { role: 'user', content: last }];
    const { usage } = (await desk.chat({ model, messages }, headers)).json as Body;
    return usage.prompt_tokens_details?.cached_tokens ?? 0;
  };
  await cachedOf('glm-5.1', 'one');
  expect(await cachedOf('glm-5.1', 'two')).toBeGreaterThan(1000);
  expect(await cachedOf('glm-4.6', 'two')).toBe(0);
  expect(await cachedOf('glm-5.1', 'two', { authorization: 'Bearer other-id.other-secret' })).toBe(0);
});

test('an image costs 600 tokens, which is a guess', async () => {
  const content = [
    { type: 'text', text: 'a' },
    { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
  ];
  const { usage } = await ask({ model: 'glm-4.6v', messages: [{ role: 'user', content }] });
  expect(usage.prompt_tokens).toBe(611);
});

test.each<[string, number]>([
  ['glm-4.5', 131_072],
  ['glm-5.3-flash', 131_072],
  ['glm-5v-turbo', 131_072],
  ['glm-4.5-flash', 98_304],
  ['glm-4.6v', 32_768],
  ['glm-4.5v', 16_384],
  ['glm-4-flash-250414', 16_384],
  ['glm-4-long', 4095],
  ['glm-4v-flash', 1024],
])('the output cap of %s is %d, and one more is refused with the cap in the text', async (model, cap) => {
  const desk = openDesk();
  expect((await desk.chat({ model, max_tokens: cap })).status).toBe(200);
  expect((await desk.chat({ model, max_tokens: cap + 1 })).json).toHaveProperty(
    'error.message',
    `max_tokens参数非法：限制数值范围[1,${cap}]`,
  );
});
