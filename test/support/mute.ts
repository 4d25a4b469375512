/** A server that takes connections and never says a word. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export async function startMute() {
  const sockets = new Set<Socket>();
  let seen = 0;
  const server = createServer(socket => {
    seen++;
    sockets.add(socket);
    // Whoever is cut off says nothing either.
    socket.on('error', () => {}).resume();
    socket.on('close', () => sockets.delete(socket) && server.emit('left'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    /** Resolves when so many have come, and all have gone again. */
    left: async (many: number) => {
      while (seen < many || sockets.size > 0) await once(server, 'left');
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
