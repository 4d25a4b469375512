import { certificateMistake, pairMistake } from '../../core/pem.ts';
import type { Path } from '../located.ts';
import { openMistake } from '../openness.ts';
import type { SecretSource } from '../secret.ts';
import type { Doubt } from './doubt.ts';

/** Variables and files that have to be there, and certificates that have to be some. Commands are not run. */
export const sources: Doubt = ({ config, env, fileExists, sizeAt = () => undefined, textAt, sealed }, report) => {
  if (sealed) return;
  const look = (path: Path, source: SecretSource | undefined) => {
    if (source?.env !== undefined && !(Object.hasOwn(env, source.env) && env[source.env]?.trim()))
      report('missing_secret', [...path, 'env'], `the environment variable ${source.env} is not set`);
    if (source?.file === undefined || !file([...path, 'file'], source.file)) return;
    if ((sizeAt(source.file) ?? Number.POSITIVE_INFINITY) <= lineEnd)
      report('missing_secret', [...path, 'file'], `${source.file} is empty`);
  };
  const file = (path: Path, name: string): boolean => {
    const exists = fileExists(name);
    if (!exists) report('missing_file', path, `${name}: no such file, or it cannot be read`);
    return exists;
  };
  const authority = (path: Path, name: string | undefined) => {
    const mistake = name !== undefined && file(path, name) ? certificateMistake(textAt(name)) : undefined;
    if (mistake !== undefined) report('bad_certificate', path, `${name} ${mistake}`);
  };
  const pair = (path: Path, files: { readonly cert: string; readonly key: string }) => {
    const there = [file([...path, 'cert'], files.cert), file([...path, 'key'], files.key)];
    const mistake = there.every(Boolean) ? pairMistake(textAt(files.cert), textAt(files.key)) : undefined;
    if (mistake !== undefined) report('bad_certificate', [...path, mistake.of], `${files[mistake.of]} ${mistake.text}`);
  };
  for (const [name, { key }] of Object.entries(config.credentials)) look(['credentials', name, 'key'], key);
  for (const [name, { ca, proxy }] of Object.entries(config.targets)) {
    authority(['targets', name, 'ca'], ca);
    if (typeof proxy === 'object' && !('url' in proxy)) look(['targets', name, 'proxy'], proxy);
  }
  for (const [at, { url, secret }] of config.notifications.entries()) {
    look(['notifications', at, 'url'], url);
    look(['notifications', at, 'secret'], secret);
  }
  for (const [name, source] of Object.entries(config.otlp?.headers ?? {})) look(['otlp', 'headers', name], source);
  const { dir } = config.cassettes;
  if (dir !== undefined && sizeAt(dir) !== undefined)
    report('bad_value', ['cassettes', 'dir'], `${dir} is a file; name a folder`);
  const { bearer, basic, tls } = config.exporter;
  look(['exporter', 'bearer'], bearer);
  look(['exporter', 'basic', 'password'], basic?.password);
  if (tls !== undefined) pair(['exporter', 'tls'], tls);
};

/** Bytes of a line without anything in it, also on Windows. A secret is not read to know that it is none. */
const lineEnd = 2;

/** What `serve` would refuse to show to everybody. */
export const openness: Doubt = ({ config: { exporter }, allowOpen = true }, report) => {
  const mistake = allowOpen ? undefined : openMistake(exporter);
  if (mistake !== undefined) report('open_exporter', ['exporter', 'host'], mistake);
};
