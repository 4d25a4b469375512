/**
 * What the probe adds to what it measures, and whether it goes on for weeks.
 *
 *   npm run bench:probe                        both parts
 *   npm run bench:probe -- --only ttft         twenty checks that begin in the same millisecond, against the mock's own times
 *   npm run bench:probe -- --only days --minutes 60    a whole prober in virtual time, for an hour of this machine's
 *   npm run bench:probe -- --seconds 30        how long the first part looks
 *   npm run bench:probe -- --priority          for a machine that is never left alone: before everything else (chrt, as root)
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { openHistory } from '../src/probe/history.ts';
import type { ProbeRun } from '../src/probe/run.ts';
import { probeDays } from './support/probe-days.ts';
import { type Server, startServer } from './support/server.ts';

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    seconds: { type: 'string', default: '30' },
    minutes: { type: 'string', default: '1' },
    priority: { type: 'boolean', default: false },
  },
});
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** Threads of the collector would have the same priority, and the event loop would wait for them or they for it. */
const node = flags.priority ? ['chrt', '-f', '1', process.execPath, '--single-threaded-gc'] : [process.execPath];
const cli = here('../src/cli.ts');
let missed = false;

function note(name: string, value: string, goal = '', good?: boolean): void {
  const mark = good === undefined ? ' ' : good ? '✓' : '✗';
  process.stdout.write(`${mark} ${name.padEnd(72)} ${value.padEnd(28)} ${goal}\n`);
  missed ||= good === false;
}

const sorted = (list: readonly number[]) => [...list].sort((a, b) => a - b);
const quantile = (list: readonly number[], q: number) =>
  sorted(list)[Math.min(list.length - 1, Math.floor(q * list.length))] ?? Number.NaN;

const checks = 20;

/** `probe serve` as users run it, page, metrics and history on the same event loop; each check with a key of its own. */
async function ttft(): Promise<void> {
  const mock = await startServer([...node, cli, 'mock', '--port', '0', '--timing', 'ttft=300ms,itl=20ms']);
  const folder = mkdtempSync(join(tmpdir(), 'bench-probe-'));
  try {
    const keys = await Promise.all(Array.from({ length: checks }, (_, i) => newKey(mock.origin, `bench-${i}`)));
    const truths = await serveFor(Number(flags.seconds) * 1000, mock, keys, folder);
    const runs = await runsIn(folder);
    const all = keys.flatMap(({ id }, i) => errorsOf(runs.get(nameOf(i)) ?? [], truths.get(id) ?? [], () => true));
    const errors = keys.flatMap(({ id }, i) => errorsOf(runs.get(nameOf(i)) ?? [], truths.get(id) ?? [], isBelieved));
    const [p50, p99, worst] = [0.5, 0.99, 1].map(q => quantile(errors, q)) as [number, number, number];
    const told = [p50, p99, worst].map(ms => ms.toFixed(2)).join(' / ');
    note(`${checks} checks at once: first token against the mock’s own time, ms`, 'p50 / p99 / worst');
    note(`  ${errors.length} of ${all.length} runs, those that the probe believes`, told, 'p99 < 5', p99 < 5);
    note('  all runs', [0.5, 0.99, 1].map(q => quantile(all, q).toFixed(2)).join(' / '));
  } finally {
    await mock.end();
    rmSync(folder, { recursive: true });
  }
}

interface Key {
  readonly id: string;
  readonly key: string;
}

