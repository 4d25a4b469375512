/** The prober's own HTTP server: `/metrics`, `/healthz`, the status page and the log of every run. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { codeOf, textOf, UsageError } from '../core/errors.ts';
import { openMetricsType } from '../core/open-metrics.ts';
import type { History } from './history.ts';
import { createProbeMetrics } from './metrics.ts';
import { openMistake } from './openness.ts';
import { type Overview, overviewOf } from './overview.ts';
import { pageOf } from './page.ts';
import type { Exporter as ExporterPlan } from './plan.ts';
import type { Prober } from './prober.ts';
import { runPage, runReport, runsPage, runText } from './runs-page.ts';

export interface Exporter {
  /** Where it listens, with its port. */
  readonly url: string;
  /** Other names, passwords and certificates from now on; who is connected stays. */
  protect(plan: ExporterPlan): void;
  close(): Promise<void>;
}

export interface ExporterSource {
  readonly prober: Prober;
  readonly history: History;
  readonly clock: Clock;
  /** A sentence for whoever runs this. */
  readonly say: (sentence: string) => void;
}

/**
 * @param allowOpen another host than loopback without a password
 * @throws {UsageError} `open_exporter`, `port_in_use`, `no_listen`
 */
export async function startExporter(plan: ExporterPlan, source: ExporterSource, allowOpen = false): Promise<Exporter> {
  const mistake = allowOpen ? undefined : openMistake(plan);
  if (mistake !== undefined) throw new UsageError('open_exporter', `exporter.host ${mistake}`);
  let protection = plan;
  const look = createLook(source);
  const answer = (req: IncomingMessage, res: ServerResponse) => {
    handle(req, protection, { ...source, look }).then(
      reply => write(req, res, reply),
      (error: unknown) => {
        // A state that cannot be read must not end the probing.
        source.say(`${req.url} could not be shown: ${textOf(error)}`);
        write(req, res, {
          status: 500,
          type: plainType,
          text: 'this could not be shown; standard error of the prober says why\n',
        });
      },
    );
  };
  const server = serverOf(plan, answer);
  server.headersTimeout = 10_000;
  await listen(server, plan);
  const { port } = server.address() as AddressInfo;
  return {
    url: `${plan.tls ? 'https' : 'http'}://${plan.host.includes(':') ? `[${plan.host}]` : plan.host}:${port}`,
    protect: next => {
      protection = next;
      if (next.tls !== undefined && server instanceof TlsServer) server.setSecureContext(secureOf(next.tls));
    },
    close: () => close(server),
  };
}

type Answer = (req: IncomingMessage, res: ServerResponse) => void;

const serverOf = ({ tls }: ExporterPlan, answer: Answer): Server =>
  tls === undefined ? createServer(answer) : createTlsServer(secureOf(tls), answer);

const secureOf = ({ cert, key }: NonNullable<ExporterPlan['tls']>) => ({ cert, key: key.reveal() });

function listen(server: Server, { host, port }: ExporterPlan): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', error => {
      const used = codeOf(error) === 'EADDRINUSE';
      const text = used
        ? 'is in use; say another exporter.port, or 0 for any'
        : `cannot be listened on (${codeOf(error)})`;
      reject(new UsageError(used ? 'port_in_use' : 'no_listen', `${host}:${port} ${text}`));
    });
    server.listen({ host, port }, resolve);
  });
}

