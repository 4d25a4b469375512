/** What a reply says, before anybody decides how it is written: the semantic description both renderers share. */
import type { FinishReason, Usage } from '../core/wire/chat.ts';

export interface ToolCallAnswer {
  readonly id: string;
  readonly name: string;
  /** JSON text, exactly as it is to appear. */
  readonly arguments: string;
}

export interface Answer {
  readonly id: string;
  /** Written into unary bodies; undefined leaves the key out. */
  readonly requestId: string | undefined;
  /** Unix seconds. */
  readonly created: number;
  readonly model: string;
  /** Thinking, a piece per chunk; undefined when the model did not think. */
  readonly reasoning: readonly string[] | undefined;
  /** The visible text, a piece per chunk. */
  readonly content: readonly string[];
  /** Writes an empty content as null. */
  readonly nullContent?: boolean;
  readonly toolCalls: readonly ToolCallAnswer[];
  readonly finish: FinishReason;
  readonly usage: Usage;
}
