/** What the processes of `--workers N` say to each other. */
import type { MockConfig } from '../config.ts';
import type { Command } from '../control.ts';
import type { History, JournalEntry } from '../journal.ts';
import type { Task } from '../tasks.ts';
import type { Exercised } from '../verdict/coverage.ts';

/** What a worker says to the primary. */
export type FromWorker =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'warning'; readonly sentence: string }
  | { readonly kind: 'task'; readonly task: Task }
  | { readonly kind: 'find'; readonly n: number; readonly id: string; readonly owner: string }
  | { readonly kind: 'metrics'; readonly n: number }
  | { readonly kind: 'journals'; readonly n: number }
  | { readonly kind: 'journal'; readonly n: number; readonly entries: JournalEntry[] }
  | { readonly kind: 'histories'; readonly n: number; readonly key: string | undefined }
  | { readonly kind: 'history'; readonly n: number; readonly history: History }
  | { readonly kind: 'exercises'; readonly n: number; readonly key: string | undefined }
  | { readonly kind: 'exercised'; readonly n: number; readonly exercised: Exercised }
  | { readonly kind: 'controls'; readonly n: number; readonly command: Command }
  | { readonly kind: 'control'; readonly n: number; readonly result: ControlResult };

/** What a command came to in one process: all of them come to the same. */
export type ControlResult =
  | { readonly value: { readonly key?: string } }
  | { readonly code: string; readonly message: string };

/** What the primary says to a worker; `answer` belongs to the question numbered `n`. */
export type ToWorker =
  | {
      readonly kind: 'start';
      readonly config: MockConfig;
      readonly label: string;
      readonly certificate: { readonly cert: string; readonly key: string } | undefined;
      readonly adminToken: string | undefined;
    }
  | { readonly kind: 'answer'; readonly n: number; readonly value: unknown }
  | { readonly kind: 'journal'; readonly n: number }
  | { readonly kind: 'history' | 'exercised'; readonly n: number; readonly key: string | undefined }
  | { readonly kind: 'control'; readonly n: number; readonly command: Command }
  | { readonly kind: 'close'; readonly graceMs: number };
