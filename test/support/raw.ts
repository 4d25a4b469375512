/** A bare TCP client: says exactly what it is told, and hears exactly what came. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { until } from './until.ts';

export interface RawClient {
  readonly socket: Socket;
  /** Everything that came so far. */
  heard(): string;
  /** Waits until what came matches. */
  hears(pattern: RegExp): Promise<string>;
  /** Resolves when the server has closed. */
  readonly closed: Promise<unknown>;
}

export async function dial(url: string): Promise<RawClient> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', part => {
    text += part;
  });
  socket.on('error', () => {}); // a reset is an ending like others; `closed` tells
  const closed = new Promise(resolve => socket.once('close', resolve));
  await once(socket, 'connect');
  return {
    socket,
    heard: () => text,
    hears: pattern => until(`${pattern} in ${JSON.stringify(text.slice(-300))}`, () => pattern.test(text) && text),
    closed,
  };
}

/** A POST as text. */
export const post = (path: string, key: string, body: unknown, ...headers: string[]): string => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const lines = [`POST ${path} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${key}`, ...headers];
  return `${lines.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
};
