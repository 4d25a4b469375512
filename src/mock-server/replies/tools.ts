/** Which functions a generated reply calls, and with what. */
import type { Random } from '../../core/random.ts';
import type { ChatRequest, Tool } from '../../core/wire/chat.ts';
import type { Prompt } from '../prompt.ts';
import { type Hints, hintsOf, valueFor } from './arguments.ts';
import type { DraftCall } from './draft.ts';

/**
 * The function that fits the user's words best is called, once for each named thing ("Beijing and Shanghai"), up to
 * four times; others only when their own name is mentioned. With no fit at all the first one is called: who passes
 * tools to a mock wants to see one used. `tool_choice: none` and plain greetings call nothing.
 */
export function chooseCalls({ tools, tool_choice: choice }: ChatRequest, prompt: Prompt, random: Random): DraftCall[] {
  const functions = (tools ?? []).flatMap(({ type, function: f }) => (type === 'function' && f ? [f] : []));
  if (
    functions.length === 0 ||
    choice === 'none' ||
    /^\s*(hi|hello|hey|thanks|你好|您好|谢谢)[!！.。]?\s*$/i.test(prompt.lastUser)
  )
    return [];
  const ranked = functions.map(f => ({ f, score: fitness(f, prompt.lastUser) })).sort((a, b) => b.score - a.score);
  const best = ranked[0]?.f;
  if (best === undefined) return [];
  const named = ranked.slice(1, 4).filter(({ f }) => prompt.lastUser.includes(f.name));
  return [
    ...callsOf(best, prompt.lastUser, random),
    ...named.flatMap(({ f }) => callsOf(f, prompt.lastUser, random).slice(0, 1)),
  ];
}

type Fn = NonNullable<Tool['function']>;

/** Shared words of the text with the function's name (double) and description. */
function fitness(f: Fn, text: string): number {
  const asked = wordsOf(text);
  const score = (words: Set<string>) => [...words].filter(word => asked.has(word)).length;
  return (
    (text.includes(f.name) ? 100 : 0) +
    2 * score(wordsOf(f.name.replace(/[_-]/g, ' '))) +
    score(wordsOf(f.description ?? ''))
  );
}

/** English words and pairs of Chinese characters. */
function wordsOf(text: string): Set<string> {
  const head = text.slice(0, 2000).toLowerCase();
  const pairs = [...head.matchAll(/(?=([㐀-鿿]{2}))/g)].map(match => match[1] ?? '');
  return new Set([...(head.match(/[a-z]{3,}/g) ?? []), ...pairs]);
}

function callsOf(f: Fn, text: string, random: Random): DraftCall[] {
  const hints = hintsOf(text);
  const things =
    takesOneThing(f) && hints.entities.length > 1
      ? hints.entities.slice(0, 4).map(entity => ({ ...hints, entities: [entity] }))
      : [hints];
  return things.map((hint: Hints) => ({
    name: f.name,
    arguments: JSON.stringify(valueFor(f.parameters ?? {}, { ...hint, numbers: [...hint.numbers] }, random)),
  }));
}

/** A function with one required string is asked once per thing. */
function takesOneThing({ parameters }: Fn): boolean {
  const properties = (parameters?.properties ?? {}) as Record<string, { type?: unknown; enum?: unknown }>;
  const required = Array.isArray(parameters?.required) ? parameters.required : Object.keys(properties);
  return (
    required.filter(key => properties[String(key)]?.type === 'string' && !properties[String(key)]?.enum).length === 1
  );
}
