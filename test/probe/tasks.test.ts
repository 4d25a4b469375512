import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.ts';
import { jsonMistake, mistakeIn, newNonce, newTask, type Right, type TaskName } from '../../src/probe/tasks.ts';
import { callOf } from '../support/probe.ts';

const names: readonly TaskName[] = ['arithmetic', 'echo', 'json', 'tool'];
const said = (text: string) => callOf({ text }).record;
const called = (...toolCalls: readonly { name: string; arguments: string }[]) =>
  callOf({ toolCalls: toolCalls.map(call => ({ id: '', ...call })) }).record;

test.each(names)('the %s task begins with a nonce, is new every time, and repeats under its seed', name => {
  const ask = (seed: number) => newTask(name, createRandom(seed));
  const questions = Array.from({ length: 200 }, (_, seed) => ask(seed).question);
  expect(new Set(questions).size).toBe(200);
  expect(questions.every(question => /^Reference [a-z]{8}\. /.test(question))).toBe(true);
  expect(ask(7)).toEqual(ask(7));
});

test('a nonce has no digits, which would be taken for part of a sum, and spells no word', () => {
  expect(newNonce(createRandom(1), 1000)).toMatch(/^[^aeiou\d]{1000}$/);
});

const sum: Right = { kind: 'number', value: 8800 };
const word: Right = { kind: 'word', word: 'qhtzkv' };
const tool: Right = { kind: 'tool', name: 'f', arguments: { a: 'x', b: 3 } };
const wrongNumber = 'the answer does not hold the right number';

test.each<[string, Right, string | undefined]>([
  ['8800', sum, undefined],
  ['3000 + 5800 = 8800.', sum, undefined],
  ['8,800', sum, undefined],
  ['8 800', sum, undefined],
  ['**8800**', sum, undefined],
  ['88001', sum, wrongNumber],
  ['8800.5', sum, wrongNumber],
  ['eight thousand eight hundred', sum, wrongNumber],
  ['', sum, wrongNumber],
  ['Qhtzkv.', word, undefined],
  ['“qhtzkv” 茶', word, undefined],
  ['qhtzk', word, 'the answer does not hold the word asked for'],
])('%j answers %j: %s', (text, right, mistake) => {
  expect(mistakeIn(right, said(text))).toBe(mistake);
});

test.each<[string, string[], string | undefined]>([
  ['{"a":1,"b":null}', ['a', 'b'], undefined],
  [' {"a":1}\n', ['a'], undefined],
  ['{}', [], undefined],
  ['{"a":1}', ['a', 'b'], 'the JSON object lacks 1 of 2 keys'],
  ['{"a":1}', ['a', 'b', 'toString'], 'the JSON object lacks 2 of 3 keys'],
  ['```json\n{"a":1}\n```', ['a'], 'the answer is not a JSON object'],
  ['[1]', ['0'], 'the answer is not a JSON object'],
  ['null', [], 'the answer is not a JSON object'],
  ['{"a":', ['a'], 'the answer is not a JSON object'],
])('%j with keys %j: %s', (text, keys, mistake) => {
  expect(jsonMistake(text, keys)).toBe(mistake);
});

test.each<[string, ReturnType<typeof called>, string | undefined]>([
  ['the right call', called({ name: 'f', arguments: '{"b":3,"a":"x"}' }), undefined],
  ['an argument too many', called({ name: 'f', arguments: '{"b":3,"a":"x","c":0}' }), undefined],
  ['no call', called(), 'no tool was called'],
  ['two calls', called({ name: 'f', arguments: '{}' }, { name: 'f', arguments: '{}' }), '2 tool calls in place of one'],
  ['another tool', called({ name: 'g', arguments: '{}' }), 'another tool was called'],
  [
    'broken arguments',
    called({ name: 'f', arguments: '{"a"' }),
    'the arguments of the tool call are not a JSON object',
  ],
  ['wrong arguments', called({ name: 'f', arguments: '{"a":"y","b":"3"}' }), 'the tool call has a wrong a and b'],
])('%s', (_name, record, mistake) => {
  expect(mistakeIn(tool, record)).toBe(mistake);
});
