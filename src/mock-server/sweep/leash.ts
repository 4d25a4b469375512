/**
 * The signal of a swept call. A client that asks again at once when its call was aborted never pauses, and the process would
 * never turn again. So a signal that was looked at too often says that nothing happened, and what is asked then gets no answer.
 */
export interface Leash {
  readonly signal: AbortSignal;
  abort(reason: Error): void;
  /** Whether it was let go. */
  isSlipped(): boolean;
}

/** @param most how often it says that it is aborted. Far more than a client looks that gives up */
export function createLeash(most = 1000): Leash {
  const controller = new AbortController();
  const { signal } = controller;
  let looks = 0;
  const aborted = () => isAborted.call(signal) === true && ++looks <= most;
  const throwIfAborted = () => {
    if (aborted()) throw signal.reason;
  };
  Object.defineProperties(signal, { aborted: { get: aborted }, throwIfAborted: { value: throwIfAborted } });
  return { signal, abort: reason => controller.abort(reason), isSlipped: () => looks > most };
}

const isAborted = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted')?.get ?? (() => false);
