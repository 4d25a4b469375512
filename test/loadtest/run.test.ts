import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { command } from '../../src/loadtest/cli.ts';
import { load } from '../../src/loadtest/load.ts';
import * as fake from '../support/fake-glm.ts';
import { run } from '../support/io.ts';
import { planOf } from './plan.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function serve(reply: fake.Reply) {
  const server = await fake.createFakeGlm(reply);
  cleanups.push(() => server.close());
  return server;
}

const env = { GLM_API_KEY: 'canary-id.canary-secret' };
const loadRun = (url: string, ...more: string[]) =>
  run(command, ['load', 'run', '--url', url, '--model', 'glm-4.6', ...more], { env });

test.each([
  ['undici', ['--stream']],
  ['undici', ['--no-stream', '--driver', 'undici']],
  ['autocannon', ['--no-stream']],
])('%s with %j accounts for every request the server saw', async (driver, flags) => {
  let turn = 0;
  const server = await serve((response, request) => {
    const bad = [fake.apiError(429, '1302'), fake.html(502)][turn++ % 5];
    (bad ?? fake.good)(response, request);
  });
  const { code, out, err } = await loadRun(
    server.url,
    '-c',
    '4',
    '--max-requests',
    '50',
    '--seed',
    '3',
    '--json',
    ...flags,
  );
  const { ledger, metrics, config, throughput, ...rest } = JSON.parse(out);
  expect(ledger).toEqual({ planned: 50, ok: 30, censored: 0, warmup: 0, rate_limited: 10, gateway_error: 10 });
  expect(server.requests).toHaveLength(50);
  expect(new Set(server.requests.map(({ body }) => JSON.stringify(body))).size).toBe(50);
  expect(rest).toEqual({ version: 1, tool: 'glm-testkit', seed: 3 });
  expect(config).toMatchObject({ driver, concurrency: 4, maxRequests: 50 });
  expect(metrics.e2e_ms.count).toBe(30);
  expect(metrics.ttft_any_ms.count).toBe(flags.includes('--stream') ? 30 : 0);
  expect(throughput.requests_per_second).toBeGreaterThan(0);
  expect([code, (out + err).includes('canary')]).toEqual([0, false]);
});

test('the text report has a verdict, the latencies and the failures by class', async () => {
  let turn = 0;
  const server = await serve((response, request) =>
    (turn++ === 0 ? fake.apiError(429, '1305') : fake.good)(response, request),
  );
  const { out } = await loadRun(server.url, '-c', '2', '--max-requests', '10', '--seed', '1');
  expect(out).toContain('ran with failures: 10 requests = 9 good + 1 failed  (seed 1)');
  for (const title of ['TTFT first token', 'TTFT content', 'ITL', 'TPOT', 'E2E']) expect(out).toContain(title);
  expect(out).toMatch(/1 {2}overloaded \(provider\): the platform sheds load/);
});

test('a run in which nothing succeeded exits 1', async () => {
  const { code, out } = await loadRun(await fake.refusedUrl(), '-c', '2', '--max-requests', '4');
  expect([code, out]).toEqual([1, expect.stringContaining('FAILED: 4 requests = 0 good + 4 failed')]);
});

test('an endpoint elsewhere is refused before anything is sent', async () => {
  const { code, err } = await loadRun('https://open.bigmodel.cn/api/paas/v4');
  expect([code, err]).toEqual([2, expect.stringContaining('--yes-load-this-endpoint')]);
});

test('metrics can be read while it runs and are written at the end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'load-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const server = await serve(fake.good);
  const path = join(folder, 'load.prom');
  const { code } = await loadRun(server.url, '-c', '2', '--max-requests', '6', '--prom', path);
  const text = readFileSync(path, 'utf8');
  const labels = 'scenario="closed",model="glm-4.6"';
  expect(code).toBe(0);
  expect(text).toContain(`glm_load_requests_total{${labels},outcome="ok"} 6`);
  expect(text).toContain(`glm_load_failures_total{${labels},fault_domain="provider",reason="truncated"} 0`);
  expect(text).toMatch(/glm_load_request_duration_seconds_count\{.*\} 6/);
});

test('the exporter shows requests under way', async () => {
  let url = '';
  const held: (() => void)[] = [];
  const server = await serve(async (response, request) => {
    held.push(() => fake.good(response, request));
    if (held.length < 2) return;
    const text = await fetch(url).then(answer => answer.text());
    expect(text).toContain('glm_load_in_flight_requests{scenario="closed"} 2');
    for (const answer of held) answer();
  });
  const plan = planOf({ baseUrl: server.url, concurrency: 2, maxRequests: 2 });
  const onMetrics = (at: string) => {
    url = at;
  };
  const { summary } = await load(plan, { metricsPort: 0, onMetrics });
  expect(summary.ledger).toMatchObject({ planned: 2, ok: 2 });
});

test('Ctrl-C stops offering, lets the rest finish within the grace and reports', async () => {
  const stop = new AbortController();
  const server = await serve((response, request) => {
    if (server.requests.length === 8) stop.abort();
    if (server.requests.length <= 8) fake.good(response, request);
  });
  const argv = ['load', 'run', '--url', server.url, '--model', 'glm-4.6', '-c', '1', '--grace', '1s', '--json'];
  const { code, out } = await run(command, argv, { env, stop: stop.signal });
  expect(JSON.parse(out).ledger).toMatchObject({ planned: 8, ok: 8, censored: 0 });
  expect(code).toBe(0);
});

test.each(['undici', 'autocannon'] as const)('%s: what outlasts the grace is censored', async driver => {
  const server = await serve(fake.hang);
  const plan = planOf({ baseUrl: server.url, driver, stream: driver === 'undici', durationMs: 50, graceMs: 50 });
  const { summary } = await load(plan);
  expect(summary.ledger).toEqual({ planned: 4, ok: 0, censored: 4, warmup: 0 });
});
