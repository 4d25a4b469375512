/** Distributed load for real: a redis-server, agents as processes of their own, the mock as the endpoint. `npm run test:redis`. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createHistogram } from '../../src/core/histogram.ts';
import { createRandom } from '../../src/core/random.ts';
import { scheduleOf } from '../../src/loadtest/arrivals.ts';
import { command } from '../../src/loadtest/cli.ts';
import { encodePlan } from '../../src/loadtest/cluster/protocol.ts';
import { readLoadConfig } from '../../src/loadtest/config.ts';
import type { Interval } from '../../src/loadtest/interval.ts';
import type { LoadResult } from '../../src/loadtest/result.ts';
import { createMock, type TestMock } from '../../src/mock-server/index.ts';
import { run } from '../support/io.ts';
import { type Command, type LaunchOptions, launch } from '../support/process.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

const key = 'canary-id.canary-secret';
const env = { GLM_API_KEY: key };
const seed = 7;
let mock: TestMock;
let redis: RedisServer;
/** One that wants a password. */
let locked: RedisServer;
const launched: Command[] = [];

beforeAll(async () => {
  mock = await createMock({
    host: '0.0.0.0',
    keys: [key],
    timing: 'ttft=30ms,itl=5ms',
    replyTokens: 10,
    journalSize: 100_000,
  });
  locked = await startRedis({ password: 'sesame' });
});
beforeEach(async () => {
  mock.reset();
  redis = await startRedis();
});
afterEach(async () => {
  for (const { child } of launched.splice(0)) child.kill('SIGKILL');
  await redis.kill();
});
afterAll(async () => {
  await mock?.close({ graceMs: 0 });
  await locked?.kill();
});

/** Agents that wait for work. */
async function agents(count: number, more: { url?: string; flags?: string[]; options?: LaunchOptions[] } = {}) {
  const { url = redis.url, flags = [], options = [] } = more;
  const all = Array.from({ length: count }, (_, i) =>
    start(['load', 'agent', '--redis', url, ...flags], options[i] ?? {}),
  );
  await Promise.all(all.map(agent => agent.notes(/waiting for work/, 120_000)));
  return all;
}

function start(argv: readonly string[], options: LaunchOptions = {}): Command {
  const one = launch(argv, { ...options, env: { ...env, ...options.env } });
  launched.push(one);
  return one;
}

const target = () => ['load', 'run', '--url', mock.baseUrl, '--model', 'glm-4.6'];
const shared = (count: number, ...more: string[]) => [
  ...target(),
  '--agents',
  `${count}`,
  '--redis',
  redis.url,
  '--seed',
  `${seed}`,
  '--json',
  ...more,
];
const quick = ['--no-calibrate', '--grace', '5s'];

/** What a rate has planned, computed here once more. */
function planned(perSecond: number, seconds: number): number {
  const stages = [{ durationMs: seconds * 1000, from: perSecond, to: perSecond }];
  return scheduleOf({ kind: 'open', law: 'poisson', shape: 1, stages }, createRandom(seed).fork('arrivals')).length;
}

const resultOf = (one: Command) => JSON.parse(one.out()) as LoadResult;
const asked = () => mock.requests().filter(({ method }) => method === 'POST');
const askedAtLeast = (count: number) => until(`${count} requests`, () => asked().length >= count, 120_000);
const different = () => new Set(asked().map(({ fingerprint }) => fingerprint)).size;

/** The ledger adds up to the schedule, and nobody was asked twice. */
function expectSum({ ledger: { planned: all, ...classes } }: LoadResult, expected: number): void {
  expect(all).toBe(expected);
  expect(Object.values(classes).reduce((sum, count) => sum + count, 0)).toBe(expected);
  expect(different()).toBe(asked().length);
}

/** Everything that the agents told, read from Redis itself and added up by nobody but this test. */
async function told(): Promise<Interval[]> {
  const client = new Redis(redis.url);
  const entries = await client.xrange('bull:glm-load:events', '-', '+');
  client.disconnect();
  return entries
    .filter(([, fields]) => fields.includes('data'))
    .map(([, fields]) => JSON.parse(fields[fields.indexOf('data') + 1] ?? '') as { interval?: Interval })
    .flatMap(({ interval }) => interval ?? []);
}

/** Remembers every command that Redis was ever sent. */
async function wiretap(url: string) {
  const client = new Redis(url);
  const monitor = await client.monitor();
  const heard: string[] = [];
  monitor.on('monitor', (_time: string, words: string[]) => heard.push(words.join(' ')));
  return { heard, close: () => [monitor, client].forEach(one => void one.disconnect()) };
}

