/** What the journal knows of a request when it comes in; the rest is filled in on the way. */
import { presentedBy } from './credentials.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { JournalEntry } from './journal.ts';
import { lookAtUrl } from './key-in-url.ts';
import type { MockRequest } from './plan.ts';

/** @param n its number @param at wall time of its arrival, ms since 1970 @param keys secrets by id, of this mock */
export function newEntry(
  n: number,
  at: number,
  { method, path, body, headers, connection, reused, openedMs, arrivedMs, query = '' }: MockRequest,
  keys: ReadonlyMap<string, string>,
): JournalEntry {
  const { credential, token } = presentedBy(headers.authorization, keys, at);
  const seen = lookAtUrl(path.slice(0, 256), query, keys);
  // Field by field: a spread costs as much as all the rest of the entry.
  return {
    n,
    at,
    method,
    path: seen.path,
    keyInUrl: seen.keyInUrl,
    credential,
    token,
    keyId: undefined,
    model: undefined,
    stream: false,
    streamed: false,
    status: 0,
    code: 'none',
    ending: 'open',
    promptTokens: 0,
    completionTokens: 0,
    beats: 0,
    bytes: 0,
    durationMs: 0,
    worstLatenessMs: 0,
    strict: none,
    connection: connection ?? 0,
    reused: reused ?? false,
    connectionMs: openedMs === undefined ? 0 : arrivedMs - openedMs,
    spare: false,
    fingerprint: fingerprintOf(body),
    question: 0,
    turn: 0,
    attempt: attemptOf(headers),
    carries: none,
    params: none,
    finish: undefined,
    kinds: none,
    toolCalls: none,
    answeredTools: none,
    answerDigests: none,
    asked: none,
    faults: none,
    told: false,
    tokensAfterHangUp: 0,
    fixture: undefined,
  };
}

/** The clients that Stainless generates, `openai` among them, count their retries for the server. */
function attemptOf({ 'x-stainless-retry-count': text }: MockRequest['headers']): number | undefined {
  return text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : undefined;
}

const none: readonly never[] = [];
