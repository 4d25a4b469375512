/** Content for `response_format: json_object`: always one valid object, shaped like the one the prompt shows. */
import { isObject } from '../../core/json-object.ts';
import type { Random } from '../../core/random.ts';
import type { Language } from '../../core/wire/errors.ts';
import type { Prompt } from '../prompt.ts';
import { hintsOf, valueFor } from './arguments.ts';
import { topicOf } from './topic.ts';

export function jsonAnswer(prompt: Prompt, language: Language, random: Random): string {
  const shown = lastObject(prompt.lastUser) ?? lastObject(prompt.system);
  if (shown !== undefined) return JSON.stringify(fillIn(shown, prompt, random));
  const keys = namedKeys(`${prompt.system}\n${prompt.lastUser}`);
  const topic = topicOf(prompt.lastUser, language);
  if (keys.length > 0) return JSON.stringify(Object.fromEntries(keys.map(key => [key, topic])));
  const answer = language === 'zh' ? `这是关于${topic}的回答。` : `This is an answer about ${topic}.`;
  return JSON.stringify({ topic, answer, language });
}

/** A JSON Schema is met; an example is answered with values of the same types. */
function fillIn(shown: Record<string, unknown>, prompt: Prompt, random: Random): unknown {
  return valueFor(isObject(shown.properties) ? shown : schemaOf(shown, 0), hintsOf(prompt.lastUser), random);
}

/** An example may be nested deeper than any stack. */
const deepest = 10;

function schemaOf(value: unknown, depth: number): Record<string, unknown> {
  if (value === null || depth > deepest) return { type: 'null' };
  if (Array.isArray(value))
    return { type: 'array', items: schemaOf(value[0] ?? null, depth + 1), minItems: 1, maxItems: 3 };
  if (typeof value !== 'object')
    return { type: typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value };
  const properties = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, schemaOf(inner, depth + 1)]));
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

/** The last `{…}` of a text that parses, among a bounded number of tries. */
function lastObject(text: string): Record<string, unknown> | undefined {
  const end = text.lastIndexOf('}');
  let start = text.lastIndexOf('{', end);
  let found: Record<string, unknown> | undefined;
  for (let tries = 0; start >= 0 && end > start && tries < 32; tries++) {
    found = tryParse(text.slice(start, end + 1)) ?? found;
    start = start === 0 ? -1 : text.lastIndexOf('{', start - 1);
  }
  return found;
}

function tryParse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    // Not an object from here; the caller tries the next brace.
    return undefined;
  }
}

/** Names after "keys:", "fields:", "字段" and in backticks or quotes beside them. */
function namedKeys(text: string): string[] {
  const list =
    /(?:keys?|fields?|propert(?:y|ies)|字段|键)[^\n:：]{0,30}[:：]?\s*([^\n。.]{1,200})/i.exec(text)?.[1] ?? '';
  return [...new Set(list.match(/[A-Za-z_][A-Za-z0-9_]*(?=["'`,，、\s]|$)/g) ?? [])]
    .filter(word => !/^(and|or|with|the|a|an|as|of|in|json|string|number)$/i.test(word))
    .slice(0, 12);
}
