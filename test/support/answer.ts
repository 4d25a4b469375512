/** What recordings say, as semantic answers, and how to write them down. */
import { modelOf } from '../../src/core/wire/models.ts';
import type { Answer } from '../../src/mock-server/answer.ts';
import { type Dialect, dialectOf, type Era } from '../../src/mock-server/dialect.ts';
import { type ChunkOptions, chunks } from '../../src/mock-server/render/chunks.ts';

const plain: Answer = {
  id: '20261009015456dfa744dc7c144abe',
  requestId: '20261009015456dfa744dc7c144abe',
  created: 1791482096,
  model: 'glm-5.1',
  reasoning: undefined,
  content: [],
  toolCalls: [],
  finish: 'stop',
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
};

/** An answer with what matters to a test. Without its own `requestId` it has the id’s. */
export const answer = (parts: Partial<Answer>): Answer => ({
  ...plain,
  ...(parts.id === undefined ? {} : { requestId: parts.id }),
  ...parts,
});

export function dialect(model: string, era: Era): Dialect {
  const found = modelOf(model);
  if (found === undefined) throw new Error(`${model} is missing`);
  return dialectOf(found, era);
}

/** All frames of a stream. */
export const framesOf = (said: Answer, how: Dialect, options: ChunkOptions = {}): string[] =>
  Array.from(chunks(said, how, options), ({ text }) => text);

/** The frames’ data, parsed; `[DONE]` is left out. */
export const eventsOf = (frames: readonly string[]): StreamEvent[] =>
  frames.filter(frame => frame !== 'data: [DONE]\n\n').map(frame => JSON.parse(frame.slice(6)) as StreamEvent);

export interface StreamEvent {
  readonly id: string;
  readonly created: number;
  readonly object?: string;
  readonly model: string;
  readonly choices: readonly {
    readonly index: number;
    readonly finish_reason?: string;
    readonly delta: {
      readonly role?: string;
      readonly content?: string;
      readonly reasoning_content?: string;
      readonly tool_calls?: readonly {
        readonly id?: string;
        readonly index: number;
        readonly type?: string;
        readonly function: { readonly name?: string; readonly arguments: string };
      }[];
    };
  }[];
  readonly usage?: Readonly<Record<string, unknown>>;
}
