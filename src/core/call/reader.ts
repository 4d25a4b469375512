/** Reads an answer into a draft: a stream event by event, or one JSON body. Knows the wire, not the network. */
import { isObject } from '../json-object.ts';
import { oneLine } from '../one-line.ts';
import { classify, type Outcome } from '../outcome.ts';
import { createSseParser } from '../sse.ts';
import type { Usage } from '../wire/chat.ts';
import { type CalledTool, type Draft, mostMessage } from './record.ts';

export interface Reader {
  /** @param atMs the stamp of the read these bytes came with: all its events happened then, as far as anyone can tell */
  feed(bytes: Uint8Array, atMs: number): void;
  /** Whether the answer is complete, or can only be called bad, whatever the transport still does. */
  readonly complete: boolean;
  /** Names the ending of an answer whose transport ended as it should. */
  end(): Outcome;
}

export interface ReaderOptions {
  /** Keep the visible text in the record. Default false. */
  readonly keepText?: boolean | undefined;
  /** Called for every gap between two reads that brought tokens, in ms. */
  readonly onGap?: ((ms: number) => void) | undefined;
}

/** A body of more bytes than this is not an answer. */
export const mostBytes = 64 * 1024 * 1024;
export const tooLarge: Outcome = { kind: 'malformed', detail: 'the body is larger than 64 MiB' };

/** What a body may hold; nothing in it is taken for granted. */
interface Body {
  readonly id?: unknown;
  readonly model?: unknown;
  readonly choices?: unknown;
  readonly usage?: unknown;
  readonly error?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly msg?: unknown;
  readonly data?: unknown;
  readonly task_status?: unknown;
}
interface Choice {
  readonly finish_reason?: unknown;
  readonly delta?: Words;
  readonly message?: Words;
}
interface Words {
  readonly content?: unknown;
  readonly reasoning_content?: unknown;
  readonly tool_calls?: unknown;
}

export interface StreamReader extends Reader {
  /** Starts over with another answer. What lives as long as a stream is what the garbage collector has to carry. */
  begin(draft: Draft, options: ReaderOptions): void;
}

/** For `text/event-stream`. JSON.parse of every chunk is affordable; nothing parsed outlives its event. */
export function createStreamReader(draft: Draft, { keepText = false, onGap }: ReaderOptions): StreamReader {
  let stamp = 0;
  let malformed: string | undefined;
  let errorInStream = false;

  const parser = createSseParser(event => {
    if (malformed !== undefined || errorInStream || draft.done) return;
    if (event.data === '[DONE]') draft.done = true;
    else onChunk(event.data);
  });
  const onChunk = (data: string) => {
    draft.firstEventMs ??= stamp;
    draft.chunks++;
    const body = parse(data);
    if (body === undefined) {
      malformed = `event ${draft.chunks} is not a JSON object`;
      return;
    }
    const choice = firstChoice(body);
    const code = choice === undefined ? codeIn(body) : undefined;
    if (code !== undefined || isObject(body.error)) {
      draft.code = code;
      draft.message = messageIn(body);
      errorInStream = true;
      return;
    }
    identify(draft, body);
    if (typeof choice?.finish_reason === 'string') draft.finishReason = choice.finish_reason;
    if (choice?.delta) onDelta(choice.delta);
  };
  const onDelta = ({ content, reasoning_content: reasoning, tool_calls: calls }: Words) => {
    const spoke = typeof content === 'string' && content !== '';
    const thought = typeof reasoning === 'string' && reasoning !== '';
    const called = Array.isArray(calls) && calls.length > 0;
    if (!spoke && !thought && !called) return;
    if (thought) draft.firstReasoningMs ??= stamp;
    if (called) draft.firstToolMs ??= stamp;
    if (spoke) draft.firstContentMs ??= stamp;
    if (called || (spoke && draft.firstVisibleMs === undefined && /\S/.test(content))) draft.firstVisibleMs ??= stamp;
    if (spoke) draft.visibleChars += content.length;
    if (spoke && keepText) draft.text = (draft.text ?? '') + content;
    if (thought && keepText) draft.reasoning = (draft.reasoning ?? '') + reasoning;
    if (called && keepText) draft.toolCalls = joined(draft.toolCalls ?? [], calls);
    noteToken(draft, stamp, onGap);
  };
  return {
    begin: (next, options) => {
      draft = next;
      keepText = options.keepText ?? false;
      onGap = options.onGap;
      malformed = undefined;
      errorInStream = false;
      parser.reset();
    },
    feed: (bytes, atMs) => {
      stamp = atMs;
      parser.feed(bytes);
    },
    get complete() {
      return draft.done || errorInStream || malformed !== undefined;
    },
    end: () => {
      if (malformed !== undefined) return { kind: 'malformed', detail: malformed };
      return classify({
        status: 200,
        code: draft.code,
        parsed: true,
        errorInStream,
        finishReason: draft.finishReason,
        visible: draft.firstVisibleMs !== undefined,
        reasoned: draft.firstReasoningMs !== undefined,
        usage: draft.usage !== undefined,
      });
    },
  };
}

