/** What the mock was asked and how it ended, in bounded memory. Never holds a prompt, an answer or a key's secret. */
import { createRecent } from '../core/recent.ts';
import { createRing } from './ring.ts';

/** One request: what was asked, what was answered, and how it ended. */
export interface JournalEntry {
  /** Counts from 1 in order of arrival. */
  readonly n: number;
  /** Wall time of the arrival, ms since 1970. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** Number of the credential that it came with, in order of first sight by this process; 0 for none. */
  readonly credential: number;
  /** The same of the header’s very text: a JWT that was minted anew has another one. */
  readonly token: number;
  /** Undefined for whoever was not let in. */
  keyId: string | undefined;
  model: string | undefined;
  /** Whether a stream was asked for. */
  stream: boolean;
  /** Whether one was answered. */
  streamed: boolean;
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
  /** How long that connection had been open; 0 where it is not known. */
  connectionMs: number;
  /** Whether it opened a connection although one of its key had been left free a moment before. */
  spare: boolean;
  /** Digest of the body: a repeated request is known by it, without keeping what it said. */
  fingerprint: number;
  /** Digests of the conversation and of its last turn; 0 where there is none. */
  question: number;
  turn: number;
  /** How many retries came before, where the client says so (`x-stainless-retry-count`). */
  attempt: number | undefined;
  /** Numbers of the requests whose unfinished answers this one brings back as the assistant's words. */
  carries: readonly number[];
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
  /** Names of the scenarios that were to strike. */
  asked: readonly string[];
  /** Those of them that changed something. */
  faults: readonly string[];
  /** Whether the answer carried `Retry-After`. */
  told: boolean;
  /** Tokens that a service goes on generating after the client hung up; 0 for any other ending. */
  tokensAfterHangUp: number;
  /** The fixture that answered, as `file#n` or its name. */
  fixture: string | undefined;
  /** Whether a key was seen in the URL. */
  keyInUrl: boolean;
}

/** What a verdict reads. */
export interface History {
  /** Oldest first: of the requests that the journal no longer keeps, those that tell something; then all that it keeps. */
  readonly entries: readonly JournalEntry[];
  /** How many more there were. */
  readonly dropped: number;
  /** How many of those met a fault or an error. */
  readonly lost: number;
}

/** Takes what leaves the journal, and keeps as much of it as a verdict needs. */
export interface Archive {
  retire(entry: JournalEntry): void;
  /** For everybody, or for one key. */
  history(keyId?: string): History;
  clear(keyId?: string): void;
}

export interface Journal {
  add(entry: JournalEntry): void;
  /** The kept entries, oldest first. */
  entries(): JournalEntry[];
  /** The kept entries and the archive's, of everybody or of one key. */
  history(keyId?: string): History;
  /** Keeps when a stream's chunks were due and sent, for the last streams. */
  trace(n: number, moments: readonly number[]): void;
  timeline(n: number): readonly number[] | undefined;
  /** Forgets everything, or one key's requests. */
  clear(keyId?: string): void;
}

/** @param size how many entries are kept */
export function createJournal(size: number, archive: Archive): Journal {
  const ring = createRing<JournalEntry>(size);
  const timelines = createRecent<readonly number[], number>(100);
  const add: Journal['add'] = entry => {
    const gone = ring.put(entry);
    if (gone !== undefined) archive.retire(gone);
  };
  const history: Journal['history'] = keyId => {
    const { entries, dropped, lost } = archive.history(keyId);
    const kept = ring.items().filter(entry => keyId === undefined || entry.keyId === keyId);
    return { entries: [...entries, ...kept], dropped, lost };
  };
  const clear: Journal['clear'] = keyId => {
    archive.clear(keyId);
    ring.clear(keyId === undefined ? undefined : entry => entry.keyId !== keyId);
  };
  return { add, entries: ring.items, history, trace: timelines.set, timeline: timelines.get, clear };
}
