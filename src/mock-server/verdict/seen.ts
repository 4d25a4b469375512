/** A journal entry as the verdicts read it. */
import type { JournalEntry } from '../journal.ts';

export type Seen = Readonly<JournalEntry>;

export const endMs = (entry: Seen) => entry.at + entry.durationMs;

/** Oldest first; journals of several processes come interleaved. */
export const inOrder = (entries: readonly Seen[]): Seen[] => [...entries].sort((a, b) => a.at - b.at || a.n - b.n);
