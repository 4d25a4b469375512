/**
 * Bytes between two sockets of this process that were written and not yet read. On a busy machine the kernel takes its time over the
 * loopback interface too, and a jump in that time would let a deadline fire before a request that was sent long ago.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { watchUnsent } from './unsent.ts';

export interface Traffic {
  /** Whether something is on its way. What stays as it is, such as bytes that nobody reads, is waited for `patienceMs` and no longer. */
  underWay(): boolean;
  stop(): void;
}

const loopback = /^(?:::1|(?:::ffff:)?127\.)/;

export function watchTraffic(patienceMs = 250): Traffic {
  const now = performance.now.bind(performance); // real time, taken before it is replaced
  const unsent = watchUnsent();
  const clients = new Map<Socket, Client>();
  const servers = new Map<string, Socket>(); // by their ends
  let count = 0;
  let since = new Map<string, number>();

  const client = (message: unknown) => {
    const { socket } = message as About;
    clients.set(socket, { n: ++count, ends: undefined });
    socket.once('close', () => clients.delete(socket));
  };
  const server = (message: unknown) => {
    const { socket } = message as About;
    const ends = `${socket.remotePort} ${socket.localPort}`;
    servers.set(ends, socket);
    socket.once('close', () => servers.get(ends) === socket && servers.delete(ends));
  };
  const listeners = [
    ['net.client.socket', client],
    ['net.server.socket', server],
  ] as const;
  for (const [channel, listener] of listeners) subscribe(channel, listener);

  const underWay = () => {
    const seen = unsent.list().map(n => `unsent ${n}`);
    for (const [socket, known] of clients) {
      const state = stateOf(socket, known, servers);
      if (state !== undefined) seen.push(`${known.n} ${state}`);
    }
    const at = now();
    since = new Map(seen.map(text => [text, since.get(text) ?? at]));
    return [...since.values()].some(first => at - first < patienceMs);
  };
  const stop = () => {
    unsent.stop();
    for (const [channel, listener] of listeners) unsubscribe(channel, listener);
  };
  return { underWay, stop };
}

interface About {
  readonly socket: Socket;
}

interface Client {
  readonly n: number;
  /** Its ports as the other end knows them, `''` when that is on another machine; known once it is connected. To ask for them is slow. */
  ends: string | undefined;
}

/** What is on its way between a client and its other end; undefined when nothing is. */
function stateOf(socket: Socket, known: Client, servers: ReadonlyMap<string, Socket>): string | undefined {
  if (socket.connecting) return 'connecting';
  if (socket.destroyed) return undefined;
  known.ends ??= endsOf(socket);
  if (known.ends === undefined || known.ends === '') return undefined;
  const { bytesRead, bytesWritten } = socket;
  const peer = servers.get(known.ends);
  if (peer === undefined) return bytesRead === 0 && bytesWritten > 0 ? 'alone' : undefined;
  const there = bytesWritten - peer.bytesRead;
  const back = peer.bytesWritten - bytesRead;
  return there === 0 && back === 0 ? undefined : `${there} ${back}`;
}

const endsOf = ({ remoteAddress, localPort, remotePort }: Socket): string | undefined => {
  if (remoteAddress === undefined) return undefined; // not connected, or no more
  return loopback.test(remoteAddress) ? `${localPort} ${remotePort}` : '';
};
