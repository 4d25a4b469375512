/** Credentials that somebody put into a URL, where logs and histories keep them. */
import { parseKey } from '../core/wire/auth.ts';
import { safeDecode } from './safe-decode.ts';

export interface SeenUrl {
  /** The path as the journal may keep it. */
  readonly path: string;
  readonly keyInUrl: boolean;
}

/** @param keys secrets by id, of this mock @param query without its question mark */
export function lookAtUrl(path: string, query: string, keys: ReadonlyMap<string, string>): SeenUrl {
  // Keys and tokens have dots, the API's own paths have none.
  const parts = /[.%]/.test(path) ? path.split('/') : none;
  const secretive = parts.filter(part => isSecret(safeDecode(part), keys));
  const clean = secretive.length === 0 ? path : parts.map(part => (secretive.includes(part) ? '***' : part)).join('/');
  return { path: clean, keyInUrl: secretive.length > 0 || (query !== '' && queryHasKey(query, keys)) };
}

const none: readonly string[] = [];

const queryHasKey = (query: string, keys: ReadonlyMap<string, string>) =>
  [...new URLSearchParams(query)].some(
    ([name, value]) => (value !== '' && named.test(name)) || isSecret(value, keys) || isSecret(name, keys),
  );

/** Parameters that are named like a credential, also as a list. */
const named = /^(?:api[-_]?key|key|token|access[-_]?token|auth(?:orization)?|jwt|secret|password)(?:\[\w*\])?$/i;

/** One of the mock's own keys, the usual shape of a key, or a JWT. */
function isSecret(text: string, keys: ReadonlyMap<string, string>): boolean {
  const { id = '', secret } = parseKey(text) ?? {};
  if (secret !== undefined && keys.get(id) === secret) return true;
  return /[0-9a-f]{32}\.\w{16}|eyJ[\w-]{8,}\.[\w-]+\.[\w-]+/i.test(text);
}
