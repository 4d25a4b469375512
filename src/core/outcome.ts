/**
 * The closed list of ways a call can end. The same word is the metric label, the report row, the alert's condition and
 * the test's expectation, so the list stays short and low in cardinality; whatever varies goes into `detail`.
 */
import { oneLine } from './one-line.ts';
import { businessCode } from './wire/errors.ts';
import { mockCode } from './wire/mock-codes.ts';

/** Whose fault an ending is. Only `provider` and `network` count against a service level. */
export type FaultDomain = 'provider' | 'account' | 'network' | 'client' | 'prober';

/** What a caller should do next: never repeat the call, repeat it with exponential backoff, or wait for a reset. */
export type Retry = 'never' | 'backoff' | 'after_reset';

interface Ending {
  readonly domain: FaultDomain | null;
  readonly retry: Retry;
  readonly meaning: string;
}

/** Every reason with its fault domain and whether repeating the call can help. */
export const endings = {
  ok: { domain: null, retry: 'never', meaning: 'complete, visible answer' },

  overloaded: { domain: 'provider', retry: 'backoff', meaning: 'the platform sheds load (1305, 1312, 503, 529)' },
  server_error: { domain: 'provider', retry: 'backoff', meaning: 'any other 5xx (500, 1200, 1230, 1234)' },
  gateway_error: { domain: 'provider', retry: 'backoff', meaning: 'an answer that is not the API speaking (HTML)' },
  error_in_stream: { domain: 'provider', retry: 'backoff', meaning: 'an error object inside a 200 stream' },
  network_error: { domain: 'provider', retry: 'backoff', meaning: 'finish_reason network_error: inference broke off' },
  truncated: { domain: 'provider', retry: 'backoff', meaning: 'the stream ended without a finish_reason' },
  malformed: { domain: 'provider', retry: 'backoff', meaning: 'a frame or body that cannot be parsed' },
  stalled: { domain: 'provider', retry: 'backoff', meaning: 'silence between tokens longer than the idle deadline' },
  timeout_first_byte: { domain: 'provider', retry: 'backoff', meaning: 'no response headers in time' },
  timeout_first_token: { domain: 'provider', retry: 'backoff', meaning: 'headers, but no token in time' },
  timeout_total: { domain: 'provider', retry: 'backoff', meaning: 'not finished in time' },
  reasoning_only: { domain: 'provider', retry: 'never', meaning: 'thinking, but no visible answer' },
  answer_in_reasoning: { domain: 'provider', retry: 'never', meaning: 'the right answer, but filed as thinking' },
  empty: { domain: 'provider', retry: 'backoff', meaning: 'neither thinking nor an answer' },
  usage_missing: { domain: 'provider', retry: 'never', meaning: 'complete, but without token usage' },
  contract: { domain: 'provider', retry: 'never', meaning: 'an answer of a shape the API does not document' },
  wrong_answer: { domain: 'provider', retry: 'never', meaning: 'an answer, but not the one that was expected' },
  slow: { domain: 'provider', retry: 'backoff', meaning: 'complete and right, but slower than was expected' },
  context_exceeded: { domain: 'client', retry: 'never', meaning: 'finish_reason model_context_window_exceeded' },
  unknown_code: { domain: 'provider', retry: 'never', meaning: 'a business code that is not in the table' },

  auth: { domain: 'account', retry: 'never', meaning: 'the key or token was refused (401, 1000–1002, 1004)' },
  token_expired: { domain: 'account', retry: 'never', meaning: 'the JWT is expired (1003)' },
  account_locked: { domain: 'account', retry: 'never', meaning: 'the account itself is blocked (1005, 1100–1121)' },
  balance_exhausted: { domain: 'account', retry: 'never', meaning: 'no money or no package (1113)' },
  rate_limited: {
    domain: 'account',
    retry: 'backoff',
    meaning: 'too many requests in flight or too often (1302, 1303)',
  },
  quota_exhausted: {
    domain: 'account',
    retry: 'after_reset',
    meaning: 'a plan window is used up (1304, 1308, 1310, …)',
  },
  plan_expired: { domain: 'account', retry: 'never', meaning: 'the plan has ended (1309, 1314)' },
  no_permission: {
    domain: 'account',
    retry: 'never',
    meaning: 'the plan or key does not include this (1220, 1311, 1315)',
  },
  fair_use: { domain: 'account', retry: 'never', meaning: 'throttled for the way the plan is used (1313)' },

  bad_request: { domain: 'client', retry: 'never', meaning: 'a parameter is wrong (1210, 1212–1215)' },
  prompt_too_long: { domain: 'client', retry: 'never', meaning: 'the prompt exceeds the context (1261)' },
  model_unavailable: { domain: 'client', retry: 'never', meaning: 'no such model or API (1211, 1221, 1222)' },
  not_found: {
    domain: 'client',
    retry: 'never',
    meaning: 'wrong path, method or task id (404, 405, 1233), or nothing in the mock to answer with',
  },
  duplicate_request_id: { domain: 'client', retry: 'never', meaning: 'the request_id was used before (1231)' },
  content_filtered: { domain: 'client', retry: 'never', meaning: 'stopped by content review (1300, 1301, sensitive)' },
  cancelled: { domain: 'client', retry: 'never', meaning: 'the caller hung up' },

  dns: { domain: 'network', retry: 'backoff', meaning: 'the name did not resolve' },
  tcp: { domain: 'network', retry: 'backoff', meaning: 'no connection (refused, unreachable)' },
  timeout_connect: { domain: 'network', retry: 'backoff', meaning: 'no connection in time' },
  tls: { domain: 'network', retry: 'never', meaning: 'the TLS handshake or certificate failed' },
  reset: { domain: 'network', retry: 'backoff', meaning: 'the connection broke before the answer was complete' },

  internal: { domain: 'prober', retry: 'never', meaning: 'this program could not do its part' },
} as const satisfies Record<string, Ending>;

