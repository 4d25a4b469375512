/** Files that another program reads while we write: the Prometheus textfile collector, a CI step. */
import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { textOf, UsageError } from './errors.ts';

/**
 * Writes a file as a whole: readers see the old text or the new one, never half.
 * @throws {UsageError} `no_write` when the place does not take files
 */
export function writeTextfile(path: string, text: string): void {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    // A pipe or a device is written to: a rename would put a file in its place.
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) return writeFileSync(path, text);
    writeFileSync(draft, text);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new UsageError('no_write', `${path}: cannot be written (${textOf(error)})`, { cause: error });
  }
}

/**
 * Makes a folder and those around it, one by one: Node's recursive mkdir does not come back from /proc, where nothing can be made.
 * @param mode of those that are made; default 0o777, less what the umask takes away
 * @throws when it cannot be made, or is a file
 */
export function makeFolder(path: string, mode = 0o777): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  if (found !== undefined) throw new Error('it is a file');
  if (dirname(path) !== path) makeFolder(dirname(path), mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Another program was faster, or the path goes through itself: `new/.`.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/**
 * Tries a place before the work whose result goes there, and leaves nothing behind. Rights alone do not tell: a file system
 * may be full, read-only or made up by the kernel.
 * @throws when no file can be written there
 */
export function tryFile(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw new Error('it is a folder');
  if (found !== undefined) accessSync(path, constants.W_OK);
  if (found !== undefined && !found.isFile()) return; // a pipe or a device has no file beside it
  const draft = `${path}.${process.pid}.tmp`;
  closeSync(openSync(draft, 'w'));
  rmSync(draft);
}
