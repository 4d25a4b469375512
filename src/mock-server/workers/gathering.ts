/** One question to every worker, and all their answers. */
import type { Worker } from 'node:cluster';
import type { ToWorker } from './messages.ts';

/** @param none the answer of a worker that dies meanwhile */
export function createGathering<A, Q = void>(question: (n: number, about: Q) => ToWorker, none: A) {
  const open = new Map<number, (answer: A) => void>();
  let count = 0;
  const ask = (worker: Worker, about: Q) =>
    new Promise<A>(resolve => {
      const n = ++count;
      const dead = () => add(n, none);
      worker.once('exit', dead);
      open.set(n, answer => {
        worker.off('exit', dead);
        resolve(answer);
      });
      tell(worker, question(n, about));
    });
  const gather = (from: readonly Worker[], about: Q) => Promise.all(from.map(worker => ask(worker, about)));
  const add = (n: number, answer: A) => {
    const settle = open.get(n);
    open.delete(n);
    settle?.(answer);
  };
  return { gather, add };
}

/** One that is gone hears nothing. */
export const tell = (worker: Worker, message: ToWorker): void => {
  if (worker.isConnected()) worker.send(message);
};