/** Files a token that came with the read of `atMs`: tokens of one read have no distance of their own. */
export function noteToken(draft: Draft, atMs: number, onGap: ReaderOptions['onGap']): void {
  if (draft.lastTokenMs === undefined) draft.firstTokenMs = atMs;
  else if (draft.lastTokenMs === atMs) draft.coalesced++;
  else {
    const gap = atMs - draft.lastTokenMs;
    if (gap > draft.maxGapMs) draft.maxGapMs = gap;
    onGap?.(gap);
  }
  draft.lastTokenMs = atMs;
}

/** Holds the answer against what was asked for: a stream or one body. */
export function asAsked(outcome: Outcome, asked: boolean, streamed: boolean): Outcome {
  if (outcome.kind !== 'ok' || asked === streamed) return outcome;
  return { kind: 'contract', detail: asked ? 'asked for a stream, got one body' : 'got a stream unasked' };
}

/** What a body has to hold; a `task` may be one that is not done yet. */
export type Expected = 'completion' | 'list' | 'task';

/** For everything else: gathers the body and judges it at the end. */
export function createBodyReader(draft: Draft, expects: Expected, { keepText }: ReaderOptions): Reader {
  const parts: Uint8Array[] = [];
  const end = (): Outcome => {
    const text = Buffer.concat(parts).toString();
    const body = parse(text);
    if (body === undefined) return notJson(draft.status ?? 0, text);
    const choice = firstChoice(body);
    draft.code = choice === undefined ? codeIn(body) : undefined;
    if (draft.status !== 200 || draft.code !== undefined) {
      draft.message = messageIn(body);
      return judge(draft, {});
    }
    if (expects === 'list') return readList(draft, body.data);
    identify(draft, body);
    if (expects === 'task' && choice === undefined) return readTask(draft, body.task_status);
    if (choice === undefined) return offContract('no choices');
    if (typeof body.task_status === 'string') draft.taskStatus = body.task_status;
    if (typeof choice.finish_reason === 'string') draft.finishReason = choice.finish_reason;
    return judge(draft, readWords(draft, choice.message ?? {}, keepText === true));
  };
  return { feed: bytes => parts.push(bytes), complete: false, end };
}

function readList(draft: Draft, data: unknown): Outcome {
  if (!Array.isArray(data)) return offContract('no data array');
  draft.listed = data.flatMap(entry => (isObject(entry) && typeof entry.id === 'string' ? [entry.id] : []));
  return { kind: 'ok' };
}

/** A task without an answer: on its way, or failed; glm-api.md §9. */
function readTask(draft: Draft, status: unknown): Outcome {
  if (typeof status !== 'string') return offContract('neither choices nor task_status');
  draft.taskStatus = status.slice(0, 32);
  if (status === 'PROCESSING') return { kind: 'ok' };
  return { kind: 'server_error', detail: `task_status ${draft.taskStatus}` };
}

function readWords(draft: Draft, { content, reasoning_content: reasoning, tool_calls: calls }: Words, keep: boolean) {
  const text = typeof content === 'string' ? content : '';
  draft.visibleChars = text.length;
  if (keep) draft.text = text;
  if (keep && typeof reasoning === 'string') draft.reasoning = reasoning;
  if (keep && Array.isArray(calls)) draft.toolCalls = joined([], calls);
  return {
    visible: /\S/.test(text) || (Array.isArray(calls) && calls.length > 0),
    reasoned: typeof reasoning === 'string' && reasoning !== '',
  };
}

/**
 * Fragments of a call carry its id once, always, or on the first one only, and their index may be -1 (glm-api.md §4.4, F18),
 * so a fragment without a new id belongs to the call before it. A whole call that comes twice is one (F19).
 */
