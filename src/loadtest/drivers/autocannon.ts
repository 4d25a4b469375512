/**
 * Unary calls over plain HTTP: autocannon's sockets, request building and parser, without its loop, its clock and its
 * statistics. Its clients are tamed from `setupClient`: they send when the runner says so, and every ending that
 * autocannon hides (a FIN in a body, a refused port, bytes that are not HTTP) becomes an Outcome.
 * What is overridden is private to autocannon 9; test/loadtest/autocannon.test.ts notices when it changes.
 */
import type { Socket } from 'node:net';
import autocannon from 'autocannon';
import { watchDeadlines } from '../../core/call/deadlines.ts';
import { breakOf, expiryOf, failureOf, type Stage } from '../../core/call/failure.ts';
import { createBodyReader, mostBytes, tooLarge } from '../../core/call/reader.ts';
import { type CallRecord, type DeadlineName, type Draft, newDraft, retryAfterOf } from '../../core/call/record.ts';
import type { Clock } from '../../core/clock.ts';
import type { Outcome } from '../../core/outcome.ts';
import { type CreateDriver, deadlinesOf, type SendOptions } from './driver.ts';

/** Longer than any run; autocannon's own limits must not be what ends it. In seconds, below 2^31 ms. */
const never = 2_000_000;

export const createAutocannonDriver: CreateDriver = (plan, clock) => {
  const guns: Gun[] = [];
  const ended = Promise.withResolvers<void>();
  const deadlines = deadlinesOf(plan);
  const instance = autocannon(
    {
      url: `${plan.baseUrl.replace(/\/+$/, '')}/chat/completions`,
      connections: plan.concurrency,
      pipelining: 1,
      method: 'POST',
      headers: headersOf(`Bearer ${plan.key}`),
      duration: never,
      timeout: never,
      // How often it looks whether it was stopped, in ms.
      sampleInt: 50,
      // No rate options, so nothing is "corrected" (it would be in the wrong unit). `ignoreCoordinatedOmission: true`
      // would say so, but autocannon 9 refuses it where there is no rate (lib/validate.js).
      skipAggregateResult: true,
      setupClient: client => {
        guns.push(createGun(client as TameableClient, deadlines, clock));
      },
    },
    error => (error ? ended.reject(error) : ended.resolve()),
  );
  const send = async (body: string, options: SendOptions) => {
    const gun = guns.pop();
    if (gun === undefined) throw new Error('more requests at once than the plan’s concurrency');
    const record = await gun.fire(body, options);
    guns.push(gun);
    return record;
  };
  const close = () => {
    instance.stop();
    return ended.promise;
  };
  return { send, close };
};

const headersOf = (authorization: string) => ({
  authorization,
  'content-type': 'application/json',
  accept: 'application/json',
  'user-agent': 'glm-testkit',
});

/** What we use of an autocannon client beyond its published type. */
interface TameableClient extends autocannon.Client {
  conn: Socket;
  readonly parser: {
    readonly type: string;
    execute(bytes: Buffer): unknown;
    finish(): unknown;
    /** Reads on to the end of a line; undefined when it has not come yet. */
    consumeLine(): string | undefined;
    state: string;
    body_bytes: number | null;
    /** States; the parser calls the one it is in by its name. */
    BODY_CHUNKHEAD(): void;
    BODY_SIZED(): void;
    reinitialize(type: string): void;
    readonly constructor: { readonly kOnHeadersComplete: number; readonly kOnMessageComplete: number };
    [hook: number]: ((head: Head) => unknown) | undefined;
  };
  readonly pipelinedRequests: { addBody(bytes: Buffer): void; size(): number };
  _connect(): void;
  _doRequest(): void;
  _destroyConnection(): void;
}

interface Head {
  readonly statusCode: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly shouldKeepAlive: boolean;
}

/** One connection with at most one request on it. */
interface Gun {
  fire(body: string, options: SendOptions): Promise<CallRecord>;
}

