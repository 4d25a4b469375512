import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { command } from '../../src/loadtest/cli.ts';
import { load } from '../../src/loadtest/load.ts';
import type { LoadResult } from '../../src/loadtest/result.ts';
import * as fake from '../support/fake-glm.ts';
import { run } from '../support/io.ts';
import { launch } from '../support/process.ts';
import { closed, planOf } from './plan.ts';

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
  run(command, ['load', 'run', '--url', url, '--model', 'glm-4.6', '--no-calibrate', ...more], { env });

test.each([
  ['socket', ['--stream']],
  ['socket', ['--no-stream', '--driver', 'socket']],
  ['undici', ['--stream', '--driver', 'undici']],
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
  const { ledger, metrics, config, throughput, seed, version, limits } = JSON.parse(out) as LoadResult;
  expect(ledger).toEqual({ planned: 50, ok: 30, rate_limited: 10, gateway_error: 10 });
  expect(limits.codes).toEqual({ '1302': 10 });
  expect(server.requests).toHaveLength(50);
  expect(new Set(server.requests.map(({ body }) => JSON.stringify(body))).size).toBe(50);
  expect({ seed, version }).toEqual({ seed: 3, version: 3 });
  expect(config).toMatchObject({ driver, concurrency: 4, maxRequests: 50 });
  expect(metrics.e2e_ms?.count).toBe(30);
  expect(metrics.ttft_any_ms?.count).toBe(flags.includes('--stream') ? 30 : undefined);
  expect(throughput.requests_per_second).toBeGreaterThan(0);
  expect([code, (out + err).includes('canary')]).toEqual([0, false]);
});

test.each([
  ['abort', 429, '1302', /the run was cut short after [\d.]+ m?s by the first 1302 \(rate_limited\)/],
  ['abort', 429, '1305', /by the first 1305 \(overloaded\)/],
  ['abort', 429, '1308', /by the first 1308 \(quota_exhausted\)/],
  ['backoff', 429, '1113', /by the first 1113 \(balance_exhausted\)/],
])(
  'with --on-limit %s a %i of code %s ends the run, which says so and has failed',
  async (onLimit, status, code, words) => {
    let turn = 0;
    const server = await serve((response, request) =>
      (turn++ < 6 ? fake.good : fake.apiError(status, code))(response, request),
    );
    const out = mkdtempSync(join(tmpdir(), 'load-'));
    cleanups.push(() => rmSync(out, { recursive: true }));
    const flags = ['-c', '2', '-d', '60s', '--on-limit', onLimit, '-o', out];
    const ended = await loadRun(server.url, ...flags);
    expect([ended.code, ended.out.replace(/\s+/g, ' ')]).toEqual([1, expect.stringMatching(words)]);
    const { load } = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as LoadResult;
    expect(load).toMatchObject({ halted_code: code, halted_after_s: expect.any(Number) });
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toMatch(words);
  },
);

test('with several processes the refusal of one ends all', async () => {
  let turn = 0;
  const server = await serve((response, request) =>
    (turn++ === 6 ? fake.apiError(429, '1302') : fake.good)(response, request),
  );
  const flags = ['-c', '4', '--workers', '2', '-d', '60s', '--on-limit', 'abort', '--json'];
  const { code, out } = await loadRun(server.url, ...flags);
  const { load, ledger } = JSON.parse(out) as LoadResult;
  expect(load).toMatchObject({ halted: 'rate_limited', halted_code: '1302' });
  expect([code, ledger.rate_limited, ledger.censored]).toEqual([1, 1, undefined]);
});

test('the screen has a verdict, the latencies and the failures by class', async () => {
  let turn = 0;
  const server = await serve((response, request) =>
    (turn++ === 0 ? fake.apiError(429, '1305') : fake.good)(response, request),
  );
  const { out, err } = await loadRun(server.url, '-c', '2', '--max-requests', '10', '--seed', '1');
  expect(err).toMatch(/seed 1\n/);
  for (const word of ['DONE', 'TTFT', 'ITL', 'TPOT', 'E2E', 'overloaded', 'provider']) expect(out).toContain(word);
});

