/** The mock on `node:http`: listens, reads requests up to a limit, hands them to the engine and its plans to the player. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Clock } from '../core/clock.ts';
import { createCountdown } from '../core/countdown.ts';
import type { Histogram } from '../core/histogram.ts';
import type { Engine } from './engine.ts';
import { drain, listen } from './listening.ts';
import type { Exchange, MockRequest } from './plan.ts';
import { playOnNode } from './player.ts';
import { timeIsVirtual } from './virtual-time.ts';

/** Not in virtual time: fetch unpacks in a thread, and nobody can see whether that is done before time jumps. */
export const gzip = (body: string): Uint8Array | undefined => (timeIsVirtual() ? undefined : gzipSync(body));

export interface NodeOptions {
  readonly host: string;
  readonly port: number;
  readonly maxBodyBytes: number;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly clock: Clock;
  readonly lateness: Histogram;
  /** Routes beside the API: `/metrics`, `/healthz` and the like. True when it answered. */
  readonly aside: (req: IncomingMessage, res: ServerResponse) => boolean;
}

export interface NodeServer {
  readonly port: number;
  /** Stops accepting, lets running answers end for `graceMs`, then breaks what is left. */
  close(graceMs: number): Promise<void>;
}

/** @throws {UsageError} `port_in_use`, `no_listen` */
export async function serveNode(engine: Engine, options: NodeOptions): Promise<NodeServer> {
  const { clock, host, port } = options;
  // A socket may be closed a moment before its journal entry is.
  const unsettled = createCountdown();
  const settled = () => {
    if (draining) server.closeIdleConnections();
    unsettled.end();
  };
  const connections = numbered(clock);
  let draining = false;
  const listener: RequestListener = (req, res) => {
    const arrivedMs = clock.now();
    if (options.aside(req, res)) return;
    const play = (exchange: Exchange) => {
      unsettled.begin();
      playOnNode(telling(exchange, settled), arrivedMs, res, clock, options.lateness);
    };
    readBody(req, options.maxBodyBytes, (body, tooLarge) => {
      const { path, query } = split(req.url);
      const { connection, reused, openedMs } = connections.askedOver(req.socket);
      const request = {
        method: req.method ?? 'GET',
        path,
        query,
        connection,
        reused,
        openedMs,
        headers: req.headers as MockRequest['headers'],
        body,
        arrivedMs,
      };
      if (tooLarge) return refuse(engine.tooLarge(request), req, res, play);
      const exchange = engine.handle(request);
      if (exchange instanceof Promise) exchange.then(play, error => crash(error));
      else play(exchange);
    });
  };
  const server: Server =
    options.tls === undefined ? createServer(listener) : createTlsServer({ ...options.tls }, listener);
  server.on(options.tls === undefined ? 'connection' : 'secureConnection', connections.opened);
  server.keepAliveTimeout = 75_000;
  server.requestTimeout = 0;
  await listen(server, host, port);
  const close = (graceMs: number) => {
    draining = true;
    return drain(server, clock, graceMs).then(unsettled.none);
  };
  return { port: (server.address() as AddressInfo).port, close };
}

/** The same exchange; `then` is called when it has been settled. */
const telling = ({ plan, timeline, settle }: Exchange, then: () => void): Exchange => ({
  plan,
  timeline,
  settle: played => {
    settle(played);
    then();
  },
});

/** A failure of ours must not be swallowed by a promise: it surfaces as an uncaught exception. */
const crash = (error: unknown) =>
  process.nextTick(() => {
    throw error;
  });

const split = (url = '/') => {
  const at = url.indexOf('?');
  return at < 0 ? { path: url, query: '' } : { path: url.slice(0, at), query: url.slice(at + 1) };
};

interface Connection {
  readonly connection: number;
  readonly openedMs: number;
  readonly reused: boolean;
}

/** Kept on the socket: a WeakMap is looked up by hash, for every request, and is extra work for the collector. */
const connectionOf = Symbol('connection');

type Numbered = object & { [connectionOf]?: Connection };

/** Connections by number: a client that opens one for every call is seen in the journal. */
function numbered(clock: Clock) {
  let count = 0;
  const opened = (socket: Numbered): Connection => {
    const made = { connection: ++count, openedMs: clock.now(), reused: false };
    socket[connectionOf] = made;
    return made;
  };
  /** Called once per request. */
  const askedOver = (socket: Numbered): Connection => {
    const found = socket[connectionOf] ?? opened(socket);
    if (!found.reused) socket[connectionOf] = { ...found, reused: true };
    return found;
  };
  return { opened, askedOver };
}

/** Collects a body up to the limit. `done` is called at most once; never when the client goes away first. */
function readBody(req: IncomingMessage, most: number, done: (body: string, tooLarge: boolean) => void): void {
  if (Number(req.headers['content-length'] ?? 0) > most) return done('', true);
  let parts: Buffer[] = [];
  let size = 0;
  req.on('data', (part: Buffer) => {
    size += part.length;
    if (size <= most) parts.push(part);
    else if (size - part.length <= most) {
      parts = [];
      done('', true);
    }
  });
  req.on('end', () => {
    if (size <= most)
      done(parts.length === 1 ? (parts[0] as Buffer).toString() : Buffer.concat(parts).toString(), false);
  });
}

/** The answer to a body that is still being sent: say so, swallow what is on its way, then close. */
function refuse(
  exchange: Exchange,
  req: IncomingMessage,
  res: ServerResponse,
  play: (exchange: Exchange) => void,
): void {
  res.shouldKeepAlive = false;
  req.resume();
  req.once('error', () => res.destroy());
  play(exchange);
}
