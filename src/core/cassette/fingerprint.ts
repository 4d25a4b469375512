/** A request's content as one word: the same prompt asked again has it again, whoever asks and in whatever order of keys. */
import { createHash } from 'node:crypto';
import { isObject } from '../json-object.ts';
import { redactText, redactValue, type Secrets } from './redaction.ts';

/** A body without credentials: as JSON, as a text that is none, or nothing. */
export type CleanBody = { readonly body: unknown } | { readonly text: string } | undefined;

/** What of a body may be kept. JSON nested beyond all reason is kept as a text. */
export function cleanBody(sent: string, secrets?: Secrets): CleanBody {
  if (sent === '') return undefined;
  try {
    return { body: redactValue(JSON.parse(sent), secrets) };
  } catch {
    // Not JSON, or nested too deeply: both are told by what is returned.
    return { text: redactText(sent, secrets) };
  }
}

export function fingerprintOf(clean: CleanBody): string {
  const content = clean === undefined ? '' : 'body' in clean ? canonical(steady(clean.body)) : `text:${clean.text}`;
  return createHash('sha256').update(content).digest('hex').slice(0, 20);
}

/** Differ from call to call, and no answer depends on them. */
const volatile = new Set(['request_id', 'user_id']);

/** A body without the fields that differ from call to call. */
export const steady = (body: unknown): unknown =>
  isObject(body) ? Object.fromEntries(Object.entries(body).filter(([key]) => !volatile.has(key))) : body;

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map(key => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
}
