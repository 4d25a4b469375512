/** What every rule looks at. */
import { type Call, callsOf } from './attempts.ts';
import type { Finding } from './finding.ts';
import { defaultLimits, type Limits } from './limits.ts';
import type { Word } from './outcome.ts';
import { askerOf, endMs, inOrder, type Seen } from './seen.ts';

export interface View {
  /** Oldest first. */
  readonly entries: readonly Seen[];
  readonly calls: readonly Call[];
  /** Each request with the next one of its key that asks the same. */
  readonly next: ReadonlyMap<Seen, Seen>;
  readonly limits: Limits;
}

export type Rule = (view: View) => Finding[];

export function viewOf(entries: readonly Seen[], limits: Partial<Limits> = {}): View {
  const all = { ...defaultLimits, ...limits };
  const sorted = inOrder(entries);
  return { entries: sorted, calls: callsOf(entries, all), next: nextOf(sorted), limits: all };
}

/**
 * Whether the key asked the same again later, of whatever model: a repetition by the program above the client, which no header
 * counts, or a failover.
 */
export function askedAgain({ next, limits }: View, entry: Seen): boolean {
  const since = endMs(entry) - limits.overlapMs;
  let later = next.get(entry);
  while (later !== undefined && later.at < since) later = next.get(later); // side by side with it
  return later !== undefined && later.at <= endMs(entry) + limits.quietMs;
}

/** Each request with the next one of its key that asks the same. */
function nextOf(sorted: readonly Seen[]): Map<Seen, Seen> {
  const next = new Map<Seen, Seen>();
  const latest = new Map<string, Seen>();
  for (const entry of sorted) {
    const before = latest.get(questionOf(entry));
    if (before !== undefined) next.set(before, entry);
    latest.set(questionOf(entry), entry);
  }
  return next;
}

const questionOf = (entry: Seen) => `${askerOf(entry)} ${entry.question || `body ${entry.fingerprint}`}`;

/** Answers that came to a bad end, apart by whether a later request shows that one was used all the same. */
export interface Kept {
  /** With the requests that bring them back. */
  readonly used: readonly Seen[];
  /** The last that was heard: nothing shows what became of them. */
  readonly unseen: readonly Seen[];
}

export function keptBad(view: View, isBad: (word: Word, entry: Seen) => boolean): Kept {
  const goingOn = view.entries.filter(({ carries, answeredTools }) => carries.length + answeredTools.length > 0);
  const usersOf = (entry: Seen) => goingOn.filter(later => isUser(later, entry));
  const attempts = view.calls.flatMap(call => call.attempts).filter(({ word, entry }) => isBad(word, entry));
  const used = attempts.flatMap(({ entry }) => {
    const users = usersOf(entry);
    return users.length === 0 ? [] : [entry, ...users];
  });
  const ends = view.calls.flatMap(call => call.attempts.slice(-1)).filter(({ word, entry }) => isBad(word, entry));
  const unseen = ends
    .map(({ entry }) => entry)
    .filter(entry => usersOf(entry).length === 0 && !askedAgain(view, entry));
  return { used, unseen };
}

/** Whether a request brings an answer back, or the results of the tools that it called. */
const isUser = ({ keyId, carries, answeredTools }: Seen, { n, keyId: owner, toolCalls }: Seen) =>
  keyId === owner && (carries.includes(n) || toolCalls.some(id => answeredTools.includes(id)));
