/** Where results go, tried before the run: one that finds no place afterwards was paid for in vain. */
import { join } from 'node:path';
import { textOf, UsageError } from '../core/errors.ts';
import { makeFolder, tryFile } from '../core/textfile.ts';

/** Files that a run is asked to leave, by their keys. */
export interface Places {
  readonly out?: string | undefined;
  readonly junit?: string | undefined;
  readonly summary?: string | undefined;
  readonly prom?: string | undefined;
}

/** What `--out` holds after a run. */
export const outNames = { result: 'result.json', records: 'requests.ndjson', page: 'report.html' } as const;

/** Makes the folder and leaves nothing else behind. @throws {UsageError} `no_write`, every place that takes no file */
export function openPlaces({ out, ...files }: Places): void {
  const named = Object.entries(files).flatMap(([key, path]) => (path === undefined ? [] : [[key, path] as const]));
  const mistakes = [...(out === undefined ? [] : folderMistakes(out)), ...named.flatMap(args => fileMistakes(...args))];
  if (mistakes.length > 0) throw new UsageError('no_write', mistakes.join('\n'));
}

function folderMistakes(out: string): string[] {
  try {
    makeFolder(out);
  } catch (error) {
    return [`--out ${out}: the folder cannot be made (${textOf(error)})`];
  }
  return Object.values(outNames).flatMap(name => fileMistakes('out', join(out, name)));
}

function fileMistakes(key: string, path: string): string[] {
  try {
    tryFile(path);
    return [];
  } catch (error) {
    return [`--${key} ${path}: no file can be written there (${textOf(error)})`];
  }
}
