import type { ChatRequest, Message } from '../../core/wire/chat.ts';

/** A message as it is sent: what the API reads, and whatever else a file said about it. */
export type Said = Message & { readonly [key: string]: unknown };

/** Fields of a request body beside its messages. */
export type Fields = Readonly<Partial<Omit<ChatRequest, 'messages'>>> & { readonly [key: string]: unknown };

/** What is asked, before it is a body. */
export interface Question {
  readonly messages: readonly Said[];
  /** Of the whole prompt, template and tools included. */
  readonly promptTokens: number;
  readonly maxTokens: number;
  /** Number of the conversation. */
  readonly asker: number;
  /** What a line of a file says about its request; it goes before what the workload says. */
  readonly fields: Fields;
}

/** A question for each number, the same whenever it is asked. */
export type Source = (number: number) => Question;

/** What is known of the endpoint's model. */
export interface Asked {
  /** Tokens of a prompt that are not in its messages. */
  fixedTokens(fields: Fields): number;
  /** The most tokens that it answers with. */
  readonly maxOutput: number;
}

export const nothing: Fields = {};
