/**
 * The same engine in process, as MSW handlers. The player listens to the request's signal: without that a hang would
 * ignore the caller's timeout and an abort would never be seen. The only file that imports msw.
 */
import { type HttpHandler, HttpResponse, http } from 'msw';
import type { Cancel, Clock } from '../core/clock.ts';
import { systemClock } from '../core/clock.ts';
import { checked } from '../core/config.ts';
import { packageVersion } from '../core/version.ts';
import { type MockConfig, type MockOptions, mockConfig } from './config.ts';
import { type Desk, deskOf } from './desk.ts';
import { bases } from './endpoints/bases.ts';
import { createEngine, type Engine } from './engine.ts';
import { loadFixtures } from './fixtures/load.ts';
import type { JournalEntry } from './journal.ts';
import { withTestKey } from './keys.ts';
import { createMeter } from './meter.ts';
import { gzip } from './node.ts';
import type { Beat, Exchange, MockRequest } from './plan.ts';

/** The vendor's own hosts, which the handlers answer for by default. */
export const vendorHosts = ['https://open.bigmodel.cn', 'https://api.z.ai'] as const;

/** Every setting of a mock but those of a server, all optional. */
export interface HandlerOptions extends Omit<MockOptions, 'host' | 'port' | 'workers' | 'tls' | 'tlsCert' | 'tlsKey'> {
  /** Where requests are caught: an origin such as `https://open.bigmodel.cn`. Default: both of the vendor's. */
  readonly origin?: string | readonly string[];
  /** Time; a manual clock makes a slow stream take no time. */
  readonly clock?: Clock;
}

/** Handlers for `setupServer(...)`, with the key that they accept and a view of what was asked. */
export type GlmHandlers = HttpHandler[] & Desk & { readonly apiKey: string; readonly journal: () => JournalEntry[] };

/**
 * MSW handlers that answer as the GLM API answers.
 * @example const glm = glmHandlers({ seed: 7 }); setupServer(...glm).listen()
 * @throws {UsageError} when an option is wrong
 */
export function glmHandlers(options: HandlerOptions = {}): GlmHandlers {
  const { origin = vendorHosts, clock = systemClock, ...settings } = options;
  const { config, key } = withTestKey(checked(mockConfig, settings, 'glmHandlers options'));
  const { fixtures } = loadFixtures(config.fixtures);
  const engine = createEngine(config, {
    clock,
    gzip,
    fixtures,
    meter: createMeter({ version: packageVersion(), profile: config.profile, era: config.era }),
  });
  const origins = typeof origin === 'string' ? [origin] : origin;
  // A base URL may ask for faults in front of the path: /~stall,after=5/api/paas/v4.
  const caught = [...bases.map(base => `${base}/*`), '/~*'];
  const handlers = origins.flatMap(host =>
    caught.map(path =>
      http.all(`${host.replace(/\/+$/, '')}${path}`, ({ request }) => answer(engine, config, request, clock)),
    ),
  );
  const baseUrl = `${origins[0] ?? vendorHosts[0]}/api/paas/v4`;
  return Object.assign(handlers, deskOf(engine, baseUrl), { apiKey: key, journal: engine.journal.entries });
}

async function answer(engine: Engine, { maxBodyBytes }: MockConfig, request: Request, clock: Clock): Promise<Response> {
  const arrivedMs = clock.now();
  const body = Buffer.from(await request.clone().arrayBuffer());
  const tooLarge = body.length > maxBodyBytes;
  const { pathname: path, search } = new URL(request.url);
  const asked: MockRequest = {
    method: request.method,
    path,
    query: search.slice(1),
    headers: Object.fromEntries(request.headers),
    body: tooLarge ? '' : body.toString(),
    arrivedMs,
  };
  const exchange = tooLarge ? engine.tooLarge(asked) : await engine.handle(asked);
  return playAsResponse(exchange, arrivedMs, request.signal, clock);
}

