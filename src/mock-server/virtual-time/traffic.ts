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

const channels = ['net.client.socket', 'net.server.socket'] as const;
const loopback = /^(?:::1|(?:::ffff:)?127\.)/;

export function watchTraffic(patienceMs = 250): Traffic {
  const now = performance.now.bind(performance); // real time, taken before it is replaced
  const unsent = watchUnsent();
  const sockets = { client: new Map<Socket, number>(), server: new Map<Socket, number>() };
  let count = 0;
  let since = new Map<string, number>();

  const keep = (known: Map<Socket, number>) => (message: unknown) => {
    const { socket } = message as { socket: Socket };
    known.set(socket, ++count);
    socket.once('close', () => known.delete(socket));
  };
  const listeners = [keep(sockets.client), keep(sockets.server)] as const;
  for (const [i, channel] of channels.entries()) subscribe(channel, listeners[i] as (message: unknown) => void);

  const underWay = () => {
    const peers = new Map(
      [...sockets.server.keys()].map(socket => [`${socket.remotePort} ${socket.localPort}`, socket]),
    );
    const between = [...sockets.client].map(([client, n]) => [n, stateOf(client, peers)] as const);
    const seen = [
      ...between.flatMap(([n, state]) => (state === undefined ? [] : [`${n} ${state}`])),
      ...unsent.list().map(n => `unsent ${n}`),
    ];
    const at = now();
    since = new Map(seen.map(text => [text, since.get(text) ?? at]));
    return [...since.values()].some(first => at - first < patienceMs);
  };
  const stop = () => {
    unsent.stop();
    for (const [i, channel] of channels.entries()) unsubscribe(channel, listeners[i] as (message: unknown) => void);
  };
  return { underWay, stop };
}

/** What is on its way between a client and its other end; undefined when nothing is. */
function stateOf(client: Socket, peers: ReadonlyMap<string, Socket>): string | undefined {
  const { localPort, remotePort, bytesRead, bytesWritten } = client;
  if (client.connecting) return 'connecting';
  if (client.destroyed || !loopback.test(client.remoteAddress ?? '')) return undefined;
  const peer = peers.get(`${localPort} ${remotePort}`);
  if (peer === undefined) return bytesRead === 0 && bytesWritten > 0 ? 'alone' : undefined;
  const there = bytesWritten - peer.bytesRead;
  const back = peer.bytesWritten - bytesRead;
  return there === 0 && back === 0 ? undefined : `${there} ${back}`;
}
