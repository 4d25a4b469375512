/** Plays a recording back: finds the exchange for a request, and makes of it a plan that the mock's own players carry out. */
import type { IncomingMessage } from 'node:http';
import { bytesOf, type Match, type RecordedExchange } from '../../core/cassette/cassette.ts';
import { cleanBody, fingerprintOf } from '../../core/cassette/fingerprint.ts';
import { redactText, secretsOf } from '../../core/cassette/redaction.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { createHistogram } from '../../core/histogram.ts';
import type { Beat, MockRequest, ReplyPlan } from '../plan.ts';
import { playOnNode } from '../player.ts';
import { fittingOf, type Wanted } from './match.ts';
import { nearestTo } from './nearest.ts';
import { type ServerOptions, serve } from './server.ts';

export type Asked = Pick<MockRequest, 'method' | 'path' | 'body'> & Partial<Pick<MockRequest, 'query' | 'headers'>>;

export type Found =
  | { readonly kind: 'found'; readonly exchange: RecordedExchange }
  | { readonly kind: 'missing'; readonly message: string };

export interface FindOptions {
  /** How every exchange is matched. Default: as each says itself, which is `body` where it says nothing. */
  readonly match?: Match | undefined;
  /** Those that were found before. Of several that fit they come in their order, then the last one again. */
  readonly played?: ReadonlySet<RecordedExchange>;
}

/** The recorded exchange for a request: same method, path and, by default, body; credentials and ids of a call aside. */
export function find(
  exchanges: readonly RecordedExchange[],
  asked: Asked,
  { match, played = new Set() }: FindOptions = {},
): Found {
  const wanted = wantedOf(asked);
  const fitting = fittingOf(exchanges, wanted, match);
  const exchange = fitting.find(one => !played.has(one)) ?? fitting.at(-1);
  if (exchange !== undefined) return { kind: 'found', exchange };
  return { kind: 'missing', message: nearestTo(exchanges, wanted) };
}

/**
 * What was recorded as a plan: the same bytes in the same pieces, at their times divided by `speed`, or all at once for 0.
 * Where the client hung up nobody knows what would have come, so the plan falls silent there.
 */
export function planOf({ response }: RecordedExchange, speed: number): ReplyPlan {
  const at = (ms: number) => (speed === 0 ? 0 : ms / speed);
  const { status, headers, headMs } = response;
  return {
    ...(status !== undefined && { head: { at: at(headMs), status, headers } }),
    beats: { [Symbol.iterator]: () => beats(response, at) },
  };
}

export interface ReplayOptions {
  readonly exchanges: readonly RecordedExchange[];
  /** What of a request must be as recorded. Default: as each exchange says itself, which is `body` where it says nothing. */
  readonly match?: Match | undefined;
  /** 1 as recorded, 10 ten times as fast, 0 at once. Default 1. */
  readonly speed?: number;
  /** Default 0: any free one. */
  readonly port?: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  readonly clock?: Clock;
  /** Told about requests that are not in the recording. */
  readonly warn?: (sentence: string) => void;
}

export interface Replay {
  readonly url: string;
  /** `url` with the path of the base URL that was recorded. */
  readonly baseUrl: string;
  /** How many requests were not in the recording. */
  unmatched(): number;
  close(options?: { graceMs?: number }): Promise<void>;
}

/** Serves a recording. Any key is accepted: none was kept. @throws {UsageError} `port_in_use`, `no_listen` */
export async function startReplay(options: ReplayOptions): Promise<Replay> {
  const { exchanges, match, speed = 1, port = 0, host = '127.0.0.1', clock = systemClock, warn = () => {} } = options;
  const played = new Set<RecordedExchange>();
  const lateness = createHistogram();
  let unmatched = 0;

  const planFor = (asked: Asked): ReplyPlan => {
    const found = find(exchanges, asked, { match, played });
    if (found.kind === 'found') {
      played.add(found.exchange);
      return planOf(found.exchange, speed);
    }
    unmatched++;
    warn(found.message);
    return refusal(found.message);
  };
  const answer: ServerOptions['answer'] = (req, res, body, arrivedMs) => {
    const plan = planFor(askedOf(req, body));
    playOnNode({ plan, settle: () => {} }, arrivedMs, res, clock, lateness);
  };
  const { url, close } = await serve({ host, port, clock, answer });
  const baseUrl = url + (exchanges[0]?.base ?? '');
  return { url, baseUrl, unmatched: () => unmatched, close: ({ graceMs = 1000 } = {}) => close(graceMs) };
}

function askedOf({ method = 'GET', url = '/', headers }: IncomingMessage, body: Buffer): Asked {
  const [path = '', query = ''] = url.split(/\?(.*)/s);
  return { method, path, query, headers: headers as MockRequest['headers'], body: body.toString() };
}

function wantedOf({ method, path, body, query, headers = {} }: Asked): Wanted {
  const given = Object.entries(headers).flatMap(([name, value]): [string, string][] => (value ? [[name, value]] : []));
  const secrets = secretsOf(given, query);
  const clean = cleanBody(body, secrets);
  return {
    method,
    path: redactText(path, secrets),
    clean,
    fingerprints: [fingerprintOf(clean), fingerprintOf(cleanBody(body))],
  };
}

function* beats({ chunks, ending, endMs }: RecordedExchange['response'], at: (ms: number) => number): Generator<Beat> {
  for (const chunk of chunks) yield { at: at(chunk.atMs), send: bytesOf(chunk) };
  if (ending !== 'complete') yield { at: at(endMs), end: ending === 'aborted' ? 'hang' : ending };
}

/** An answer of the mock's own: no SDK may retry it, and nobody take it for the API's. */
function refusal(message: string): ReplyPlan {
  const send = JSON.stringify({ error: { code: 'mock_no_recording', message } });
  const headers = ['content-type', 'application/json', 'x-should-retry', 'false'];
  headers.push('content-length', String(Buffer.byteLength(send)));
  return { head: { at: 0, status: 418, headers }, beats: [{ at: 0, send }] };
}