test('what four agents measured is added up exactly, and no key is in Redis', async () => {
  const tap = await wiretap(redis.url);
  const waiting = await agents(4);
  const folder = mkdtempSync(join(tmpdir(), 'agents-'));
  const one = start(shared(4, '--rate', '60', '-d', '5s', '-o', folder));
  expect(await one.ended).toBe(0);
  tap.close();
  const result = resultOf(one);
  expect(readdirSync(folder).sort()).toEqual(['report.html', 'result.json']);
  rmSync(folder, { recursive: true });
  for (const agent of waiting) expect(agent.err()).toContain(`run ${result.run_id}: done`);
  expectSum(result, planned(60, 5));
  expect(result.ledger).toEqual({ planned: asked().length, ok: asked().length });

  const intervals = await told();
  const whole = createHistogram();
  for (const { histograms } of intervals) whole.absorb(histograms.e2e_ms ?? []);
  expect(whole.count).toBe(result.ledger.ok);
  expect(result.metrics.e2e_ms?.p99).toBeCloseTo(whole.quantile(0.99), 6);
  expect(intervals.reduce((sum, interval) => sum + interval.planned, 0)).toBe(result.ledger.planned);
  expect(result.calibration.before?.streams).toBeGreaterThanOrEqual(60);

  expect(one.err()).toMatch(/4 of 4 agents finished; each began at most \d+\.\d ms off/);
  expect(new Set(waiting.map(agent => /part (\d) of 4/.exec(agent.err())?.[1])).size).toBe(4);
  expect(tap.heard.some(words => words.includes('glm-4.6'))).toBe(true);
  expect(tap.heard.filter(words => words.includes('canary'))).toEqual([]);
  expect([one, ...waiting].map(process => process.out() + process.err()).join('')).not.toContain('canary');
});

test('an agent that is killed leaves a hole that is told, and nobody makes its requests again', async () => {
  const waiting = await agents(4);
  const one = start(shared(4, ...quick, '--rate', '40', '-d', '8s', '--threshold', 'error_rate<99%'));
  await askedAtLeast(80);
  waiting[2]?.child.kill('SIGKILL');
  expect(await one.ended).toBe(3);
  const result = resultOf(one);
  expectSum(result, planned(40, 8));
  expect(result.ledger.lost).toBeGreaterThan(0);
  expect(result).toMatchObject({ verdict: 'not_measurable', validity: 'INVALID' });
  expect(result.doubts[0]).toMatch(/went away during the run: their part is lost/);
  expect(one.err()).toMatch(/agent \d of 4 went away; its part is lost and is not made again/);
  expect(asked().length).toBeLessThan(result.ledger.planned);
});

test('Ctrl-C at the coordinator ends the run for all, with a full report', async () => {
  const waiting = await agents(2);
  const one = start(shared(2, ...quick, '--rate', '20', '-d', '60s'));
  await askedAtLeast(30);
  one.child.kill('SIGINT');
  expect(await one.ended).toBe(0);
  const result = resultOf(one);
  expectSum(result, planned(20, 60));
  expect(result.ledger.unsent).toBeGreaterThan(0);
  for (const agent of waiting) await agent.notes(/ended early, because the run was stopped/);
});

test('a closed loop leases the account’s concurrency to the agents, and none of it twice', async () => {
  mock.limits({ concurrency: 5 });
  await agents(2, { flags: ['--workers', '2'] });
  const one = start(shared(2, ...quick, '-c', '5', '-d', '3s'));
  expect(await one.ended).toBe(0);
  mock.limits({ concurrency: null });
  const { ledger, limits, throughput } = resultOf(one);
  expect({ ok: ledger.ok, codes: limits.codes }).toEqual({ ok: ledger.planned, codes: {} });
  expect(throughput.in_flight_max).toBe(5);
});

test('when Redis dies, both sides say so and end; when it is back, the agents serve the next run', async () => {
  const waiting = await agents(2);
  const one = start(shared(2, ...quick, '--rate', '20', '-d', '60s'));
  await askedAtLeast(20);
  await redis.kill();
  await one.notes(/Redis went away; trying to reach it/);
  expect(await one.ended).toBe(3);
  expectSum(resultOf(one), planned(20, 60));
  for (const agent of waiting) await agent.notes(/Redis went away/);
  redis = await startRedis({ port: redis.port });
  for (const agent of waiting) await agent.notes(/ended early, because/, 120_000);
  const sent = asked().length;
  const again = start(shared(2, ...quick, '--rate', '20', '-d', '2s'));
  expect(await again.ended).toBe(0);
  expect(asked().length - sent).toBe(planned(20, 2));
});

test('agents stop when whoever started the run is gone', async () => {
  const waiting = await agents(2);
  const one = start(shared(2, ...quick, '--rate', '20', '-d', '100s'));
  await askedAtLeast(20);
  one.child.kill('SIGKILL');
  for (const agent of waiting) await agent.notes(/ended early, because whoever started the run is gone/, 120_000);
  expect(asked().length).toBeLessThan(planned(20, 100));
  waiting[0]?.child.kill('SIGINT');
  expect(await waiting[0]?.ended).toBe(0);
});

