/** `/metrics` of the three programs as they run in one process: a mock that fails now and then, a prober and a load test of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { generate } from 'selfsigned';
import { stringify } from 'yaml';
import { systemClock } from '../../src/core/clock.ts';
import { type Io, runProgram } from '../../src/core/program.ts';
import { createRandom } from '../../src/core/random.ts';
import { type ApiKey, mintToken, parseKey } from '../../src/core/wire/auth.ts';
import { command as load } from '../../src/loadtest/cli.ts';
import { createMock, type TestMock } from '../../src/mock-server/index.ts';
import type { ProbeFile } from '../../src/probe/config.ts';
import { systemReaders } from '../../src/probe/secret.ts';
import { serve } from '../../src/probe/serve.ts';
import { scratch } from './probe.ts';
import { until } from './until.ts';

export interface LiveMetrics {
  readonly mock: string;
  readonly probe: string;
  /** While it runs; what is known only at the end comes by `--prom`. */
  readonly load: string;
  readonly loadEnd: string;
}

/** The key of all three; it must not be seen in what they show. */
export const canary = 'canary-id.canarySecret0042';

export async function liveMetrics(): Promise<LiveMetrics> {
  const { path, remove } = scratch();
  const tls = await certificateIn(path);
  const mock = await createMock({ keys: [canary], timing: 'ttft=20ms,itl=1ms' });
  const secured = await createMock({ keys: [canary], timing: 'instant', ...tls });
  try {
    const probe = await probeMetrics(mock, secured, path);
    const loaded = await loadMetrics(mock, path);
    mock.faults('stall,after=1,for=1ms');
    await fetch(`${mock.baseUrl}/chat/completions`, { method: 'POST', body: '{}' });
    return { probe, ...loaded, mock: await text(`${mock.url}/metrics`) };
  } finally {
    await mock.close({ graceMs: 0 });
    await secured.close({ graceMs: 0 });
    remove();
  }
}

const text = async (url: string) => (await fetch(url)).text();

async function certificateIn(folder: string) {
  const made = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  });
  const [tlsCert, tlsKey] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  writeFileSync(tlsCert, made.cert);
  writeFileSync(tlsKey, made.private);
  return { tlsCert, tlsKey };
}

/** Well, then without money, then well again. */
async function probeMetrics(mock: TestMock, secured: TestMock, folder: string): Promise<string> {
  const file = join(folder, 'probe.yaml');
  writeFileSync(file, stringify(probeFile(mock, secured, folder)));
  const TOKEN = await mintToken(parseKey(canary) as ApiKey, { nowMs: systemClock.wall(), ttlMs: 3_600_000 });
  const serving = await serve({
    ...{ file, readers: systemReaders({ KEY: canary, TOKEN, HOOK: `${mock.url}/hook` }), clock: systemClock },
    ...{ random: createRandom('live'), say: () => {}, send: async () => {} },
  });
  const shows = (pattern: RegExp) =>
    until(`${pattern} in the metrics`, async () => pattern.test(await text(`${serving.url}/metrics`)), 40_000);
  const isUp = /glm_probe_state\{target="home",check="chat_stream",.*state="up"\} 1/;
  try {
    await shows(isUp);
    mock.faults('1113');
    await shows(/glm_probe_api_errors_total\{.*code="1113"/);
    mock.faults();
    await shows(isUp);
    await shows(/glm_probe_cached_input_ratio\{/);
    await shows(/glm_probe_reuse_saved_seconds\{/);
    await shows(/glm_probe_quota_reset_timestamp_seconds\{/);
    await shows(/glm_probe_tls_certificate_not_after_timestamp_seconds\{/);
    return await text(`${serving.url}/metrics`);
  } finally {
    await serving.close();
  }
}

const probeFile = (mock: TestMock, secured: TestMock, folder: string): ProbeFile => ({
  credentials: {
    main: { key: { env: 'KEY' }, calls_at_once: 8, budget: { tokens_per_day: 250_000_000 } },
    token: { key: { env: 'TOKEN' } },
  },
  targets: {
    home: { url: mock.baseUrl, credential: 'main' },
    secured: { url: secured.baseUrl, credential: 'main', ca: join(folder, 'cert.pem') },
    limited: { url: `${mock.url}/~usage-limit/api/paas/v4`, credential: 'token' },
  },
  defaults: {
    ...{ model: 'glm-4.6', interval: '1s', jitter: '0%', confirm: { runs: 0 } },
    deadlines: { connect: '800ms', first_byte: '800ms', first_token: '800ms', idle: '800ms', total: '800ms' },
  },
  checks: [
    {
      ...{ kind: 'chat_stream', targets: ['home'] },
      slo: {
        ...{ availability: '90%', correctness: '90%' },
        ttfot: { objective: '90%', threshold: '300ms' },
        stall: { objective: '90%', threshold: '150ms' },
      },
    },
    { kind: 'chat', model: 'glm-4.5-air' },
    { kind: 'cached_pair', targets: ['home'], interval: '2s' },
    { kind: 'reuse', targets: ['home'], interval: '2s' },
  ],
  prices: {
    'glm-4.6': { input: 2, output: 8, currency: 'CNY' },
    'glm-4.5-air': { input: 0.2, output: 1.1, currency: 'USD' },
  },
  notifications: [{ kind: 'webhook', name: 'ops', url: { env: 'HOOK' } }],
  otlp: { url: `${mock.url}/v1/metrics` },
  reference: { urls: [`${mock.url}/healthz`] },
  ...{ runs_at_once: 8, exporter: { port: 0 }, state: { path: join(folder, 'probe.db') } },
});

async function loadMetrics(mock: TestMock, folder: string) {
  const last = join(folder, 'load.prom');
  const stop = new AbortController();
  let said = '';
  const io: Io = {
    out: () => {},
    err: words => {
      said += words;
    },
    env: { GLM_API_KEY: canary },
    stop: stop.signal,
    exitWith: () => {},
  };
  const ended = runProgram(
    new Command('glm-testkit').addCommand(load(io)),
    [
      ...['load', 'run', '--url', mock.baseUrl, '--model', 'glm-4.6', '-c', '2', '-d', '30s', '--max-tokens', '16'],
      ...['--metrics-port', '0', '--prom', last, '--threshold', 'error_rate<50%'],
    ],
    io,
  );
  const url = await until('the address of the metrics', () => /metrics at (\S+)/.exec(said)?.[1]);
  const whileRunning = await until('requests in the metrics', async () => {
    const now = await text(url);
    return /glm_load_requests_total\{.*outcome="ok"\} [1-9]/.test(now) && now;
  });
  stop.abort();
  await ended;
  return { load: whileRunning, loadEnd: readFileSync(last, 'utf8') };
}
