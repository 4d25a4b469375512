/** Connections that a client opens although it had left one free: it does not pool, or its pool is too small. */
import { createRecent } from '../core/recent.ts';
import type { MockRequest } from './plan.ts';

export interface SpareWatch {
  /** An answer was read to its end: its connection may carry the next request. */
  left(keyId: string, nowMs: number): void;
  /** Whether this request came over a new connection without need. Asked once for each request. */
  sees(request: MockRequest, keyId: string): boolean;
}

export function createSpareWatch(): SpareWatch {
  const free = createRecent<number | undefined>(10_000); // when a connection of a key was last left free
  const sees: SpareWatch['sees'] = ({ reused, openedMs, arrivedMs }, keyId) => {
    const freeMs = free.get(keyId);
    free.set(keyId, undefined); // one request may take it, whether or not it did; what comes at the same time may not
    return reused === false && freeMs !== undefined && (openedMs ?? 0) > freeMs && arrivedMs - freeMs < idleMs;
  };
  return { left: free.set, sees };
}

/** undici, like others, gives an idle connection up after 4 s. */
const idleMs = 4_000;
