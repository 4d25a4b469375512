/** Prometheus and Alertmanager as they are installed here. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { UsageError } from '../core/errors.ts';

export interface Programs {
  readonly prometheus: string;
  readonly alertmanager: string;
}

/** The second name is Debian's. */
const names = { prometheus: ['prometheus'], alertmanager: ['alertmanager', 'prometheus-alertmanager'] } as const;

/** @param path the variable PATH @throws {UsageError} `no_prometheus` with everything that is missing */
export function findPrograms(path: string): Programs {
  const found = Object.entries(names).map(([program, called]) => ({ program, file: findOne(called, path) }));
  const missing = found.filter(({ file }) => file === undefined).map(({ program }) => program);
  if (missing.length > 0)
    throw new UsageError(
      'no_prometheus',
      `no ${missing.join(' and no ')} on PATH: install both (on Debian and Ubuntu: apt-get install prometheus prometheus-alertmanager), or name a stack that already runs with --prometheus-url and --mock-url`,
    );
  return Object.fromEntries(found.map(({ program, file }) => [program, file])) as unknown as Programs;
}

const findOne = (called: readonly string[], path: string) =>
  called
    .flatMap(name => path.split(delimiter).map(folder => join(folder, name)))
    .find(file => {
      try {
        accessSync(file, constants.X_OK);
        return statSync(file).isFile(); // a folder can be entered, which is the same right
      } catch {
        // Not here, or not to be run: the next folder may have it.
        return false;
      }
    });
