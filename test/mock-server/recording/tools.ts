/** What the tests of recordings share: files that go away, upstreams that say exact bytes, clients that hear them. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type Dispatcher } from 'undici';
import { afterAll, afterEach } from 'vitest';
import { breakOf } from '../../../src/core/call/failure.ts';

export const key = '0123456789abcdef0123456789abcdef.Canary5ecret4242';
export const base = '/api/paas/v4';

/** A folder for the tests of one file. */
export function scratch(): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'glm-recording-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  let count = 0;
  return name => join(folder, `${++count}-${name}`);
}

/** Closes in reverse order after each test. */
export function closing(): <T extends { close(): unknown }>(opened: T) => T {
  const opened: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  });
  return one => {
    opened.push(one);
    return one;
  };
}

export interface RawServer {
  readonly baseUrl: string;
  /** Everything every client said. */
  heard(): string;
  close(): Promise<void>;
}

/** A TCP server: calls `answer` when a request is whole. */
export async function rawServer(answer: (socket: Socket, request: string) => void): Promise<RawServer> {
  let heard = '';
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, socket => {
    sockets.add(socket);
    let text = '';
    socket.on('error', () => {}); // clients of these tests hang up on purpose
    socket.on('data', part => {
      text += part;
      heard += part;
      const at = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (at < 0 || Buffer.byteLength(text.slice(at + 4)) < length) return;
      const request = text;
      text = '';
      answer(socket, request);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}${base}`, heard: () => heard, close };
}

export const head = (...lines: string[]) =>
  `${['HTTP/1.1 200 OK', 'Content-Type: text/event-stream', ...lines].join('\r\n')}\r\n\r\n`;

export const chunked = head('Transfer-Encoding: chunked');

/** One HTTP chunk. */
export const framed = (bytes: Uint8Array) =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);

export interface Heard {
  readonly status: number | undefined;
  readonly headers: readonly string[];
  readonly chunks: readonly Buffer[];
  /** `complete`, or how the connection broke. */
  readonly ending: string;
}

export interface Call {
  readonly path?: string;
  readonly method?: Dispatcher.HttpMethod;
  readonly headers?: Readonly<Record<string, string>>;
  /** Called with every chunk; hangs up by calling `abort`. */
  readonly onChunk?: (chunk: Buffer, abort: () => void) => void;
}

/** Calls and notes every HTTP chunk apart, on a connection of its own. */
export function call(baseUrl: string, body: unknown, options: Call = {}): Promise<Heard> {
  const { path = '/chat/completions', method = 'POST', headers = {}, onChunk } = options;
  const url = new URL(baseUrl + path);
  const client = new Client(url.origin, { allowH2: false });
  const heard = {
    status: undefined as number | undefined,
    headers: [] as string[],
    chunks: [] as Buffer[],
    ending: '',
  };
  return new Promise(resolve => {
    const end = (ending: string) => {
      heard.ending = ending;
      client.destroy().then(() => resolve(heard));
    };
    client.dispatch(
      {
        ...{ method, path: url.pathname + url.search },
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
        body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
      },
      {
        onRequestStart: () => {},
        onResponseStart: (controller, status) => {
          heard.status = status;
          heard.headers = (controller.rawHeaders as Buffer[]).map(part => part.toString('latin1'));
        },
        onResponseData: (controller, chunk) => {
          heard.chunks.push(Buffer.from(chunk));
          onChunk?.(chunk, () => controller.abort(new Error('enough')));
        },
        onResponseEnd: () => end('complete'),
        onResponseError: (_, error) => end(error.message === 'enough' ? 'aborted' : breakOf(error)),
      },
    );
  });
}

export const hello = (content = 'hi', more: object = {}) => ({
  model: 'glm-4.6',
  messages: [{ role: 'user', content }],
  stream: true,
  ...more,
});

/** Headers without those each connection makes for itself. */
export const ownHeaders = (flat: readonly string[]) =>
  flat.flatMap((name, i) =>
    i % 2 === 0 && !/^(?:connection|keep-alive|transfer-encoding|date)$/i.test(name) ? [[name, flat[i + 1]]] : [],
  );
