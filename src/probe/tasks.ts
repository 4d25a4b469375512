/**
 * Questions whose right answer is known, new in every run: an endpoint that answers from a cache, from another prompt or
 * with something plausible is found out. The nonce stands first, because a prefix cache matches from the start.
 */
import { z } from 'zod';
import type { CallRecord } from '../core/call/record.ts';
import { int, pick, type Random } from '../core/random.ts';

/** The right answer, as data: a cassette keeps it for a later judgement. */
export const right = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('number'), value: z.number() }),
  z.strictObject({ kind: z.literal('word'), word: z.string() }),
  z.strictObject({ kind: z.literal('json'), keys: z.array(z.string()) }),
  z.strictObject({ kind: z.literal('tool'), name: z.string(), arguments: z.record(z.string(), z.unknown()) }),
]);

export type Right = z.infer<typeof right>;

export interface Task {
  readonly question: string;
  readonly right: Right;
  /** Fields of the request besides its messages. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export type TaskName = 'arithmetic' | 'echo' | 'json' | 'tool';

/** A new question. */
export const newTask = (name: TaskName, random: Random): Task => tasks[name](random);

/** Letters only: digits would be taken for part of a sum. */
export const newNonce = (random: Random, length = 8): string =>
  Array.from({ length }, () => pick(random, letters)).join('');

/** No vowels, so that no word comes out of it. */
const letters = [...'bcdfghjkmnpqrstvwxz'];

/** A text behind a nonce of its own. */
export const behindNonce = (text: string, random: Random): string => `Reference ${newNonce(random)}. ${text}`;

const tasks = {
  arithmetic: random => {
    const [a, b] = [1000 + int(random, 9000), 1000 + int(random, 9000)];
    const question = behindNonce(`What is ${a} + ${b}? Reply with the number only.`, random);
    return { question, right: { kind: 'number', value: a + b }, fields: {} };
  },
  echo: random => {
    const word = newNonce(random);
    return { question: behindNonce(`Repeat this word: ${word}`, random), right: { kind: 'word', word }, fields: {} };
  },
  json: random => {
    const keys = [newNonce(random), newNonce(random)];
    const question = behindNonce(`Answer with one JSON object that has the keys: ${keys.join(' and ')}`, random);
    return { question, right: { kind: 'json', keys }, fields: { response_format: { type: 'json_object' } } };
  },
  tool: random => {
    const nonce = newNonce(random);
    const station = `${nonce.charAt(0).toUpperCase()}${nonce.slice(1)}`;
    const level = 1000 + int(random, 9000);
    const question = behindNonce(`Call ${tool.name} with station "${station}" and level ${level}.`, random);
    return {
      question,
      right: { kind: 'tool', name: tool.name, arguments: { station, level } },
      fields: { tools: [{ type: 'function', function: tool }] },
    };
  },
} as const satisfies Record<TaskName, (random: Random) => Task>;

const tool = {
  name: 'save_reading',
  description: 'Stores the level of a station.',
  parameters: {
    type: 'object',
    properties: { station: { type: 'string' }, level: { type: 'integer' } },
    required: ['station', 'level'],
  },
} as const;

/** What is wrong with an answer, without quoting it; undefined when it is right. */
export function mistakeIn(wanted: Right, { text = '', toolCalls = [] }: CallRecord): string | undefined {
  switch (wanted.kind) {
    case 'number':
      return numbersIn(text).includes(wanted.value) ? undefined : 'the answer does not hold the right number';
    case 'word':
      return text.toLowerCase().includes(wanted.word) ? undefined : 'the answer does not hold the word asked for';
    case 'json':
      return jsonMistake(text, wanted.keys);
    case 'tool':
      return toolMistake(wanted, toolCalls);
  }
}

/** Numbers as people write them: `8,800` and `8 800` are 8800. */
const numbersIn = (text: string) =>
  (text.replace(/(?<=\d)[,\u00a0\u202f ](?=\d{3}(?!\d))/g, '').match(/\d+(?:\.\d+)?/g) ?? []).map(Number);

/** What is wrong with a text that should be a JSON object with these keys. */
export function jsonMistake(text: string, keys: readonly string[]): string | undefined {
  const value = objectIn(text);
  if (value === undefined) return 'the answer is not a JSON object';
  const missing = keys.filter(key => !Object.hasOwn(value, key)).length;
  return missing === 0 ? undefined : `the JSON object lacks ${missing} of ${keys.length} keys`;
}

function toolMistake(
  { name, arguments: wanted }: Extract<Right, { kind: 'tool' }>,
  [call, ...more]: NonNullable<CallRecord['toolCalls']>,
): string | undefined {
  if (call === undefined) return 'no tool was called';
  if (more.length > 0) return `${more.length + 1} tool calls in place of one`;
  if (call.name !== name) return 'another tool was called';
  const given = objectIn(call.arguments);
  if (given === undefined) return 'the arguments of the tool call are not a JSON object';
  const wrong = Object.keys(wanted).filter(key => given[key] !== wanted[key]);
  return wrong.length === 0 ? undefined : `the tool call has a wrong ${wrong.join(' and ')}`;
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    // Not JSON, which is what the caller wants to know.
    return undefined;
  }
}
