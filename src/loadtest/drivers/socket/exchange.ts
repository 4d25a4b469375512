/** One request and what came of it, without the socket: told of an answer piece by piece, it ends in one record. */
import { expiryOf } from '../../../core/call/failure.ts';
import { asAsked, createBodyReader, mostBytes, tooLarge } from '../../../core/call/reader.ts';
import { type CallRecord, type DeadlineName, type Draft, newDraft, retryAfterOf } from '../../../core/call/record.ts';
import type { Deadlines } from '../../../core/call.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Outcome } from '../../../core/outcome.ts';
import type { AnswerHead } from './answer-parser.ts';
import { createEventReader, type RangeReader } from './event-reader.ts';

export interface Exchange {
  readonly draft: Draft;
  head(head: AnswerHead, atMs: number): void;
  body(bytes: Buffer, from: number, to: number, atMs: number): void;
  /** The answer ended as an answer should. */
  complete(): void;
  /** Nothing more can come. An answer that was already complete stays what it was. */
  fail(outcome: Outcome): void;
  /** When the next deadline is due on the clock; Infinity when there is none. */
  dueMs(): number;
  /** Ends the request if a deadline has passed. */
  look(): void;
}

export interface ExchangeOptions {
  /** When the request should have begun. */
  readonly intendedMs: number;
  /** Whether a stream was asked for. */
  readonly stream: boolean;
  readonly onGap: ((ms: number) => void) | undefined;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  /** Called once. @param sound whether the connection is as good as before */
  readonly onEnd: (record: CallRecord, sound: boolean) => void;
  /** A deadline that did not exist before does now. */
  readonly onDeadline: () => void;
}

export function createExchange({
  intendedMs,
  stream,
  onGap,
  deadlines,
  clock,
  onEnd,
  onDeadline,
}: ExchangeOptions): Exchange {
  const draft = newDraft(intendedMs, clock.now());
  let reader: RangeReader | undefined;
  let streamed = false;
  let ended = false;

  const end = (outcome: Outcome, sound: boolean) => {
    if (ended) return;
    ended = true;
    draft.endMs = clock.now();
    draft.outcome = outcome;
    onEnd(draft, sound);
  };
  const fail = (outcome: Outcome) => end(reader?.complete ? reader.end() : outcome, false);

  const head = ({ status, contentType, logId, retryAfter }: AnswerHead, atMs: number) => {
    if (ended) return;
    draft.headMs = atMs;
    draft.status = status;
    draft.logId = logId;
    draft.retryAfterMs = retryAfterOf(retryAfter, clock.wall());
    streamed = status === 200 && contentType?.startsWith('text/event-stream') === true;
    reader = streamed ? createEventReader(draft, { onGap }) : createRangeBodyReader(draft);
  };
  const body = (bytes: Buffer, from: number, to: number, atMs: number) => {
    if (ended || reader === undefined) return;
    draft.bytes += to - from;
    if (draft.bytes > mostBytes) return fail(tooLarge);
    const silent = draft.lastTokenMs === undefined;
    reader.feed(bytes, from, to, atMs);
    if (silent && draft.lastTokenMs !== undefined && deadlines.idle !== undefined) onDeadline();
    if (!draft.done && reader.complete) end(reader.end(), false);
  };
  const complete = () => {
    if (reader !== undefined) end(asAsked(reader.end(), stream, streamed), true);
  };

  const dueMs = () => {
    let due = Number.POSITIVE_INFINITY;
    for (const name of names) due = Math.min(due, dueOf(name));
    return due;
  };
  /** Infinity for a deadline that was met, or that was not set. */
  const dueOf = (name: DeadlineName): number => {
    const ms = deadlines[name];
    if (ms === undefined || isMet(name)) return Number.POSITIVE_INFINITY;
    return (name === 'idle' ? (draft.lastTokenMs ?? 0) : draft.startMs) + ms;
  };
  const isMet = (name: DeadlineName): boolean => {
    if (name === 'connect') return draft.sentMs !== undefined;
    if (name === 'first_byte') return draft.headMs !== undefined;
    if (name === 'first_token') return !stream || draft.firstTokenMs !== undefined;
    return name === 'idle' && draft.lastTokenMs === undefined;
  };
  const look = () => {
    const due = dueMs();
    const name = due <= clock.now() ? names.find(each => dueOf(each) === due) : undefined;
    if (name === undefined) return;
    if (reader?.complete !== true) draft.deadline = name;
    fail(expiryOf(name, deadlines[name]));
  };
  return { draft, head, body, complete, fail, dueMs, look };
}

/** Most specific first: of deadlines that are due at the same moment the first one is named. */
const names = ['connect', 'first_byte', 'first_token', 'total', 'idle'] as const satisfies readonly DeadlineName[];

/** Keeps a copy of every part: the bytes it is told are the next read's. */
function createRangeBodyReader(draft: Draft): RangeReader {
  const { feed, complete, end } = createBodyReader(draft, 'completion', {});
  return { feed: (bytes, from, to, atMs) => feed(Buffer.from(bytes.subarray(from, to)), atMs), complete, end };
}