/** The request under way on a connection. */
interface Shot {
  readonly draft: Draft;
  sent(atMs: number): void;
  head(head: Head): void;
  body(bytes: Uint8Array): void;
  complete(): void;
  fail(outcome: Outcome): void;
}

function createGun(client: TameableClient, deadlines: Deadlines, clock: Clock): Gun {
  const base: TameableClient = Object.getPrototypeOf(client);
  let shot: Shot | undefined;
  let connected = false;
  let keepAlive = true;
  let fenced = false;

  // autocannon reconnects at once and sends at once; here both happen on demand.
  client._connect = () => {};
  client._doRequest = () => {};
  client._destroyConnection = () => {
    if (client.conn !== undefined) base._destroyConnection.call(client);
  };
  const drop = () => {
    connected = false;
    client._destroyConnection();
    client.parser.reinitialize(client.parser.type);
  };
  const fail = (outcome: Outcome) => {
    drop();
    shot?.fail(outcome);
  };
  const broken = (how: string) => fail(failureOf(how, stageOf(shot?.draft)));

  const open = (draft: Draft) => {
    connected = true;
    keepAlive = true;
    draft.reusedConnection = false;
    draft.connectMs = clock.now();
    // Not before: a client hooks its parser up after it was handed to us.
    if (!fenced) fenceAnswers(client, drop);
    fenced = true;
    base._connect.call(client);
    client.conn
      .setNoDelay(true)
      .prependOnceListener('lookup', (error: Error | null) => {
        if (!error) draft.dnsMs = clock.now();
      })
      .prependOnceListener('connect', () => {
        draft.tcpMs = clock.now();
        shot?.sent(draft.tcpMs);
      })
      .prependListener('error', (error: Error) => broken(breakOf(error)))
      .prependListener('end', () => {
        client.parser.finish(); // completes a body that only a FIN ends
        broken('closed');
      });
  };

  fenceSizes(client.parser);
  const { execute } = client.parser;
  client.parser.execute = bytes => {
    // What a server says on an idle connection is no answer to the next request, such as a proxy's 408 before it closes.
    if (shot === undefined) return drop();
    const result = execute.call(client.parser, bytes);
    if (result instanceof Error) broken('not_http');
    return result;
  };
  // autocannon glues the body to a string, which is slow and breaks characters that two reads share.
  client.pipelinedRequests.addBody = bytes => {
    if (client.pipelinedRequests.size() > 0) shot?.body(bytes);
  };
  client.on('headers', head => {
    ({ shouldKeepAlive: keepAlive } = head as unknown as Head);
    shot?.head(head as unknown as Head);
  });
  client.on('response', () => {
    shot?.complete();
    if (!keepAlive) drop();
  });

  const fire = async (body: string, { signal, authorization, onSent }: SendOptions) => {
    const draft = newDraft(clock.now(), clock.now());
    const { promise, resolve } = Promise.withResolvers<void>();
    shot = createShot(draft, deadlines, clock, { onSent, fail, resolve });
    const cancel = () => fail({ kind: 'cancelled' });
    signal.addEventListener('abort', cancel, { once: true });
    if (!connected) open(draft);
    else shot.sent(clock.now());
    // Each of its setters builds the whole request anew, so there is one call for both.
    if (authorization === undefined) client.setBody(body);
    else client.setHeadersAndBody(headersOf(authorization), body);
    base._doRequest.call(client);
    await promise;
    signal.removeEventListener('abort', cancel);
    shot = undefined;
    return draft;
  };
  return { fire };
}

const chunkSize = /^([0-9a-f]{1,12})[ \t]*(;.*)?$/i;

/**
 * autocannon's parser takes any number for a size: at one below zero it steps back in the bytes and reads them again
 * without end, filling the memory, and neither timers nor signals get their turn. What is no size is not HTTP.
 */
