/**
 * The three programs at work and watched by a real Prometheus: all is well, an outage, an empty account, a recovery, and
 * a load test through all of it. What the mock wrote into its journal meanwhile is the truth.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { Agent, fetch } from 'undici';
import { stringify } from 'yaml';
import type { ProbeFile } from '../../src/probe/config.ts';
import { freePort } from './free-port.ts';
import { type Command, launch } from './process.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';
import { startServer } from './server.ts';
import { until } from './until.ts';

export interface Entry {
  readonly keyId?: string;
  readonly model?: string;
  readonly at: number;
  readonly durationMs: number;
  readonly status: number;
  readonly code: string;
  readonly ending: string;
  readonly outcome: string;
}

export interface Drama {
  readonly prometheus: Prometheus;
  /** The config that the probe runs with. */
  readonly probeFile: string;
  readonly env: Readonly<Record<string, string>>;
  journal(keyId: string): Promise<readonly Entry[]>;
  /** Seconds since 1970: from the first scrape of everything to the end of the play. */
  readonly from: number;
  readonly to: number;
  close(): Promise<void>;
}

/** Model of the probe's stream check, and of nothing else: its requests are told apart in the journal. */
export const probedModel = 'glm-4.6';
export const loadedModel = 'glm-4.5-flash';
const intervalMs = 3000;
/** For one thing to happen, on a machine that does ten others. */
const patienceMs = 90_000;

const keys = { probe: 'probe-key.probe-secret', load: 'load-key.load-secret' } as const;
const env = { PROBE_KEY: keys.probe, SINK: '' };

export async function playDrama(say: (what: string) => void = () => {}): Promise<Drama> {
  const folder = mkdtempSync(join(tmpdir(), 'dashboards-'));
  const commands: Command[] = [];
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const { child } of commands) child.kill('SIGTERM');
    for (const { ended } of commands) await ended;
    for (const closer of closers.reverse()) await closer();
    rmSync(folder, { recursive: true, force: true });
  };
  const start = (...argv: string[]) => {
    const command = launch(argv, { env: { ...env, SINK: `${sink.url}/hook`, GLM_API_KEY: keys.load } });
    commands.push(command);
    return command;
  };
  const loadPort = await freePort();
  const loaded = join(folder, 'load.prom');
  const sink = await startSink(loaded);
  closers.push(sink.close);
  try {
    const certificate = await makeCertificate(folder);
    const mock = start(
      ...['mock', '--port', '0', '--timing', 'ttft=120ms,itl=8ms', '--journal-size', '20000'],
      ...['--key', keys.probe, '--key', keys.load, '--tls-cert', certificate.cert, '--tls-key', certificate.key],
    );
    const [, base = ''] = await mock.says(/base URL +(https:\S+)/, patienceMs);
    const admin = adminOf(new URL(base).origin);
    closers.push(admin.close);

    const probeFile = join(folder, 'probe.yaml');
    writeFileSync(probeFile, stringify(probeConfig(base, certificate.cert, sink.url, folder)));
    const probe = start('probe', 'serve', '-c', probeFile, '--seed', 'drama');
    const [, exporter = ''] = await probe.says(/(http:\S+)$/m, patienceMs);

    const prometheus = await startPrometheus(folder, [
      job('mock', new URL(base).host, { scheme: 'https', tls_config: { insecure_skip_verify: true } }),
      job('probe', new URL(exporter).host),
      job('load', `127.0.0.1:${loadPort}`),
      job('textfile', new URL(sink.url).host),
    ]);
    closers.push(prometheus.close);
    await until('everything is scraped', async () => (await prometheus.query('up == 1')).length >= 3, patienceMs);
    const from = Date.now() / 1000;

    say('all is well');
    const load = start(
      ...['load', 'run', '--url', base, '--ca', certificate.cert, '--model', loadedModel, '--rate', '15', '-d', '34s'],
      ...['--max-tokens', '16', '--seed', '1', '--slo', 'ttft_content<400ms', '--threshold', 'error_rate<50%'],
      ...['--on-limit', 'backoff', '--retries', '2', '--backoff', '50ms'],
      ...['--metrics-port', String(loadPort), '--prom', loaded],
    );
    const journal = (keyId: string) => admin.journal(keyId);
    const probed = async (matches: (entry: Entry) => boolean) =>
      (await journal('probe-key')).filter(entry => entry.model === probedModel && matches(entry)).length;
    const seen = (what: string, count: number, matches: (entry: Entry) => boolean) =>
      until(what, async () => (await probed(matches)) >= count, patienceMs);
    // While its event loop is disturbed the probe believes none of its times: a busy machine has to be waited out.
    const believed = (what: string, least: number) =>
      until(
        what,
        async () => {
          const counts = await prometheus.query(`glm_probe_time_to_first_token_seconds_count{check="chat_stream"}`);
          return (counts[0]?.values[0]?.[1] ?? 0) >= least && counts[0]?.values[0]?.[1];
        },
        patienceMs,
      );
    await seen('good probes', 5, ({ code }) => code === 'none');
    const trusted = await believed('times that the probe believes', 2);
    await until('the load test began', async () => (await journal('load-key')).length > 50, patienceMs);

    say('outage');
    await admin.faults('probe-key', ['overloaded']);
    await admin.faults('load-key', ['overloaded,rate=0.5', 'rate-limited,rate=0.1']);
    await seen('refused probes', 4, ({ code }) => code === '1305');

    say('the account is empty');
    await admin.faults('load-key', ['stall,after=3,for=600ms,rate=0.2']);
    await admin.faults('probe-key', ['account-overdue']);
    await seen('unpaid probes', 4, ({ code }) => code === '1113');

    say('recovery');
    await admin.faults('load-key', []);
    await admin.faults('probe-key', []);
    const before = await probed(({ code }) => code === 'none');
    await seen('good probes again', before + 5, ({ code }) => code === 'none');
    await believed('times that the probe believes again', trusted + 1);
    await load.ended;
    if (!existsSync(loaded)) throw new Error(`the load test left no figures: ${load.err()}`);
    await until(
      'the load test’s figures are scraped',
      async () => {
        return (await prometheus.query('glm_load_gate_passed{job="textfile"}')).length > 0;
      },
      patienceMs,
    );
    return {
      prometheus,
      probeFile,
      env: { ...env, SINK: `${sink.url}/hook` },
      journal,
      from,
      to: Date.now() / 1000,
      close,
    };
  } catch (error) {
    for (const command of commands) say(`${command.out()}${command.err()}`);
    await close();
    throw error;
  }
}

