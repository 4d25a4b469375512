/**
 * The shape of what a service sends, so that a change is seen before it breaks somebody: keys of frames, names of headers,
 * texts of errors, the model and its fingerprint. Pure; holds no prompt, no answer and no value of a header.
 */
import { createHash } from 'node:crypto';
import { createSseParser } from '../core/sse.ts';
import type { Call } from './checks/check.ts';
import type { ProbeRun } from './run.ts';

/** What one run showed of it; null where it did not. */
export interface Contract {
  /** Paths of keys with their types, such as `choices[].delta.content: string`, of all frames together. */
  readonly frames: readonly string[] | null;
  readonly headers: readonly string[] | null;
  /** `system_fingerprint`, where a service sends one. */
  readonly fingerprint: string | null;
  /** A digest: what the text says may quote a prompt. Numbers and ids in it make no difference. */
  readonly error: { readonly code: string; readonly text: string } | null;
}

export const contractParts = ['frame_shape', 'error_text', 'headers', 'model', 'fingerprint'] as const;
export type ContractPart = (typeof contractParts)[number];

/** What of it was seen at all, and in every run. */
interface Seen {
  readonly ever: readonly string[];
  readonly always: readonly string[];
}

/** What is known after many runs; it is stored. */
export interface KnownContract {
  /** Good runs that it was learnt from. */
  readonly runs: number;
  readonly frames: Seen | null;
  readonly headers: Seen | null;
  readonly model: string | null;
  readonly fingerprint: string | null;
  /** Digests by code. */
  readonly errors: Readonly<Record<string, readonly string[]>>;
}

export interface ContractChange {
  readonly part: ContractPart;
  readonly detail: string;
}

/** @param clean takes secrets out: a server may use any text as a key */
export function contractOf(calls: readonly Call[], clean: (text: string) => string): Contract | null {
  const call = calls.findLast(({ tape }) => tape.head !== undefined);
  if (call === undefined) return null;
  const { record, tape } = call;
  const bodies = bodiesOf(call);
  const good = record.outcome.kind === 'ok' && tape.lost === 0;
  return {
    frames: good ? sorted(bodies.flatMap(body => [...pathsIn(body)]).map(clean)) : null,
    headers: good ? sorted(namesIn(tape.head?.headers ?? []).map(clean)) : null,
    fingerprint: fingerprintIn(bodies, clean),
    error: record.code === undefined ? null : { code: clean(record.code).slice(0, 32), text: digestOf(bodies, clean) },
  };
}

/** Runs that are only learnt from: what is optional has shown itself by then. */
export const learningRuns = 10;

/** Learns from a run, and says what it changed. Whatever was told once is known from then on, so nothing flaps. */
export function learn(
  before: KnownContract | undefined,
  { contract, state, response_model }: Pick<ProbeRun, 'contract' | 'state' | 'response_model'>,
): { known: KnownContract; changes: readonly ContractChange[] } {
  const known = before ?? nothingKnown;
  if (contract === null) return { known, changes: [] };
  const model = state === 'good' ? response_model : null;
  const grown = {
    runs: known.runs + Number(contract.frames !== null),
    frames: grow(known.frames, contract.frames),
    headers: grow(known.headers, contract.headers),
    model: model ?? known.model,
    fingerprint: contract.fingerprint ?? known.fingerprint,
    errors: withError(known.errors, contract.error),
  };
  const learnt = known.runs >= learningRuns;
  const changes = [
    ...(learnt ? shapeChanges('frame_shape', 'key', known.frames, contract.frames) : []),
    ...(learnt ? shapeChanges('headers', 'header', known.headers, contract.headers) : []),
    ...textChange(known.errors, contract.error),
    ...wordChange('model', known.model, model),
    ...wordChange('fingerprint', known.fingerprint, contract.fingerprint),
  ];
  return { known: grown, changes };
}

const nothingKnown: KnownContract = {
  runs: 0,
  frames: null,
  headers: null,
  model: null,
  fingerprint: null,
  errors: {},
};

/** The events of a stream, or the one body. */
function bodiesOf({ record, tape }: Call): unknown[] {
  const bodies: unknown[] = [];
  const add = (text: string) => {
    const body = parsed(text);
    if (body !== undefined) bodies.push(body);
  };
  if (record.firstEventMs === undefined) add(Buffer.concat(tape.parts.map(({ bytes }) => bytes)).toString());
  else {
    const parser = createSseParser(({ data }) => add(data));
    for (const { bytes } of tape.parts) parser.feed(bytes);
  }
  return bodies;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // [DONE], or a broken frame, which the verdict is about.
    return undefined;
  }
}

