/** Invented prompts and answers, to the token. */
import type { Random } from '../../core/random.ts';
import { countTokens } from '../../core/wire/tokens.ts';
import { createProse, type Tongue, wish } from './prose.ts';

/** Writes in one tongue. */
export interface Writer {
  /** Exactly `tokens` long; from twice its length on it ends by asking for an answer that reaches `maxTokens`. */
  prompt(size: { readonly tokens: number; readonly maxTokens: number }, random: Random): string;
  answer(tokens: number, random: Random): string;
}

/**
 * @param language a tongue, or the share of Chinese texts from 0 to 1
 * @returns the writer of one conversation: which tongue it is in, its chance decides
 */
export function createWriters(language: Tongue | number, random: Random): (chance: Random) => Writer {
  const writerIn = (tongue: Tongue) => createWriter(tongue, random.fork(tongue));
  if (typeof language === 'string') {
    const only = writerIn(language);
    return () => only;
  }
  const [en, zh] = [writerIn('en'), writerIn('zh')];
  return chance => (chance() < language ? zh : en);
}

function createWriter(tongue: Tongue, random: Random): Writer {
  const prose = createProse(tongue, random);
  return {
    prompt: ({ tokens, maxTokens }, chance) => {
      const end = wish(tongue, maxTokens);
      const endTokens = countTokens(end);
      return tokens < 2 * endTokens ? prose(tokens, chance) : prose(tokens - endTokens, chance) + end;
    },
    answer: prose,
  };
}
