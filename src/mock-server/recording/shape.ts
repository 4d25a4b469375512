/** What is left of a reply when its values are taken away: what a client's code depends on. */
import { isHop, pairsOf } from '../../core/cassette/hop.ts';
import { isObject } from '../../core/json-object.ts';
import { createSseParser } from '../../core/sse.ts';

/** A reply as it came, recorded or live. */
export interface PlainReply {
  readonly status: number | undefined;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
  readonly ending: 'complete' | 'fin' | 'reset' | 'aborted';
}

export interface Shape {
  readonly status: number | undefined;
  /** `error.code` of the body, or of an event in the stream. */
  readonly code: string | undefined;
  /** Without parameters such as the charset. */
  readonly contentType: string | undefined;
  readonly headers: ReadonlySet<string>;
  /** Places in the JSON (`choices[].delta.content`) with the types seen there. */
  readonly paths: ReadonlyMap<string, ReadonlySet<string>>;
  /** Kinds of deltas in a stream. */
  readonly deltas: ReadonlySet<string>;
  readonly finishes: ReadonlySet<string>;
  /** Whether a stream ended in `[DONE]`; undefined for a body. */
  readonly done: boolean | undefined;
  readonly ending: PlainReply['ending'];
}

export function shapeOf({ status, headers, body, ending }: PlainReply): Shape {
  const pairs = pairsOf(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const contentType = pairs
    .find(([name]) => name === 'content-type')?.[1]
    .split(';')[0]
    ?.trim()
    .toLowerCase();
  const streamed = contentType === 'text/event-stream';
  const texts = streamed ? eventsOf(body) : [Buffer.from(body).toString()];
  const values = texts.map(jsonOf).filter(value => value !== undefined);
  const choices = values.flatMap(choicesOf);
  return {
    status,
    code: values.map(codeIn).find(code => code !== undefined),
    contentType,
    headers: new Set(pairs.map(([name]) => name).filter(name => !isHop(name) && !framing.has(name))),
    paths: pathsOf(values),
    deltas: new Set(choices.flatMap(({ delta }) => (isObject(delta) ? Object.keys(delta) : []))),
    finishes: new Set(choices.flatMap(({ finish_reason: reason }) => (typeof reason === 'string' ? [reason] : []))),
    done: streamed ? texts.at(-1) === '[DONE]' : undefined,
    ending,
  };
}

/** Chosen anew for every reply by whatever stands between. */
const framing = new Set(['content-length', 'content-encoding', 'date']);

function eventsOf(body: Uint8Array): string[] {
  const events: string[] = [];
  createSseParser(({ data }) => events.push(data)).feed(body);
  return events;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // `[DONE]`, a page of a gateway: no JSON, no shape.
    return undefined;
  }
}

function codeIn(value: unknown): string | undefined {
  const error = isObject(value) && isObject(value.error) ? value.error : undefined;
  return error?.code === undefined ? undefined : String(error.code).slice(0, 40);
}

const choicesOf = (value: unknown): Readonly<Record<string, unknown>>[] =>
  isObject(value) && Array.isArray(value.choices) ? value.choices.filter(isObject) : [];

function pathsOf(values: readonly unknown[]): Map<string, Set<string>> {
  const paths = new Map<string, Set<string>>();
  const visit = (value: unknown, path: string) => {
    paths.set(path, (paths.get(path) ?? new Set()).add(typeOf(value)));
    if (Array.isArray(value)) for (const item of value) visit(item, `${path}[]`);
    else if (isObject(value))
      for (const [key, inner] of Object.entries(value)) visit(inner, path === '' ? key : `${path}.${key}`);
  };
  for (const value of values) visit(value, '');
  paths.delete('');
  return paths;
}

const typeOf = (value: unknown) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);
