/**
 * `--workers N`: processes that share one port. The primary answers no request; it keeps the asynchronous tasks, which a
 * client may poll from another process than it submitted to, and adds up metrics and journals.
 */
import cluster, { type Worker } from 'node:cluster';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AggregatorRegistry } from 'prom-client';
import { textOf, UsageError } from '../core/errors.ts';
import type { MockConfig } from './config.ts';
import type { JournalEntry } from './journal.ts';
import { type Mock, urlOf } from './mock.ts';
import { createTaskStore, type Task } from './tasks.ts';

/** What a worker says to the primary. */
export type FromWorker =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'warning'; readonly sentence: string }
  | { readonly kind: 'task'; readonly task: Task }
  | { readonly kind: 'find'; readonly n: number; readonly id: string; readonly owner: string }
  | { readonly kind: 'metrics'; readonly n: number }
  | { readonly kind: 'journals'; readonly n: number }
  | { readonly kind: 'journal'; readonly n: number; readonly entries: JournalEntry[] };

/** What the primary says to a worker; `answer` belongs to the question numbered `n`. */
export type ToWorker =
  | {
      readonly kind: 'start';
      readonly config: MockConfig;
      readonly label: string;
      readonly certificate: { cert: string; key: string } | undefined;
    }
  | { readonly kind: 'answer'; readonly n: number; readonly value: unknown }
  | { readonly kind: 'journal'; readonly n: number }
  | { readonly kind: 'close'; readonly graceMs: number };

/** Starts the workers and resolves when all of them listen. @throws {UsageError} when one cannot */
export async function startWorkers(
  config: MockConfig,
  certificate: { cert: string; key: string } | undefined,
  warn: (sentence: string) => void,
): Promise<Mock> {
  const tasks = createTaskStore();
  const registry = new AggregatorRegistry();
  const journals = createGathering();
  cluster.setupPrimary({
    exec: fileURLToPath(new URL(`./worker${extname(import.meta.url)}`, import.meta.url)),
    args: [],
    serialization: 'advanced',
  });

  const hear = (worker: Worker, message: FromWorker) => {
    const answer = (n: number, value: unknown) => tell(worker, { kind: 'answer', n, value });
    if (message.kind === 'warning') warn(message.sentence);
    else if (message.kind === 'task') tasks.add(message.task);
    else if (message.kind === 'find') soon(() => answer(message.n, tasks.find(message.id, message.owner)));
    else if (message.kind === 'metrics')
      registry
        .clusterMetrics()
        .catch(error => `# ${textOf(error)}\n`)
        .then(text => answer(message.n, { text, type: registry.contentType }));
    else if (message.kind === 'journals') journals.gather(workers()).then(entries => answer(message.n, entries));
    else if (message.kind === 'journal') journals.add(message.n, message.entries);
  };
  let closing = false;
  let launched = 0;
  const start = (): Promise<number> => launch(config, launched++, certificate, { hear, lost });
  const lost = (index: number, how: string) => {
    if (closing) return;
    warn(`worker ${index} ended (${how}) and took its counts and journal with it; another one takes its place`);
    start().catch(error => warn(textOf(error)));
  };
  const ports = await Promise.all(Array.from({ length: config.workers }, start)).catch(error => {
    // Those that did start would keep this process alive for ever.
    for (const worker of workers()) worker.process.kill('SIGKILL');
    throw error;
  });
  const url = urlOf(config, ports[0] ?? config.port);
  return {
    url,
    baseUrl: `${url}/api/paas/v4`,
    apiKey: config.keys[0] ?? '',
    certificate: undefined,
    journal: () => journals.gather(workers()),
    metrics: () => registry.clusterMetrics(),
    close: ({ graceMs = 1000 } = {}) => {
      closing = true;
      return closeAll(graceMs);
    },
  };
}

const workers = () => Object.values(cluster.workers ?? {}).flatMap(worker => (worker ? [worker] : []));
const tell = (worker: Worker, message: ToWorker) => {
  if (worker.isConnected()) worker.send(message);
};

/** A task's submission may still be in another worker's pipe: let one round of messages pass before saying "unknown". */
const soon = (fn: () => void) => setImmediate(() => setImmediate(fn));

interface Primary {
  hear(worker: Worker, message: FromWorker): void;
  /** A worker that had been serving is gone. */
  lost(index: number, how: string): void;
}

function launch(
  config: MockConfig,
  index: number,
  certificate: { cert: string; key: string } | undefined,
  primary: Primary,
): Promise<number> {
  const worker = cluster.fork();
  tell(worker, { kind: 'start', config, label: `${index}:`, certificate });
  return new Promise((resolve, reject) => {
    let ready = false;
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'failed') return reject(new UsageError(message.code, message.message));
      if (message.kind !== 'ready') return primary.hear(worker, message);
      ready = true;
      resolve(message.port);
    });
    worker.once('exit', (code, signal) => {
      const how = signal ?? `code ${code}`;
      if (ready) primary.lost(index, how);
      else
        reject(
          new UsageError('worker_lost', `mock worker ${index} ended while starting (${how}); is there enough memory?`),
        );
    });
  });
}

/** Asks every worker for its journal and puts the parts in order of arrival. One that dies meanwhile has none. */
function createGathering() {
  const open = new Map<number, (entries: JournalEntry[]) => void>();
  let count = 0;
  const ask = (worker: Worker) =>
    new Promise<JournalEntry[]>(resolve => {
      const n = ++count;
      const dead = () => add(n, []);
      worker.once('exit', dead);
      open.set(n, entries => {
        worker.off('exit', dead);
        resolve(entries);
      });
      tell(worker, { kind: 'journal', n });
    });
  const gather = async (from: readonly Worker[]) =>
    (await Promise.all(from.map(ask))).flat().sort((a, b) => a.at - b.at);
  const add = (n: number, entries: JournalEntry[]) => {
    const answer = open.get(n);
    open.delete(n);
    answer?.(entries);
  };
  return { gather, add };
}

async function closeAll(graceMs: number): Promise<void> {
  await Promise.all(
    workers().map(worker => {
      tell(worker, { kind: 'close', graceMs });
      return new Promise(resolve => worker.once('exit', resolve));
    }),
  );
}
