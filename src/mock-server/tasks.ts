/** Asynchronous tasks: PROCESSING until their time has come, then SUCCESS; glm-api.md §9. */
import { createRecent } from '../core/recent.ts';

export interface Task {
  readonly id: string;
  readonly requestId: string;
  /** Whose task it is: another account sees an unknown id. */
  readonly owner: string;
  /** Wall time, ms since 1970, from which the result is there. */
  readonly readyMs: number;
  /** The body of the finished task. */
  readonly result: string;
}

export interface TaskStore {
  add(task: Task): void;
  /** A promise only where tasks are shared between processes. */
  find(id: string, owner: string): Task | undefined | Promise<Task | undefined>;
}

/** @param most how many tasks are kept; the oldest go first */
export function createTaskStore(most = 10_000): TaskStore & { find(id: string, owner: string): Task | undefined } {
  const tasks = createRecent<Task>(most);
  return {
    add: task => tasks.set(task.id, task),
    find: (id, owner) => {
      const task = tasks.get(id);
      return task?.owner === owner ? task : undefined;
    },
  };
}
