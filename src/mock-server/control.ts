/**
 * Everything about a running mock that can be changed, as plain commands: the admin API, the test runners and `--workers`
 * all say the same words, so what one can do the others can do.
 */
import { z } from 'zod';
import { checked } from '../core/config.ts';
import { UsageError } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import { asKey, fromKey } from '../core/spelling.ts';
import { parseKey, testKey } from '../core/wire/auth.ts';
import type { FaultBook } from './faults/book.ts';
import type { Book, BookReport } from './fixtures/book.ts';
import type { Fixture, FixtureInput } from './fixtures/fixture.ts';
import { readFixtures } from './fixtures/parse.ts';
import type { Journal } from './journal.ts';
import { type Limiter, limitsConfig } from './limits.ts';
import type { Unfinished } from './unfinished.ts';
import type { Ledger } from './verdict/ledger.ts';

/** A change. `key` limits it to one API key, by its id or as a whole, of which only the id is kept. */
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
  /** Forgets the journal, fixtures that were added, faults and counts, and with `coverage` what was exercised; of one key when it is named. */
  | { readonly kind: 'reset'; readonly key?: string | undefined; readonly coverage?: boolean | undefined };

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
  /** The id of an API key, given by it or as `id.secret`. @throws {UsageError} `unknown_key` */
  keyId(text: string): string;
}

export interface Controlled {
  readonly faults: FaultBook;
  readonly limiter: Limiter;
  readonly book: Book;
  /** Those of the settings, which a reset keeps. */
  readonly fixtures: readonly Fixture[];
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly unfinished: Unfinished;
  /** Secrets by key id. */
  readonly keys: Map<string, string>;
  /** Whether keys may come that nobody named. */
  readonly anyKey: boolean;
  readonly random: Random;
}

export function createControl(controlled: Controlled): Control {
  const { faults, limiter, book, fixtures, journal, ledger, unfinished, keys, anyKey, random } = controlled;
  const shared = faults.list().everybody;
  const mint = (name: string) => {
    if (name.trim() === '') throw new UsageError('bad_key_name', 'a key needs a name that is not empty');
    const key = testKey(random.fork(`key ${name}`));
    const parsed = parseKey(key);
    if (parsed !== undefined) keys.set(parsed.id, parsed.secret);
    return { key };
  };
  const reset = (key: string | undefined, coverage: boolean) => {
    faults.set(key === undefined ? shared : [], key);
    faults.reset(key);
    journal.clear(key);
    book.clear(key);
    limiter.reset(key);
    if (coverage) ledger.clear(key);
    if (key !== undefined) return;
    book.add(fixtures);
    unfinished.clear();
  };
  const keyId: Control['keyId'] = text => {
    const id = parseKey(text)?.id ?? text;
    if (keys.has(id) || (anyKey && id !== '' && !id.includes('.'))) return id;
    throw new UsageError(
      'unknown_key',
      `key: no API key has the id "${id.split('.', 1)[0]?.slice(0, 40)}"; name one of this mock, mint one (POST /__admin/keys), or start it with --any-key`,
    );
  };
  const ownerOf = ({ key }: { readonly key?: string | undefined }) => (key === undefined ? undefined : keyId(key));
  const apply: Control['apply'] = command => {
    switch (command.kind) {
      case 'faults':
        faults.set(command.faults, ownerOf(command));
        return {};
      case 'limits':
        limiter.set(mergeLimits(limiter.limits, command.limits));
        return {};
      case 'fixtures': {
        const owner = ownerOf(command);
        const list = readFixtures(command.fixtures, 'added');
        if (command.replace) book.clear(owner);
        book.add(list, owner);
        return {};
      }
      case 'key':
        return mint(command.name);
      case 'reset':
        reset(ownerOf(command), command.coverage ?? false);
        return {};
    }
  };
  const state = (): ControlState => ({
    faults: faults.list(),
    limits: Object.fromEntries(Object.entries(limiter.limits).map(([key, value]) => [asKey(key), value])),
    in_flight: limiter.inFlight(),
    fixtures: book.report(),
  });
  return { apply, state, keyId };
}

const patch = z.record(z.string(), z.unknown());

function mergeLimits(now: Limiter['limits'], change: Readonly<Record<string, unknown>>): Limiter['limits'] {
  const given = checked(patch, change, 'limits');
  const renamed = Object.fromEntries(Object.entries(given).map(([key, value]) => [fromKey(key), value]));
  const written = new Map(Object.keys(given).map(key => [fromKey(key), key]));
  const { planWindow, ...rest } = now;
  const merged = { ...rest, planWindow: `${planWindow}ms`, ...renamed };
  return checked(
    limitsConfig,
    Object.fromEntries(Object.entries(merged).filter(([, value]) => value != null)),
    'limits',
    key => written.get(key) ?? asKey(key),
  );
}