const job = (job_name: string, target: string, more: object = {}) => ({
  job_name,
  ...more,
  static_configs: [{ targets: [target] }],
});

async function makeCertificate(folder: string) {
  const altNames = [{ type: 7 as const, ip: '127.0.0.1' }];
  const made = await generate([{ name: 'commonName', value: 'drama' }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  writeFileSync(files.cert, made.cert);
  writeFileSync(files.key, made.private);
  return files;
}

/** As short as the probe takes it, so that a play of a minute holds an outage. */
function probeConfig(url: string, ca: string, sink: string, folder: string): ProbeFile {
  const total = '2800ms';
  return {
    credentials: { main: { key: { env: 'PROBE_KEY' }, calls_at_once: 8, budget: { tokens_per_day: 250_000_000 } } },
    targets: { mock: { url, ca } },
    defaults: {
      ...{ model: 'glm-4.5-air', interval: `${intervalMs}ms`, jitter: '0%', confirm: { runs: 0 } },
      deadlines: { connect: '1s', first_byte: total, first_token: total, idle: total, total },
    },
    checks: [
      {
        kind: 'chat_stream',
        model: probedModel,
        slo: {
          availability: '90%',
          ttfot: { objective: '90%', threshold: '300ms' },
          stall: { objective: '95%', threshold: '150ms' },
        },
      },
      { kind: 'chat' },
      { kind: 'chat_stream', name: 'thinking', thinking: 'on', model: 'glm-4.5' },
      { kind: 'cached_pair', deadlines: { total: '1400ms' }, model: 'glm-4.5' },
      { kind: 'reuse', deadlines: { total: '1400ms' } },
    ],
    prices: {
      [probedModel]: { input: 2, output: 8, currency: 'CNY' },
      'glm-4.5-air': { input: 0.2, output: 1.1, currency: 'USD' },
    },
    notifications: [{ kind: 'webhook', name: 'sink', url: { env: 'SINK' } }],
    reference: { urls: [sink] },
    runs_at_once: 8,
    exporter: { port: 0 },
    state: { path: join(folder, 'probe.db') },
  };
}

/** Takes webhooks, answers as the reference URL, and shows what the load test left, as a textfile collector does. */
const startSink = (textfile: string) =>
  startServer((request, response) => {
    request.resume();
    const found = request.url === '/metrics' && existsSync(textfile);
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(found ? readFileSync(textfile) : '');
  });

function adminOf(origin: string) {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  return {
    faults: async (key: string, faults: readonly string[]) => {
      const response = await fetch(`${origin}/__admin/faults`, {
        ...{ dispatcher, method: 'PUT', body: JSON.stringify({ faults, key }) },
        headers: { 'content-type': 'application/json' },
      });
      if (!response.ok) throw new Error(await response.text());
    },
    journal: async (key: string) => {
      const response = await fetch(`${origin}/__admin/journal?key=${key}`, { dispatcher });
      return ((await response.json()) as { requests: Entry[] }).requests;
    },
    close: () => dispatcher.close(),
  };
}
