/** One request to the upstream, told piece by piece as it comes. A connection each: a stale one would look like a reset. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { breakOf } from '../../core/call/failure.ts';
import { createLanes, type Lane } from '../../core/call/lane.ts';
import type { Clock } from '../../core/clock.ts';
import { codeOf } from '../../core/errors.ts';

export interface UpstreamRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
}

/** Told in this order; `end` or `unreached` once and last. */
export interface Listener {
  sent(): void;
  head(status: number, headers: readonly string[]): void;
  data(bytes: Uint8Array): void;
  end(how: 'complete' | 'fin' | 'reset'): void;
  /** There is no upstream to be recorded. */
  unreached(code: string): void;
}

/** A request on its way. */
export interface Sending {
  pause(): void;
  resume(): void;
  /** Hangs up; nothing is told any more. */
  abort(): void;
}

export interface Upstream {
  send(request: UpstreamRequest, listener: Listener): Sending;
  close(): void;
}

export function createUpstream(url: URL, clock: Clock): Upstream {
  const connections = Number.POSITIVE_INFINITY;
  const lanes = createLanes({ origin: url.origin, connection: 'fresh', connections, ca: undefined, clock });
  const secure = url.protocol === 'https:';

  const send: Upstream['send'] = (request, listener) => {
    const lane = lanes.take() as Lane; // never a promise: without a limit there is nothing to wait for
    let controller: Dispatcher.DispatchController | undefined;
    let over = false;
    const finish = (tell: () => void) => {
      if (over) return;
      over = true;
      lanes.give(lane, false);
      tell();
    };
    const fail = (error: Error) => {
      const connected = (secure ? lane.tlsMs : lane.tcpMs) !== undefined;
      if (!connected) return listener.unreached(codeOf(error) ?? 'unknown');
      listener.end((lane.broken ?? breakOf(error)) === 'closed' ? 'fin' : 'reset');
    };
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: own => {
        controller = own;
        listener.sent();
      },
      onResponseStart: (own, status) => {
        if (status >= 200 && !over) listener.head(status, textsOf(own.rawHeaders));
      },
      onResponseData: (_, bytes) => {
        if (!over) listener.data(bytes);
      },
      // undici may take a reset for the end of a body; the connection knows better.
      onResponseEnd: () => finish(() => listener.end(lane.broken === undefined ? 'complete' : 'reset')),
      onResponseError: (_, error) => finish(() => fail(error)),
    };
    const abort = () => finish(() => {});
    try {
      lane.client.dispatch(optionsOf(request), handler);
    } catch (error) {
      finish(() => listener.unreached(codeOf(error) ?? 'the request could not be sent'));
    }
    return { pause: () => controller?.pause(), resume: () => controller?.resume(), abort };
  };
  return { send, close: lanes.close };
}

const optionsOf = ({ method, path, headers, body }: UpstreamRequest): Dispatcher.DispatchOptions => ({
  method: method as Dispatcher.HttpMethod,
  path,
  headers: [...headers],
  body: body.length === 0 ? null : Buffer.from(body),
});

const textsOf = (raw: Buffer[] | string[] | IncomingHttpHeaders | null | undefined): string[] =>
  Array.isArray(raw) ? raw.map(part => (typeof part === 'string' ? part : part.toString('latin1'))) : [];
