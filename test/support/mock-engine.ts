/** The mock's engine without a player: plans as data, on a manual clock. */
import { createManualClock, type ManualClock } from '../../src/core/clock.ts';
import { checked } from '../../src/core/config.ts';
import { type MockOptions, mockConfig } from '../../src/mock-server/config.ts';
import { createEngine, type Engine, type EngineDoor } from '../../src/mock-server/engine.ts';
import type { JournalEntry } from '../../src/mock-server/journal.ts';
import { withTestKey } from '../../src/mock-server/keys.ts';
import { createMeter, type Meter } from '../../src/mock-server/meter.ts';
import type { Beat, Exchange, Head } from '../../src/mock-server/plan.ts';

export const base = '/api/paas/v4';
export const noon = Date.parse('2026-10-09T04:00:00Z');

export interface Asked {
  readonly method?: string;
  /** Below the general base. */
  readonly path?: string;
  /** A whole path, instead. */
  readonly at?: string;
  /** An object is written as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details?: { readonly cached_tokens: number };
  readonly completion_tokens_details?: { readonly reasoning_tokens: number };
}

export interface ToolCall {
  readonly id: string;
  readonly index: number;
  readonly function: { readonly name: string; readonly arguments: string };
}

/** A unary or a streamed completion, read the way a client reads it. */
export interface Completion {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly content: string;
  readonly reasoning: string | undefined;
  readonly calls: readonly ToolCall[];
  readonly finish: string;
  readonly usage: Usage;
}

export interface Told {
  readonly status: number;
  readonly head: Head;
  readonly beats: readonly Beat[];
  readonly text: string;
  readonly entry: JournalEntry;
  header(name: string): string | undefined;
  /** The body as JSON. */
  json<T = Record<string, unknown>>(): T;
  /** `error.code`; undefined when the body has none. */
  readonly code: string | undefined;
  readonly message: string | undefined;
  completion(): Completion;
}

export interface TestEngine {
  readonly engine: Engine;
  readonly clock: ManualClock;
  readonly meter: Meter;
  readonly key: string;
  ask(asked: Asked): Promise<Told>;
  /** `POST /chat/completions` with one user message, or with the fields given. */
  chat(fields: string | Readonly<Record<string, unknown>>, headers?: Asked['headers']): Promise<Told>;
}

export function createTestEngine(
  options: MockOptions = {},
  door: Partial<EngineDoor> & { clock?: ManualClock } = {},
): TestEngine {
  const { config, key } = withTestKey(checked(mockConfig, options, 'test'));
  const clock = door.clock ?? createManualClock(noon);
  const meter = createMeter({ version: 'test', profile: config.profile, era: config.era });
  const engine = createEngine(config, { meter, ...door, clock });

  const ask: TestEngine['ask'] = async ({
    method = 'POST',
    path = '/chat/completions',
    at,
    body = '',
    headers = {},
  }) => {
    const exchange = await engine.handle({
      method,
      path: at ?? `${base}${path}`,
      headers: { authorization: `Bearer ${key}`, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      arrivedMs: clock.now(),
    });
    return read(exchange, engine);
  };
  const chat: TestEngine['chat'] = (fields, headers) =>
    ask({
      body: {
        model: 'glm-4.6',
        ...(typeof fields === 'string' ? { messages: [{ role: 'user', content: fields }] } : fields),
      },
      ...(headers && { headers }),
    });
  return { engine, clock, meter, key, ask, chat };
}

/** Takes a whole plan, as a player would, and settles it. */
function read({ plan, settle }: Exchange, engine: Engine): Told {
  const { head } = plan;
  if (head === undefined) throw new Error('the plan has no head');
  const beats = [...plan.beats];
  const sent = Buffer.concat(beats.map(beat => ('send' in beat ? Buffer.from(beat.send) : Buffer.alloc(0))));
  settle({ ending: 'complete', headSent: true, beats: beats.length, bytes: sent.length, worstLatenessMs: 0 });
  const entry = engine.journal.entries().at(-1);
  if (entry === undefined) throw new Error('the journal is empty');
  const text = sent.toString();
  const error = () => jsonOr(text)?.error as { code?: string; message?: string } | undefined;
  return {
    status: head.status,
    head,
    beats,
    text,
    entry,
    header: name => headersOf(head).find(([own]) => own === name)?.[1],
    json: <T>() => JSON.parse(text) as T,
    get code() {
      return error()?.code;
    },
    get message() {
      return error()?.message;
    },
    completion: () => completionOf(text),
  };
}

/** A head's flat list as pairs. */
export const headersOf = ({ headers }: Head): [string, string][] =>
  headers.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, headers[i + 1] ?? '']] : []));

function jsonOr(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // A stream or a page, which has no JSON to offer.
    return undefined;
  }
}

/** The chunks of a stream that ends in `[DONE]`. */
export function chunksOf(text: string): Chunk[] {
  const frames = text.split('\n\n');
  if (frames.pop() !== '' || frames.pop() !== 'data: [DONE]')
    throw new Error(`the stream does not end: ${text.slice(-80)}`);
  return frames.map(frame => {
    if (!frame.startsWith('data: ')) throw new Error(`no frame: ${frame.slice(0, 80)}`);
    return JSON.parse(frame.slice(6)) as Chunk;
  });
}

export interface Chunk {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly choices: readonly [
    {
      readonly finish_reason?: string;
      readonly delta: {
        readonly content?: string;
        readonly reasoning_content?: string;
        readonly tool_calls?: readonly ToolCall[];
      };
    },
  ];
  readonly usage?: Usage;
}

export function completionOf(text: string): Completion {
  return text.startsWith('data:') ? fromChunks(chunksOf(text)) : fromBody(JSON.parse(text) as Body);
}

interface Body {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly choices: readonly [
    {
      readonly finish_reason: string;
      readonly message: {
        readonly content: string;
        readonly reasoning_content?: string;
        readonly tool_calls?: readonly ToolCall[];
      };
    },
  ];
  readonly usage: Usage;
}

function fromBody({ id, created, model, usage, choices: [choice] }: Body): Completion {
  const { content, reasoning_content: reasoning, tool_calls: calls = [] } = choice.message;
  return { id, created, model, content, reasoning, calls, finish: choice.finish_reason, usage };
}

function fromChunks(chunks: readonly Chunk[]): Completion {
  const last = chunks.at(-1);
  if (last?.usage === undefined) throw new Error('the last chunk has no usage');
  const deltas = chunks.map(chunk => chunk.choices[0].delta);
  const thoughts = deltas.flatMap(delta => delta.reasoning_content ?? []);
  return {
    id: last.id,
    created: last.created,
    model: last.model,
    content: deltas.map(delta => delta.content ?? '').join(''),
    reasoning: thoughts.length === 0 ? undefined : thoughts.join(''),
    calls: joined(deltas.flatMap(delta => delta.tool_calls ?? [])),
    finish: last.choices[0].finish_reason ?? '',
    usage: last.usage,
  };
}

/** Fragments of one call follow each other under one index. */
function joined(fragments: readonly ToolCall[]): ToolCall[] {
  const calls: { id: string; index: number; function: { name: string; arguments: string } }[] = [];
  for (const { id, index, function: f } of fragments) {
    const open = id === undefined ? calls.at(-1) : undefined;
    if (open === undefined) calls.push({ id, index, function: { ...f } });
    else open.function.arguments += f.arguments;
  }
  return calls;
}
