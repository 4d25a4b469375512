/** What a test has before it: faults, fixtures, limits, the journal and the verdict, for everybody or for one key. */
import { parseKey } from '../core/wire/auth.ts';
import type { ControlState } from './control.ts';
import type { Engine } from './engine.ts';
import type { FixtureInput } from './fixtures/fixture.ts';
import type { History, JournalEntry } from './journal.ts';
import { type Coverage, coverageOf } from './verdict/coverage.ts';
import { assertResilient, textReport } from './verdict/report.ts';
import { everything } from './verdict/universe.ts';

type ReplyInput = NonNullable<FixtureInput['reply']>;
/** Thresholds of the verdict, and the mildest severity that throws. */
export type VerdictOptions = NonNullable<Parameters<typeof assertResilient>[1]>;

/** What can be set for everybody, and for one key alone. */
export interface Scope {
  /** Replaces the faults that strike, such as `stall,after=5`; none to be sound again. @throws {UsageError} `bad_fault` */
  faults(...faults: string[]): void;
  /** Adds fixtures; `replace` drops the earlier ones. @throws {UsageError} `bad_fixture` */
  fixtures(fixtures: FixtureInput | readonly FixtureInput[], options?: { readonly replace?: boolean }): void;
  /**
   * Adds one fixture: the text of the last user message, or a whole `match`, and what is replied.
   * @example mock.on('weather', { tool_calls: [{ name: 'get_weather', arguments: { city: '北京' } }] })
   */
  on(
    match: string | RegExp | NonNullable<FixtureInput['match']>,
    reply: string | ReplyInput | readonly ReplyInput[],
  ): void;
  /** Forgets requests, added fixtures, faults and counts; what was exercised only with `coverage`. */
  reset(options?: { readonly coverage?: boolean }): void;
  /** What was asked, oldest first. */
  requests(): JournalEntry[];
  /** What the verdict reads: those, and of earlier ones the journal no longer keeps those that tell something. */
  history(): History;
  /** Throws with the whole report when the client handled something badly. */
  assertResilient(options?: VerdictOptions): void;
  /** The same as text. */
  report(): string;
  /** What of the API and of the faults was exercised, since the start and over all resets. */
  coverage(): Coverage;
}

/** One API key as a test's own room: its traffic, fixtures, faults and journal are apart from those of all other keys. */
export interface MockKey extends Scope {
  readonly apiKey: string;
  readonly id: string;
  readonly baseUrl: string;
  /** The same as `requests`, as matchers ask for it. */
  journal(): Promise<JournalEntry[]>;
}

/** Everybody's scope, and what there is only one of. */
export interface Desk extends Scope {
  /** Merged into the limits that hold; null takes one away. @throws {UsageError} `bad_config` */
  limits(limits: Readonly<Record<string, number | string | boolean | null>>): void;
  /** A valid key for a name; the same name gives the same key. */
  key(name: string): MockKey;
  state(): ControlState;
}

/** @param baseUrl what clients are given */
export function deskOf(engine: Engine, baseUrl: string): Desk {
  const { control } = engine;
  const scope = (key?: string) => scopeOf(engine, key);
  const key = (name: string): MockKey => {
    const { key: apiKey = '' } = control.apply({ kind: 'key', name });
    const id = parseKey(apiKey)?.id ?? '';
    const own = scope(id);
    return { apiKey, id, baseUrl, ...own, journal: async () => own.requests() };
  };
  const limits: Desk['limits'] = limits => void control.apply({ kind: 'limits', limits });
  return { ...scope(), limits, key, state: control.state };
}

/** @param key id of the one key that it is about; everybody otherwise */
function scopeOf({ control, journal, ledger, wall }: Engine, key: string | undefined): Scope {
  const requests = () => journal.entries().filter(entry => key === undefined || entry.keyId === key);
  const history = () => journal.history(key);
  const judged = (options?: VerdictOptions): [readonly JournalEntry[], VerdictOptions] => {
    const { entries, ...gone } = history();
    return [entries, { nowMs: wall(), ...gone, ...options }];
  };
  const fixtures: Scope['fixtures'] = (list, { replace } = {}) =>
    void control.apply({ kind: 'fixtures', fixtures: [list].flat() as FixtureInput[], replace, key });
  return {
    faults: (...faults) => void control.apply({ kind: 'faults', faults, key }),
    fixtures,
    on: (match, reply) => fixtures(fixtureOf(match, reply)),
    reset: ({ coverage } = {}) => void control.apply({ kind: 'reset', key, coverage }),
    requests,
    history,
    assertResilient: options => assertResilient(...judged(options)),
    report: () => textReport(...judged()),
    coverage: () => coverageOf(ledger.exercised(key), everything),
  };
}

function fixtureOf(match: Parameters<Scope['on']>[0], reply: Parameters<Scope['on']>[1]): FixtureInput {
  const asked = typeof match === 'string' || match instanceof RegExp ? { last_user: String(match) } : match;
  if (Array.isArray(reply)) return { match: asked, replies: [...(reply as readonly ReplyInput[])] };
  return { match: asked, reply: typeof reply === 'string' ? { content: reply } : (reply as ReplyInput) };
}