/** The word for how a call ended; metric label, report row and test expectation alike. */
export type Reason = keyof typeof endings;

/** How one call ended. `detail` is for people; it never holds a prompt, an answer or a secret. */
export interface Outcome {
  readonly kind: Reason;
  readonly detail?: string;
  /** What the code of an `error_in_stream` stands for, where it is known: it tells whose fault it is and what to do next. */
  readonly cause?: Reason;
}

export const reasons = Object.keys(endings) as Reason[];

/** The fault domain of a reason; null for `ok`. */
export const domainOf = (kind: Reason): FaultDomain | null => endings[kind].domain;

/** What a caller should do after this ending. */
export const retryOf = (kind: Reason): Retry => endings[kind].retry;

/** What is known about a finished exchange once it produced an HTTP answer; all of it raw. */
export interface Answered {
  readonly status: number;
  /** `error.code` of the body, wherever it was found; undefined when the answer had none. */
  readonly code: string | undefined;
  /** Whether the body could be read as the API's own JSON. */
  readonly parsed: boolean;
  /** Whether the error arrived inside a stream that began with 200. */
  readonly errorInStream: boolean;
  readonly finishReason: string | undefined;
  readonly visible: boolean;
  readonly reasoned: boolean;
  readonly usage: boolean;
}

/** Names the ending of an exchange that was answered. Transport failures and deadlines are named where they happen. */
export function classify(answer: Answered): Outcome {
  if (answer.errorInStream) return errorInStream(answer.code);
  if (answer.code !== undefined) return outcomeOfCode(answer.code, answer.status);
  if (answer.status !== 200) return outcomeOfStatus(answer);
  if (!answer.parsed) return { kind: 'gateway_error', detail: '200 with a body that is not the API’s JSON' };
  return outcomeOfFinish(answer);
}

function errorInStream(code = 'none'): Outcome {
  const cause = businessCode(code)?.reason;
  return { kind: 'error_in_stream', detail: `code ${oneLine(code.slice(0, 32))}`, ...(cause && { cause }) };
}

function outcomeOfCode(code: string, status: number): Outcome {
  const known = businessCode(code);
  if (known !== undefined) return { kind: known.reason, detail: `HTTP ${status}, code ${code}` };
  const detail = `HTTP ${status}, code ${oneLine(code.slice(0, 32))}`;
  const own = mockCode(code);
  return own === undefined
    ? { kind: 'unknown_code', detail }
    : { kind: own.reason, detail: `${detail}: ${own.remedy}` };
}

function outcomeOfStatus({ status, parsed }: Answered): Outcome {
  const detail = `HTTP ${status} without a business code`;
  if (status === 503 || status === 529) return { kind: 'overloaded', detail };
  // These two say the same whoever wrote the page; a WAF writes others for calls that the API would have answered.
  if (status === 401) return { kind: 'auth', detail };
  if (status === 429) return { kind: 'rate_limited', detail };
  if (!parsed) return { kind: 'gateway_error', detail };
  if (status === 403) return { kind: 'auth', detail };
  if (status === 404 || status === 405) return { kind: 'not_found', detail };
  if (status >= 500) return { kind: 'server_error', detail };
  return { kind: status >= 400 ? 'bad_request' : 'contract', detail };
}

const finishes: ReadonlyMap<string, Reason> = new Map([
  ['network_error', 'network_error'],
  ['sensitive', 'content_filtered'],
  ['model_context_window_exceeded', 'context_exceeded'],
]);

function outcomeOfFinish({ finishReason, visible, reasoned, usage }: Answered): Outcome {
  if (finishReason === undefined) return { kind: 'truncated', detail: 'no finish_reason' };
  const bad = finishes.get(finishReason);
  if (bad === undefined && visible) return usage ? { kind: 'ok' } : { kind: 'usage_missing' };
  const detail = `finish_reason ${oneLine(finishReason.slice(0, 32))}`;
  if (bad !== undefined) return { kind: bad, detail };
  return { kind: reasoned ? 'reasoning_only' : 'empty', detail };
}
