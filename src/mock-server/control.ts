/**
 * Everything about a running mock that can be changed, as plain commands: the admin API, the test runners and `--workers`
 * all say the same words, so what one can do the others can do.
 */
import { z } from 'zod';
import { checked, fromKey } from '../core/config.ts';
import { UsageError } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import { parseKey, testKey } from '../core/wire/auth.ts';
import type { FaultBook } from './faults/book.ts';
import type { Book, BookReport } from './fixtures/book.ts';
import type { Fixture, FixtureInput } from './fixtures/fixture.ts';
import { checkFaults } from './fixtures/named-faults.ts';
import { readFixtures } from './fixtures/parse.ts';
import type { Journal } from './journal.ts';
import { type Limiter, limitsConfig } from './limits.ts';

/** A change. `key` limits it to one API key, by its id. */
export type Command =
  | { readonly kind: 'faults'; readonly faults: readonly string[]; readonly key?: string | undefined }
  /** Merged into what holds; null takes a limit away. */
  | { readonly kind: 'limits'; readonly limits: Readonly<Record<string, unknown>> }
  | {
      readonly kind: 'fixtures';
      readonly fixtures: readonly FixtureInput[];
      readonly key?: string | undefined;
      /** In place of those that are there. */
      readonly replace?: boolean | undefined;
    }
  /** Makes a key known, named by any text; the same name gives the same key. */
  | { readonly kind: 'key'; readonly name: string }
  /** Forgets the journal, fixtures that were added, faults and counts; of one key when it is named. */
  | { readonly kind: 'reset'; readonly key?: string | undefined };

export interface ControlState {
  readonly faults: ReturnType<FaultBook['list']>;
  readonly limits: Readonly<Record<string, unknown>>;
  readonly in_flight: ReturnType<Limiter['inFlight']>;
  readonly fixtures: BookReport;
}

export interface Control {
  /** @returns what the command has to say, such as the minted key. @throws {UsageError} when it is wrong; then nothing changed */
  apply(command: Command): { readonly key?: string };
  state(): ControlState;
}

export interface Controlled {
  readonly faults: FaultBook;
  readonly limiter: Limiter;
  readonly book: Book;
  /** Those of the settings, which a reset keeps. */
  readonly fixtures: readonly Fixture[];
  readonly journal: Journal;
  /** Secrets by key id. */
  readonly keys: Map<string, string>;
  readonly random: Random;
}

export function createControl({ faults, limiter, book, fixtures, journal, keys, random }: Controlled): Control {
  const shared = faults.list().everybody;
  const mint = (name: string) => {
    if (name.trim() === '') throw new UsageError('bad_key_name', 'a key needs a name that is not empty');
    const key = testKey(random.fork(`key ${name}`));
    const parsed = parseKey(key);
    if (parsed !== undefined) keys.set(parsed.id, parsed.secret);
    return { key };
  };
  const reset = (key: string | undefined) => {
    faults.set(key === undefined ? shared : [], key);
    faults.reset(key);
    journal.clear(key);
    book.clear(key);
    if (key !== undefined) return;
    book.add(fixtures);
    limiter.reset();
  };
  const apply: Control['apply'] = command => {
    switch (command.kind) {
      case 'faults':
        faults.set(command.faults, command.key);
        return {};
      case 'limits':
        limiter.set(mergeLimits(limiter.limits, command.limits));
        return {};
      case 'fixtures': {
        const list = readFixtures(command.fixtures, 'added');
        checkFaults(list);
        if (command.replace) book.clear(command.key);
        book.add(list, command.key);
        return {};
      }
      case 'key':
        return mint(command.name);
      case 'reset':
        reset(command.key);
        return {};
    }
  };
  const state = (): ControlState => ({
    faults: faults.list(),
    limits: limiter.limits,
    in_flight: limiter.inFlight(),
    fixtures: book.report(),
  });
  return { apply, state };
}

const patch = z.record(z.string(), z.unknown());

function mergeLimits(now: Limiter['limits'], change: Readonly<Record<string, unknown>>): Limiter['limits'] {
  const given = checked(patch, change, 'limits');
  const renamed = Object.fromEntries(Object.entries(given).map(([key, value]) => [fromKey(key), value]));
  const { planWindow, ...rest } = now;
  const merged = { ...rest, planWindow: `${planWindow}ms`, ...renamed };
  return checked(
    limitsConfig,
    Object.fromEntries(Object.entries(merged).filter(([, value]) => value != null)),
    'limits',
  );
}
