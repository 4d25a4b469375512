/**
 * One measured API call. Consumes undici's dispatch callbacks, which note times and counts and nothing else; every
 * way the call can end becomes one Outcome. Nothing here retries: a second call is a second record.
 */
import type { Dispatcher } from 'undici';
import { type Deadlines, type Watch, watchDeadlines } from './call/deadlines.ts';
import { breakOf, expiryOf, failureOf, type Stage } from './call/failure.ts';
import { createLanes, type Lane, type Peer } from './call/lane.ts';
import {
  asAsked,
  createBodyReader,
  createStreamReader,
  type Expected,
  mostBytes,
  type Reader,
  tooLarge,
} from './call/reader.ts';
import { type CallRecord, type DeadlineName, type Draft, newDraft, retryAfterOf } from './call/record.ts';
import { type Clock, systemClock } from './clock.ts';
import { codeOf, UsageError } from './errors.ts';
import type { Outcome } from './outcome.ts';

export type { Deadlines } from './call/deadlines.ts';
export { type CallRecord, type DeadlineName, e2e, phases, tpot, ttfb, ttft, ttftVisible } from './call/record.ts';

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly expects: Expected;
}

/** Paths below the base URL; glm-api.md §1.2. */
const routes = {
  chat: { method: 'POST', path: '/chat/completions', expects: 'completion' },
  models: { method: 'GET', path: '/models', expects: 'list' },
  async_chat: { method: 'POST', path: '/async/chat/completions', expects: 'task' },
  async_result: { method: 'GET', path: '/async-result', expects: 'task' },
} as const satisfies Record<string, Route>;

export type CallKind = keyof typeof routes;

/** A call to make. `body` is the JSON text as it goes out, so that a load generator can prepare it. */
export interface CallRequest {
  readonly kind: CallKind;
  readonly body?: string;
  /** Which task, for `async_result`. */
  readonly taskId?: string;
  /** Whether the body asks for a stream. */
  readonly stream?: boolean;
}

export interface CallOptions {
  /** When the call should have begun; the moment of calling by default. */
  readonly intendedMs?: number | undefined;
  /** Aborting it ends the call as `cancelled`. */
  readonly signal?: AbortSignal | undefined;
  /** Keep the visible text in the record. Default false. */
  readonly keepText?: boolean | undefined;
  /** The header of that name, in place of the caller's key. */
  readonly authorization?: string | undefined;
  /** Called when the request leaves, if it does. */
  readonly onSent?: (() => void) | undefined;
  /** Called for every gap between two reads that brought tokens, in ms. */
  readonly onGap?: ((ms: number) => void) | undefined;
  /** Sees the exchange as it was on the wire; the key is not shown to it. */
  readonly trace?: Trace | undefined;
}

/** What a witness of one call is told. Moments are of the caller's clock. */
export interface Trace {
  sent(request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
  }): void;
  head(
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    peer: Peer,
    atMs: number,
  ): void;
  data(bytes: Uint8Array, atMs: number): void;
}

export interface Caller {
  /** Never rejects: whatever happens is the record's outcome. */
  call(request: CallRequest, options?: CallOptions): Promise<CallRecord>;
  /** Cuts every connection. */
  close(): void;
}

export interface CallerOptions {
  /** Up to and without `/chat/completions`, such as `https://open.bigmodel.cn/api/paas/v4`. */
  readonly baseUrl: string;
  /** The API key, or what makes a token for each call. */
  readonly key: string | (() => string | Promise<string>);
  /** A new connection for every call, or kept ones. */
  readonly connection: 'pooled' | 'fresh';
  /** Most connections at once; no limit by default. A call waits for a free one. */
  readonly connections?: number | undefined;
  readonly deadlines?: Deadlines | undefined;
  readonly clock?: Clock | undefined;
  /** PEM of a certificate authority trusted besides the built-in ones. */
  readonly ca?: string | undefined;
  /** URL of a proxy to tunnel through; it may hold a user and a password. Default: none, whatever the environment says. */
  readonly proxy?: string | undefined;
}