const mostDepth = 8;
const mostPaths = 200;
const mostChars = 100;

function* pathsIn(value: unknown, path = '', depth = 0): Generator<string> {
  if (Array.isArray(value)) {
    if (depth < mostDepth) for (const inner of value) yield* pathsIn(inner, `${path}[]`, depth + 1);
  } else if (typeof value === 'object' && value !== null) {
    const dot = path === '' ? '' : '.';
    if (depth < mostDepth)
      for (const [key, inner] of Object.entries(value)) yield* pathsIn(inner, `${path}${dot}${key}`, depth + 1);
  } else yield `${path}: ${value === null ? 'null' : typeof value}`;
}

/** These depend on the length of an answer or on the connection. */
const passing = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding', 'age']);

const namesIn = (headers: readonly string[]) =>
  headers.filter((name, at) => at % 2 === 0 && !passing.has(name.toLowerCase())).map(name => name.toLowerCase());

const sorted = (texts: readonly string[]) =>
  [...new Set(texts.map(text => text.slice(0, mostChars)))].sort().slice(0, mostPaths);

function fingerprintIn(bodies: readonly unknown[], clean: (text: string) => string): string | null {
  const found = bodies.map(body => (body as { system_fingerprint?: unknown } | null)?.system_fingerprint).find(isText);
  return found === undefined ? null : clean(found).slice(0, 64);
}

const isText = (value: unknown): value is string => typeof value === 'string';

function digestOf(bodies: readonly unknown[], clean: (text: string) => string): string {
  const { error, msg } = (bodies.at(-1) ?? {}) as { error?: { message?: unknown }; msg?: unknown };
  const text = clean(String(error?.message ?? msg ?? ''));
  const plain = text.replace(/[0-9a-f]{8,}|\d+/gi, '#');
  return createHash('sha256').update(plain).digest('hex').slice(0, 12);
}

function grow(seen: Seen | null, now: readonly string[] | null): Seen | null {
  if (now === null) return seen;
  if (seen === null) return { ever: now, always: now };
  return {
    ever: [...new Set([...seen.ever, ...now])].sort().slice(0, mostPaths),
    always: seen.always.filter(text => now.includes(text)),
  };
}

function shapeChanges(
  part: ContractPart,
  what: string,
  seen: Seen | null,
  now: readonly string[] | null,
): ContractChange[] {
  if (seen === null || now === null) return [];
  const come = seen.ever.length < mostPaths ? now.filter(text => !seen.ever.includes(text)) : [];
  const gone = seen.always.filter(text => !now.includes(text));
  const tell = (texts: readonly string[], verb: string) =>
    texts.length === 0 ? [] : [{ part, detail: `${verb} ${what} ${texts.slice(0, 5).join(', ')}` }];
  return [...tell(come, 'new'), ...tell(gone, 'no more')];
}

/** Some codes have several texts; beyond so many the oldest is forgotten. */
const mostTexts = 8;
const mostCodes = 64;

function withError(known: KnownContract['errors'], error: Contract['error']): KnownContract['errors'] {
  if (error === null) return known;
  const texts = textsOf(known, error.code);
  if (texts?.includes(error.text) || (texts === undefined && Object.keys(known).length >= mostCodes)) return known;
  return { ...known, [error.code]: [...(texts ?? []), error.text].slice(-mostTexts) };
}

/** A service may say `constructor`. */
const textsOf = (known: KnownContract['errors'], code: string) =>
  Object.hasOwn(known, code) ? known[code] : undefined;

function textChange(known: KnownContract['errors'], error: Contract['error']): ContractChange[] {
  const texts = error === null ? undefined : textsOf(known, error.code);
  if (error === null || texts === undefined || texts.includes(error.text)) return [];
  return [{ part: 'error_text', detail: `code ${error.code} has another text` }];
}

const wordChange = (part: 'model' | 'fingerprint', before: string | null, now: string | null): ContractChange[] =>
  before === null || now === null || before === now ? [] : [{ part, detail: `${part} ${now} in place of ${before}` }];
