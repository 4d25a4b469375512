import { UsageError } from '../core/errors.ts';
import { asFlag } from '../core/spelling.ts';

/** What is said about a value says whose it is. */
export function named<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UsageError) || error.code === 'no_key') throw error;
    throw new UsageError(error.code, `${asFlag(key)}: ${error.message}`, { cause: error });
  }
}
