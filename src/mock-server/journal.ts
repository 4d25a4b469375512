/** What the mock was asked and how it ended, in bounded memory. Never holds a prompt, an answer or a key's secret. */

export interface JournalEntry {
  /** Counts from 1 in order of arrival. */
  readonly n: number;
  /** Wall time of the arrival, ms since 1970. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  keyId: string | undefined;
  model: string | undefined;
  stream: boolean;
  status: number;
  /** Business code, or `none`. */
  code: string;
  /** `open` until the player is done. */
  ending: 'open' | 'complete' | 'client_gone' | 'cut';
  promptTokens: number;
  completionTokens: number;
  /** Beats (SSE frames, or 1 for a body) handed to the transport. */
  beats: number;
  bytes: number;
  durationMs: number;
  /** Largest pacing error of the reply in ms. */
  worstLatenessMs: number;
  /** What `--strict` found. */
  strict: readonly string[];
}

export interface Journal {
  add(entry: JournalEntry): void;
  /** The kept entries, oldest first. */
  entries(): JournalEntry[];
  clear(): void;
}

/** @param size how many entries are kept */
export function createJournal(size: number): Journal {
  let ring: JournalEntry[] = [];
  let next = 0;
  return {
    add: entry => {
      ring[next] = entry;
      next = (next + 1) % size;
    },
    entries: () => [...ring.slice(next), ...ring.slice(0, next)].filter(entry => entry !== undefined),
    clear: () => {
      ring = [];
      next = 0;
    },
  };
}
