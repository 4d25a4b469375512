/** An abort as a call or as a promise, whether it has come already or not. */

/** Calls `fn` when the signal is aborted, at once when it is already. @returns forgets it */
export function onAbort(signal: AbortSignal, fn: () => void): () => void {
  if (signal.aborted) fn();
  signal.addEventListener('abort', fn, { once: true });
  return () => signal.removeEventListener('abort', fn);
}

export const onceAborted = (signal: AbortSignal): Promise<void> => new Promise(resolve => onAbort(signal, resolve));
