/** Prompts of drawn lengths, each asking for an answer of a drawn length. */
import type { Random } from '../../core/random.ts';
import { drawLength } from './length.ts';
import type { Opening } from './opening.ts';
import { type Asked, nothing, type Source } from './question.ts';
import type { SpecOf } from './spec.ts';
import type { Writer } from './writer.ts';

interface SyntheticOptions {
  readonly asked: Asked;
  readonly opening: (number: number) => Opening;
  readonly writer: (chance: Random) => Writer;
  readonly random: Random;
}

export function createSynthetic(
  { cache, input_tokens, output_tokens }: SpecOf<'synthetic'>,
  { asked, opening, writer, random }: SyntheticOptions,
): Source {
  const fixed = asked.fixedTokens(nothing);
  return number => {
    const chance = random.fork(cache === 'same' ? 0 : number);
    const { first, firstTokens } = opening(number);
    const tokens = Math.max(1, drawLength(input_tokens, chance) - firstTokens);
    const maxTokens = drawLength(output_tokens, chance, asked.maxOutput);
    const content = first + writer(chance).prompt({ tokens, maxTokens }, chance);
    return {
      messages: [{ role: 'user', content }],
      promptTokens: fixed + firstTokens + tokens,
      maxTokens,
      asker: number,
      fields: nothing,
    };
  };
}
