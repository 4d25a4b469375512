/** Connections, one request at a time each, with the moments of their opening. */
import type { Socket } from 'node:net';
import { rootCertificates, TLSSocket } from 'node:tls';
import { buildConnector, Client } from 'undici';
import type { Clock } from '../clock.ts';
import { breakOf } from './failure.ts';
import { openTunnel } from './tunnel.ts';

/** One connection: undici reopens it on demand, and `opened` tells that it did. */
export interface Lane {
  readonly client: Client;
  /** How often a connection was begun. */
  opened: number;
  connectMs: number;
  dnsMs: number | undefined;
  tcpMs: number | undefined;
  tlsMs: number | undefined;
  /** How the socket broke, by `breakOf`: undici may take a reset for the end of a body. */
  broken: string | undefined;
  /** Who is at the other end now. */
  peer(): Peer;
  destroy(): void;
}

export interface Peer {
  readonly address: string | undefined;
  readonly port: number | undefined;
  /** When its certificate ends, ms since 1970; undefined without TLS. */
  readonly certificateEndsMs: number | undefined;
}

export interface Lanes {
  /** A free connection; waits for one when all allowed are in use. */
  take(): Lane | Promise<Lane>;
  /** Hands a connection back. @param usable false when it must not serve another call */
  give(lane: Lane, usable: boolean): void;
  close(): void;
}

export interface LaneOptions {
  readonly origin: string;
  /** `fresh` opens a connection for every call, `pooled` keeps those that ended well. */
  readonly connection: 'pooled' | 'fresh';
  /** Most connections at once. */
  readonly connections: number;
  /** PEM of a certificate authority trusted besides the built-in ones. */
  readonly ca: string | undefined;
  /** URL of a proxy that connections are tunnelled through. */
  readonly proxy?: string | undefined;
  readonly clock: Clock;
}

export function createLanes({ origin, connection, connections, ca, proxy, clock }: LaneOptions): Lanes {
  const open = proxy === undefined ? connectorOf(ca) : tunnelledBy(connectorOf(ca), proxy, ca);
  const idle: Lane[] = [];
  const busy = new Set<Lane>();
  const waiting: ((lane: Lane) => void)[] = [];
  let closed = false;

  const start = (lane: Lane) => {
    busy.add(lane);
    return lane;
  };
  /** After closing there are only dead connections, on which a call ends at once. */
  const make = () => {
    const lane = createLane(origin, open, clock);
    if (closed) lane.destroy();
    return lane;
  };
  const take = () => {
    const lane = idle.pop();
    if (lane !== undefined) return start(lane);
    if (busy.size < connections) return start(make());
    return new Promise<Lane>(resolve => waiting.push(resolve));
  };
  const give = (lane: Lane, usable: boolean) => {
    busy.delete(lane);
    if (usable && !closed && connection === 'pooled') idle.push(lane);
    else lane.destroy();
    const next = waiting.shift();
    if (next !== undefined) next(start(idle.pop() ?? make()));
  };
  const close = () => {
    closed = true;
    for (const lane of [...idle, ...busy]) lane.destroy();
    idle.length = 0;
  };
  return { take, give, close };
}

type Connector = (options: buildConnector.Options, callback: buildConnector.Callback) => Socket;

/**
 * HTTP/1.1 only: the two ways a connection can break, FIN and RST, stay visible. Certificates are always verified,
 * whatever NODE_TLS_REJECT_UNAUTHORIZED says; no TLS session is resumed, so every handshake is a whole one.
 */
function connectorOf(ca: string | undefined): Connector {
  return buildConnector({
    allowH2: false,
    maxCachedSessions: 0,
    timeout: 0,
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca: trusted(ca) }),
    // undici's type says void; its connectors return the socket (lib/core/connect.js), and that is the only way to see it.
  } as buildConnector.BuildOptions) as unknown as Connector;
}

const trusted = (ca: string) => [...rootCertificates, ca];

/** Watches the socket to the proxy, then the TLS socket inside it: one event each, so phases stay what they are. */
type Tunnelled = (
  options: buildConnector.Options,
  callback: buildConnector.Callback,
  inner: (socket: Socket) => void,
) => Socket;

function tunnelledBy(connector: Connector, proxy: string, ca: string | undefined): Tunnelled {
  return (options, callback, inner) => {
    const { protocol, hostname } = options;
    const port = Number(options.port || (protocol === 'https:' ? 443 : 80));
    const tunnel = openTunnel({ proxy, hostname, port, ca: ca === undefined ? undefined : trusted(ca) }, error => {
      if (error !== null) callback(error, null);
      else if (protocol !== 'https:') callback(null, tunnel);
      else inner(connector({ ...options, httpSocket: tunnel }, callback));
    });
    return tunnel;
  };
}

function createLane(origin: string, open: Tunnelled, clock: Clock): Lane {
  let socket: Socket | undefined;
  const connect: buildConnector.connector = (options, callback) => {
    lane.opened++;
    lane.connectMs = clock.now();
    lane.dnsMs = lane.tcpMs = lane.tlsMs = lane.broken = undefined;
    socket = watch(
      open(options, callback, inner => {
        socket = secured(inner, lane, clock);
      }),
      lane,
      clock,
    );
  };
  const client = new Client(origin, { connect, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  const destroy = () => {
    // The promise only says when the socket is gone; the error it is told to end with is nobody's news.
    client.destroy().catch(() => {});
    socket?.destroy();
  };
  const lane: Lane = {
    client,
    opened: 0,
    connectMs: 0,
    dnsMs: undefined,
    tcpMs: undefined,
    tlsMs: undefined,
    broken: undefined,
    peer: () => peerOf(socket),
    destroy,
  };
  return lane;
}

function peerOf(socket: Socket | undefined): Peer {
  const ends = socket instanceof TLSSocket ? Date.parse(socket.getPeerCertificate().valid_to) : Number.NaN;
  return {
    address: socket?.remoteAddress,
    port: socket?.remotePort,
    certificateEndsMs: Number.isNaN(ends) ? undefined : ends,
  };
}

/** First in line: undici's own listeners write the request before they return. */
function watch(socket: Socket, lane: Lane, clock: Clock): Socket {
  return socket
    .prependOnceListener('lookup', (error: Error | null) => {
      if (!error) lane.dnsMs = clock.now();
    })
    .prependOnceListener('connect', () => {
      lane.tcpMs = clock.now();
    })
    .prependOnceListener('secureConnect', () => {
      lane.tlsMs = clock.now();
    })
    .on('error', (error: Error) => {
      lane.broken ??= breakOf(error);
    });
}

/** The endpoint's TLS inside a tunnel. */
const secured = (socket: Socket, lane: Lane, clock: Clock): Socket =>
  socket
    .prependOnceListener('secureConnect', () => {
      lane.tlsMs = clock.now();
    })
    .on('error', (error: Error) => {
      lane.broken ??= breakOf(error);
    });