test('in a terminal of 80 columns no line of the screen is longer', async () => {
  const server = await serve(fake.good);
  const { columns } = process.stdout;
  cleanups.push(() => {
    process.stdout.columns = columns;
  });
  process.stdout.columns = 80;
  const { out } = await loadRun(server.url, '-c', '2', '--max-requests', '30');
  expect(out).toMatch(/TTFT content/);
  expect(Math.max(...out.split('\n').map(line => line.length))).toBeLessThanOrEqual(80);
});

test.each([
  [undefined, 'all of 20 gates', true],
  [true, 'some of 20 gates', false],
])('a screen with isTTY %s shows %s, for a log has no height', async (isTTY, _, all) => {
  const server = await serve(fake.good);
  const before = process.stdout.isTTY;
  cleanups.push(() => {
    process.stdout.isTTY = before;
  });
  process.stdout.isTTY = isTTY as boolean;
  const gates = Array.from({ length: 20 }, (_, i) => ['--threshold', `e2e:p99<${i + 1}s`]).flat();
  const { out } = await loadRun(server.url, '-c', '2', '--max-requests', '4', ...gates);
  const shown = out.match(/e2e:p99<\d+s \(p99 needs/g) ?? [];
  expect(shown.length === 20).toBe(all);
});

test('a run in which nothing succeeded exits 1', async () => {
  const { code, out } = await loadRun(await fake.refusedUrl(), '-c', '2', '--max-requests', '4');
  expect([code, out]).toEqual([1, expect.stringContaining('FAIL')]);
});

test.each([
  ['error_rate<50%', 0],
  ['error_rate<5%', 1],
  ['e2e:p99<10s', 3],
])('a gate %s of a small run with failures exits %d', async (gate, expected) => {
  let turn = 0;
  const server = await serve((response, request) =>
    (turn++ % 5 === 0 ? fake.apiError(500, '500') : fake.good)(response, request),
  );
  const { code } = await loadRun(server.url, '-c', '1', '--max-requests', '20', '--threshold', gate);
  expect(code).toBe(expected);
});

test('a folder gets the result, every request and a page', async () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'load-')), 'a', 'b');
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const server = await serve(fake.good);
  const { code } = await loadRun(server.url, '-c', '2', '--max-requests', '6', '-o', folder);
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  const result = JSON.parse(read('result.json')) as LoadResult;
  const lines = read('requests.ndjson').trim().split('\n');
  expect([code, result.ledger.ok, lines.length]).toEqual([0, 6, 6]);
  expect(lines.map(line => JSON.parse(line).n).sort()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(read('report.html')).toMatch(/^<!doctype html>/i);
  expect(read('result.json') + read('requests.ndjson') + read('report.html')).not.toContain('canary');
  const again = await run(command, ['load', 'relens', folder, '--as', 'vllm', '--json'], { env });
  expect(JSON.parse(again.out)).toMatchObject([{ as: 'vllm', requests: 6, successes: 6 }]);
});

test('two runs of one seed plan the same load', async () => {
  const server = await serve(fake.good);
  const hash = async (seed: string) => {
    const { out } = await loadRun(server.url, '-c', '1', '--max-requests', '2', '--seed', seed, '--json');
    return (JSON.parse(out) as LoadResult).schedule_hash;
  };
  expect(await hash('5')).toBe(await hash('5'));
  expect(await hash('5')).not.toBe(await hash('6'));
});

test('several keys take turns, and tokens go out in their place when asked for', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'load-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'keys');
  writeFileSync(file, 'id-one.secret-one\nid-two.secret-two\n');
  const server = await serve(fake.good);
  const flags = ['-c', '1', '--max-requests', '4', '--api-key-file', file];
  await loadRun(server.url, ...flags);
  const sent = () => server.requests.splice(0).map(({ headers }) => headers.authorization);
  expect(sent()).toEqual([
    'Bearer id-one.secret-one',
    'Bearer id-two.secret-two',
    'Bearer id-one.secret-one',
    'Bearer id-two.secret-two',
  ]);
  await loadRun(server.url, ...flags, '--jwt');
  expect(sent().every(header => /^Bearer eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(header ?? ''))).toBe(true);
});

