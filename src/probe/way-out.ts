/** How this program gets out for what is no measured call: through the proxy of the environment, as the calls do. */
import { Agent, type buildConnector, type Dispatcher, ProxyAgent, request } from 'undici';
import { codeOf } from '../core/errors.ts';
import { proxyFor } from '../core/proxy.ts';
import { proxyOfEnv } from './endpoint.ts';
import type { SecretReaders } from './secret.ts';

type Env = SecretReaders['env'];

/** How long an answer is waited for. */
export interface Patience {
  readonly timeoutMs: number;
  /** Gives up when it is aborted. */
  readonly stop?: AbortSignal | undefined;
}

/** What a request needs to go this way. */
type Way = { readonly dispatcher: Dispatcher; readonly signal: AbortSignal };

/**
 * Leads a request out, over a new connection: a kept one may be dead and not know it.
 * @returns rejects with why nothing came back, without the URL, which may be a secret
 * @throws {UsageError} `bad_proxy`
 */
export async function wayOut<T>(
  url: string,
  env: Env,
  { timeoutMs, stop }: Patience,
  go: (way: Way) => Promise<T>,
): Promise<T> {
  const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(stop ? [stop] : [])]);
  const dispatcher = dispatcherTo(url, env, signal);
  try {
    return await go({ dispatcher, signal });
  } catch (error) {
    throw new Error(signal.aborted ? 'no answer in time' : `no connection (${codeOf(error) ?? 'unknown'})`);
  } finally {
    void dispatcher.destroy();
  }
}

export interface Letter {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Posts, and reads the beginning of what is answered.
 * @returns rejects also with the status, when it is not one of success
 * @throws {UsageError} `bad_proxy`
 */
export async function postOut({ url, headers, body }: Letter, env: Env, patience: Patience): Promise<string> {
  const { status, text } = await wayOut(url, env, patience, async way => {
    const { statusCode, body: answer } = await request(url, { method: 'POST', headers, body, ...way });
    return { status: statusCode, text: statusCode < 300 ? await beginningOf(answer) : '' };
  });
  if (status >= 300) throw new Error(`HTTP ${status}`);
  return text;
}

const mostBytes = 4096;

/** What comes after that is not waited for: it may have no end. */
async function beginningOf(answer: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer) {
    parts.push(part);
    bytes += part.length;
    if (bytes >= mostBytes) break;
  }
  return Buffer.concat(parts).toString('utf8', 0, mostBytes);
}

/** @param signal ends the socket as well: undici alone hears of it once it is connected, and behind a mute proxy never */
function dispatcherTo(url: string, env: Env, signal: AbortSignal): Dispatcher {
  const proxy = proxyFor(url, env);
  const connect = { signal } as buildConnector.BuildOptions;
  if (proxy === undefined) return new Agent({ pipelining: 0, connect });
  const uri = proxyOfEnv(proxy).reveal();
  // A tunnel for http as well: else a proxy's own 502 would read as an answer.
  return new ProxyAgent({ uri, proxyTunnel: true, proxyTls: connect, requestTls: connect });
}
