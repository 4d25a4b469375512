/** The test key: made from the seed when the user names none, so that authentication is on by default. */
import { createRandom } from '../core/random.ts';
import { testKey } from '../core/wire/auth.ts';
import type { MockConfig } from './config.ts';

/** The settings with at least one key, and the key to show. */
export function withTestKey(config: MockConfig): { config: MockConfig; key: string } {
  const [first] = config.keys;
  if (first !== undefined) return { config, key: first };
  const key = testKey(createRandom(config.seed).fork('test key'));
  return { config: { ...config, keys: [key] }, key };
}
