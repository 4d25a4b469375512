/** A small real server that answers as a test tells it to. Knows nothing of the mock: it is what the clients are tested against. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { freePort } from './free-port.ts';

export type Reply = (response: ServerResponse, request: FakeRequest) => void;

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown>;
}

export interface FakeGlm {
  /** Base URL as a client is given it. */
  readonly url: string;
  readonly requests: FakeRequest[];
  reply: Reply;
  close(): Promise<void>;
}

/** @param tls key and certificate in PEM, to answer over TLS */
export async function createFakeGlm(reply: Reply, tls?: { key: string; cert: string }): Promise<FakeGlm> {
  const requests: FakeRequest[] = [];
  const listener: RequestListener = (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', part => parts.push(part));
    request.on('end', () => {
      const text = Buffer.concat(parts).toString();
      const { authorization } = request.headers;
      const seen = {
        method: request.method ?? '',
        path: request.url ?? '',
        authorization,
        headers: request.headers,
        body: text === '' ? {} : JSON.parse(text),
      };
      requests.push(seen);
      fake.reply(response, seen);
    });
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  const port = await listen(server);
  const fake = { url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/api/paas/v4`, requests, reply, close };
  async function close() {
    const ended = new Promise<void>(resolve => server.close(() => resolve()));
    server.closeAllConnections();
    await ended;
  }
  return fake;
}

const listen = (server: Server) =>
  new Promise<number>(resolve => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));

/** A port that was free a moment ago: nothing answers there. */
export async function refusedUrl(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}/api/paas/v4`;
}

export const usage = { prompt_tokens: 8, completion_tokens: 3, total_tokens: 11 };

const head = { id: '20261009015456dfa744dc7c144abe', created: 1791482096, object: 'chat.completion.chunk' };

/** One chunk as the service writes it. */
export const chunk = (delta: object, more: { finish_reason?: string; usage?: object } = {}) => {
  const { finish_reason, usage: tokens } = more;
  const choice = { index: 0, ...(finish_reason ? { finish_reason } : {}), delta: { role: 'assistant', ...delta } };
  return `data: ${JSON.stringify({ ...head, model: 'glm-4.6', choices: [choice], ...(tokens ? { usage: tokens } : {}) })}\n\n`;
};

export const word = (content: string) => chunk({ content });
export const thought = (reasoning_content: string) => chunk({ reasoning_content });
export const last = (finish_reason = 'stop', tokens: object | null = usage) =>
  chunk({ content: '' }, { finish_reason, ...(tokens ? { usage: tokens } : {}) });
export const done = 'data: [DONE]\n\n';

const streamHead = { 'content-type': 'text/event-stream;charset=UTF-8', 'x-log-id': 'log-1' };

/** Writes the frames one by one, a turn of the loop apart, then ends as told. */
export const stream =
  (frames: readonly string[], end: 'end' | 'fin' | 'reset' | 'hang' = 'end'): Reply =>
  response => {
    response.writeHead(200, streamHead);
    response.flushHeaders();
    const next = (at: number) => {
      const text = frames[at];
      if (text === undefined) finish(response, end);
      else response.write(text, () => setImmediate(next, at + 1));
    };
    next(0);
  };

function finish(response: ServerResponse, end: 'end' | 'fin' | 'reset' | 'hang'): void {
  if (end === 'end') response.end();
  else if (end === 'fin') response.socket?.end();
  else if (end === 'reset') response.socket?.resetAndDestroy();
}

export const json =
  (status: number, body: object): Reply =>
  response => {
    response.writeHead(status, { 'content-type': 'application/json;charset=UTF-8', 'x-log-id': 'log-1' });
    response.end(JSON.stringify(body));
  };

export const apiError = (status: number, code: string | number, message = 'no') =>
  json(status, { error: { code, message } });

export const html =
  (status: number): Reply =>
  response => {
    response.writeHead(status, { 'content-type': 'text/html' });
    response.end('<html><body><h1>502 Bad Gateway</h1></body></html>');
  };

export const hang: Reply = () => {};
export const hangAfterHead = stream([], 'hang');

export const completion = (message: object, finish_reason = 'stop', tokens: object | null = usage) => ({
  choices: [{ finish_reason, index: 0, message: { role: 'assistant', ...message } }],
  created: 1785982811,
  id: head.id,
  model: 'glm-4.6',
  object: 'chat.completion',
  request_id: head.id,
  ...(tokens ? { usage: tokens } : {}),
});

export const goodStream = stream([thought('hm'), word('po'), word('ng'), last(), done]);
export const goodUnary = json(200, completion({ content: 'pong' }));
/** Answers well in the form that was asked for. */
export const good: Reply = (response, request) =>
  (request.body.stream === true ? goodStream : goodUnary)(response, request);