test('a run needs as many agents as it asked for, and one that starts late makes up the number', async () => {
  await agents(1);
  const early = start(shared(2, ...quick, '--rate', '20', '-d', '1s'));
  expect(await early.ended).toBe(2);
  expect(early.err()).toMatch(/error: --agents 2: 1 agent waits at that Redis; start the others/);
  await agents(1);
  const later = start(shared(2, ...quick, '--rate', '20', '-d', '1s'));
  expect(await later.ended).toBe(0);
  expectSum(resultOf(later), planned(20, 1));
});

test('no agent makes a part whose run is over before it came', async () => {
  const [agent] = await agents(1);
  const { plan } = readLoadConfig({ url: mock.baseUrl, model: 'glm-4.6', calibrate: false }, env);
  const queue = new Queue('glm-load', { connection: { url: redis.url } });
  await queue.add('shard', { runId: 'over', plan: encodePlan(plan), shard: { index: 0, count: 1 } });
  await agent?.notes(/run over: ended early, because whoever started the run is gone/, 120_000);
  await queue.close();
  expect(asked()).toEqual([]);
});

test.each<[string, () => string, RegExp]>([
  ['no password', () => `redis://127.0.0.1:${locked.port}`, /NOAUTH/],
  ['a wrong password', () => `redis://:hush-canary@127.0.0.1:${locked.port}`, /WRONGPASS/],
  ['a port where nobody listens', () => 'redis://127.0.0.1:1', /ECONNREFUSED/],
  ['a port where somebody else listens', () => mock.baseUrl.replace(/^http(.*)\/api.*/, 'redis$1'), /no way in/],
  ['a name that nobody has', () => 'redis://redis.invalid:6379', /ENOTFOUND|EAI_AGAIN/],
  ['another protocol', () => 'http://127.0.0.1:6379', /redis:\/\/ or rediss:\/\//],
  ['no address at all', () => 'nonsense', /redis:\/\/ or rediss:\/\//],
])('%s is one sentence and exit code 2, for the agent and for the run', async (_what, url, reason) => {
  for (const argv of [
    ['load', 'agent', '--redis', url()],
    [...target(), '--agents', '2', '--redis', url()],
  ]) {
    const { code, err } = await run(command, argv, { env });
    const said = err.slice(err.indexOf('error: ')).trimEnd();
    expect([code, said.replace('options:\n', '').split('\n').length]).toEqual([2, 1]);
    expect(said).toMatch(reason);
    expect(said).toContain('--redis');
    expect(err).not.toContain('canary');
  }
});

test('without bullmq there is one sentence that says what to install', async () => {
  const hook = `import { registerHooks } from 'node:module';
    registerHooks({ resolve: (name, context, next) => {
      if (name === 'bullmq') throw Object.assign(new Error('gone'), { code: 'ERR_MODULE_NOT_FOUND' });
      return next(name, context);
    } });`;
  const options = { env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` } };
  for (const argv of [['load', 'agent', '--redis', redis.url], shared(2)]) {
    const one = start(argv, options);
    expect(await one.ended).toBe(2);
    expect(one.err()).toMatch(/error: distributed load needs two more packages: npm install bullmq ioredis\n/);
  }
});

test.skipIf(process.getuid?.() !== 0)('agents in network namespaces of their own measure over the wire', async () => {
  const places = [0, 1, 2, 3].map(openNamespace);
  try {
    const host = places[0]?.host ?? '';
    const url = locked.url.replace('127.0.0.1', host);
    await agents(4, { url, options: places.map(({ name }) => ({ by: ['ip', 'netns', 'exec', name] })) });
    const argv = ['load', 'run', '--url', mock.baseUrl.replace('127.0.0.1', host), '--model', 'glm-4.6', '--json'];
    const load = ['--rate', '40', '-d', '4s', '--seed', `${seed}`, ...quick, '--agents', '4', '--redis', url];
    const one = start([...argv, ...load, '--yes-load-this-endpoint', '--max-tokens-total', '1000000']);
    expect(await one.ended).toBe(0);
    const result = resultOf(one);
    expectSum(result, planned(40, 4));
    expect(result.ledger.ok).toBe(result.ledger.planned);
    expect(one.err()).toMatch(/4 of 4 agents finished/);
  } finally {
    for (const { close } of places) close();
  }
});

/** A network of its own behind a virtual cable; the host's end of the first is where all of them find the services. */
function openNamespace(index: number) {
  const name = `glm-load-${process.pid}-${index}`;
  const [here, there] = [`glm${process.pid % 10_000}h${index}`, `glm${process.pid % 10_000}n${index}`];
  const net = `10.213.${index}`;
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });
  ip('netns', 'add', name);
  ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', name);
  ip('addr', 'add', `${net}.1/24`, 'dev', here);
  ip('link', 'set', here, 'up');
  ip('-n', name, 'addr', 'add', `${net}.2/24`, 'dev', there);
  for (const link of ['lo', there]) ip('-n', name, 'link', 'set', link, 'up');
  ip('-n', name, 'route', 'add', 'default', 'via', `${net}.1`);
  return { name, host: `${net}.1`, close: () => void ip('netns', 'del', name) };
}
