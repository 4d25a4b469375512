/** What a request asks, as digests: whether another one asks the same, or goes on from there, is seen without keeping a word. */
import { digest } from '../core/random.ts';
import type { Call } from './endpoints/endpoint.ts';

export interface Question {
  /** One digest per message, of it and of all before it; whatever the model and the settings. */
  readonly chain: readonly number[];
  /** Of the whole conversation; 0 without messages. */
  readonly whole: number;
  /** The same up to the last message of the user: tool calls and their results come after it. */
  readonly turn: number;
}

/** @param messages as they were sent; whatever is no list of objects asks nothing */
export function questionOf(messages: unknown): Question {
  const list: readonly unknown[] = Array.isArray(messages) ? messages : [];
  let key = 1;
  const chain = list.map(message => {
    key = digest(lineOf(fieldsOf(message)), key);
    return key;
  });
  const user = list.findLastIndex(message => fieldsOf(message).role === 'user');
  return { chain, whole: chain.at(-1) ?? 0, turn: chain[user] ?? 0 };
}

/** The words of a message, or of its parts; empty for anything else. */
export function wordsOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return Array.isArray(content) ? content.map(part => String(fieldsOf(part).text ?? '')).join('') : '';
}

/** What the journal keeps of a conversation: the question, whose unfinished answers it brings back, which calls were carried out. */
export function noteConversation(
  { entry, keyId, state }: Call,
  messages: unknown,
  question = questionOf(messages),
): void {
  const list: readonly unknown[] = Array.isArray(messages) ? messages : [];
  entry.question = question.whole;
  entry.turn = question.turn;
  entry.carries = state.unfinished.carriedBy(keyId, question, messages);
  const last = fieldsOf(list.at(-1));
  if (last.role !== 'tool') return;
  const answers = list
    .map(fieldsOf)
    .filter(({ role }) => role === 'tool')
    .slice(-mostAnswers);
  entry.answeredTools = answers.map(({ tool_call_id: id }) => String(id).slice(0, 64));
  entry.answerDigests = answers.map(({ content }) =>
    digest(typeof content === 'string' ? content : JSON.stringify(content ?? null)),
  );
}

const mostAnswers = 32;

type Fields = Readonly<Record<string, unknown>>;

const nothing: Fields = {};

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : nothing;

/** What the checked and the unchecked form of a message have in common. */
function lineOf({ role, content, tool_calls: calls, tool_call_id: answered }: Fields): string {
  const called = Array.isArray(calls) ? calls.map(call => callOf(fieldsOf(call))).join(' ') : '';
  return `${role}\0${wordsOf(content)}\0${called}\0${answered ?? ''}\0`;
}

function callOf({ id, function: called }: Fields): string {
  const { name, arguments: args } = fieldsOf(called);
  return `${id} ${name} ${args}`;
}
