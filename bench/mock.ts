/**
 * How fast the mock is, as ratios within one run: the server on one core, the load on the other.
 *
 *   npm run bench:mock                 unary, unpaced streams, paced streams; needs wrk (Debian: apt install wrk)
 *   npm run bench:mock -- --aimock     the same for @copilotkit/aimock, for comparison
 *   npm run bench:mock -- --only paced   one part: unary, unpaced or paced
 *   npm run bench:mock -- --soak 10m   memory over a long run
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parseDuration } from '../src/core/duration.ts';
import { pinned, type Server, startServer } from './support/server.ts';
import { hasWrk, type WrkResult, wrk } from './support/wrk.ts';

const { values: flags } = parseArgs({
  options: {
    aimock: { type: 'boolean' },
    only: { type: 'string' },
    soak: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    processes: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
  },
});
const rounds = Number(flags.rounds);
const processes = Number(flags.processes);
const seconds = Number(flags.seconds);
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const node = process.execPath;
const cli = here('../src/cli.ts');

const mock = (...args: string[]) => startServer([node, cli, 'mock', '--port', '0', ...args]);
const bare = (...args: string[]) => startServer([node, here('support/bare.ts'), ...args]);
const say = (line: string) => process.stdout.write(`${line}\n`);
const unaryBody =
  '{"model":"glm-4.6","thinking":{"type":"disabled"},"messages":[{"role":"user","content":"Tell me about tea, cup SALT"}]}';
const streamBody = unaryBody.replace('{', '{"stream":true,');
const results: { name: string; value: string; goal: string; good: boolean | undefined }[] = [];
const note = (name: string, value: string, goal = '', good?: boolean) => results.push({ name, value, goal, good });

/** V8 needs some 60,000 requests, or half a million chunks, before the mock's code is all optimised; the yardstick has less of it. */
const warmUpSeconds = 10;

interface Duel {
  readonly first: WrkResult;
  readonly second: WrkResult;
  readonly ratio: number;
  readonly cpuRatio: number;
}

/** Two servers in alternating rounds, so that a slow minute of the machine hits both. */
function duel(first: Server, second: Server, body: string): Duel {
  const runs = { first: [] as WrkResult[], second: [] as WrkResult[] };
  for (const server of [first, second]) wrk(server, body, warmUpSeconds);
  for (let i = 0; i < rounds; i++) {
    runs.first.push(wrk(first, body, seconds));
    runs.second.push(wrk(second, body, seconds));
  }
  const pairs = runs.first.map((run, i) => run.perSecond / (runs.second[i]?.perSecond ?? 1));
  const cpu = runs.first.map((run, i) => (runs.second[i]?.cpuUs ?? 0) / run.cpuUs);
  return { first: middle(runs.first), second: middle(runs.second), ratio: median(pairs), cpuRatio: median(cpu) };
}

const median = (list: readonly number[]) => [...list].sort((a, b) => a - b)[list.length >> 1] ?? 0;
const middle = (list: readonly WrkResult[]): WrkResult => ({
  perSecond: median(list.map(r => r.perSecond)),
  cpuUs: median(list.map(r => r.cpuUs)),
});
const rate = ({ perSecond, cpuUs }: WrkResult) => `${Math.round(perSecond)}/s (${Math.round(cpuUs)} µs)`;

/** Processes of the same code differ by what V8 made of it, so a process is one sample. */
async function unary(): Promise<void> {
  const duels: Duel[] = [];
  for (let i = 0; i < processes; i++) {
    const [ours, yardstick] = [await mock(), await bare('unary')];
    duels.push(duel(ours, yardstick, unaryBody.replace('SALT', '7')));
    if (i === processes - 1) note('unary, a new question every time', shown(duel(ours, yardstick, unaryBody)));
    if (i === processes - 1) note('  memory of the mock under load', `${Math.round(ours.rssMib())} MiB`);
    await Promise.all([ours.end(), yardstick.end()]);
  }
  const ratio = median(duels.map(one => one.ratio));
  const cpuRatio = median(duels.map(one => one.cpuRatio));
  note('unary, everything on, against bare node:http with JSON', shown({ ratio, cpuRatio }), '≥ 0.6', ratio >= 0.6);
  for (const one of duels) note('  a process · bare', `${rate(one.first)} · ${rate(one.second)}`);
}

const shown = ({ ratio, cpuRatio }: { ratio: number; cpuRatio: number }) =>
  `${ratio.toFixed(2)} (by CPU ${cpuRatio.toFixed(2)})`;

async function unpaced(): Promise<void> {
  const [ours, yardstick] = [await mock('--reply-tokens', '48'), await bare('stream', '50')];
  const same = duel(ours, yardstick, streamBody.replace('SALT', '7'));
  note('unpaced streams of 50 chunks, against ready-made strings', shown(same), '≥ 0.8', same.ratio >= 0.8);
  note('  mock · bare', `${rate(same.first)} · ${rate(same.second)}`);
  note('  a new question every time', shown(duel(ours, yardstick, streamBody)));
  await Promise.all([ours.end(), yardstick.end()]);
}

