/**
 * The same engine in process, as MSW handlers. The player listens to the request's signal: without that a hang would
 * ignore the caller's timeout and an abort would never be seen. The only file that imports msw.
 */
import { type HttpHandler, HttpResponse, http } from 'msw';
import { type Clock, systemClock } from '../core/clock.ts';
import { checked } from '../core/config.ts';
import { packageVersion } from '../core/version.ts';
import { createBodyStream } from './body-stream.ts';
import { type MockConfig, type MockOptions, mockConfig } from './config.ts';
import { type Desk, deskOf } from './desk.ts';
import { bases } from './endpoints/bases.ts';
import { createEngine, type Engine } from './engine.ts';
import { loadFixtures } from './fixtures/load.ts';
import type { JournalEntry } from './journal.ts';
import { withTestKey } from './keys.ts';
import { createMeter } from './meter.ts';
import { gzip } from './node.ts';
import type { Exchange, MockRequest } from './plan.ts';

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
  const { head } = exchange.plan;
  const player = createBodyStream(exchange, arrivedMs, clock);
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
