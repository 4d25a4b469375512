/** The routes beside the API: `/healthz`, `/metrics` and `/__admin`. From other machines the last needs a token. */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { textOf, UsageError } from '../../core/errors.ts';
import { allRoutes } from './openapi.ts';
import { type AdminSource, type Answer, json } from './routes.ts';

export interface AsideOptions {
  readonly source: AdminSource;
  /** Lets others in than this machine; without one they stay out. */
  readonly token: string | undefined;
}

const admin = '/__admin';
const mostBytes = 8 * 1024 * 1024;

const paths = new Set([...allRoutes.map(({ path }) => path), admin, `${admin}/`]);
const open = new Set(['/healthz', '/metrics']);

/** Answers a request that is not for the API; false for all others. */
export const createAside =
  ({ source, token }: AsideOptions) =>
  (req: IncomingMessage, res: ServerResponse): boolean => {
    const url = req.url ?? '';
    if (!url.startsWith(admin) && !url.startsWith('/healthz') && !url.startsWith('/metrics')) return false;
    const path = url.split('?')[0] ?? '';
    if (!paths.has(path) && !path.startsWith(`${admin}/`)) return false;
    if (open.has(path) && req.method !== 'GET' && req.method !== 'HEAD') return false;
    const allowed = open.has(path) || isLocal(req) || hasToken(req, token);
    const answer = allowed ? handle(req, path, source) : Promise.resolve(forbidden(token));
    answer.then(
      done => write(res, done),
      error => write(res, failure(error)),
    );
    return true;
  };

const forbidden = (token: string | undefined) =>
  json(
    {
      error: {
        code: 'forbidden',
        message:
          token === undefined
            ? 'the admin API answers only this machine; set GLM_MOCK_ADMIN_TOKEN and send it as Authorization: Bearer'
            : 'the admin API needs its token as Authorization: Bearer',
      },
    },
    403,
  );

/** By the peer's address, and by the names it uses: a page elsewhere may have its name lead here. */
const isLocal = ({ socket, headers: { host = '', origin } }: IncomingMessage) =>
  /^(?:::1|(?:::ffff:)?127\.\d+\.\d+\.\d+)$/.test(socket.remoteAddress ?? '') &&
  isLocalName(host) &&
  (origin === undefined || isLocalName(origin.replace(/^https?:\/\//, '')));

const isLocalName = (name: string) => /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/i.test(name);

function hasToken({ headers }: IncomingMessage, token: string | undefined): boolean {
  const given = Buffer.from(headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return token !== undefined && given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function handle(req: IncomingMessage, path: string, source: AdminSource): Promise<Answer> {
  if (path === admin || path === `${admin}/`) return { ...json({ ui: `${admin}/ui` }, 302), text: '' };
  const here = allRoutes.filter(route => route.path === path);
  const method = req.method === 'HEAD' ? 'GET' : req.method;
  const route = here.find(candidate => candidate.method === method);
  if (here.length === 0) return wrong(404, `there is no ${path.slice(0, 80)}; see ${admin}/openapi.json`);
  if (route === undefined) return wrong(405, `${path} takes ${here.map(({ method }) => method).join(', ')}`);
  const query = new URL(req.url ?? '/', 'http://localhost').searchParams;
  const body = method === 'GET' ? undefined : await jsonBody(req);
  return route.answer(source, { query, body });
}

const wrong = (status: number, message: string): Answer =>
  json({ error: { code: 'bad_admin_request', message } }, status);

/** JSON by its content type: a page of another origin cannot send that without asking first, and is not answered. */
async function jsonBody(req: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of req as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > mostBytes) throw new UsageError('too_large', `the body is larger than ${mostBytes} bytes`);
    parts.push(part);
  }
  if (!/^application\/json\b/i.test(req.headers['content-type'] ?? ''))
    throw new UsageError('not_json', 'send content-type: application/json');
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(parts).toString());
  } catch {
    throw new UsageError('not_json', 'the body is not JSON');
  }
}

/** What was asked wrongly is said; anything else is ours, and said too, because nobody else can see it. */
const failure = (error: unknown): Answer =>
  error instanceof UsageError
    ? json({ error: { code: error.code, message: error.message } }, 400)
    : json({ error: { code: 'internal', message: textOf(error) } }, 500);

function write(res: ServerResponse, { status = 200, text, type }: Answer): void {
  const headers = { 'content-type': type, 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store' };
  res.writeHead(status, status === 302 ? { ...headers, location: `${admin}/ui` } : headers).end(text);
}