const echoes: readonly [string, (told: string) => fake.Reply][] = [
  ['code', told => fake.apiError(429, told)],
  [
    'code of an error in a stream',
    told => response => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`data: ${JSON.stringify({ error: { code: told, message: told } })}\n\n`);
    },
  ],
  [
    'x-log-id',
    told => response => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-log-id': told });
      response.end(fake.word('So') + fake.last() + fake.done);
    },
  ],
  [
    'finish reason',
    told => response => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(fake.word('So') + fake.last(told) + fake.done);
    },
  ],
];

test.each(
  echoes.flatMap(([where, reply]) =>
    (['key', 'secret half', 'token'] as const).map(what => [what, where, reply] as const),
  ),
)('a %s that the server says back as its %s is in no file and on no screen', async (what, _, reply) => {
  const folder = mkdtempSync(join(tmpdir(), 'load-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const server = await serve((response, request) => {
    const sent = request.authorization?.replace('Bearer ', '') ?? '';
    reply(what === 'secret half' ? 'canary-secret' : sent)(response, request);
  });
  const file = join(folder, 'keys');
  writeFileSync(file, 'canary-name.canary-secret\n');
  const paths = {
    '--junit': join(folder, 'j.xml'),
    '--summary': join(folder, 's.md'),
    '--prom': join(folder, 'm.prom'),
  };
  const flags = ['-c', '1', '--max-requests', '2', '--api-key-file', file, '-o', join(folder, 'out')];
  const { out, err } = await loadRun(
    server.url,
    ...flags,
    ...Object.entries(paths).flat(),
    ...(what === 'token' ? ['--jwt'] : []),
  );
  const files = ['out/result.json', 'out/requests.ndjson', 'out/report.html', 'j.xml', 's.md', 'm.prom'];
  const all = [out, err, ...files.map(name => readFileSync(join(folder, name), 'utf8'))].join('\n');
  expect(all).not.toMatch(/canary-(name\.|secret)|eyJ[\w-]{10}/);
  expect(all).toContain('***');
});

test('an endpoint elsewhere is refused before anything is sent', async () => {
  const { code, err } = await loadRun('https://open.bigmodel.cn/api/paas/v4');
  expect([code, err]).toEqual([2, expect.stringContaining('--yes-load-this-endpoint')]);
});

