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
import type { Command } from './control.ts';
import type { History, JournalEntry } from './journal.ts';
import { type Mock, type MockDoor, urlOf } from './mock.ts';
import { createTaskStore } from './tasks.ts';
import type { Exercised } from './verdict/coverage.ts';
import { together } from './verdict/ledger.ts';
import { createGathering, tell } from './workers/gathering.ts';
import type { ControlResult, FromWorker, ToWorker } from './workers/messages.ts';

/** Starts the workers and resolves when all of them listen. @throws {UsageError} when one cannot */
export async function startWorkers(
  config: MockConfig,
  {
    certificate,
    adminToken,
    warn,
  }: Pick<MockDoor, 'certificate' | 'adminToken'> & { warn: (sentence: string) => void },
): Promise<Mock> {
  const tasks = createTaskStore();
  const registry = new AggregatorRegistry();
  const journals = createGathering<JournalEntry[]>(n => ({ kind: 'journal', n }), []);
  const controls = createGathering<ControlResult, Command>((n, command) => ({ kind: 'control', n, command }), {
    value: {},
  });
  const histories = createGathering<History, string | undefined>((n, key) => ({ kind: 'history', n, key }), noHistory);
  const exercises = createGathering<Exercised, string | undefined>(
    (n, key) => ({ kind: 'exercised', n, key }),
    together([]),
  );
  const gatherJournal = async () => (await journals.gather(workers())).flat().sort((a, b) => a.at - b.at);
  cluster.setupPrimary({
    exec: fileURLToPath(new URL(`./worker${extname(import.meta.url)}`, import.meta.url)),
    args: [],
    serialization: 'advanced',
  });

  const metricsText = () => registry.clusterMetrics().catch(error => `# ${textOf(error)}\n`);
  const hear = (worker: Worker, message: FromWorker): unknown => {
    const answer = (n: number, value: unknown) => tell(worker, { kind: 'answer', n, value });
    switch (message.kind) {
      case 'warning':
        return warn(message.sentence);
      case 'task':
        return tasks.add(message.task);
      case 'find':
        return soon(() => answer(message.n, tasks.find(message.id, message.owner)));
      case 'metrics':
        return metricsText().then(text => answer(message.n, { text, type: registry.contentType }));
      case 'journals':
        return gatherJournal().then(entries => answer(message.n, entries));
      case 'histories':
        return histories.gather(workers(), message.key).then(parts => answer(message.n, joined(parts)));
      case 'exercises':
        return exercises.gather(workers(), message.key).then(parts => answer(message.n, together(parts)));
      case 'controls':
        return controls.gather(workers(), message.command).then(results => answer(message.n, worst(results)));
      case 'journal':
        return journals.add(message.n, message.entries);
      case 'history':
        return histories.add(message.n, message.history);
      case 'exercised':
        return exercises.add(message.n, message.exercised);
      case 'control':
        return controls.add(message.n, message.result);
    }
  };
  let closing = false;
  let launched = 0;
  const start = (): Promise<number> => launch({ config, certificate, adminToken }, launched++, { hear, lost });
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
    journal: gatherJournal,
    metrics: () => registry.clusterMetrics(),
    close: ({ graceMs = 1000 } = {}) => {
      closing = true;
      return closeAll(graceMs);
    },
  };
}

const workers = () => Object.values(cluster.workers ?? {}).flatMap(worker => (worker ? [worker] : []));

/** A task's submission may still be in another worker's pipe: let one round of messages pass before saying "unknown". */
const soon = (fn: () => void) => setImmediate(() => setImmediate(fn));

interface Primary {
  hear(worker: Worker, message: FromWorker): unknown;
  /** A worker that had been serving is gone. */
  lost(index: number, how: string): void;
}

function launch(
  what: Pick<Extract<ToWorker, { kind: 'start' }>, 'config' | 'certificate' | 'adminToken'>,
  index: number,
  primary: Primary,
): Promise<number> {
  const worker = cluster.fork();
  worker.on('error', () => {}); // what Node itself had to say to one that is gone: its exit tells
  tell(worker, { kind: 'start', ...what, label: `${index}:` });
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

const noHistory: History = { entries: [], dropped: 0, lost: 0 };

const joined = (parts: readonly History[]): History => ({
  entries: parts.flatMap(({ entries }) => entries).sort((a, b) => a.at - b.at),
  dropped: parts.reduce((sum, { dropped }) => sum + dropped, 0),
  lost: parts.reduce((sum, { lost }) => sum + lost, 0),
});

/** A mistake, if one process found one. */
const worst = (results: readonly ControlResult[]) =>
  results.find(result => 'code' in result) ?? results[0] ?? { value: {} };

async function closeAll(graceMs: number): Promise<void> {
  await Promise.all(
    workers().map(worker => {
      tell(worker, { kind: 'close', graceMs });
      return new Promise(resolve => worker.once('exit', resolve));
    }),
  );
}