async function newKey(origin: string, name: string): Promise<Key> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${origin}/__admin/keys`, { method: 'POST', headers, body: JSON.stringify({ name }) });
  return (await answer.json()) as Key;
}

const nameOf = (i: number) => `t${i}`;

/** A cron pattern puts all checks on the same second, where the grid of an interval would spread them. */
function fileOf(url: string, keys: readonly Key[], folder: string): string {
  const names = keys.map((_, i) => nameOf(i));
  return stringify({
    credentials: Object.fromEntries(names.map(name => [name, { key: { env: name.toUpperCase() } }])),
    targets: Object.fromEntries(names.map(name => [name, { url, credential: name }])),
    defaults: { model: 'glm-4.6', cron: '* * * * * *', deadlines: { total: '950ms' }, confirm: { runs: 0 } },
    checks: [{ kind: 'chat_stream' }],
    exporter: { port: 0 },
    state: { path: join(folder, 'state.db') },
    runs_at_once: checks,
  });
}

/** First tokens by the mock, ms after the request came in, in the order of a key's requests; it remembers only the last ones. */
async function serveFor(
  ms: number,
  mock: Server,
  keys: readonly Key[],
  folder: string,
): Promise<Map<string, number[]>> {
  const file = join(folder, 'probe.yaml');
  writeFileSync(file, fileOf(mock.baseUrl, keys, folder));
  for (const [i, { key }] of keys.entries()) process.env[nameOf(i).toUpperCase()] = key;
  const probe = await startServer([...node, cli, 'probe', 'serve', '-c', file], /probing: .* (http\S+)$/, 1);
  const truths = new Map(keys.map(({ id }) => [id, [] as number[]]));
  let last = 0;
  for (let second = 0; second < ms / 1000; second++) {
    // A scrape in the middle of the runs, as it comes; the mock is asked when they are over, or it would be late itself.
    if (second % scrapeEvery === 0)
      await untilInSecond(350).then(async () => (await fetch(`${probe.baseUrl}/metrics`)).text());
    await untilInSecond(850);
    last = await collect(mock, last, truths);
  }
  await probe.end();
  await collect(mock, last, truths);
  return truths;
}

/** More often than the 15 s that are usual. */
const scrapeEvery = 5;

/** Runs begin at full seconds. */
const untilInSecond = (ms: number) => sleep((((ms - (Date.now() % 1000)) % 1000) + 1000) % 1000);

interface Entry {
  readonly n: number;
  readonly keyId: string;
  readonly ending: string;
}

/** @returns the last request that was looked at: none that is still open, so that the order stays */
async function collect({ origin }: Server, after: number, truths: Map<string, number[]>): Promise<number> {
  const answer = await (await fetch(`${origin}/__admin/journal?after=${after}&limit=1000`)).json();
  let last = after;
  for (const { n, keyId, ending } of (answer as { requests: Entry[] }).requests) {
    if (ending === 'open') break;
    const times = await (await fetch(`${origin}/__admin/timeline?n=${n}`)).json();
    truths.get(keyId)?.push((times as { sent?: number[] }).sent?.[0] ?? Number.NaN);
    last = n;
  }
  return last;
}

/** By target, oldest first. */
async function runsIn(folder: string): Promise<Map<string, ProbeRun[]>> {
  const history = await openHistory(join(folder, 'state.db'), { readOnly: true });
  const ids = history.ids().flatMap(id => history.runs(id, 100_000).reverse());
  const runs = ids.flatMap(({ runId }) => history.run(runId) ?? []).filter(({ calls }) => calls > 0);
  history.close();
  return Map.groupBy(runs, ({ target }) => target);
}

/** V8 compiles meanwhile: the very first runs, and those beside the first two scrapes, are up to 30 ms late. */
const warmUpRuns = 12;

/** Its latency is counted: the prober was not disturbed meanwhile. */
const isBelieved = ({ state, warnings }: ProbeRun) =>
  state === 'good' && !warnings.some(({ kind }) => kind === 'measurement');

const errorsOf = (runs: readonly ProbeRun[], truths: readonly number[], counts: (run: ProbeRun) => boolean) =>
  runs.flatMap((run, n) => {
    if (n < warmUpRuns) return [];
    const error = (run.timing.ttft_ms ?? Number.NaN) - (truths[n] ?? Number.NaN);
    return Number.isNaN(error) || !counts(run) ? [] : [error];
  });

/** A day of the prober's life needs some seconds: it beats fifty times a second, in virtual time, too. */
async function days(): Promise<void> {
  const { days: count, runs, wanted, driftMs, heapMiB, stateMiB } = await probeDays(Number(flags.minutes) * 60_000);
  note(`a whole prober in virtual time, ${flags.minutes} minutes long`, `${count} days, ${runs} runs`);
  note('  runs and skips against places on the grid', `${runs} / ${wanted}`, 'all', runs === wanted);
  note('  furthest from its moment on the grid', `${driftMs.toFixed(3)} ms`, '< 1 s, a step', driftMs < 1);
  const [middle, end] = [
    quantile(heapMiB.slice(heapMiB.length / 3, (2 * heapMiB.length) / 3), 0.5),
    quantile(heapMiB.slice(-heapMiB.length / 3), 0.5),
  ];
  note(
    '  heap, middle third → last',
    `${middle.toFixed(1)} → ${end.toFixed(1)} MiB`,
    '+ 5 % at most',
    end <= middle * 1.05,
  );
  note('  state file at half time → at the end', stateMiB.map(mib => mib.toFixed(1)).join(' → '), 'MiB');
}

const parts: Readonly<Record<string, () => Promise<void>>> = { ttft, days };

for (const [name, part] of Object.entries(parts)) if (flags.only === undefined || flags.only === name) await part();
process.exitCode = missed ? 1 : 0;
