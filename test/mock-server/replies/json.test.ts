import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTestEngine } from '../../support/mock-engine.ts';

const { chat } = createTestEngine();
const asJson = async (prompt: string, more: object = {}) => {
  const messages = [{ role: 'user', content: prompt }];
  const told = await chat({ messages, response_format: { type: 'json_object' }, max_tokens: 98304, ...more });
  expect(told.status).toBe(200);
  const value: unknown = JSON.parse(told.completion().content);
  expect(value).toBeTypeOf('object');
  expect(told.completion().content).toMatch(/^\{/);
  return value as Record<string, unknown>;
};

const keyword = fc.constantFrom(
  'properties',
  'type',
  'items',
  'keys:',
  'fields:',
  '字段：',
  'name',
  '"a":',
  '{',
  '}',
  '[',
  ']',
  ',',
  'null',
  '1',
);
const prompts = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.string({ unit: 'binary', minLength: 1 }),
  fc.array(keyword, { minLength: 1, maxLength: 12 }).map(words => words.join(' ')),
  fc.json().map(text => `Answer like ${text}`),
  fc.object({ maxDepth: 3 }).map(value => `like ${JSON.stringify(value)}`),
  fc.json().map(text => `like {"type":"object","properties":${text}}`),
  fc.json().map(text => `like {"type":${text},"properties":{"a":{"type":"string"}}}`),
);

test('JSON mode always gives one valid object', async () => {
  await fc.assert(
    fc.asyncProperty(
      prompts.filter(text => text.trim() !== ''),
      async prompt => {
        await asJson(prompt);
      },
    ),
    { seed: 11, numRuns: 500 },
  );
});

test.each([
  ['lists', `{"a":${'['.repeat(990)}${']'.repeat(990)}}`],
  ['objects', `${'{"a":'.repeat(990)}1${'}'.repeat(990)}`],
  ['braces that mean nothing', '{'.repeat(5000) + '}'.repeat(5000)],
  ['lists past every stack', `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
])('an example nested in %s is answered with JSON', async (_, example) => {
  await asJson(`like ${example}`);
});

test('an example is answered in its shape', async () => {
  const shown = { name: 'x', age: 3, tags: ['a'], ok: true, inner: { deep: 1.5 }, none: null };
  const value = await asJson(`Describe Ada as JSON like ${JSON.stringify(shown)}`);
  expect(value).toEqual({
    name: expect.any(String),
    age: expect.any(Number),
    tags: expect.any(Array),
    ok: expect.any(Boolean),
    inner: { deep: expect.any(Number) },
    none: null,
  });
});

test('a schema in the prompt is met', async () => {
  const schema = {
    type: 'object',
    properties: { level: { enum: ['low', 'high'] }, n: { type: 'integer' } },
    required: ['level', 'n'],
  };
  const value = await asJson(`Follow this JSON schema: ${JSON.stringify(schema)}`);
  expect(['low', 'high']).toContain(value.level);
  expect(value.n).toSatisfy(Number.isInteger);
});

test.each([
  ['English', 'Answer in JSON with keys: name, colour and size.', ['name', 'colour', 'size']],
  ['Chinese', '请输出 JSON，字段：name、colour。', ['name', 'colour']],
])('keys named in %s are the keys of the answer', async (_, prompt, keys) => {
  expect(Object.keys(await asJson(prompt))).toEqual(keys);
});

test('the shape may stand in the system message', async () => {
  const messages = [
    { role: 'system', content: 'Reply as {"verdict":"yes"}' },
    { role: 'user', content: 'Is it raining?' },
  ];
  expect(Object.keys(await asJson('', { messages }))).toEqual(['verdict']);
});

test('response_format text and json_schema change nothing', async () => {
  const plain = await chat('Is it raining?');
  for (const type of ['text', 'json_schema', null]) {
    const { chat: other } = createTestEngine();
    const told = await other({ messages: [{ role: 'user', content: 'Is it raining?' }], response_format: { type } });
    expect(told.status).toBe(200);
    expect(() => JSON.parse(told.completion().content)).toThrow();
  }
  expect(plain.completion().content).not.toBe('');
});
