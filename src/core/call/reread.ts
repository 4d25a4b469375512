/** The record of a call from what was recorded of it: the same reader, the same names, no network. */
import { bytesOf, type RecordedExchange } from '../cassette/cassette.ts';
import { pairsOf } from '../cassette/hop.ts';
import { isObject } from '../json-object.ts';
import type { Outcome } from '../outcome.ts';
import { failureOf } from './failure.ts';
import { asAsked, createBodyReader, createStreamReader, type Expected, type Reader } from './reader.ts';
import { type CallRecord, type DeadlineName, type Draft, newDraft } from './record.ts';

export interface RereadOptions {
  readonly expects: Expected;
  /** From the planned start to the moment the request had left, in ms. Default 0. */
  readonly leadMs?: number;
  /** To name the one that was passed when the caller hung up. */
  readonly deadlines: Readonly<Partial<Record<DeadlineName, number>>>;
}

/** Moments count from the planned start. The phases of the connection were not recorded. */
export function reread({ request, response }: RecordedExchange, options: RereadOptions): CallRecord {
  const { expects, leadMs = 0 } = options;
  const { status, chunks, ending } = response;
  const stream = asksForStream(request.body);
  const draft = newDraft(0, 0);
  draft.sentMs = leadMs;
  draft.endMs = leadMs + response.endMs;
  if (status === undefined) return { ...draft, ...unanswered(ending, draft, stream, options) };
  const headers = new Map(pairsOf(response.headers).map(([name, value]) => [name.toLowerCase(), value]));
  draft.headMs = leadMs + response.headMs;
  draft.status = status;
  draft.logId = headers.get('x-log-id');
  const streamed = status === 200 && (headers.get('content-type') ?? '').startsWith('text/event-stream');
  const how = { keepText: true };
  const reader = streamed ? createStreamReader(draft, how) : createBodyReader(draft, expects, how);
  for (const chunk of chunks) {
    const bytes = bytesOf(chunk);
    draft.bytes += bytes.length;
    reader.feed(bytes, leadMs + chunk.atMs);
  }
  const ended = answered(reader, ending, draft, stream, streamed, options); // writes into the draft as well
  return { ...draft, ...ended };
}

type Ended = Pick<CallRecord, 'outcome' | 'deadline'>;
type Ending = RecordedExchange['response']['ending'];

function unanswered(ending: Ending, draft: Draft, stream: boolean, options: RereadOptions): Ended {
  if (ending === 'aborted') return passed(draft, stream, options);
  return { outcome: failureOf(ending === 'fin' ? 'closed' : 'ECONNRESET', 'waiting'), deadline: undefined };
}

function answered(
  reader: Reader,
  ending: Ending,
  draft: Draft,
  stream: boolean,
  streamed: boolean,
  options: RereadOptions,
): Ended {
  const whole = ending === 'complete' || reader.complete;
  if (!whole && ending === 'aborted') return passed(draft, stream, options);
  if (!whole) return { outcome: failureOf(ending === 'fin' ? 'closed' : 'ECONNRESET', 'reading'), deadline: undefined };
  return { outcome: asAsked(reader.end(), stream, streamed), deadline: undefined };
}

/** Times are rounded to microseconds, and a timer never fires early. */
const toleranceMs = 1;

/** Which deadline made the caller hang up; none: it was told to. */
function passed(draft: Draft, stream: boolean, { deadlines }: RereadOptions): Ended {
  const { endMs, headMs, firstTokenMs, lastTokenMs } = draft;
  const since: readonly (readonly [DeadlineName, number | undefined, Outcome['kind']])[] = [
    ['first_byte', headMs === undefined ? 0 : undefined, 'timeout_first_byte'],
    ['first_token', stream && firstTokenMs === undefined ? 0 : undefined, 'timeout_first_token'],
    ['idle', lastTokenMs, 'stalled'],
    ['total', 0, 'timeout_total'],
  ];
  for (const [name, from, kind] of since) {
    const ms = deadlines[name];
    if (ms !== undefined && from !== undefined && endMs - from >= ms - toleranceMs)
      return { outcome: { kind, detail: `deadline ${name} of ${ms} ms` }, deadline: name };
  }
  return { outcome: { kind: 'cancelled' }, deadline: undefined };
}

const asksForStream = (body: unknown): boolean => isObject(body) && body.stream === true;
