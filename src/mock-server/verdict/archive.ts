/** What a verdict needs of requests that have left the journal: a mistake is one whether or not a thousand good calls followed. */
import { createRecent } from '../../core/recent.ts';
import type { Archive, JournalEntry } from '../journal.ts';
import { createRing, type Ring } from '../ring.ts';
import { wordOf } from './outcome.ts';
import { askerOf } from './seen.ts';

/** @param size how many requests with a fault or an error are kept, and how many others that tell something */
export function createArchive(size = 10_000): Archive {
  const shelves = {
    troubled: createRing<JournalEntry>(size),
    tools: createRing<JournalEntry>(size),
    connections: createRing<JournalEntry>(200),
  };
  let unsettled = createRecent<number>(size); // troubled requests by question, less those that were asked again
  let stories = 0; // how many were ever begun: most mocks see none
  const counts = createCounts();

  const begins = (entry: JournalEntry): void => {
    stories++;
    const story = storyOf(entry);
    unsettled.set(story, (unsettled.get(story) ?? 0) + 1);
  };
  const settles = (entry: JournalEntry): boolean => {
    if (stories === 0) return false;
    const story = storyOf(entry);
    const open = unsettled.get(story) ?? 0;
    if (open > 0) unsettled.set(story, open - 1);
    return open > 0;
  };
  const shelfOf = (entry: JournalEntry): Ring<JournalEntry> | undefined => {
    if (settles(entry)) return shelves.troubled;
    if (tellsOfTools(entry)) return shelves.tools;
    return entry.spare ? shelves.connections : undefined;
  };
  const retire: Archive['retire'] = entry => {
    const troubled = isTroubled(entry);
    if (troubled) begins(entry);
    const shelf = troubled ? shelves.troubled : shelfOf(entry);
    if (shelf === undefined) return counts.add(entry, false);
    const gone = shelf.put(entry);
    if (gone !== undefined) counts.add(gone, isTroubled(gone));
  };
  const history: Archive['history'] = keyId => {
    const all = Object.values(shelves).flatMap(shelf => shelf.items());
    const entries = all.filter(entry => keyId === undefined || entry.keyId === keyId).sort((a, b) => a.n - b.n);
    return { entries, ...counts.of(keyId) };
  };
  const clear: Archive['clear'] = keyId => {
    for (const shelf of Object.values(shelves))
      shelf.clear(keyId === undefined ? undefined : one => one.keyId !== keyId);
    counts.clear(keyId);
    if (keyId !== undefined) return;
    unsettled = createRecent(size);
    stories = 0;
  };
  return { retire, history, clear };
}

/** Whether something went wrong with it, or was wrong about it. */
export const isTroubled = (entry: JournalEntry): boolean =>
  entry.faults.length > 0 || entry.keyInUrl || !untroubled.has(wordOf(entry));

const untroubled: ReadonlySet<string> = new Set(['ok', 'open']);

/** Another model asked the same question is the same story. */
const storyOf = (entry: JournalEntry) => `${askerOf(entry)} ${entry.question || entry.fingerprint}`;

const tellsOfTools = ({ carries, toolCalls, answeredTools }: JournalEntry) =>
  carries.length > 0 || toolCalls.length > 0 || answeredTools.length > 0;

interface Count {
  dropped: number;
  lost: number;
}

/** What was let go, in all and by key. */
function createCounts() {
  let all: Count = { dropped: 0, lost: 0 };
  let byKey = createRecent<Count>(10_000);
  const of = (keyId: string | undefined): Count => {
    if (keyId === undefined) return all;
    const known = byKey.get(keyId);
    if (known !== undefined) return known;
    const fresh = { dropped: 0, lost: 0 };
    byKey.set(keyId, fresh);
    return fresh;
  };
  const add = ({ keyId = '' }: JournalEntry, troubled: boolean) => {
    for (const count of [all, of(keyId)]) {
      count.dropped++;
      if (troubled) count.lost++;
    }
  };
  const clear = (keyId: string | undefined) => {
    const own = of(keyId);
    all = { dropped: all.dropped - own.dropped, lost: all.lost - own.lost };
    if (keyId === undefined) byKey = createRecent(10_000);
    else byKey.set(keyId, { dropped: 0, lost: 0 });
  };
  return { add, of, clear };
}
