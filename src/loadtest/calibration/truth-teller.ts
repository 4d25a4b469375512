/**
 * A server whose times are known: it takes the machine's monotonic clock as each event goes into its socket, and tells at
 * the end of the answer when that was. Raw sockets and ready-made bytes, so that it has time to be punctual.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Clock, systemClock, type Timer } from '../../core/clock.ts';

export interface TruthPace {
  /** From the request to the first event, in ms. 0 answers at once. */
  readonly ttftMs: number;
  /** From event to event, in ms. */
  readonly gapMs: number;
  /** Events with a token in each stream. */
  readonly events: number;
}

export interface TruthTeller {
  /** Up to and without `/chat/completions`. */
  readonly baseUrl: string;
  close(): Promise<void>;
}

/** With 511, Node's own, the connections of a large run queue for seconds. */
const backlog = 4096;

/**
 * Answers every request: with a stream when its body asks for one. The `id` of the last event, or of the body, is `truth:`
 * and the time of the first event in µs, then each gap in µs; `truthOf` reads it.
 */
export async function createTruthTeller(pace: TruthPace, clock: Clock = systemClock): Promise<TruthTeller> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, socket => {
    sockets.add(socket);
    // Whoever hangs up has learnt enough; the load generator is the one to complain.
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    listen(socket, pace, clock);
  });
  server.listen({ host: '127.0.0.1', port: 0, backlog });
  await once(server, 'listening');
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v4`, close };
}

export interface Truth {
  /** When the first event, or the whole body, was written: µs of the machine's monotonic clock. */
  readonly firstUs: number;
  /** Between one event and the next, in µs. */
  readonly gapsUs: readonly number[];
}

/** @param id of the record. @returns undefined when another server wrote it */
export function truthOf(id: string | undefined): Truth | undefined {
  const [, first, gaps = ''] = /^truth:(\d+)((?:,\d+)*)$/.exec(id ?? '') ?? [];
  if (first === undefined) return undefined;
  return { firstUs: Number(first), gapsUs: gaps.split(',').slice(1).map(Number) };
}

/** One request after the other on a connection; each must have come whole before the next. */
function listen(socket: Socket, pace: TruthPace, clock: Clock): void {
  const stream = createStream(socket, pace, clock);
  let text = '';
  socket.on('data', bytes => {
    text = text === '' ? bytes.toString('latin1') : text + bytes.toString('latin1');
    const request = wholeRequest(text);
    if (request === undefined) return;
    text = '';
    const dueMs = clock.now() + pace.ttftMs;
    if (/"stream":\s*true/.test(request)) stream.begin(dueMs);
    else if (pace.ttftMs === 0) socket.write(unary(nowUs()));
    else clock.at(dueMs, () => socket.write(unary(nowUs())));
  });
  socket.once('close', stream.stop);
}

function wholeRequest(text: string): string | undefined {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return undefined;
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
  return text.length >= head + 4 + length ? text : undefined;
}

/** Due times are absolute: one late event does not move the others, and those that are due together go out together. */
function createStream(socket: Socket, { gapMs, events }: TruthPace, clock: Clock) {
  const stamps = new Float64Array(events);
  let sent = 0;
  let dueMs = 0;
  const begin = (at: number) => {
    sent = 0;
    dueMs = at;
    socket.write(streamHead);
    timer.set(dueMs);
  };
  const timer: Timer = clock.timer(() => {
    do {
      stamps[sent++] = nowUs();
      socket.write(event);
      dueMs += gapMs;
    } while (sent < events && dueMs <= clock.now());
    if (sent < events) timer.set(dueMs);
    else socket.write(streamEnd(stamps));
  });
  return { begin, stop: timer.clear };
}

const nowUs = () => Number(process.hrtime.bigint() / 1000n);

const httpHead = (type: string, more: string) => `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\n${more}\r\n\r\n`;
const streamHead = Buffer.from(httpHead('text/event-stream', 'transfer-encoding: chunked'));
const httpChunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

/** As large as the service's own, some 230 bytes. */
const chunk = (id: string, delta: string, more = '') =>
  `data: {"id":"${id}","created":1795369395,"object":"chat.completion.chunk","model":"truth","choices":[{"index":0,${more}"delta":{"role":"assistant",${delta}}}]`;
const event = Buffer.from(httpChunk(`${chunk('truth', '"content":" 一 word that is spoken"')}}\n\n`));

const usage = (tokens: number) =>
  `"usage":{"prompt_tokens":8,"completion_tokens":${tokens},"total_tokens":${8 + tokens}}`;

function streamEnd(stamps: Float64Array): string {
  let id = `truth:${stamps[0]}`;
  for (let i = 1; i < stamps.length; i++) id += `,${stamps[i]! - stamps[i - 1]!}`;
  const last = `${chunk(id, '"content":""', '"finish_reason":"stop",')},${usage(stamps.length)}}\n\n`;
  return `${httpChunk(last)}${httpChunk('data: [DONE]\n\n')}0\r\n\r\n`;
}

function unary(atUs: number): string {
  const choice = '{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"So it is."}}';
  const body = `{"id":"truth:${atUs}","created":1795369395,"object":"chat.completion","model":"truth","choices":[${choice}],${usage(4)}}`;
  return `${httpHead('application/json', `content-length: ${body.length}`)}${body}`;
}
