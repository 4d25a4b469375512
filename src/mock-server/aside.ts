/** The routes beside the API: `/healthz`, `/metrics`, and the journal under `/__admin`. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JournalEntry } from './journal.ts';

export interface AsideSource {
  readonly metrics: () => Promise<{ text: string; type: string }>;
  readonly journal: () => Promise<JournalEntry[]>;
}

type Route = (source: AsideSource) => Promise<{ text: string; type: string }>;

const routes: Readonly<Record<string, Route>> = {
  '/healthz': async () => ({ text: '{"status":"ok"}\n', type: 'application/json' }),
  '/metrics': source => source.metrics(),
  '/__admin/journal': async source => ({
    text: `${JSON.stringify({ requests: await source.journal() })}\n`,
    type: 'application/json',
  }),
};

/** Answers a request that is not for the API; false for all others. */
export const createAside =
  (source: AsideSource) =>
  (req: IncomingMessage, res: ServerResponse): boolean => {
    if (req.method !== 'GET' && req.method !== 'HEAD') return false;
    const path = (req.url ?? '').split('?')[0] ?? '';
    if (!Object.hasOwn(routes, path)) return false;
    const write = ({ text, type }: { text: string; type: string }) =>
      res.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
    routes[path]?.(source).then(write, error =>
      res.writeHead(500).end(`${error instanceof Error ? error.message : 'failed'}\n`),
    );
    return true;
  };