/** A chat call from a body; its `stream` flag decides how the answer is expected. */
export const chatCall = (body: Readonly<Record<string, unknown>>): CallRequest => ({
  kind: 'chat',
  body: JSON.stringify(body),
  stream: body.stream === true,
});

/** @example createCaller({ baseUrl, key, connection: 'fresh' }).call(chatCall({ model, messages, stream: true })) */
export function createCaller(options: CallerOptions): Caller {
  const {
    connection,
    connections = Number.POSITIVE_INFINITY,
    deadlines = {},
    clock = systemClock,
    ca,
    proxy,
  } = options;
  const base = new URL(options.baseUrl);
  const lanes = createLanes({ origin: base.origin, connection, connections, ca, proxy, clock });
  const secure = base.protocol === 'https:';
  const root = base.pathname.replace(/\/+$/, '');

  const call = async (request: CallRequest, how: CallOptions = {}): Promise<CallRecord> => {
    const intendedMs = how.intendedMs ?? clock.now();
    let authorization: string;
    try {
      authorization = how.authorization ?? bearer(typeof options.key === 'string' ? options.key : await options.key());
    } catch (error) {
      // What a token maker says may hold the key, so it is not repeated; a usage error never does.
      return unsent(intendedMs, clock, error instanceof UsageError ? error.message : 'no key could be made');
    }
    const free = lanes.take();
    const lane = 'client' in free ? free : await free;
    const { draft, usable } = await exchange({
      request,
      how,
      intendedMs,
      authorization,
      lane,
      root,
      secure,
      deadlines,
      clock,
    });
    lanes.give(lane, usable);
    return draft;
  };
  return { call, close: lanes.close };
}

const bearer = (key: string) => `Bearer ${key}`;

function unsent(intendedMs: number, clock: Clock, detail: string): CallRecord {
  const draft = newDraft(intendedMs, clock.now());
  draft.outcome = { kind: 'internal', detail };
  return draft;
}

interface Exchange {
  readonly request: CallRequest;
  readonly how: CallOptions;
  readonly intendedMs: number;
  readonly authorization: string;
  readonly lane: Lane;
  readonly root: string;
  readonly secure: boolean;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
}

/**
 * One request on one connection. Long because its callbacks share the state of one call and are made once for it:
 * an event then costs a parse and some assignments.
 */
