/** Files that another program reads while we write: the Prometheus textfile collector, a CI step. */
import { renameSync, writeFileSync } from 'node:fs';
import { textOf, UsageError } from './errors.ts';

/**
 * Writes a file as a whole: readers see the old text or the new one, never half.
 * @throws {UsageError} `no_write` when the place does not take files
 */
export function writeTextfile(path: string, text: string): void {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, text);
    renameSync(draft, path);
  } catch (error) {
    throw new UsageError('no_write', `${path}: cannot be written (${textOf(error)})`, { cause: error });
  }
}
