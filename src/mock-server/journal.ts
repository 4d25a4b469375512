/** What the mock was asked and how it ended, in bounded memory. Never holds a prompt, an answer or a key's secret. */

import { createRecent } from '../core/recent.ts';

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
  /** Number of the connection it came over, from 1; 0 where there is none to be seen (MSW). */
  connection: number;
  /** Whether that connection had carried a request before. */
  reused: boolean;
  /** Digest of the body: a repeated request is known by it, without keeping what it said. */
  fingerprint: number;
  /** Names of the request's top-level fields. */
  params: readonly string[];
  /** `finish_reason` of the reply; undefined for errors. */
  finish: string | undefined;
  /** What the reply consisted of: content, reasoning_content, tool_calls. */
  kinds: readonly string[];
  /** Ids of the tool calls in the reply. */
  toolCalls: readonly string[];
  /** Ids of the tool calls that the request brings answers for. */
  answeredTools: readonly string[];
  /** A digest of each such answer, in the same order. */
  answerDigests: readonly number[];
  /** Names of the scenarios that struck. */
  faults: readonly string[];
  /** The fixture that answered, as `file#n` or its name. */
  fixture: string | undefined;
  /** Whether a key was seen in the URL. */
  keyInUrl: boolean;
}

export interface Journal {
  add(entry: JournalEntry): void;
  /** The kept entries, oldest first. */
  entries(): JournalEntry[];
  /** Keeps when a stream's chunks were due and sent, for the last streams. */
  trace(n: number, moments: readonly number[]): void;
  timeline(n: number): readonly number[] | undefined;
  /** Forgets everything, or one key's requests. */
  clear(keyId?: string): void;
}

/** @param size how many entries are kept */
export function createJournal(size: number): Journal {
  let ring: JournalEntry[] = [];
  let next = 0;
  const timelines = createRecent<readonly number[], number>(100);
  const entries = () => [...ring.slice(next), ...ring.slice(0, next)].filter(entry => entry !== undefined);
  return {
    add: entry => {
      ring[next] = entry;
      next = (next + 1) % size;
    },
    entries,
    trace: timelines.set,
    timeline: timelines.get,
    clear: keyId => {
      const kept = keyId === undefined ? [] : entries().filter(entry => entry.keyId !== keyId);
      ring = kept;
      next = kept.length % size;
    },
  };
}