function close(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

interface Reply {
  readonly status?: number;
  readonly type: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const plainType = 'text/plain; charset=utf-8';
const htmlType = 'text/html; charset=utf-8';

interface Handled extends ExporterSource {
  readonly look: () => Promise<Overview>;
}

async function handle(req: IncomingMessage, protection: ExporterPlan, source: Handled): Promise<Reply> {
  if (req.method !== 'GET' && req.method !== 'HEAD')
    return { status: 405, type: plainType, text: 'only GET\n', headers: { allow: 'GET, HEAD' } };
  const asked = askedOf(req);
  const pathname = asked?.pathname ?? '';
  const allowed = isAllowed(req.headers.authorization, protection);
  // Who restarts this program has no password; without one it hears yes or no.
  if (pathname === '/healthz') return health(source.prober, allowed);
  if (!allowed) return denied(protection);
  if (asked === null) return nothingHere;
  if (pathname === '/metrics') return metrics(req, source.prober);
  if (pathname === '/') return { type: htmlType, text: pageOf(await source.look(), { live: true }) };
  if (pathname === '/status.json')
    return { type: 'application/json', text: `${JSON.stringify(await source.look(), null, 2)}\n` };
  if (pathname === '/runs') return runs(asked.searchParams.get('check') ?? '', source);
  const [, id] = /^\/runs\/([\w-]{1,64})$/.exec(pathname) ?? [];
  if (id !== undefined) return run(id, req, source);
  return nothingHere;
}

/** A path of two slashes is a path, not another host. */
const askedOf = ({ url = '/' }: IncomingMessage): URL | null =>
  URL.parse(url.startsWith('/') ? `http://prober${url}` : url);

const notFound = (text: string): Reply => ({ status: 404, type: plainType, text: `${text}\n` });

const nothingHere = notFound('nothing here; there are /, /status.json, /metrics, /healthz and /runs');

/** However many look: the overview is made once a second at most. */
const freshMs = 1000;

function createLook({ prober, history, clock }: ExporterSource): () => Promise<Overview> {
  let madeAtMs = Number.NEGATIVE_INFINITY;
  let made: Promise<Overview> | undefined;
  return () => {
    if (made === undefined || clock.now() - madeAtMs >= freshMs) {
      madeAtMs = clock.now();
      made = overviewOf({ ...prober, plan: prober.plan, history }, clock.wall());
    }
    return made;
  };
}

function health(prober: Prober, allowed: boolean): Reply {
  const troubles = prober.troubles();
  if (troubles.length === 0) return { type: plainType, text: 'ok\n' };
  return { status: 503, type: plainType, text: allowed ? `${troubles.join('\n')}\n` : 'not ok\n' };
}

async function metrics({ headers }: IncomingMessage, prober: Prober): Promise<Reply> {
  const now = prober.metrics();
  if (headers.accept?.includes('application/openmetrics-text'))
    return { type: openMetricsType, text: await now.openMetrics() };
  return { type: now.contentType, text: await now.text() };
}

function runs(id: string, { prober, history }: ExporterSource): Reply {
  const check = prober.plan.checks.find(one => one.id === id);
  if (check === undefined) return notFound('no such check');
  return { type: htmlType, text: runsPage(id, history.runs(id, 100)) };
}

/** As blackbox's debug page: the log, the metrics of this one run, and what the check is. */
async function run(
  runId: string,
  { headers }: IncomingMessage,
  { prober, history, clock }: ExporterSource,
): Promise<Reply> {
  const found = history.run(runId);
  if (found === undefined) return notFound('no such run, or only its times are kept any more');
  const one = createProbeMetrics([found], clock);
  one.record(found);
  const check = prober.plan.checks.find(({ id }) => id === found.id);
  const report = runReport(found, await one.metrics.text(), check);
  if (headers.accept?.includes('text/html')) return { type: htmlType, text: runPage(report) };
  return { type: plainType, text: runText(report) };
}

/** Compares digests, which are equally long and equally fast whatever is sent. */
function isAllowed(given: string | undefined, { bearer, basic }: ExporterPlan): boolean {
  if (bearer === undefined && basic === undefined) return true;
  const wanted = [
    ...(bearer ? [`Bearer ${bearer.reveal()}`] : []),
    ...(basic ? [`Basic ${Buffer.from(`${basic.username}:${basic.password.reveal()}`).toString('base64')}`] : []),
  ];
  // The scheme is a word in any case; what comes after it is not.
  const seen = digest((given ?? '').replace(/^(?:bearer|basic) +/i, word => capital(word.trim())));
  return wanted.map(one => timingSafeEqual(digest(one), seen)).some(Boolean);
}

const capital = (word: string) => `${word[0]?.toUpperCase()}${word.slice(1).toLowerCase()} `;

const digest = (text: string) => createHash('sha256').update(text).digest();

const denied = ({ basic }: ExporterPlan): Reply => ({
  status: 401,
  type: plainType,
  text: 'a password or token is needed\n',
  headers: { 'www-authenticate': `${basic === undefined ? 'Bearer' : 'Basic'} realm="probe"` },
});

/** Nothing is fetched by the page, and no other site may show it. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'";

function write(
  { method }: IncomingMessage,
  res: ServerResponse,
  { status = 200, type, text, headers = {} }: Reply,
): void {
  res.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': policy,
    ...headers,
  });
  res.end(method === 'HEAD' ? undefined : text);
}
