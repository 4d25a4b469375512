/** Reads an answer into a draft: a stream event by event, or one JSON body. Knows the wire, not the network. */
import { classify, type Outcome } from '../outcome.ts';
import { createSseParser } from '../sse.ts';
import type { Usage } from '../wire/chat.ts';
import type { Draft } from './record.ts';

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
  readonly data?: unknown;
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

/** For `text/event-stream`. JSON.parse of every chunk is affordable; nothing parsed outlives its event. */
export function createStreamReader(draft: Draft, { keepText = false, onGap }: ReaderOptions): Reader {
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
    onToken();
  };
  const onToken = () => {
    if (draft.lastTokenMs === undefined) draft.firstTokenMs = stamp;
    else if (draft.lastTokenMs === stamp) draft.coalesced++;
    else {
      const gap = stamp - draft.lastTokenMs;
      if (gap > draft.maxGapMs) draft.maxGapMs = gap;
      onGap?.(gap);
    }
    draft.lastTokenMs = stamp;
  };
  return {
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

/** For everything else: gathers the body and judges it at the end. */
export function createBodyReader(draft: Draft, expects: 'completion' | 'list', { keepText }: ReaderOptions): Reader {
  const parts: Uint8Array[] = [];
  const end = (): Outcome => {
    const text = Buffer.concat(parts).toString();
    const body = parse(text);
    if (body === undefined) return notJson(draft.status ?? 0, text);
    const choice = firstChoice(body);
    draft.code = choice === undefined ? codeIn(body) : undefined;
    if (draft.status !== 200 || draft.code !== undefined) return judge(draft, {});
    if (expects === 'list') return Array.isArray(body.data) ? { kind: 'ok' } : offContract('no data array');
    if (choice === undefined) return offContract('no choices');
    identify(draft, body);
    if (typeof choice.finish_reason === 'string') draft.finishReason = choice.finish_reason;
    return judge(draft, readWords(draft, choice.message ?? {}, keepText === true));
  };
  return { feed: bytes => parts.push(bytes), complete: false, end };
}

function readWords(draft: Draft, { content, reasoning_content: reasoning, tool_calls: calls }: Words, keep: boolean) {
  const text = typeof content === 'string' ? content : '';
  draft.visibleChars = text.length;
  if (keep) draft.text = text;
  return {
    visible: /\S/.test(text) || (Array.isArray(calls) && calls.length > 0),
    reasoned: typeof reasoning === 'string' && reasoning !== '',
  };
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

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const firstChoice = (body: Body): Choice | undefined =>
  Array.isArray(body.choices) && isObject(body.choices[0]) ? body.choices[0] : undefined;

const textCode = (code: unknown) =>
  (typeof code === 'string' && code !== '') || typeof code === 'number' ? String(code).slice(0, 64) : undefined;

/** The business code in any of the recorded shapes: `error.code`, digits in `error.type`, flat `code`; glm-api.md §5.1. */
function codeIn({ error, code }: Body): string | undefined {
  if (!isObject(error)) return textCode(code);
  return textCode(error.code) ?? (typeof error.type === 'string' && /^\d+$/.test(error.type) ? error.type : undefined);
}

function identify(draft: Draft, body: Body): void {
  if (typeof body.id === 'string') draft.id = body.id;
  if (typeof body.model === 'string') draft.model = body.model;
  if (isObject(body.usage)) draft.usage = readUsage(body.usage) ?? draft.usage;
}

/** Recorded bodies may leave `completion_tokens` out (glm-api.md §3.1 NS5); the total then says it. */
function readUsage(usage: Record<string, unknown>): Usage | undefined {
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = usage;
  if (typeof prompt !== 'number' || typeof total !== 'number') return undefined;
  return {
    prompt_tokens: prompt,
    completion_tokens: typeof completion === 'number' ? completion : total - prompt,
    total_tokens: total,
    ...details(usage, 'prompt_tokens_details', 'cached_tokens'),
    ...details(usage, 'completion_tokens_details', 'reasoning_tokens'),
  };
}

function details(usage: Record<string, unknown>, group: string, key: string) {
  const inner = usage[group];
  return isObject(inner) && typeof inner[key] === 'number' ? { [group]: { [key]: inner[key] } } : {};
}
