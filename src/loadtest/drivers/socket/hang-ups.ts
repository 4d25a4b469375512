/**
 * Requests that end when a signal is aborted. One listener per signal, however many requests it can end: with a listener
 * each, every request would walk past those of all others when it comes and when it goes.
 */

export interface HangUps {
  /** Calls `fn` when the signal is aborted. */
  on(signal: AbortSignal, fn: () => void): void;
  forget(signal: AbortSignal, fn: () => void): void;
}

export function createHangUps(): HangUps {
  const waiting = new WeakMap<AbortSignal, Set<() => void>>();

  const watch = (signal: AbortSignal) => {
    const fns = new Set<() => void>();
    waiting.set(signal, fns);
    signal.addEventListener('abort', () => fns.forEach(fn => void fn()), { once: true });
    return fns;
  };
  return {
    on: (signal, fn) => {
      (waiting.get(signal) ?? watch(signal)).add(fn);
    },
    forget: (signal, fn) => {
      waiting.get(signal)?.delete(fn);
    },
  };
}
