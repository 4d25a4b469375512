/**
 * Requests of fetch and undici that were made and are not on a socket yet. The first of a process wait for a parser that is
 * compiled in a thread. A socket without bytes says less: undici connects again after an abort though nobody asked.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

export interface Unsent {
  /** The numbers of those requests. */
  list(): readonly number[];
  stop(): void;
}

export function watchUnsent(): Unsent {
  const waiting = new Map<object, number>();
  let count = 0;
  const made = (message: unknown) => void waiting.set((message as About).request, ++count);
  const over = (message: unknown) => void waiting.delete((message as About).request);
  const listeners = [
    ['undici:request:create', made],
    ['undici:client:sendHeaders', over],
    ['undici:request:error', over],
  ] as const;
  for (const [channel, listener] of listeners) subscribe(channel, listener);
  const stop = () => {
    for (const [channel, listener] of listeners) unsubscribe(channel, listener);
  };
  return { list: () => [...waiting.values()], stop };
}

interface About {
  readonly request: object;
}
