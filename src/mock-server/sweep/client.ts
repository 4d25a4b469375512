/** What a sweep calls, and the ways in which that may end. */
import type { Leash } from './leash.ts';

/** What the client under test is given for one call. */
export interface SweepCall {
  /** With the fault in its path; a client needs nothing else to meet it. */
  readonly baseUrl: string;
  /** A key of this call alone. */
  readonly apiKey: string;
  /** Such as `stall,after=3`; empty for the sound call. */
  readonly fault: string;
  /** Aborted when the sweep no longer waits. */
  readonly signal: AbortSignal;
}

/** Makes one call as the program would make it, and returns what it made of the answer, without ids and times. */
export type SweptClient<T> = (call: SweepCall) => T | Promise<T>;

/** How a call of the client ended. */
export type Ended<T> =
  | { readonly kind: 'result'; readonly result: T }
  | { readonly kind: 'error'; readonly error: unknown }
  | { readonly kind: 'hung'; readonly afterMs: number }
  /** Stopped after so many requests. */
  | { readonly kind: 'endless'; readonly requests: number };

/** Calls once and waits at most `limitMs`, or until `stopped` says otherwise. */
export async function callOnce<T>(
  client: SweptClient<T>,
  call: Omit<SweepCall, 'signal'>,
  leash: Leash,
  limitMs: number,
  stopped: Promise<Ended<T>>,
): Promise<Ended<T>> {
  const { promise: limit, resolve } = Promise.withResolvers<Ended<T>>();
  const timer = setTimeout(() => resolve({ kind: 'hung', afterMs: limitMs }), limitMs);
  try {
    return await Promise.race([ended(client, { ...call, signal: leash.signal }), limit, stopped]);
  } finally {
    clearTimeout(timer);
    leash.abort(new Error('the sweep no longer waits for this call'));
  }
}

async function ended<T>(client: SweptClient<T>, call: SweepCall): Promise<Ended<T>> {
  try {
    return { kind: 'result', result: await client(call) };
  } catch (error) {
    return { kind: 'error', error };
  }
}
