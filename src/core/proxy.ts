/** Which proxy a URL goes through, by the environment: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY in either case. */
import { isLoopback } from './loopback.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The proxy's URL, or undefined for a direct connection. It may hold a password. */
export function proxyFor(url: string, env: Env): string | undefined {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (bypassed(host, port || (protocol === 'https:' ? '443' : '80'), read(env, 'no_proxy'))) return undefined;
  return read(env, protocol === 'https:' ? 'https_proxy' : 'http_proxy') ?? read(env, 'all_proxy');
}

const read = (env: Env, name: string) => env[name]?.trim() || env[name.toUpperCase()]?.trim() || undefined;

/**
 * A proxy elsewhere cannot reach what runs here. Names match themselves and what lies below them; `*` is everything; a port
 * narrows.
 */
function bypassed(host: string, port: string, list = ''): boolean {
  const entries = list.split(/[\s,]+/).filter(entry => entry !== '');
  return isLoopback(host) || entries.some(entry => covers(entry.toLowerCase(), host, port));
}

function covers(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const [, name = '', onlyPort] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry.replace(/^\*?\./, '')) ?? [];
  return (onlyPort === undefined || onlyPort === port) && (host === name || host.endsWith(`.${name}`));
}
