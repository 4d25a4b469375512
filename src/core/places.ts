/** Places that a verb was asked to fill, tried before its work: a result that finds no place was paid for in vain. */
import { join } from 'node:path';
import { textOf, UsageError } from './errors.ts';
import { makeFolder, tryFile } from './textfile.ts';

/** Made with its parents when it is not there. */
export interface Folder {
  readonly path: string;
  readonly mode?: number;
  /** Names of files that are to be written into it; any file when none is given. */
  readonly holds?: readonly string[];
}

/** By flag: a file, or a folder. */
export type Places = Readonly<Record<string, string | Folder | undefined>>;

/** @returns a folder among places, if one was asked for */
export const folderAt = (path: string | undefined, more: Omit<Folder, 'path'> = {}): Folder | undefined =>
  path === undefined ? undefined : { path, ...more };

/** Leaves nothing behind but folders. @throws {UsageError} `no_write`, with every place that takes nothing */
export function openPlaces(places: Places): void {
  const mistakes = Object.entries(places).flatMap(([flag, place]) => {
    if (place === undefined) return [];
    return typeof place === 'string' ? mistake(flag, place, tryFile) : mistakesIn(flag, place);
  });
  if (mistakes.length > 0) throw new UsageError('no_write', mistakes.join('\n'));
}

function mistakesIn(flag: string, { path, mode, holds }: Folder): string[] {
  const unmade = mistake(flag, path, () => {
    makeFolder(path, mode);
    if (holds === undefined) tryFile(join(path, 'glm-testkit'));
  });
  return unmade.length > 0 ? unmade : (holds ?? []).flatMap(name => mistake(flag, join(path, name), tryFile));
}

function mistake(flag: string, path: string, look: (path: string) => void): string[] {
  try {
    look(path);
    return [];
  } catch (error) {
    return [`--${flag} ${path}: cannot be written (${textOf(error)}); name another place`];
  }
}
