/** How this program gets out for what is no measured call: through the proxy of the environment, as the calls do. */
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { codeOf } from '../core/errors.ts';
import { proxyFor } from '../core/proxy.ts';
import { proxyOfEnv } from './endpoint.ts';
import type { SecretReaders } from './secret.ts';

type Env = SecretReaders['env'];

/**
 * Leads a request out, over a new connection: a kept one may be dead and not know it.
 * @throws {UsageError} `bad_proxy`
 */
export async function wayOut<T>(url: string, env: Env, go: (dispatcher: Dispatcher) => Promise<T>): Promise<T> {
  const dispatcher = dispatcherTo(url, env);
  try {
    return await go(dispatcher);
  } finally {
    void dispatcher.destroy();
  }
}

/** Why nothing came back, without the URL, which may be a secret. What was given up has a number for a code. */
export function complaintOf(error: unknown): string {
  const code = codeOf(error);
  return code === undefined ? 'no answer in time' : `no connection (${code})`;
}

function dispatcherTo(url: string, env: Env): Dispatcher {
  const proxy = proxyFor(url, env);
  if (proxy === undefined) return new Agent({ pipelining: 0 });
  // A tunnel for http as well: else a proxy's own 502 would read as an answer.
  return new ProxyAgent({ uri: proxyOfEnv(proxy).reveal(), proxyTunnel: true });
}
