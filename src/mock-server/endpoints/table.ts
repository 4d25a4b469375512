/** Which endpoint a method and path mean; glm-api.md §1, §5.4. */
import { asyncResult, submit } from './async.ts';
import { bases } from './bases.ts';
import { chat } from './chat.ts';
import { embeddings } from './embeddings.ts';
import type { Endpoint } from './endpoint.ts';
import { models } from './models.ts';
import { tokenizer } from './tokenizer.ts';

/** An endpoint; or Spring's own error with the path as the service sees it; or the gateway's page; or a preflight. */
export type Found =
  | { readonly kind: 'endpoint'; readonly name: string; readonly answer: Endpoint }
  | { readonly kind: 'spring'; readonly status: 404 | 405; readonly path: string }
  | { readonly kind: 'gateway' }
  | { readonly kind: 'preflight' };

const table = new Map<string, { readonly method: string; readonly answer: Endpoint }>(
  Object.entries({
    '/chat/completions': { method: 'POST', answer: chat },
    '/async/chat/completions': { method: 'POST', answer: submit },
    '/async-result/{id}': { method: 'GET', answer: asyncResult },
    '/models': { method: 'GET', answer: models },
    '/tokenizer': { method: 'POST', answer: tokenizer },
    '/embeddings': { method: 'POST', answer: embeddings },
  }),
);

/** The names of all endpoints. */
export const endpointNames: readonly string[] = [...table.keys()];

/** What is found for nearly every request, by its path. */
const usual = new Map(
  bases.flatMap(base =>
    [...table].map(([name, { method, answer }]) => {
      const found: Found = { kind: 'endpoint', name, answer };
      return [base + name, { method, found }] as const;
    }),
  ),
);

/** The endpoint of a request; names double as metric labels. */
export function find(method: string, path: string): Found {
  const known = usual.get(path);
  return known?.method === method ? known.found : search(method, path);
}

function search(method: string, path: string): Found {
  if (path === '/' && method === 'POST') return { kind: 'gateway' };
  const base = bases.find(prefix => path.startsWith(`${prefix}/`));
  if (base === undefined)
    return { kind: 'spring', status: 404, path: path.replace(/^\/api\/(coding\/)?paas(?=\/|$)/, '') || '/' };
  const rest = path.slice(base.length);
  const name = rest.startsWith('/async-result/') && /^\/async-result\/[^/]+$/.test(rest) ? '/async-result/{id}' : rest;
  const entry = table.get(name);
  if (entry === undefined) return { kind: 'spring', status: 404, path: `/v4${rest}` };
  if (method === 'OPTIONS') return { kind: 'preflight' };
  if (entry.method !== method && !(entry.method === 'GET' && method === 'HEAD'))
    return { kind: 'spring', status: 405, path: `/v4${rest}` };
  return { kind: 'endpoint', name, answer: entry.answer };
}
