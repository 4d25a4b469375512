import { appendFileSync } from 'node:fs';
import { textOf, UsageError } from '../core/errors.ts';

/** Adds to a file that others write to as well, such as the summary of a CI step. @throws {UsageError} `no_write` */
export function appendText(path: string, text: string): void {
  try {
    appendFileSync(path, text);
  } catch (error) {
    throw new UsageError('no_write', `${path}: cannot be written (${textOf(error)})`, { cause: error });
  }
}