function fenceSizes(parser: TameableClient['parser']): void {
  const { BODY_SIZED: sized } = parser;
  parser.BODY_CHUNKHEAD = () => {
    const line = parser.consumeLine();
    if (line === undefined) return;
    const size = chunkSize.exec(line)?.[1];
    if (size === undefined) throw new Error('no chunk size');
    parser.body_bytes = Number.parseInt(size, 16);
    parser.state = parser.body_bytes === 0 ? 'BODY_CHUNKTRAILERS' : 'BODY_CHUNK';
  };
  parser.BODY_SIZED = () => {
    if (!Number.isSafeInteger(parser.body_bytes) || Number(parser.body_bytes) < 0) throw new Error('no body size');
    sized.call(parser);
  };
}

/**
 * autocannon takes every answer for that to its oldest request: a 100 or 103 that only announces one, and one that
 * nobody asked for, at which it crashes.
 */
function fenceAnswers({ parser, pipelinedRequests: asked }: TameableClient, onUnasked: () => void): void {
  const { kOnHeadersComplete, kOnMessageComplete } = parser.constructor;
  const { [kOnHeadersComplete]: begin, [kOnMessageComplete]: complete } = parser;
  let skipped = false;
  parser[kOnHeadersComplete] = head => {
    skipped = asked.size() === 0 || isInterim(head.statusCode);
    return skipped ? undefined : begin?.(head);
  };
  parser[kOnMessageComplete] = head => {
    if (!skipped) complete?.(head);
    else if (asked.size() === 0) onUnasked();
  };
}

/** After a 101 no other answer comes. */
const isInterim = (status: number) => status >= 100 && status < 200 && status !== 101;

function stageOf(draft: Draft | undefined): Stage {
  if (draft?.headMs !== undefined) return 'reading';
  return draft?.sentMs === undefined ? 'tcp' : 'waiting';
}

type Deadlines = ReturnType<typeof deadlinesOf>;

interface ShotEvents {
  readonly onSent: SendOptions['onSent'];
  /** Ends the shot and its connection. */
  readonly fail: (outcome: Outcome) => void;
  /** The shot has ended. */
  readonly resolve: () => void;
}

function createShot(draft: Draft, deadlines: Deadlines, clock: Clock, { onSent, fail, resolve }: ShotEvents): Shot {
  const reader = createBodyReader(draft, 'completion', {});
  let streamed = false;
  let settled = false;

  const settle = (outcome: Outcome) => {
    if (settled) return;
    settled = true;
    draft.endMs = clock.now();
    draft.outcome = outcome;
    watch.end();
    resolve();
  };
  const onMissed = (name: DeadlineName) => {
    draft.deadline = name;
    fail(expiryOf(name, deadlines[name]));
  };
  const watch = watchDeadlines({ progress: draft, deadlines, stream: false, clock, onMissed });
  return {
    draft,
    sent: atMs => {
      draft.sentMs = atMs;
      onSent?.();
    },
    head: ({ statusCode, headers }) => {
      draft.headMs = clock.now();
      draft.status = statusCode;
      draft.logId = headerOf(headers, 'x-log-id');
      draft.retryAfterMs = retryAfterOf(headerOf(headers, 'retry-after'), clock.wall());
      streamed = headerOf(headers, 'content-type')?.startsWith('text/event-stream') === true;
    },
    body: bytes => {
      draft.bytes += bytes.length;
      if (draft.bytes > mostBytes) fail(tooLarge);
      else reader.feed(bytes, clock.now());
    },
    complete: () => settle(streamed ? { kind: 'contract', detail: 'got a stream unasked' } : reader.end()),
    fail: settle,
  };
}

function headerOf(headers: readonly string[], name: string): string | undefined {
  const at = headers.findIndex((word, i) => i % 2 === 0 && word.toLowerCase() === name);
  return at < 0 ? undefined : headers[at + 1];
}
