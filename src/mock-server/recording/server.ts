/** The HTTP server under recorder and replay: listens, collects bodies up to a limit, stops. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { drain, listen } from '../listening.ts';

/** The largest body of either direction. */
export const mostBytes = 32 * 1024 * 1024;

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  /** Called when the whole body is there. @param arrivedMs `clock.now()` when the head was read */
  readonly answer: (req: IncomingMessage, res: ServerResponse, body: Buffer, arrivedMs: number) => void;
}

export interface Serving {
  readonly url: string;
  /** Stops accepting, lets running answers end for `graceMs`, then breaks what is left. */
  close(graceMs: number): Promise<void>;
}

/** @throws {UsageError} `port_in_use`, `no_listen` */
export async function serve({ host, port, clock, answer }: ServerOptions): Promise<Serving> {
  const server = createServer((req, res) => {
    const arrivedMs = clock.now();
    collect(req, body => (body === undefined ? tooLarge(res) : answer(req, res, body, arrivedMs)));
  });
  server.requestTimeout = 0;
  await listen(server, host, port);
  const close = (graceMs: number) => drain(server, clock, graceMs);
  const name = host.includes(':') ? `[${host}]` : host;
  return { url: `http://${name}:${(server.address() as AddressInfo).port}`, close };
}

/** An answer of our own: no SDK may retry it, and nobody take it for the API's. */
export function refuse(res: ServerResponse, status: number, code: string, message: string): void {
  res.writeHead(status, { 'content-type': 'application/json', 'x-should-retry': 'false' });
  res.end(JSON.stringify({ error: { code, message } }));
}

/** The API cannot answer before it has the whole JSON, so a request is collected; undefined when it is too large. */
function collect(req: IncomingMessage, done: (body: Buffer | undefined) => void): void {
  const parts: Buffer[] = [];
  let size = 0;
  req.on('data', (part: Buffer) => {
    size += part.length;
    if (size <= mostBytes) parts.push(part);
  });
  req.on('end', () => done(size > mostBytes ? undefined : Buffer.concat(parts)));
  req.on('error', () => {}); // the client went away while it was asking: there is nothing to answer
}

function tooLarge(res: ServerResponse): void {
  res.shouldKeepAlive = false;
  refuse(res, 413, 'mock_body_too_large', `a request body may have ${mostBytes} bytes`);
}
