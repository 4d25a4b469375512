/** A journal entry as the verdicts read it. */
import type { JournalEntry } from '../journal.ts';

/** What the journal may say about tools; the rules that need it are silent where it does not. */
export type Seen = Readonly<JournalEntry> & {
  /** Ids of the tool calls in the reply. */
  readonly toolCalls?: readonly string[];
  /** The `tool_call_id`s that the request's tool messages answer. */
  readonly answeredTools?: readonly string[];
  /** Digests of those tool messages' contents, in the same order. */
  readonly answerDigests?: readonly number[];
};

export const endMs = (entry: Seen) => entry.at + entry.durationMs;

/** Oldest first; journals of several processes come interleaved. */
export const inOrder = (entries: readonly Seen[]): Seen[] => [...entries].sort((a, b) => a.at - b.at || a.n - b.n);