function joined(known: readonly CalledTool[], fragments: readonly unknown[]): CalledTool[] {
  const calls = [...known];
  for (const fragment of fragments) {
    if (!isObject(fragment)) continue;
    const { id, name, text } = readCall(fragment);
    const open = calls.at(-1);
    if (open === undefined || (id !== '' && id !== open.id)) calls.push({ id, name, arguments: text });
    else if (text !== open.arguments || parse(text) === undefined)
      calls[calls.length - 1] = { ...open, name: open.name || name, arguments: open.arguments + text };
  }
  return calls;
}

function readCall({ id, function: called }: Readonly<Record<string, unknown>>) {
  const { name, arguments: text } = isObject(called) ? called : {};
  const word = (value: unknown) => (typeof value === 'string' ? value : '');
  return { id: word(id), name: word(name), text: isObject(text) ? JSON.stringify(text) : word(text) };
}

const judge = (draft: Draft, words: { visible?: boolean; reasoned?: boolean }) =>
  classify({
    status: draft.status ?? 0,
    code: draft.code,
    parsed: true,
    errorInStream: false,
    finishReason: draft.finishReason,
    visible: words.visible ?? false,
    reasoned: words.reasoned ?? false,
    usage: draft.usage !== undefined,
  });

const offContract = (what: string): Outcome => ({ kind: 'contract', detail: `HTTP 200 with ${what}` });

/** A body that begins like JSON was meant to be ours and is broken; anything else was written by a gateway. */
function notJson(status: number, text: string): Outcome {
  if (status === 200 && /^\s*\{/.test(text)) return { kind: 'malformed', detail: 'the body is not valid JSON' };
  return classify({
    status,
    code: undefined,
    parsed: false,
    errorInStream: false,
    finishReason: undefined,
    visible: false,
    reasoned: false,
    usage: false,
  });
}

function parse(text: string): Body | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    // Not JSON: undefined says so, and the callers turn it into an outcome.
    return undefined;
  }
}

const firstChoice = (body: Body): Choice | undefined =>
  Array.isArray(body.choices) && isObject(body.choices[0]) ? body.choices[0] : undefined;

function textCode(code: unknown): string | undefined {
  const text = typeof code === 'string' || typeof code === 'number' ? String(code).trim() : '';
  return text === '' ? undefined : oneLine(text.slice(0, 64));
}

/** The business code in any of the recorded shapes: `error.code`, digits in `error.type`, flat `code`; glm-api.md §5.1. */
function codeIn({ error, code }: Body): string | undefined {
  if (!isObject(error)) return textCode(code);
  return textCode(error.code) ?? (typeof error.type === 'string' && /^\d+$/.test(error.type) ? error.type : undefined);
}

/** What an error says of itself, in any of the recorded shapes; glm-api.md §5.1. */
function messageIn({ error, message, msg }: Body): string | undefined {
  const words = [isObject(error) ? error.message : error, message, msg].find(
    text => typeof text === 'string' && text !== '',
  );
  return typeof words === 'string' ? words.slice(0, mostMessage) : undefined;
}

function identify(draft: Draft, body: Body): void {
  if (typeof body.id === 'string') draft.id = body.id;
  if (typeof body.model === 'string') draft.model = body.model;
  if (isObject(body.usage)) draft.usage = readUsage(body.usage) ?? draft.usage;
}

/**
 * Recorded bodies may leave `completion_tokens` out (glm-api.md §3.1 NS5); the total then says it. What holds a number that
 * cannot be a count of tokens is no usage: budgets, prices and counters rely on them.
 */
function readUsage(usage: Readonly<Record<string, unknown>>): Usage | undefined {
  const { prompt_tokens: prompt, total_tokens: total } = usage;
  if (!isTokenCount(prompt) || !isTokenCount(total)) return undefined;
  const completion = typeof usage.completion_tokens === 'number' ? usage.completion_tokens : total - prompt;
  const read: Usage = {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: total,
    ...details(usage, 'prompt_tokens_details', 'cached_tokens'),
    ...details(usage, 'completion_tokens_details', 'reasoning_tokens'),
  };
  const { cached_tokens: cached = 0 } = read.prompt_tokens_details ?? {};
  const { reasoning_tokens: reasoning = 0 } = read.completion_tokens_details ?? {};
  return [completion, cached, reasoning].every(isTokenCount) ? read : undefined;
}

/** A thousand times the largest context. */
const mostTokens = 1e9;

/** What a number in a usage may be. */
export const isTokenCount = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= mostTokens;

function details(usage: Readonly<Record<string, unknown>>, group: string, key: string) {
  const inner = usage[group];
  return isObject(inner) && typeof inner[key] === 'number' ? { [group]: { [key]: inner[key] } } : {};
}
