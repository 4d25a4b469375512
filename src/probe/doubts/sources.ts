import type { Path } from '../located.ts';
import type { SecretSource } from '../secret.ts';
import type { Doubt } from './doubt.ts';

/** Variables and files that have to be there. Commands are not run. */
export const sources: Doubt = ({ config, env, fileExists }, report) => {
  const look = (path: Path, source: SecretSource | undefined) => {
    if (source?.env !== undefined && !(Object.hasOwn(env, source.env) && env[source.env]?.trim()))
      report('missing_secret', [...path, 'env'], `the environment variable ${source.env} is not set`);
    if (source?.file !== undefined) file([...path, 'file'], source.file);
  };
  const file = (path: Path, name: string | undefined) => {
    if (name !== undefined && !fileExists(name))
      report('missing_file', path, `${name}: no such file, or it cannot be read`);
  };
  for (const [name, { key }] of Object.entries(config.credentials)) look(['credentials', name, 'key'], key);
  for (const [name, { ca, proxy }] of Object.entries(config.targets)) {
    file(['targets', name, 'ca'], ca);
    if (typeof proxy === 'object' && !('url' in proxy)) look(['targets', name, 'proxy'], proxy);
  }
  for (const [at, { url, secret }] of config.notifications.entries()) {
    look(['notifications', at, 'url'], url);
    look(['notifications', at, 'secret'], secret);
  }
  for (const [name, source] of Object.entries(config.otlp?.headers ?? {})) look(['otlp', 'headers', name], source);
  const { bearer, basic, tls } = config.exporter;
  look(['exporter', 'bearer'], bearer);
  look(['exporter', 'basic', 'password'], basic?.password);
  file(['exporter', 'tls', 'cert'], tls?.cert);
  file(['exporter', 'tls', 'key'], tls?.key);
};
