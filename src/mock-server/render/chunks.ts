/**
 * An answer as server-sent events. Key order, deltas and the last chunk as recorded; glm-api.md §4.2, §4.3.
 * A chunk is a constant prefix, the escaped text and a constant suffix: ten times cheaper than stringifying an object.
 */
import { done, frame } from '../../core/sse.ts';
import type { Usage } from '../../core/wire/chat.ts';
import { countTokens, pieces } from '../../core/wire/tokens.ts';
import type { Answer, ToolCallAnswer } from '../answer.ts';
import type { Dialect } from '../dialect.ts';

/** How continuation fragments of a streamed tool call repeat their head; not recorded, so switchable (§4.4). */
export type ToolStreamRepeats = 'nothing' | 'id_and_type' | 'everything';

export interface ChunkOptions {
  /** Stream tool arguments piece by piece instead of one chunk per call. */
  readonly toolStream?: boolean;
  readonly toolStreamRepeats?: ToolStreamRepeats;
}

/** One frame of a stream, and how many tokens had to be generated for it. */
export interface Chunk {
  readonly text: string;
  readonly tokens: number;
}

/** All frames of a stream in order, `[DONE]` last. The rarer ones have generators of their own: what one holds lives as long as its stream. */
export function* chunks(answer: Answer, dialect: Dialect, options: ChunkOptions = {}): Generator<Chunk> {
  const open = envelope(answer, dialect);
  const closing = `${open}{"index":0,"finish_reason":${JSON.stringify(answer.finish)},"delta":`;
  if (answer.reasoning !== undefined) yield* thinking(open, answer, dialect);
  const before = `data: ${open}{"index":0,"delta":{"role":"assistant","content":`;
  for (const piece of answer.content) yield { text: `${before}${JSON.stringify(piece)}}}]}\n\n`, tokens: 1 };
  if (answer.toolCalls.length > 0) yield* calls(open, closing, answer, dialect, options);
  yield {
    text: frame(`${closing}{"role":"assistant","content":""}}],"usage":${usageJson(answer.usage)}}`),
    tokens: 0,
  };
  yield { text: done, tokens: 0 };
}

/** Everything up to and including `"choices":[`. */
function envelope(answer: Answer, { object }: Pick<Dialect, 'object'>): string {
  const kind = object ? ',"object":"chat.completion.chunk"' : '';
  return `{"id":${JSON.stringify(answer.id)},"created":${answer.created}${kind},"model":${JSON.stringify(answer.model)},"choices":[`;
}

const delta = (open: string, json: string, tokens: number): Chunk => ({
  text: frame(`${open}{"index":0,"delta":${json}}]}`),
  tokens,
});

function* thinking(open: string, { reasoning = [] }: Answer, { lead }: Dialect): Generator<Chunk> {
  if (reasoning.length > 0 && lead === 'content-first') yield delta(open, '{"role":"assistant","content":"\\n"}', 0);
  for (const [i, piece] of reasoning.entries()) {
    const content = i === 0 && lead === 'newline-with-content' ? '"content":"",' : '';
    yield delta(open, `{"role":"assistant",${content}"reasoning_content":${JSON.stringify(piece)}}`, 1);
  }
}

/** A chunk for each call, or a call piece by piece. */
function* calls(
  open: string,
  closing: string,
  { toolCalls }: Answer,
  dialect: Dialect,
  options: ChunkOptions,
): Generator<Chunk> {
  const before = dialect.toolChunk.finish ? closing : `${open}{"index":0,"delta":`;
  for (const [index, call] of toolCalls.entries()) {
    if (options.toolStream) yield* toolFragments(open, call, index, options);
    else {
      const text = frame(`${before}${wholeCall(call, index, dialect)}}]}`);
      yield { text, tokens: countTokens(call.name) + countTokens(call.arguments) };
    }
  }
}

function wholeCall(call: ToolCallAnswer, index: number, { toolChunk }: Dialect): string {
  const role = toolChunk.role ? '"role":"assistant",' : '';
  const json = JSON.stringify({
    id: call.id,
    index: toolChunk.minusOne ? -1 : index,
    type: 'function',
    function: { name: call.name, arguments: call.arguments },
  });
  return `{${role}"tool_calls":[${json}]}`;
}

/** The documented shape of `tool_stream`: id, type and name on the first fragment, then arguments only (§4.4). */
function* toolFragments(open: string, call: ToolCallAnswer, index: number, options: ChunkOptions): Generator<Chunk> {
  const repeats = options.toolStreamRepeats ?? 'nothing';
  const head = { id: call.id, index, type: 'function' };
  const write = (json: unknown, tokens: number) =>
    delta(open, `{"role":"assistant","tool_calls":[${JSON.stringify(json)}]}`, tokens);
  yield write({ ...head, function: { name: call.name, arguments: '' } }, countTokens(call.name));
  for (const piece of pieces(call.arguments)) {
    const name = repeats === 'everything' ? { name: call.name } : {};
    yield write({ ...(repeats === 'nothing' ? { index } : head), function: { ...name, arguments: piece } }, 1);
  }
}

function usageJson(usage: Usage): string {
  const { prompt_tokens, completion_tokens, total_tokens, prompt_tokens_details, completion_tokens_details } = usage;
  return JSON.stringify({
    prompt_tokens,
    completion_tokens,
    total_tokens,
    prompt_tokens_details,
    completion_tokens_details,
  });
}
