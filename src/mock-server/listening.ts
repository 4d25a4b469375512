/** Beginning and ending to listen, for every server of this room. */
import type { Server } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { codeOf, UsageError } from '../core/errors.ts';

/** A waiting list long enough for thousands of clients that connect at once. */
const backlog = 4096;

/** @throws {UsageError} `port_in_use`, `no_listen` */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', error => reject(complaint(error, host, port)));
    server.listen({ host, port, backlog }, resolve);
  });
}

function complaint(error: Error, host: string, port: number): UsageError {
  const code = codeOf(error);
  if (code !== 'EADDRINUSE')
    return new UsageError('no_listen', `cannot listen on ${host}:${port} (${code ?? error.message})`);
  return new UsageError('port_in_use', `port ${port} is in use; choose another with --port, or 0 for any`);
}

/** Stops accepting, lets running answers end for `graceMs`, then breaks what is left. */
export function drain(server: Server, clock: Clock, graceMs: number): Promise<void> {
  return new Promise(resolve => {
    const cancel = clock.at(clock.now() + graceMs, () => server.closeAllConnections());
    server.close(() => {
      cancel();
      resolve();
    });
    if (graceMs === 0) server.closeAllConnections();
    else server.closeIdleConnections();
  });
}
