/** A journal entry as the verdicts read it. */
import type { JournalEntry } from '../journal.ts';

export type Seen = Readonly<JournalEntry>;

export const endMs = (entry: Seen) => entry.at + entry.durationMs;

/** Who asks: a key that is known, or a credential that was refused. */
export const askerOf = ({ keyId, credential }: Seen) => keyId ?? `credential ${credential}`;

/** Oldest first; journals of several processes come interleaved. */
export const inOrder = (entries: readonly Seen[]): Seen[] => [...entries].sort((a, b) => a.at - b.at || a.n - b.n);