/** Carries a plan out as a Response. Aborting the signal ends it as a closed socket would. */
export function playAsResponse(
  exchange: Exchange,
  arrivedMs: number,
  signal: AbortSignal,
  clock: Clock,
): Promise<Response> {
  const { head, beats } = exchange.plan;
  const player = createBody(exchange, beats, arrivedMs, clock);
  signal.addEventListener('abort', () => player.gone(signal.reason), { once: true });
  return new Promise(resolve => {
    player.lost(() => resolve(HttpResponse.error()));
    const begin = () => {
      if (head === undefined) return player.endWithoutHead();
      const headers = new Headers();
      for (let i = 0; i < head.headers.length; i += 2) headers.append(head.headers[i] ?? '', head.headers[i + 1] ?? '');
      // Without a frame of its own a body ends with the socket, and an aborted one would count as complete.
      if (!headers.has('content-length')) headers.set('transfer-encoding', 'chunked');
      resolve(new Response(player.open(), { status: head.status, headers }));
    };
    if (signal.aborted) return player.gone(signal.reason);
    if (head === undefined || head.at <= clock.now() - arrivedMs) begin();
    else player.waitFor(clock.at(arrivedMs + head.at, begin));
  });
}

const nothing = new Uint8Array(0);

/** The body as a stream that is pulled: nothing is produced for a reader that does not read. */
function createBody(exchange: Exchange, beats: Iterable<Beat>, arrivedMs: number, clock: Clock) {
  const iterator = beats[Symbol.iterator]();
  const encoder = new TextEncoder();
  const played = { headSent: false, beats: 0, bytes: 0, worstLatenessMs: 0 };
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let onLost = () => {};
  let cancel: Cancel | undefined;
  let settled = false;

  const settle = (ending: 'complete' | 'client_gone' | 'cut') => {
    if (settled) return;
    settled = true;
    cancel?.();
    iterator.return?.();
    exchange.settle({ ending, ...played });
  };
  const gone = (reason: unknown) => {
    if (settled) return;
    settle('client_gone');
    if (controller === undefined) onLost();
    else controller.error(reason);
  };
  const breakOff = () => {
    settle('cut');
    if (controller === undefined) onLost();
    else
      controller.error(
        new TypeError('terminated', { cause: Object.assign(new Error('other side closed'), { code: 'ECONNRESET' }) }),
      );
  };
  const send = (beat: Extract<Beat, { send: unknown }>) => {
    const bytes = typeof beat.send === 'string' ? encoder.encode(beat.send) : beat.send;
    played.beats++;
    played.bytes += bytes.length;
    played.worstLatenessMs = Math.max(played.worstLatenessMs, clock.now() - arrivedMs - beat.at);
    controller?.enqueue(bytes);
  };
  const play = (beat: Beat, next: () => void) => {
    if ('send' in beat) {
      send(beat);
      next();
    } else if (beat.end !== 'hang') breakOff();
  };
  const pull = () =>
    new Promise<void>(next => {
      const step = iterator.next();
      if (step.done) {
        settle('complete');
        controller?.close();
        return next();
      }
      const due = arrivedMs + step.value.at;
      if (due <= clock.now()) return play(step.value, next);
      // MSW in Node holds the head back until it has a chunk: an empty one lets the head leave before the first wait.
      if (played.beats === 0) controller?.enqueue(nothing);
      cancel = clock.at(due, () => play(step.value, next));
    });
  const open = () => {
    played.headSent = true;
    return new ReadableStream<Uint8Array>({
      start: given => {
        controller = given;
      },
      pull,
      cancel: () => settle('client_gone'),
    });
  };
  /** Before any head: the first beat says how the connection ends. */
  const endWithoutHead = () => {
    const step = iterator.next();
    const beat = step.done ? undefined : step.value;
    if (beat !== undefined && 'end' in beat && beat.end === 'hang') return;
    if (beat === undefined || beat.at <= clock.now() - arrivedMs) breakOff();
    else cancel = clock.at(arrivedMs + beat.at, breakOff);
  };
  return {
    open,
    gone,
    endWithoutHead,
    lost: (fn: () => void) => {
      onLost = fn;
    },
    waitFor: (timer: Cancel) => {
      cancel = timer;
    },
  };
}
