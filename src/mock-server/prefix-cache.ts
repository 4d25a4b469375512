/**
 * Which prompt prefixes the service has seen, for `cached_tokens`. Paid models report blocks of 64 tokens (2304, 4608 and
 * 20160 were recorded), free ones all but two (1508 of 1510); glm-api.md §8.2.
 */
import { digest } from '../core/random.ts';
import { createRecent } from '../core/recent.ts';
import type { Model } from '../core/wire/models.ts';
import type { Prefix } from './prompt.ts';

export interface PrefixCache {
  /** Tokens of the longest known prefix, as the model would report them; remembers the prompt for later. */
  lookup(owner: string, model: Model, prefixes: readonly Prefix[], nowMs: number): number;
  clear(): void;
}

const most = 10_000;
const block = 64;

/** @param delayMs how long a prompt takes to become known: seconds to minutes at the service, 0 by default */
export function createPrefixCache(delayMs: number): PrefixCache {
  const seen = createRecent<number, number>(most); // digest of owner, model and prefix → when first seen
  const lookup: PrefixCache['lookup'] = (owner, model, prefixes, nowMs) => {
    const scope = digest(model.id, digest(owner));
    let tokens = 0;
    for (const prefix of prefixes) {
      const key = Math.imul(scope ^ prefix.key, 0x9e3779b1);
      const at = seen.get(key);
      if (at === undefined) seen.set(key, nowMs);
      else if (at + delayMs <= nowMs) tokens = Math.max(tokens, prefix.tokens);
    }
    return model.free ? Math.max(0, tokens - 2) : Math.floor(tokens / block) * block;
  };
  return { lookup, clear: seen.clear };
}
