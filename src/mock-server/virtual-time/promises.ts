/** `node:timers/promises` on virtual timers. */
import type { Schedule } from './schedule.ts';

interface Wish {
  readonly signal?: AbortSignal;
  readonly ref?: boolean;
}

export function timerPromises(schedule: Schedule) {
  const sleep = <T>(ms?: number, value?: T, { signal, ref = true }: Wish = {}): Promise<T> =>
    new Promise((resolve, reject) => {
      const refuse = () => {
        timer.close();
        reject(abortError(signal));
      };
      const done = () => {
        signal?.removeEventListener('abort', refuse);
        resolve(value as T);
      };
      const timer = schedule.add(done, ms, [], false);
      if (!ref) timer.unref();
      if (signal?.aborted) return refuse();
      signal?.addEventListener('abort', refuse, { once: true });
    });
  async function* every<T>(ms?: number, value?: T, wish?: Wish): AsyncGenerator<T> {
    for (;;) yield await sleep(ms, value as T, wish);
  }
  const wait = (ms: number, wish?: Wish) => sleep(ms, undefined, wish);
  return { setTimeout: sleep, setInterval: every, wait };
}

const abortError = (signal: AbortSignal | undefined) =>
  Object.assign(new Error('The operation was aborted', { cause: signal?.reason }), {
    name: 'AbortError',
    code: 'ABORT_ERR',
  });
