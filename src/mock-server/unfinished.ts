/**
 * Answers that did not come to a good end, for as long as a client may bring one back as the assistant's own words. Only
 * that shows that it was taken for an answer. Kept apart from the journal, which holds no words.
 */
import { createRecent } from '../core/recent.ts';
import { type Question, wordsOf } from './question.ts';

export interface Unfinished {
  /** Remembers what was said to a question, by the number of the request. */
  add(keyId: string, question: number, n: number, words: readonly string[]): void;
  /** The question was answered well after all. */
  forget(keyId: string, question: number): void;
  /** Numbers of the requests whose answers a conversation brings back, whole or in part. */
  carriedBy(keyId: string, { chain }: Question, messages: unknown): readonly number[];
  clear(): void;
}

const most = 500;

export function createUnfinished(): Unfinished {
  let kept = createRecent<{ readonly n: number; readonly words: string }>(most);
  let any = false;
  const keyOf = (keyId: string, question: number) => `${keyId} ${question}`;
  const add: Unfinished['add'] = (keyId, question, n, words) => {
    any = true;
    kept.set(keyOf(keyId, question), { n, words: words.join('').trim() });
  };
  const forget: Unfinished['forget'] = (keyId, question) => {
    const key = keyOf(keyId, question);
    if (any && kept.get(key) !== undefined) kept.set(key, { n: 0, words: '' });
  };
  const carriedBy: Unfinished['carriedBy'] = (keyId, { chain }, messages) => {
    if (!any || !Array.isArray(messages)) return none;
    return messages.flatMap((message, i) => {
      if (message?.role !== 'assistant') return [];
      const said = kept.get(keyOf(keyId, chain[i - 1] ?? 0));
      return said !== undefined && isPart(wordsOf(message.content).trim(), said.words) ? [said.n] : [];
    });
  };
  const clear = () => {
    any = false;
    kept = createRecent(most);
  };
  return { add, forget, carriedBy, clear };
}

const none: readonly number[] = [];

/** Whether a text is the whole with at most one stretch missing: cut at an end, or a frame lost in the middle. */
export function isPart(text: string, whole: string): boolean {
  if (text === '' || text.length > whole.length) return false;
  let start = 0;
  while (start < text.length && text[start] === whole[start]) start++;
  let end = 0;
  while (end < text.length && text.at(-1 - end) === whole.at(-1 - end)) end++;
  return start + end >= text.length;
}
