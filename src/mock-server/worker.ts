/** One process of `--workers N`. Started by workers.ts only; talks to the primary by messages. */
import { AggregatorRegistry } from 'prom-client';
import { textOf, UsageError } from '../core/errors.ts';
import type { AdminSource } from './admin/routes.ts';
import type { Command } from './control.ts';
import { type Mock, startMock } from './mock.ts';
import { createTaskStore, type Task } from './tasks.ts';
import { together } from './verdict/ledger.ts';
import type { ControlResult, FromWorker, ToWorker } from './workers/messages.ts';

const say = (message: FromWorker) => process.send?.(message);
const questions = new Map<number, (value: unknown) => void>();
let count = 0;

type Question =
  | { kind: 'find'; id: string; owner: string }
  | { kind: 'metrics' }
  | { kind: 'journals' }
  | { kind: 'histories' | 'exercises'; key: string | undefined }
  | { kind: 'controls'; command: Command };

const ask = <T>(question: Question): Promise<T> =>
  new Promise(resolve => {
    const n = ++count;
    questions.set(n, value => resolve(value as T));
    say({ ...question, n });
  });

let mock: Mock | undefined;
let own: Pick<AdminSource, 'journal' | 'history' | 'exercised' | 'control'> = {
  journal: async () => [],
  history: async () => ({ entries: [], dropped: 0, lost: 0 }),
  exercised: async () => together([]),
  control: async () => ({}),
};

async function start({ config, label, certificate, adminToken }: Extract<ToWorker, { kind: 'start' }>): Promise<void> {
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
    ...(adminToken && { adminToken }),
    warn: sentence => say({ kind: 'warning', sentence }),
    share: {
      label,
      tasks,
      source: mine => {
        own = mine;
        return {
          ...mine,
          metrics: () => ask({ kind: 'metrics' }),
          journal: () => ask({ kind: 'journals' }),
          history: key => ask({ kind: 'histories', key }),
          exercised: key => ask({ kind: 'exercises', key }),
          control: async command => resultOf(await ask<ControlResult>({ kind: 'controls', command })),
        };
      },
      registry: registry => {
        AggregatorRegistry.setRegistries([registry]);
        new AggregatorRegistry();
      },
    },
  }));
  say({ kind: 'ready', port: Number(new URL(mock.url).port) });
}

function resultOf(result: ControlResult): { readonly key?: string } {
  if ('value' in result) return result.value;
  throw new UsageError(result.code, result.message);
}

process.on('message', (message: ToWorker) => {
  if (message.kind === 'answer') {
    questions.get(message.n)?.(message.value);
    questions.delete(message.n);
  } else if (message.kind === 'journal') {
    own.journal().then(entries => say({ kind: 'journal', n: message.n, entries }));
  } else if (message.kind === 'history') {
    own.history(message.key).then(history => say({ kind: 'history', n: message.n, history }));
  } else if (message.kind === 'exercised') {
    own.exercised(message.key).then(exercised => say({ kind: 'exercised', n: message.n, exercised }));
  } else if (message.kind === 'control') {
    own.control(message.command).then(
      value => say({ kind: 'control', n: message.n, result: { value } }),
      error =>
        say({ kind: 'control', n: message.n, result: { code: error.code ?? 'internal', message: textOf(error) } }),
    );
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