interface Goals {
  /** Over how long the streams are started. */
  readonly rampMs: number;
  /** Most milliseconds a chunk may be late, at the 99th percentile, as the mock itself counts. */
  readonly chunkP99?: number;
  /** Most milliseconds a stream may end late. */
  readonly endMax?: number;
}

/** The mock and the bare pacer in turn: on a busy machine even ready-made frames leave late, and the pacer tells how late. */
async function paced(name: string, count: number, chunkCount: number, { rampMs, chunkP99, endMax }: Goals) {
  const ours = await mock('--timing', 'ttft=200ms,itl=20ms', '--reply-tokens', String(chunkCount - 1));
  const yardstick = await bare('paced', String(chunkCount - 1));
  for (const server of [ours, ours, yardstick, ours]) runStreams(server, count, chunkCount - 1, rampMs);
  const runs = { ours: [] as PacedRun[], bare: [] as PacedRun[] };
  for (let i = 0; i < pacedRounds; i++) {
    runs.ours.push(await pacedRun(ours, count, chunkCount - 1, rampMs));
    runs.bare.push(await pacedRun(yardstick, count, chunkCount - 1, rampMs));
  }
  const each = (pick: (run: PacedRun) => number) => [median(runs.ours.map(pick)), median(runs.bare.map(pick))] as const;
  const failed = runs.ours.reduce((sum, run) => sum + run.failed, 0);
  const [own, bareOwn] = each(run => run.own);
  const [end, bareEnd] = each(run => run.ends.max);
  const pair = (a: number, b: number, unit: string) => `${a.toFixed(1)} · ${b.toFixed(1)} ${unit}`;
  note(`${name}: mock · bare`, `${failed} failed`, 'none', failed === 0);
  note('  CPU per chunk', pair(...each(run => run.cpuUs), 'µs'));
  note('  a chunk is late by, at the client, p50', pair(...each(run => run.chunks.p50), 'ms'));
  note('  a chunk is late by, at the client, p99', pair(...each(run => run.chunks.p99), 'ms'));
  note(
    '  a chunk is late by, as each counts itself, p99',
    `≤ ${own} · ≤ ${bareOwn} ms`,
    chunkP99 === undefined ? '' : `≤ ${chunkP99} ms`,
    chunkP99 === undefined ? undefined : own <= chunkP99,
  );
  note('  a stream ends late by, p50', pair(...each(run => run.ends.p50), 'ms'));
  note(
    '  a stream ends late by, max',
    pair(end, bareEnd, 'ms'),
    endMax === undefined ? '' : `≤ ${endMax} ms`,
    endMax === undefined ? undefined : end <= endMax,
  );
  note('  memory of the mock', `${Math.round(ours.rssMib())} MiB`);
  await Promise.all([ours.end(), yardstick.end()]);
}

const pacedRounds = 3;

interface PacedRun extends Seen {
  /** p99 lateness of a chunk by the server's own histogram, ms. */
  readonly own: number;
  /** CPU of the server per chunk. */
  readonly cpuUs: number;
}

async function pacedRun(server: Server, count: number, chunkCount: number, rampMs: number): Promise<PacedRun> {
  const before = await latenessOf(server);
  const busy = server.cpuMs();
  const seen = runStreams(server, count, chunkCount, rampMs);
  const cpuUs = ((server.cpuMs() - busy) * 1000) / (count * chunkCount);
  return { ...seen, cpuUs, own: quantile(before, await latenessOf(server), 0.99) };
}

interface Seen {
  readonly failed: number;
  readonly chunks: { readonly p50: number; readonly p99: number };
  readonly ends: { readonly p50: number; readonly max: number };
}

function runStreams(server: Server, count: number, chunkCount: number, rampMs: number): Seen {
  const args = [server.baseUrl, server.key, count, chunkCount, 200, 20, rampMs, streamBody].map(String);
  const [file = '', ...rest] = pinned(1, [node, here('support/streams.ts'), ...args]);
  const { stdout } = spawnSync(file, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(stdout) as Seen;
}

/** The buckets of a server's own lateness histogram: upper bound in ms → count. */
async function latenessOf(server: Server): Promise<Map<number, number>> {
  const text = await (await fetch(`${server.origin}/metrics`)).text();
  const lines = text.matchAll(/^glm_mock_chunk_lateness_seconds_bucket\{le="([^"]+)"\} (\d+)/gm);
  return new Map(
    [...lines].map(([, le, value]) => [le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le) * 1000, Number(value)]),
  );
}

