/** A real Prometheus on this machine, as Debian packages it, and the part of its API that a dashboard uses. */
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** Seconds since 1970 and the value; one pair for an instant. */
  readonly values: readonly (readonly [at: number, value: number])[];
}

export interface Prometheus {
  readonly url: string;
  query(expr: string, at?: number): Promise<readonly Series[]>;
  range(expr: string, from: number, to: number, step: number): Promise<readonly Series[]>;
  labelValues(label: string, match: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** @param scrape the `scrape_configs` @throws when the package is not installed */
export async function startPrometheus(folder: string, scrape: readonly object[], everyS = 1): Promise<Prometheus> {
  if (spawnSync('prometheus', ['--version']).error)
    throw new Error('no Prometheus found; on Debian: apt install prometheus');
  const config = join(folder, 'prometheus.yml');
  const times = { scrape_interval: `${everyS}s`, scrape_timeout: `${everyS}s` };
  writeFileSync(config, stringify({ global: times, scrape_configs: scrape }));
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'tsdb')}`,
      `--web.listen-address=${new URL(url).host}`,
      '--enable-feature=exemplar-storage',
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', text => {
    said += text;
  });
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  await until(
    'Prometheus is ready',
    async () => {
      if (child.exitCode !== null) throw new Error(`Prometheus ended: ${said}`);
      return fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false, // not listening yet
      );
    },
    60_000,
  );
  return {
    url,
    query: async (query, at) => ask(url, 'query', { query, ...(at && { time: String(at) }) }),
    range: async (query, start, end, step) =>
      ask(url, 'query_range', { query, start: String(start), end: String(end), step: String(step) }),
    labelValues: async (label, match) => {
      const response = await fetch(`${url}/api/v1/label/${label}/values?${new URLSearchParams({ 'match[]': match })}`);
      return ((await response.json()) as { data: string[] }).data;
    },
    close: async () => {
      child.kill();
      await ended;
    },
  };
}

interface Reply {
  readonly status: string;
  readonly error?: string;
  readonly data: { readonly result: readonly Raw[] };
}

interface Raw {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

async function ask(url: string, what: string, parameters: Record<string, string>): Promise<readonly Series[]> {
  const response = await fetch(`${url}/api/v1/${what}`, { method: 'POST', body: new URLSearchParams(parameters) });
  const { status, error, data } = (await response.json()) as Reply;
  if (status !== 'success') throw new Error(`${error}: ${parameters.query}`);
  return data.result.map(({ metric, value, values = value ? [value] : [] }) => ({
    metric,
    values: values.map(([at, text]) => [at, numberOf(text)] as const),
  }));
}

const numberOf = (text: string) =>
  text === '+Inf' ? Number.POSITIVE_INFINITY : text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
