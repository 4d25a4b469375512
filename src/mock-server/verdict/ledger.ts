/** What was exercised, noted once per request and kept until somebody asks to forget it: tests empty the journal all the time. */
import { createRecent } from '../../core/recent.ts';
import { type Exercised, namesIn } from './coverage.ts';
import type { Seen } from './seen.ts';
import { everything, type SectionName, sections } from './universe.ts';

export interface Ledger {
  note(entry: Seen): void;
  /** By everybody, or by one key. */
  exercised(keyId?: string): Exercised;
  /** For everybody, or for one key; what everybody did stays then. */
  clear(keyId?: string): void;
}

/** How many keys are told apart. */
const mostKeys = 10_000;

/** Bounded by what there is to exercise: a client may invent names, but those are not counted. */
export function createLedger(): Ledger {
  let all = createPage();
  let byKey = createRecent<Page>(mostKeys);
  const pageOf = (keyId: string): Page => {
    const page = byKey.get(keyId) ?? createPage();
    byKey.set(keyId, page);
    return page;
  };
  let last: Seen | undefined; // load tests send one request a million times
  const note: Ledger['note'] = entry => {
    if (last !== undefined && isLike(entry, last)) return;
    last = { ...entry };
    const pages = entry.keyId === undefined ? [all] : [all, pageOf(entry.keyId)];
    for (const name of sections)
      for (const one of namesIn[name](entry)) if (known[name].has(one)) for (const page of pages) page[name].add(one);
  };
  const exercised: Ledger['exercised'] = keyId => {
    const page = keyId === undefined ? all : byKey.get(keyId);
    return forEach(name => [...(page?.[name] ?? [])]);
  };
  const clear: Ledger['clear'] = keyId => {
    last = undefined;
    if (keyId !== undefined) return byKey.set(keyId, createPage());
    all = createPage();
    byKey = createRecent(mostKeys);
  };
  return { note, exercised, clear };
}

/** What several processes exercised. */
export const together = (parts: readonly Exercised[]): Exercised =>
  forEach(name => [...new Set(parts.flatMap(part => part[name]))]);

/** Whether it can exercise nothing else. */
const isLike = (one: Seen, other: Seen): boolean =>
  one.params === other.params &&
  one.keyId === other.keyId &&
  one.path === other.path &&
  one.method === other.method &&
  one.code === other.code &&
  one.finish === other.finish &&
  one.stream === other.stream &&
  sameList(one.kinds, other.kinds) &&
  sameList(one.faults, other.faults);

const sameList = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((name, i) => name === other[i]);

type Page = Readonly<Record<SectionName, Set<string>>>;

const createPage = (): Page => forEach(() => new Set());

const forEach = <T>(make: (name: SectionName) => T) =>
  Object.fromEntries(sections.map(name => [name, make(name)])) as Record<SectionName, T>;

const known = forEach(name => new Set(everything[name]));
