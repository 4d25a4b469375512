/** What one call left behind: raw times and counts. Everything computed is a pure function of it, below. */
import type { Outcome } from '../outcome.ts';
import type { Usage } from '../wire/chat.ts';

/** The deadlines a call can have; the one that fired is named in the record and gives the outcome. */
export type DeadlineName = 'connect' | 'first_byte' | 'first_token' | 'idle' | 'total';

/** Every `…Ms` is a moment of the caller's monotonic clock unless it says otherwise; undefined: it did not happen. */
export interface CallRecord {
  /** When the call should have begun; latencies count from here, so a late start is not hidden. */
  readonly intendedMs: number;
  /** When it had a connection, or began to open one. */
  readonly startMs: number;
  /** Ends of the phases of a connection opened for this call. */
  readonly connectMs: number | undefined;
  readonly dnsMs: number | undefined;
  readonly tcpMs: number | undefined;
  readonly tlsMs: number | undefined;
  /** The whole request was handed to the socket. */
  readonly sentMs: number | undefined;
  readonly headMs: number | undefined;
  /** First event of a stream, tokens or not (a chunk with nothing but a role counts). */
  readonly firstEventMs: number | undefined;
  /** First token of any kind: thinking, content or tool call. */
  readonly firstTokenMs: number | undefined;
  /** First content with something to see (white space alone does not count), or first tool call. */
  readonly firstVisibleMs: number | undefined;
  /** First content, white space included. */
  readonly firstContentMs: number | undefined;
  readonly firstReasoningMs: number | undefined;
  readonly firstToolMs: number | undefined;
  readonly lastTokenMs: number | undefined;
  readonly endMs: number;
  /** Longest time in ms between two reads that brought tokens. */
  readonly maxGapMs: number;
  /** Events of the stream, `[DONE]` not counted. */
  readonly chunks: number;
  /** Token events that came in the same read as the one before: their true distance is not known. */
  readonly coalesced: number;
  /** Bytes of the body. */
  readonly bytes: number;
  readonly status: number | undefined;
  /** The business code as text, wherever the answer held it. */
  readonly code: string | undefined;
  /** The error's own words, as they came, at most `mostMessage` characters. */
  readonly message: string | undefined;
  readonly finishReason: string | undefined;
  readonly model: string | undefined;
  readonly id: string | undefined;
  /** Header `retry-after` in ms; GLM was never seen to send it, gateways in front of it are. */
  readonly retryAfterMs: number | undefined;
  /** Header `x-log-id`, for the vendor's support. */
  readonly logId: string | undefined;
  readonly usage: Usage | undefined;
  readonly reusedConnection: boolean;
  /** Whether `[DONE]` was seen. */
  readonly done: boolean;
  readonly deadline: DeadlineName | undefined;
  /** Characters of visible content. */
  readonly visibleChars: number;
  /** The visible content; only when the call was asked to keep it. */
  readonly text: string | undefined;
  /** The thinking; kept with the text. */
  readonly reasoning: string | undefined;
  /** The tool calls, fragments of a stream joined; kept with the text. */
  readonly toolCalls: readonly CalledTool[] | undefined;
  /** Ids of a list of models. */
  readonly listed: readonly string[] | undefined;
  /** `task_status` of an asynchronous task. */
  readonly taskStatus: string | undefined;
  readonly outcome: Outcome;
}

/** Longer words of an error are cut. */
export const mostMessage = 4096;

export interface CalledTool {
  readonly id: string;
  readonly name: string;
  /** As the model wrote them: JSON, if all is well. */
  readonly arguments: string;
}

/** A record while it is being written. All fields exist from the start, so the engine keeps one shape. */
export type Draft = { -readonly [K in keyof CallRecord]: CallRecord[K] };

export const newDraft = (intendedMs: number, startMs: number): Draft => ({
  intendedMs,
  startMs,
  connectMs: undefined,
  dnsMs: undefined,
  tcpMs: undefined,
  tlsMs: undefined,
  sentMs: undefined,
  headMs: undefined,
  firstEventMs: undefined,
  firstTokenMs: undefined,
  firstVisibleMs: undefined,
  firstContentMs: undefined,
  firstReasoningMs: undefined,
  firstToolMs: undefined,
  lastTokenMs: undefined,
  endMs: startMs,
  maxGapMs: 0,
  chunks: 0,
  coalesced: 0,
  bytes: 0,
  status: undefined,
  code: undefined,
  message: undefined,
  finishReason: undefined,
  model: undefined,
  id: undefined,
  retryAfterMs: undefined,
  logId: undefined,
  usage: undefined,
  reusedConnection: true,
  done: false,
  deadline: undefined,
  visibleChars: 0,
  text: undefined,
  reasoning: undefined,
  toolCalls: undefined,
  listed: undefined,
  taskStatus: undefined,
  outcome: { kind: 'internal' },
});

/** Whole seconds or a date; anything else is no wait. @param wallMs ms since 1970 */
export function retryAfterOf(header: string | undefined, wallMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - wallMs);
}

const span = (from: number | undefined, to: number | undefined) =>
  from === undefined || to === undefined ? undefined : to - from;

/** Time to the first token of any kind, in ms. */
export const ttft = (record: CallRecord) => span(record.intendedMs, record.firstTokenMs);

/** Time to the first visible token, in ms. */
export const ttftVisible = (record: CallRecord) => span(record.intendedMs, record.firstVisibleMs);

/** From the request sent to the response head, in ms. */
export const ttfb = (record: CallRecord) => span(record.sentMs, record.headMs);

/** The whole call in ms. */
export const e2e = (record: CallRecord) => record.endMs - record.intendedMs;

/** Mean time in ms per output token after the first one; undefined without usage or with fewer than two tokens. */
export function tpot({ firstTokenMs, lastTokenMs, usage }: CallRecord): number | undefined {
  const total = span(firstTokenMs, lastTokenMs);
  if (total === undefined || usage === undefined || usage.completion_tokens < 2) return undefined;
  return total / (usage.completion_tokens - 1);
}

/** Durations in ms of the connection phases; undefined where the phase was not gone through. */
export function phases({ connectMs, dnsMs, tcpMs, tlsMs }: CallRecord) {
  return { dnsMs: span(connectMs, dnsMs), tcpMs: span(dnsMs ?? connectMs, tcpMs), tlsMs: span(tcpMs, tlsMs) };
}
