/** How to reach a target, and as whom: its key, its proxy and the authority that is trusted are read here. */
import { sendable } from '../core/api-key.ts';
import { UsageError } from '../core/errors.ts';
import { proxyFor } from '../core/proxy.ts';
import type { ProbeConfig, TargetConfig } from './config.ts';
import { createSecret, readSecret, type Secret, type SecretReaders } from './secret.ts';

export type EndpointKind = 'cn' | 'intl' | 'coding' | 'gateway';

export interface Endpoint {
  readonly target: string;
  readonly url: string;
  readonly kind: EndpointKind;
  /** Name of the credential, for budgets and for one call at a time. */
  readonly credential: string;
  readonly key: Secret;
  readonly mode: 'key' | 'jwt';
  readonly proxy: Secret | undefined;
  /** PEM. */
  readonly ca: string | undefined;
}

/** The credential a target uses: its own choice, or the only one there is. */
export function credentialOf({ credential }: TargetConfig, { credentials }: ProbeConfig): string | undefined {
  const names = Object.keys(credentials);
  return credential ?? (names.length === 1 ? names[0] : undefined);
}

/** @throws {UsageError} `no_secret`, `no_file`, `bad_key`, `bad_proxy` */
export async function endpointOf(
  name: string,
  target: TargetConfig,
  config: ProbeConfig,
  readers: SecretReaders,
): Promise<Endpoint> {
  const credential = credentialOf(target, config) ?? '';
  const { key: source, mode } = config.credentials[credential] as ProbeConfig['credentials'][string];
  const key = await readSecret(source, readers);
  const kind = target.kind ?? endpointKind(target.url);
  const about = { target: name, url: target.url, kind, credential, mode };
  if (readers.sealed) return { ...about, key, proxy: undefined, ca: undefined };
  return {
    ...about,
    key: oneKey(key),
    proxy: await proxyOf(target, readers),
    ca: target.ca === undefined ? undefined : readers.file(target.ca),
  };
}

/** The same key, when there is exactly one. @throws {UsageError} `bad_key` */
export function oneKey(secret: Secret): Secret {
  if (/\s/.test(sendable(secret.reveal(), secret.source)))
    throw new UsageError(
      'bad_key',
      `the API key in ${secret.source} holds white space; put one key there and nothing else`,
    );
  return secret;
}

async function proxyOf({ url, proxy }: TargetConfig, readers: SecretReaders): Promise<Secret | undefined> {
  if (proxy === 'none') return undefined;
  if (proxy !== undefined && 'url' in proxy) return createSecret('the settings', proxy.url);
  if (proxy !== undefined) return proxyIn(await readSecret(proxy, readers));
  const found = proxyFor(url, readers.env);
  return found === undefined ? undefined : proxyOfEnv(found);
}

/** @throws {UsageError} `bad_proxy` */
export const proxyOfEnv = (found: string): Secret =>
  proxyIn(createSecret('HTTPS_PROXY, HTTP_PROXY or ALL_PROXY', found));

/** As curl takes it: without a scheme it is http. What is no proxy is not repeated, for it may hold a password. */
function proxyIn({ source, reveal }: Secret): Secret {
  const text = reveal();
  const href = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(href) || !/^https?:$/.test(new URL(href).protocol))
    throw new UsageError(
      'bad_proxy',
      `${source}: is no http(s) proxy; write the URL of one, such as http://proxy:3128, or leave it out to go without`,
    );
  return createSecret(source, href);
}

/** By the vendor's hosts and paths; glm-api.md §1.1. Anything else is somebody's gateway. */
export function endpointKind(url: string): EndpointKind {
  const { hostname, pathname } = new URL(url);
  if (hostname !== 'open.bigmodel.cn' && hostname !== 'api.z.ai') return 'gateway';
  if (pathname.startsWith('/api/coding/')) return 'coding';
  return hostname === 'api.z.ai' ? 'intl' : 'cn';
}

/** A target's name when nobody gave one: the host, never a URL. `::1` begins with no letter or digit, so it is spelt `0::1`. */
export const hostName = (url: string): string =>
  new URL(url).host.replace(/[[\]]/g, '').replace(/^:/, '0:').toLowerCase().slice(0, 64);