test('a budget that has no room for a request of any process is refused before anything is sent', async () => {
  const server = await serve(fake.good);
  const dealt = await loadRun(server.url, '-c', '4', '--workers', '4', '--max-tokens-total', '400');
  expect([dealt.code, dealt.out, dealt.err]).toEqual([
    2,
    '',
    expect.stringMatching(/--max-tokens-total 400 gives each of 4 processes 100, and .* or take fewer processes\n$/),
  ]);
  const seated = await loadRun(server.url, '-c', '1', '--workers', '4', '--max-tokens-total', '400');
  expect(seated.code).toBe(0);
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

test.each([
  ['reports', [], 'ungated', 0],
  ['passes no gate, although all it saw was well', ['--threshold', 'error_rate<50%'], 'not_measurable', 3],
])('Ctrl-C stops offering, lets the rest finish within the grace and %s', async (_, gates, verdict, expected) => {
  const stop = new AbortController();
  const server = await serve((response, request) => {
    if (server.requests.length === 8) stop.abort();
    if (server.requests.length <= 8) fake.good(response, request);
  });
  const argv = ['load', 'run', '--url', server.url, '--model', 'glm-4.6', '-c', '1', '--grace', '1s', '--json'];
  const { code, out } = await run(command, [...argv, ...gates], { env, stop: stop.signal });
  expect(JSON.parse(out)).toMatchObject({ verdict, ledger: { planned: 8, ok: 8 } });
  expect(code).toBe(expected);
});

test.each(['socket', 'undici', 'autocannon'] as const)('%s: what outlasts the grace is censored', async driver => {
  const server = await serve(fake.hang);
  const plan = planOf({
    baseUrl: server.url,
    driver,
    stream: driver !== 'autocannon',
    ...closed(4, 200),
    graceMs: 200,
  });
  const { ledger } = await load(plan);
  expect(ledger).toEqual({ planned: 4, ok: 0, censored: 4 });
});

test('a file that cannot be written in the end costs neither the screen nor the other files, and nothing stays open', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'load-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const [junit, prom] = [join(folder, 'gone', 'junit.xml'), join(folder, 'load.prom')];
  mkdirSync(dirname(junit));
  const server = await serve((response, request) => {
    rmSync(dirname(junit), { recursive: true, force: true });
    fake.good(response, request);
  });
  const flags = ['-c', '1', '--max-requests', '2', '--metrics-port', '0', '--junit', junit, '--prom', prom];
  const { code, out, err } = await loadRun(server.url, ...flags);
  const port = /127\.0\.0\.1:(\d+)\/metrics/.exec(err)?.[1];
  expect([code, out]).toEqual([2, expect.stringContaining('DONE')]);
  expect(err).toMatch(/error: .*junit\.xml: cannot be written/);
  expect(readFileSync(prom, 'utf8')).toContain('glm_load_requests_total');
  await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
});

test.each(['result.json', 'requests.ndjson', 'report.html'])(
  'a folder in the place of %s is noticed before the run',
  async name => {
    const folder = mkdtempSync(join(tmpdir(), 'load-'));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, name));
    const server = await serve(fake.good);
    const { code, err } = await loadRun(server.url, '-c', '1', '--max-requests', '1', '-o', folder);
    expect([code, err]).toEqual([2, expect.stringContaining(`--out ${join(folder, name)}: cannot be written`)]);
    expect(server.requests).toEqual([]);
  },
);

test('a folder never holds two runs: what an earlier one left goes when the next begins', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'load-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'result.json'), 'of an earlier run');
  const seen: string[] = [];
  const server = await serve((response, request) => {
    seen.push(readdirSync(folder).join());
    fake.good(response, request);
  });
  await loadRun(server.url, '-c', '1', '--max-requests', '1', '-o', folder);
  expect(seen).toEqual(['requests.ndjson']);
  expect(readdirSync(folder).sort()).toEqual(['report.html', 'requests.ndjson', 'result.json']);
});

test('of two runs in one folder it keeps the later one whole, and the earlier one says so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'load-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const flags = ['-c', '1', '--seed', '1', '-o', folder, '--max-requests'];
  let later: Promise<{ code: number }> | undefined;
  const quick = await serve(fake.good);
  const slow = await serve((response, request) => {
    later ??= loadRun(quick.url, ...flags, '2');
    void later.then(() => fake.good(response, request));
  });
  const { code, out, err } = await loadRun(slow.url, ...flags, '3');
  expect([code, out, err]).toEqual([
    2,
    expect.stringContaining('100% of 3 requests answered well'),
    expect.stringContaining('another run began there meanwhile'),
  ]);
  expect(await later).toMatchObject({ code: 0 });
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  expect([JSON.parse(read('result.json')).ledger, read('requests.ndjson').trim().split('\n').length]).toEqual([
    { planned: 2, ok: 2 },
    2,
  ]);
});

test('progress that nobody reads costs no result', async () => {
  const server = await serve(fake.good);
  const argv = ['load', 'run', '--url', server.url, '--model', 'glm-4.6', '--no-calibrate', '-c', '1'];
  const run = launch([...argv, '-d', '1500ms', '--json'], { env });
  await run.notes(/tokens a request/);
  run.child.stderr?.destroy();
  expect(await run.ended).toBe(0);
  expect(JSON.parse(run.out()).ledger.ok).toBeGreaterThan(0);
});
