/**
 * Lets so many requests of each call through. A client that asks again at once and for ever leaves no moment in which virtual
 * time could move, so its limit would never be reached.
 */
import { UsageError } from '../../core/errors.ts';
import type { Ended } from './client.ts';

export interface Turnstile {
  /** Whether a request with this key may come in; counts it. */
  admits(keyId: string): boolean;
  /** Lets nothing more of this key through: its call is over. */
  shut(keyId: string): void;
  /** Resolves when a key has used up its requests. */
  closed(keyId: string): Promise<Extract<Ended<never>, { kind: 'endless' }>>;
}

/** @throws {UsageError} `bad_max_requests` */
export function createTurnstile(most = 200): Turnstile {
  if (!Number.isInteger(most) || most < 1)
    throw new UsageError('bad_max_requests', `maxRequests: must be a whole number from 1, found ${most}`);
  const passed = new Map<string, number>();
  const tell = new Map<string, () => void>();
  const admits: Turnstile['admits'] = keyId => {
    const count = (passed.get(keyId) ?? 0) + 1;
    passed.set(keyId, count);
    if (count > most) tell.get(keyId)?.();
    return count <= most;
  };
  const closed: Turnstile['closed'] = keyId =>
    new Promise(resolve => {
      tell.set(keyId, () => resolve({ kind: 'endless', requests: most }));
    });
  const shut: Turnstile['shut'] = keyId => void passed.set(keyId, most);
  return { admits, shut, closed };
}