/** The smallest bucket bound that holds the share `q` of what was counted between two scrapes. */
function quantile(before: Map<number, number>, after: Map<number, number>, q: number): number {
  const total = (after.get(Number.POSITIVE_INFINITY) ?? 0) - (before.get(Number.POSITIVE_INFINITY) ?? 0);
  return (
    [...after.keys()].find(le => (after.get(le) ?? 0) - (before.get(le) ?? 0) >= q * total) ?? Number.POSITIVE_INFINITY
  );
}

/** The best-known mock of the npm registry under the same load; installed into a temporary folder. */
async function peer(): Promise<void> {
  const folder = join(tmpdir(), 'glm-bench-aimock');
  if (!existsSync(join(folder, 'node_modules')))
    spawnSync('npm', ['install', '--prefix', folder, '@copilotkit/aimock@1.43.0'], { stdio: 'ignore' });
  const text =
    'Here is a short answer. It has about as many characters as the ones the mock generates, so that both write alike. '.repeat(
      10,
    );
  const fixtures = join(mkdtempSync(join(tmpdir(), 'glm-bench-')), 'fixtures');
  const start = async (extra: string[], content: string) => {
    const port = 40_000 + (process.pid % 10_000);
    writeFileSync(`${fixtures}.json`, JSON.stringify({ fixtures: [{ match: {}, response: { content } }] }));
    const server = await startServer(
      [
        node,
        join(folder, 'node_modules/@copilotkit/aimock/dist/cli.js'),
        '-p',
        String(port),
        '-f',
        `${fixtures}.json`,
        ...extra,
      ],
      /(https?:\/\/[^\s/]+)/,
    );
    return { ...server, baseUrl: `http://127.0.0.1:${port}/api/paas/v4`, origin: `http://127.0.0.1:${port}` };
  };
  const ours = await mock();
  const theirs = await start([], text.slice(0, 120));
  const { first, second, ratio } = duel(ours, theirs, unaryBody);
  note('unary against @copilotkit/aimock 1.43.0', `${ratio.toFixed(1)} times`, '', undefined);
  note('  mock · aimock', `${rate(first)} · ${rate(second)}`);
  await Promise.all([ours.end(), theirs.end()]);
  const slow = await start(['--latency', '20', '--chunk-size', '5'], text.slice(0, 1000));
  const seen = runStreams(slow, 2000, 200, 0);
  note(
    '  aimock: 2,000 paced streams of about 200 chunks end late by',
    `${seen.ends.p50.toFixed(0)} ms (p50), ${seen.failed} failed`,
  );
  await slow.end();
}

/** Memory after warming up and at the end of a long mixed load. */
async function soak(ms: number): Promise<void> {
  const ours = await mock('--timing', 'ttft=20ms,itl=2ms');
  const fast = await mock();
  const until = performance.now() + ms;
  const samples: { paced: number; fast: number }[] = [];
  let requests = 0;
  while (performance.now() < until) {
    wrk(ours, streamBody, 5, 200);
    requests += wrk(fast, unaryBody, 5).perSecond * 5;
    samples.push({ paced: ours.rssMib(), fast: fast.rssMib() });
    const last = samples.at(-1);
    say(
      `${Math.round((until - performance.now()) / 1000)} s left · streams ${last?.paced.toFixed(0)} MiB · unary ${last?.fast.toFixed(0)} MiB`,
    );
  }
  const third = Math.max(1, Math.floor(samples.length / 3));
  for (const kind of ['paced', 'fast'] as const) {
    const early = median(samples.slice(third, 2 * third).map(sample => sample[kind]));
    const late = median(samples.slice(-third).map(sample => sample[kind]));
    note(
      `memory, ${kind === 'paced' ? '200 streams at a time' : 'unary at full speed'}: middle third → last third`,
      `${early.toFixed(0)} → ${late.toFixed(0)} MiB`,
      'growth ≤ 10 %',
      late <= early * 1.1,
    );
  }
  note('  unary requests answered', String(Math.round(requests)));
  await Promise.all([ours.end(), fast.end()]);
}

async function main(): Promise<void> {
  if (!hasWrk()) {
    say('wrk is not installed; on Debian: apt install wrk');
    process.exitCode = 2;
    return;
  }
  if (flags.soak !== undefined) await soak(parseDuration(flags.soak));
  else {
    const { only } = flags;
    if (only === undefined || only === 'unary') await unary();
    if (only === undefined || only === 'unpaced') await unpaced();
    if (only === undefined || only === 'paced') {
      await paced('1,000 paced streams, 20 ms a chunk', 1000, 203, { chunkP99: 3, rampMs: 1000 });
      await paced('2,000 paced streams of 203 chunks', 2000, 203, { endMax: 600, rampMs: 0 });
    }
    if (flags.aimock) await peer();
  }
  say('');
  for (const { name, value, goal, good } of results) {
    say(`${good === undefined ? ' ' : good ? '✓' : '✗'} ${name.padEnd(58)} ${value.padEnd(34)} ${goal}`);
  }
  process.exitCode = results.some(({ good }) => good === false) ? 1 : 0;
}

await main();
