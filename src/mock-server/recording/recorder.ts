/**
 * A server between a client and the real API: passes everything on as it comes, both ways, and writes down what came
 * back and when. The caller's credentials go upstream and nowhere else.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CassetteWriter, RecordedExchange, RecordedResponse } from '../../core/cassette/cassette.ts';
import { isHop, pairsOf } from '../../core/cassette/hop.ts';
import { redactText, secretsOf } from '../../core/cassette/redaction.ts';
import { exchangeOf, type Take } from '../../core/cassette/take.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { UsageError } from '../../core/errors.ts';
import { mostBytes, refuse, serve } from './server.ts';
import { unfitness, unpacked } from './unpacked.ts';
import { createUpstream, type Listener } from './upstream.ts';

export interface RecorderOptions {
  /** Base URL of what is recorded, such as `https://open.bigmodel.cn/api/paas/v4`. */
  readonly upstream: string;
  readonly cassette: CassetteWriter;
  /** Default 0: any free one. It listens on the loopback interface only. */
  readonly port?: number;
  readonly clock?: Clock;
  /** Told what could not be recorded, one sentence each. */
  readonly warn?: (sentence: string) => void;
  /** Told about every exchange that was. */
  readonly onRecorded?: (exchange: RecordedExchange) => void;
}

export interface Recorder {
  readonly url: string;
  /** What a client takes for its base URL: `url` with the upstream's path. */
  readonly baseUrl: string;
  /** Stops at once; what is still running is recorded as aborted. */
  close(): Promise<void>;
}

/** @throws {UsageError} `port_in_use`, `no_listen`, `bad_upstream` when it would record itself */
export async function startRecorder(options: RecorderOptions): Promise<Recorder> {
  const { cassette, port = 0, clock = systemClock, warn = () => {}, onRecorded = () => {} } = options;
  const target = new URL(options.upstream);
  const base = target.pathname.replace(/\/+$/, '');
  const upstream = createUpstream(target, clock);
  const known = new Set<string>(); // credentials of this session: an answer may repeat those of an earlier call
  const running = new Set<() => void>();
  let count = 0;

  const begin = (req: IncomingMessage, body: Buffer): Take => {
    const [path = '', query = ''] = splitOnce(req.url ?? '/');
    const headers = pairsOf(req.rawHeaders);
    for (const secret of secretsOf(headers, query)) known.add(secret);
    const { method = 'GET' } = req;
    return {
      n: ++count,
      wallMs: clock.wall(),
      base,
      method,
      path,
      query,
      headers,
      body: body.toString(),
      head: undefined,
      parts: [],
    };
  };
  const keep = (passed: Take, ending: RecordedResponse['ending'], endMs: number) => {
    const take = unpacked(passed);
    const unfit = unfitness(take);
    if (unfit !== undefined) return warn(`${take.method} ${redactText(take.path, known)} is not recorded: ${unfit}`);
    const exchange = exchangeOf(take, ending, endMs, known);
    try {
      cassette.append(exchange);
      onRecorded(exchange);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      warn(error.message); // the client's call goes on; only its recording is lost
    }
  };
  /** One call, from its body to its end. Long because its callbacks share the state of one call. */
  const pass = (req: IncomingMessage, res: ServerResponse, body: Buffer) => {
    const take = begin(req, body);
    let startMs = clock.now(); // when the request left
    let over = false;
    const settle = (ending: RecordedResponse['ending']) => {
      if (over) return;
      over = true;
      running.delete(abort);
      const endMs = clock.now() - startMs;
      if (ending !== 'aborted') finish(res, ending); // first: a client does not wait for our bookkeeping
      keep(take, ending, endMs);
    };
    const abort = () => {
      if (over) return;
      sending.abort();
      settle('aborted');
      res.destroy();
    };
    const listener: Listener = {
      sent: () => {
        startMs = clock.now();
      },
      head: (status, headers) => {
        take.head = { atMs: clock.now() - startMs, status, headers };
        res.sendDate = false; // the upstream's own, or none
        res.writeHead(status, passedOn(headers));
        res.flushHeaders();
      },
      data: bytes => {
        note(take, clock.now() - startMs, bytes);
        if (res.write(bytes)) return;
        sending.pause();
        res.once('drain', sending.resume);
      },
      end: settle,
      unreached: code => {
        over = true;
        running.delete(abort);
        warn(`${target.host} cannot be reached (${code}); nothing is recorded`);
        refuse(res, 502, 'mock_upstream_unreachable', `${target.host} cannot be reached (${code})`);
      },
    };
    running.add(abort);
    res.on('close', abort);
    const headers = forwarded(take.headers);
    const sending = upstream.send({ method: take.method, path: req.url ?? '/', headers, body }, listener);
  };

  const server = await serve({ host: '127.0.0.1', port, clock, answer: pass });
  const { url } = server;
  const close = async () => {
    for (const abort of [...running]) abort();
    upstream.close();
    await server.close(0);
  };
  if (isItself(target, url)) {
    await close();
    throw new UsageError('bad_upstream', '--upstream is the recorder itself; name the API to record');
  }
  return { url, baseUrl: url + base, close };
}

/** A larger answer passes, but is not kept. */
function note(take: Take, atMs: number, bytes: Uint8Array): void {
  take.bytes = (take.bytes ?? 0) + bytes.length;
  // undici may use its buffer again.
  if (take.bytes <= mostBytes) take.parts.push({ atMs, bytes: Uint8Array.from(bytes) });
}

const splitOnce = (url: string): string[] => {
  const at = url.indexOf('?');
  return at < 0 ? [url] : [url.slice(0, at), url.slice(at + 1)];
};

/** The client's headers as they came, save those of its connection; compressed answers could not be searched for keys. */
const forwarded = (headers: readonly (readonly [string, string])[]): string[] => [
  ...headers.filter(([name]) => !isHop(name) && !replaced.has(name.toLowerCase())).flat(),
  ...['accept-encoding', 'identity'],
];

const replaced = new Set(['host', 'content-length', 'accept-encoding', 'expect']);

const passedOn = (headers: readonly string[]): string[] =>
  pairsOf(headers)
    .filter(([name]) => !isHop(name))
    .flat();

function finish(res: ServerResponse, how: 'complete' | 'fin' | 'reset'): void {
  if (how === 'complete') res.end();
  else if (how === 'fin') res.socket?.destroySoon();
  else res.socket?.resetAndDestroy();
}

const isItself = ({ hostname, port }: URL, url: string) =>
  ['127.0.0.1', 'localhost', '[::1]'].includes(hostname) && port === new URL(url).port;
