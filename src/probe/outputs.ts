/** Where `check` and the writing verbs leave files, tried before anything is asked: a run whose result finds no place was paid for in vain. */
import { join } from 'node:path';
import { textOf, UsageError } from '../core/errors.ts';
import { makeFolder, tryFile } from '../core/textfile.ts';

/** By flag: a file or a folder that is to be written. */
export interface Outputs {
  readonly junit?: string | undefined;
  readonly prom?: string | undefined;
  /** A folder; made when it is not there. */
  readonly record?: string | undefined;
  /** A folder; made when it is not there. */
  readonly out?: string | undefined;
}

/** @throws {UsageError} `no_write`, with every place that takes nothing */
export function openOutputs({ record, out, ...files }: Outputs): void {
  const mistakes = [
    ...mistake('record', record, path => folder(path, 0o700)),
    ...mistake('out', out, folder),
    ...Object.entries(files).flatMap(([key, path]) => mistake(key, path, tryFile)),
  ];
  if (mistakes.length > 0) throw new UsageError('no_write', mistakes.join('\n'));
}

function mistake(key: string, path: string | undefined, look: (path: string) => void): string[] {
  if (path === undefined) return [];
  try {
    look(path);
    return [];
  } catch (error) {
    return [`--${key} ${path}: cannot be written (${textOf(error)})`];
  }
}

/** Made when it is not there, and tried with a file. */
function folder(path: string, mode?: number): void {
  makeFolder(path, mode);
  tryFile(join(path, 'glm-probe'));
}
