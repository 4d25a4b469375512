/** What stands in front of a prompt, so that a prefix cache finds what it is meant to find. */
import { int, type Random, spread } from '../../core/random.ts';
import { countTokens } from '../../core/wire/tokens.ts';
import type { Said } from './question.ts';
import type { WorkloadSpec } from './spec.ts';

/** For the first message, and for the first user text where that is another one: a system prompt alone must not match. */
export interface Opening {
  readonly first: string;
  readonly firstTokens: number;
  readonly user: string;
  readonly userTokens: number;
}

const none: Opening = { first: '', firstTokens: 0, user: '', userTokens: 0 };

/** @returns eight hex digits for each number below 2^32, no two the same; of no meaning to anybody */
export function createSalt(random: Random): (number: number) => string {
  const [before, between] = [int(random, 2 ** 32), int(random, 2 ** 32)];
  return number => (spread(spread(number + before) ^ between) >>> 0).toString(16).padStart(8, '0');
}

interface OpeningOptions {
  readonly salt: (number: number) => string;
  /** Text of the common prefix. */
  readonly prefix: (tokens: number) => string;
}

/** @returns the opening of each conversation, by its number */
export function createOpening(
  { cache, prefix_tokens: tokens }: Pick<WorkloadSpec, 'cache' | 'prefix_tokens'>,
  { salt, prefix }: OpeningOptions,
): (number: number) => Opening {
  if (cache === 'same') return () => none;
  const common = cache === 'shared-prefix' ? `${prefix(tokens - 1)}\n` : '';
  return number => {
    const user = `${salt(number)}\n`;
    const userTokens = countTokens(user);
    return { first: common + user, firstTokens: (common === '' ? 0 : tokens) + userTokens, user, userTokens };
  };
}

/** Messages with their opening in front; the others are handed on as they are. */
export function opened(messages: readonly Said[], { first, user }: Opening): readonly Said[] {
  if (first === '') return messages;
  const asks = messages.findIndex(({ role }) => role === 'user');
  return messages.map((message, i) => {
    if (i === 0) return { ...message, content: inFrontOf(message.content, first) };
    return i === asks ? { ...message, content: inFrontOf(message.content, user) } : message;
  });
}

/** Tokens that the opening adds to messages. */
export const openingTokens = (messages: readonly Said[], { firstTokens, userTokens }: Opening): number =>
  firstTokens + (messages[0]?.role === 'user' ? 0 : userTokens);

function inFrontOf(content: Said['content'], opening: string): NonNullable<Said['content']> {
  if (!Array.isArray(content)) return opening + (content ?? '');
  const at = content.findIndex(part => part.type === 'text');
  if (at < 0) return [{ type: 'text', text: opening }, ...content];
  return content.map((part, i) => (i === at ? { ...part, text: opening + (part.text ?? '') } : part));
}