function exchange(task: Exchange): Promise<{ draft: Draft; usable: boolean }> {
  const { request, how, lane, deadlines, clock } = task;
  const draft = newDraft(task.intendedMs, clock.now());
  const openedBefore = lane.opened;
  let reader: Reader | undefined;
  let watch: Watch | undefined;
  let streamed = false;
  let settled = false;
  let reading = false; // inside the callbacks of one read
  let readMs = 0;
  const endRead = () => {
    reading = false;
  };

  return new Promise(resolve => {
    const settle = (outcome: Outcome, usable: boolean) => {
      if (settled) return;
      settled = true;
      draft.endMs = clock.now();
      draft.outcome = outcome;
      watch?.end();
      how.signal?.removeEventListener('abort', cancelled);
      if (lane.opened !== openedBefore) notePhases(lane, draft);
      resolve({ draft, usable });
    };
    /** Ends a call whose connection is of no more use. An answer that was already complete stays what it was. */
    const fail = (outcome: Outcome) => {
      if (reader?.complete) settle(reader.end(), false);
      else settle(outcome, false);
    };
    const cancelled = () => fail({ kind: 'cancelled' });
    const onMissed = (name: DeadlineName) => {
      if (reader?.complete !== true) draft.deadline = name;
      fail(expiryOf(name, deadlines[name]));
    };

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => {
        draft.sentMs = clock.now();
      },
      onRequestSent: () => {
        draft.sentMs = clock.now();
        how.onSent?.();
      },
      onResponseStart: (_controller, status, headers) => {
        if (status < 200) return;
        draft.headMs = clock.now();
        draft.status = status;
        draft.logId = oneOf(headers['x-log-id']);
        draft.retryAfterMs = retryAfterOf(oneOf(headers['retry-after']), clock.wall());
        streamed = status === 200 && (oneOf(headers['content-type']) ?? '').startsWith('text/event-stream');
        const { expects } = routes[request.kind];
        reader = streamed ? createStreamReader(draft, how) : createBodyReader(draft, expects, how);
        how.trace?.head(status, headers, lane.peer(), draft.headMs);
      },
      onResponseData: (_controller, bytes) => {
        // undici calls once for every HTTP chunk; all chunks of one read come in one go and have one stamp, because the
        // microseconds between them are ours and not the service's.
        if (!reading) {
          readMs = clock.now();
          reading = true;
          queueMicrotask(endRead);
        }
        if (settled || reader === undefined) return;
        draft.bytes += bytes.length;
        if (draft.bytes > mostBytes) return fail(tooLarge);
        how.trace?.data(bytes, readMs);
        const before = draft.lastTokenMs;
        reader.feed(bytes, readMs);
        if (before === undefined && draft.lastTokenMs !== undefined && deadlines.idle !== undefined) watch?.again();
        if (!draft.done && reader.complete) settle(reader.end(), false);
      },
      onResponseEnd: () => {
        if (lane.broken !== undefined) return fail(failureOf(lane.broken, 'reading'));
        if (reader !== undefined) settle(asAsked(reader.end(), request.stream === true, streamed), true);
      },
      onResponseError: (_controller, error) =>
        fail(failureOf(lane.broken ?? breakOf(error), stageOf(lane, task.secure, draft))),
    };
    if (how.signal?.aborted) return settle({ kind: 'cancelled' }, true);
    how.signal?.addEventListener('abort', cancelled, { once: true });
    watch = watchDeadlines({ progress: draft, deadlines, stream: request.stream === true, clock, onMissed });
    try {
      lane.client.dispatch(dispatchOptions(task), handler);
    } catch (error) {
      settle({ kind: 'internal', detail: codeOf(error) ?? 'the request could not be built' }, false);
    }
  });
}

/** What opening its connection took. */
function notePhases({ connectMs, dnsMs, tcpMs, tlsMs }: Lane, draft: Draft): void {
  draft.reusedConnection = false;
  draft.connectMs = connectMs;
  draft.dnsMs = dnsMs;
  draft.tcpMs = tcpMs;
  draft.tlsMs = tlsMs;
}

/** No `accept-encoding`: a compressed stream would be measured by its deflate blocks. */
function dispatchOptions({ request, how, authorization, root }: Exchange): Dispatcher.DispatchOptions {
  const { method, path: below } = routes[request.kind];
  const path = `${root}${below}${request.taskId === undefined ? '' : `/${encodeURIComponent(request.taskId)}`}`;
  const headers = method === 'GET' ? { 'user-agent': agent } : headersOf(request);
  how.trace?.sent({ method, path, headers });
  return {
    method,
    path,
    headers: { authorization, ...headers },
    ...(method === 'POST' && { body: request.body ?? '' }),
  };
}

const agent = 'glm-testkit';

const headersOf = ({ stream }: CallRequest): Record<string, string> => ({
  'user-agent': agent,
  'content-type': 'application/json',
  accept: stream === true ? 'text/event-stream' : 'application/json',
});

const oneOf = (header: string | string[] | undefined) => (Array.isArray(header) ? header[0] : header);

/** How far the call had come: a connection that was opened for it goes through `tcp` and `tls` first. */
function stageOf(lane: Lane, secure: boolean, { sentMs, headMs }: Draft): Stage {
  if (headMs !== undefined) return 'reading';
  if (sentMs !== undefined) return 'waiting';
  if (lane.tcpMs === undefined) return 'tcp';
  return secure && lane.tlsMs === undefined ? 'tls' : 'waiting';
}
