/**
 * Bytes between two sockets of this process that were written and not yet read. On a busy machine the kernel takes its time over the
 * loopback interface too, and a jump in that time would let a deadline fire before a request that was sent long ago.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

export interface Traffic {
  /** Whether something is on its way. A reader that will not read is not waited for longer than `patienceMs`. */
  underWay(): boolean;
  stop(): void;
}

const channels = ['net.client.socket', 'net.server.socket'] as const;
const loopback = /^(?:::1|(?:::ffff:)?127\.)/;

export function watchTraffic(patienceMs = 250): Traffic {
  const now = performance.now.bind(performance); // real time, taken before it is replaced
  const sockets = { client: new Set<Socket>(), server: new Set<Socket>() };
  let sums = '';
  let changed = now();

  const keep = (set: Set<Socket>) => (message: unknown) => {
    const { socket } = message as { socket: Socket };
    set.add(socket);
    socket.once('close', () => set.delete(socket));
  };
  const listeners = [keep(sockets.client), keep(sockets.server)] as const;
  for (const [i, channel] of channels.entries()) subscribe(channel, listeners[i] as (message: unknown) => void);

  const underWay = () => {
    const peers = new Map([...sockets.server].map(socket => [`${socket.remotePort} ${socket.localPort}`, socket]));
    const state = [...sockets.client].map(client => stateOf(client, peers)).filter(text => text !== '');
    const seen = state.join();
    if (seen !== sums) {
      sums = seen;
      changed = now();
    }
    return state.length > 0 && now() - changed < patienceMs;
  };
  const stop = () => {
    for (const [i, channel] of channels.entries()) unsubscribe(channel, listeners[i] as (message: unknown) => void);
  };
  return { underWay, stop };
}

/** What is on its way between a client and its other end, or about to be; empty when nothing is. */
function stateOf(client: Socket, peers: ReadonlyMap<string, Socket>): string {
  if (client.connecting) return 'connecting';
  // Nobody connects for nothing: fetch compiles its parser in a thread the first time, and writes after that.
  if (client.bytesWritten === 0 && !client.destroyed) return `fresh ${client.localPort}`;
  if (client.destroyed || !loopback.test(client.remoteAddress ?? '')) return '';
  const peer = peers.get(`${client.localPort} ${client.remotePort}`);
  if (peer === undefined) return client.bytesRead === 0 && client.bytesWritten > 0 ? `alone ${client.localPort}` : '';
  const there = client.bytesWritten - peer.bytesRead;
  const back = peer.bytesWritten - client.bytesRead;
  return there === 0 && back === 0 ? '' : `${client.localPort} ${there} ${back}`;
}
