/** One process of `--workers N`. Started by workers.ts only; talks to the primary by messages. */
import { AggregatorRegistry } from 'prom-client';
import { textOf, UsageError } from '../core/errors.ts';
import type { AsideSource } from './aside.ts';
import { type Mock, startMock } from './mock.ts';
import { createTaskStore, type Task } from './tasks.ts';
import type { FromWorker, ToWorker } from './workers.ts';

const say = (message: FromWorker) => process.send?.(message);
const questions = new Map<number, (value: unknown) => void>();
let count = 0;

type Question = { kind: 'find'; id: string; owner: string } | { kind: 'metrics' } | { kind: 'journals' };

const ask = <T>(question: Question): Promise<T> =>
  new Promise(resolve => {
    const n = ++count;
    questions.set(n, value => resolve(value as T));
    say({ ...question, n });
  });

let mock: Mock | undefined;
let ownJournal: AsideSource['journal'] = async () => [];

async function start({ config, label, certificate }: Extract<ToWorker, { kind: 'start' }>): Promise<void> {
  const local = createTaskStore();
  const tasks = {
    add: (task: Task) => {
      local.add(task);
      say({ kind: 'task', task });
    },
    find: (id: string, owner: string) => local.find(id, owner) ?? ask<Task | undefined>({ kind: 'find', id, owner }),
  };
  ({ mock } = await startMock(config, {
    ...(certificate === undefined ? {} : { certificate: { ...certificate, generated: false } }),
    warn: sentence => say({ kind: 'warning', sentence }),
    share: {
      label,
      tasks,
      source: own => {
        ownJournal = own.journal;
        return { metrics: () => ask({ kind: 'metrics' }), journal: () => ask({ kind: 'journals' }) };
      },
      registry: registry => {
        AggregatorRegistry.setRegistries([registry]);
        new AggregatorRegistry();
      },
    },
  }));
  say({ kind: 'ready', port: Number(new URL(mock.url).port) });
}

process.on('message', (message: ToWorker) => {
  if (message.kind === 'answer') {
    questions.get(message.n)?.(message.value);
    questions.delete(message.n);
  } else if (message.kind === 'journal') {
    ownJournal().then(entries => say({ kind: 'journal', n: message.n, entries }));
  } else if (message.kind === 'close') {
    (mock?.close({ graceMs: message.graceMs }) ?? Promise.resolve()).then(() => process.exit(0));
  } else if (message.kind === 'start') {
    start(message).catch(error => {
      if (!(error instanceof UsageError)) throw error;
      say({ kind: 'failed', code: error.code, message: textOf(error) });
    });
  }
});

// Ctrl-C reaches every process of the terminal; the primary decides how the workers end.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
process.on('disconnect', () => process.exit(1));
