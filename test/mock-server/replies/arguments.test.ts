import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRandom } from '../../../src/core/random.ts';
import { hintsOf, valueFor } from '../../../src/mock-server/replies/arguments.ts';
import { hostile } from '../../support/hostile-schemas.ts';
import { createTestEngine } from '../../support/mock-engine.ts';
import { parameters, type Schema } from '../../support/schemas.ts';

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);

/** What ajv says against a value, after a trip through JSON. */
function faults(schema: Schema, value: unknown): string[] {
  const check = ajv.compile(schema);
  check(JSON.parse(JSON.stringify(value)));
  return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const texts = ['What is the weather in Paris?', '北京和上海 3 月 5 日天气如何', 'Search "glm" 12 times', '', '\ud800'];

test('a value is valid against its schema, whatever the user said', () => {
  fc.assert(
    fc.property(parameters, fc.constantFrom(...texts), fc.nat(), (schema, text, seed) => {
      const value = valueFor(schema, hintsOf(text), createRandom(seed));
      expect({ schema, value, faults: faults(schema, value) }).toEqual({ schema, value, faults: [] });
    }),
    { seed: 7, numRuns: 300 },
  );
});

const tree = {
  type: 'object',
  properties: {
    value: { type: 'integer' },
    left: { $ref: '#' },
    children: { type: 'array', items: { $ref: '#' } },
    next: { anyOf: [{ $ref: '#' }, { type: 'null' }] },
  },
  required: ['value', 'next'],
  additionalProperties: false,
};
const linked = {
  $ref: '#/$defs/node',
  $defs: {
    node: {
      ...tree,
      properties: { value: { type: 'integer' }, next: { oneOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
    },
  },
};
const escapedPointer = {
  type: 'object',
  properties: { x: { $ref: '#/$defs/a~1b~0c' } },
  required: ['x'],
  $defs: { 'a/b~c': { const: 7 } },
};
const definitions = {
  type: 'object',
  properties: { x: { $ref: '#/definitions/y', description: 'beside' } },
  required: ['x'],
  definitions: { y: { enum: [1, 2] } },
};
const alternatives = {
  type: 'object',
  properties: { a: { type: 'string' }, b: { type: 'string' } },
  anyOf: [{ required: ['a'] }, { required: ['b'] }],
};

test.each<[string, Schema]>([
  ['that contains itself', tree],
  ['that contains itself through a definition', linked],
  ['with an escaped pointer', escapedPointer],
  ['with old definitions', definitions],
  ['that wants one of its properties', alternatives],
])('a schema %s is met', (_, schema) => {
  for (let seed = 0; seed < 20; seed++)
    expect(faults(schema, valueFor(schema, hintsOf('Paris'), createRandom(seed)))).toEqual([]);
});

test.each(hostile)('%s ends soon, in a JSON object', (_, schema) => {
  const text = JSON.stringify(valueFor(schema, hintsOf('Paris 3'), createRandom(1)));
  expect(JSON.parse(text)).toBeTypeOf('object');
  expect(text).toMatch(/^\{/);
  expect(text.length).toBeLessThan(1_000_000);
});

test.each(hostile)('%s as parameters of a tool is an answer with arguments', async (_, schema) => {
  const tool = { type: 'function', function: { name: 'use', parameters: schema } };
  const { ask } = createTestEngine();
  const told = await ask({
    body: { model: 'glm-4.6', messages: [{ role: 'user', content: 'Paris' }], tools: [tool], max_tokens: 131_072 },
  });
  // What cannot be read as a schema at all may also be refused; what is too long is cut.
  if (told.status !== 200) return expect(told.code).toMatch(/^12(10|14|61)$/);
  const { calls, finish } = told.completion();
  if (finish === 'tool_calls')
    for (const call of calls) expect(JSON.parse(call.function.arguments)).toBeTypeOf('object');
});

test.each<[string, Schema, string, unknown]>([
  ['a place in English', { type: 'string' }, 'What is the weather in Paris?', 'Paris'],
  ['a place in Chinese', { type: 'string' }, '今天杭州天气怎么样', '杭州'],
  ['a quoted text', { type: 'string' }, 'Look up "Cox Hillary" now', 'Cox Hillary'],
  ['a number', { type: 'integer' }, 'remind me in 15 minutes', 15],
  ['a number in its range', { type: 'number', minimum: 20 }, 'from 3 to 25', 25],
  ['a default', { type: 'string', default: 'celsius' }, 'in Paris', 'celsius'],
  ['a whole default', { type: 'integer', default: 7 }, 'in Paris', 7],
  ['a length', { type: 'string', maxLength: 3 }, 'in Paris', expect.not.stringMatching('Paris')],
])('an argument takes from the text %s', (_, schema, text, wanted) => {
  const value = valueFor({ type: 'object', properties: { x: schema } }, hintsOf(text), createRandom(1));
  expect(value).toEqual({ x: wanted });
});
