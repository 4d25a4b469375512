/**
 * What a driver of the load tester can do, as ratios within one run: a server of known truth on one core, the load on the
 * other. Contestants take turns, a round in which others used the machine is made again, and medians are shown.
 *
 *   npm run bench:load                         all parts; the unary part compares with wrk if it is installed
 *   npm run bench:load -- --only errors        one part: errors, rate, memory, send or unary
 *   npm run bench:load -- --soak 10m           memory over a long run
 *   npm run bench:load -- --rounds 3 --seconds 4 --others 0.2     CPU that others may use in a round, in cores
 *   npm run bench:load -- --priority           for a machine that is never left alone: streams go before everything else
 *                                              (chrt, as root); unary load, which would fill both cores, does not
 */
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parseDuration } from '../src/core/duration.ts';
import type { LoadJob, LoadReport, Quantiles } from './support/load-process.ts';
import { pinned, type Server, startServer } from './support/server.ts';
import { hasWrk, wrkAsClient } from './support/wrk.ts';

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    soak: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    others: { type: 'string', default: '0.15' },
    priority: { type: 'boolean', default: false },
  },
});
const rounds = Number(flags.rounds);
const runMs = Number(flags.seconds) * 1000;
const mostOthers = flags.priority ? Number.POSITIVE_INFINITY : Number(flags.others);
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const say = (line: string) => process.stderr.write(`${line}\n`);
let missed = false;
/** A line of the result, at once: a long run may be cut short. */
function note(name: string, value: string, goal = '', good?: boolean): void {
  const mark = good === undefined ? ' ' : good ? '✓' : '✗';
  process.stdout.write(`${mark} ${name.padEnd(86)} ${value.padEnd(20)} ${goal}\n`);
  missed ||= good === false;
}

/** Answers that the truth server gives, in ms and events. */
interface Pace {
  readonly ttft: number;
  readonly gap: number;
  readonly events: number;
}

/** How processes are run. */
interface Manner {
  /** Before everything else on the machine, if that was asked for. */
  readonly urgent?: boolean;
  /** Of Node. */
  readonly options?: readonly string[];
}

/** Threads of the collector would have the same priority, and the event loop would wait for them or they for it. */
const urgently = ['chrt', '-f', '1', process.execPath, '--single-threaded-gc'];

const nodeOf = ({ urgent = false, options = [] }: Manner) =>
  urgent && flags.priority ? [...urgently, ...options] : [process.execPath, ...options];

/** The truth server of a part; started again when somebody ended it. */
function truth({ ttft, gap, events }: Pace, manner: Manner = {}) {
  const program = here('../src/loadtest/calibration/truth-server.ts');
  const command = [...nodeOf(manner), program, `--ttft=${ttft}`, `--gap=${gap}`, `--events=${events}`];
  let server: Server | undefined;
  const running = async () => {
    if (server?.alive() !== true) server = await startServer(command, /^(http\S+)$/);
    return server;
  };
  return { running, end: async () => server?.end() };
}

type Truth = ReturnType<typeof truth>;

/** How often a round is made again because others used the machine. */
const patience = 20;

/** One measurement; the last of several when none was left alone, and then it says so. */
async function measure(driver: string, { running }: Truth, job: LoadJob, manner: Manner = {}): Promise<LoadReport> {
  for (let attempt = 1; ; attempt++) {
    const server = await running();
    const report = measureOnce(driver, server, job, manner);
    await sleep(10); // for the news that the server has ended
    if (report === undefined || !server.alive()) continue;
    say(`${driver}, ${job.streams} at once: others used ${report.others.toFixed(2)} cores, attempt ${attempt}`);
    if (report.others <= mostOthers) return report;
    if (attempt >= patience) {
      note(`! ${driver} was measured while others used`, `${report.others.toFixed(2)} cores`);
      return report;
    }
    await sleep(3000);
  }
}

/** @returns undefined when the process did not finish: on a shared machine somebody may have ended it */
function measureOnce(driver: string, server: Server, job: LoadJob, manner: Manner): LoadReport | undefined {
  const args = [driver, server.baseUrl, String(server.pid), JSON.stringify(job)];
  const [file = '', ...rest] = pinned(1, [...nodeOf(manner), '--expose-gc', here('support/load-process.ts'), ...args]);
  const { stdout, stderr } = spawnSync(file, rest, { encoding: 'utf8' });
  if (stdout === '') say(`${driver} did not finish ${stderr}`);
  return stdout === '' ? undefined : (JSON.parse(stdout) as LoadReport);
}

const median = (list: readonly number[]) => [...list].sort((a, b) => a - b)[list.length >> 1] ?? 0;

/** The median of a figure over the rounds of one contestant. */
type Figures = (figure: (report: LoadReport) => number) => number;

const figuresOf =
  (reports: readonly LoadReport[]): Figures =>
  figure =>
    median(reports.map(figure));

/** All contestants in turn, several times. */
async function contest(drivers: readonly string[], pace: Pace, job: LoadJob, manner: Manner = {}) {
  const server = truth(pace, manner);
  const reports = new Map(drivers.map(driver => [driver, [] as LoadReport[]]));
  for (let round = 0; round < rounds; round++)
    for (const driver of drivers) reports.get(driver)?.push(await measure(driver, server, job, manner));
  await server.end();
  return [...reports].map(([driver, list]) => ({ driver, ours: driver === 'socket', of: figuresOf(list) }));
}

const medians = (of: Figures, pick: (report: LoadReport) => Quantiles): Quantiles => ({
  p50: of(report => pick(report).p50),
  p99: of(report => pick(report).p99),
});
const shown = ({ p50, p99 }: Quantiles) => `${p50.toFixed(2)} / ${p99.toFixed(2)}`;

/** 50 events a second, in answers of two seconds. */
const pace: Pace = { ttft: 50, gap: 20, events: 98 };
const standard = { stream: true, spreadMs: 2000, warmUpMs: 2000, runMs } as const;

async function errors(): Promise<void> {
  const drivers = ['raw socket', 'socket', 'undici', 'undici by hand', 'autocannon gated'];
  note('500 streams × 50 events/s: error against the server’s stamps, ms', 'p50 / p99');
  for (const { driver, ours, of } of await contest(drivers, pace, { ...standard, streams: 500 }, { urgent: true })) {
    const judged = (name: string, error: Quantiles) =>
      note(`  ${driver}: ${name}`, shown(error), ours ? '≤ 0.15 / 3' : '', ours ? isSmall(error) : undefined);
    judged(
      'first token',
      medians(of, report => report.ttft),
    );
    judged(
      'gap',
      medians(of, report => report.gap),
    );
    note(`  ${driver}: every event`, shown(medians(of, report => report.event)));
    note(`  ${driver}: event loop busy, CPU per event`, `${of(r => r.elu).toFixed(2)}, ${cpuPerEvent(of)}`);
    note(`  ${driver}: events that shared a read, failed`, `${percent(of(r => r.coalesced))}, ${of(r => r.failed)}`);
  }
}

const isSmall = ({ p50, p99 }: Quantiles) => p50 <= 0.15 && p99 <= 3;
const cpuPerEvent = (of: Figures) => `${of(report => report.cpuUs / report.events).toFixed(1)} µs`;
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** As many streams as leave the event loop 40 % of its time. */
async function rate(): Promise<void> {
  const server = truth(pace, { urgent: true });
  for (const driver of ['raw socket', 'socket', 'undici']) {
    let best = { events: 0, streams: 0 };
    for (const streams of [500, 750, 1000, 1250, 1500, 1750, 2000]) {
      const reports: LoadReport[] = [];
      for (let i = 0; i < rounds; i++)
        reports.push(await measure(driver, server, { ...standard, streams }, { urgent: true }));
      const of = figuresOf(reports);
      const events = Math.round(of(report => report.events / report.seconds));
      const elu = of(report => report.elu);
      const busy = `event loop ${elu.toFixed(2)} busy, ${cpuPerEvent(of)} an event, ${of(r => r.failed)} failed`;
      note(`${driver}, ${streams} streams: ${busy}`, `${events} events/s`);
      note('  first token, ms, p50 / p99', shown(medians(of, report => report.ttft)));
      if (elu <= 0.6 && events > best.events) best = { events, streams };
      if (elu > 0.6) break;
    }
    const ours = driver === 'socket';
    const good = best.events >= 60_000 && best.streams >= 1000;
    note(`${driver}: at most 60 % busy`, `${best.events} events/s`, ours ? '≥ 60000' : '', ours ? good : undefined);
  }
  await server.end();
}

/**
 * Memory that 3,000 more streams take, after 1,000. V8's young generation, which grows with the garbage and not with the
 * streams, has its full size from the start.
 */
async function memory(): Promise<void> {
  const slow: Pace = { ttft: 50, gap: 200, events: 40 };
  const job = { ...standard, spreadMs: 4000, warmUpMs: 5000, streams: 4000, base: 1000 };
  const options = ['--min-semi-space-size=16', '--max-semi-space-size=16'];
  for (const { driver, ours, of } of await contest(['raw socket', 'socket', 'undici'], slow, job, { options })) {
    const kb = of(report => report.kbPerStream);
    note(
      `${driver}: memory of a live stream`,
      `${kb.toFixed(1)} kB`,
      ours ? '≤ 20 kB' : '',
      ours ? kb <= 20 : undefined,
    );
  }
}

async function sends(): Promise<void> {
  const drivers = ['raw socket', 'socket', 'undici', 'undici by hand'];
  const short: Pace = { ttft: 50, gap: 20, events: 48 };
  const job = { ...standard, spreadMs: 1000, streams: 500, rate: 500 };
  note('500 requests/s at their moments, 24,000 events/s: sent late by, ms', 'p50 / p99');
  for (const { driver, ours, of } of await contest(drivers, short, job, { urgent: true })) {
    const late = medians(of, report => report.send);
    note(`  ${driver}`, shown(late), ours ? 'p50 ≤ 0.05' : '', ours ? late.p50 <= 0.05 : undefined);
  }
}

/** Requests that a core could make, by the CPU that one takes: the server is as busy as its client. */
async function unary(): Promise<void> {
  const drivers = ['socket', 'raw socket', 'undici by hand', 'undici', 'autocannon as shipped', 'autocannon'];
  const atOnce: Pace = { ttft: 0, gap: 0, events: 1 };
  const list = await contest(drivers, atOnce, { ...standard, stream: false, spreadMs: 100, streams: 64 });
  const perCore = (of: Figures) => of(report => (1e6 * report.requests) / report.cpuUs);
  const ours = list[0] === undefined ? 0 : perCore(list[0].of);
  const line = (name: string, requests: number) =>
    note(`  ${name}`, `${Math.round(requests)}, ${(ours / requests).toFixed(2)}`);
  note('unary, 64 connections: requests per second of CPU', 'socket to it');
  for (const { driver, of } of list) line(driver, perCore(of));
  if (!hasWrk()) return;
  const target = truth(atOnce);
  const server = await target.running();
  line('wrk', median(Array.from({ length: rounds }, () => wrkAsClient(server, runMs / 1000))));
  await target.end();
}

/** Memory over a long run. What is resident goes up and down with what the collector has not got round to. */
async function soak(ms: number): Promise<void> {
  const server = truth(pace);
  const report = measureOnce(
    'socket',
    await server.running(),
    { ...standard, streams: 500, runMs: ms, sampleMs: 5000 },
    {},
  );
  if (report === undefined) throw new Error('somebody ended the process');
  const [third = Number.NaN, end = Number.NaN] = report.heldMib;
  const change = `${third.toFixed(1)} → ${end.toFixed(1)} MiB`;
  note(
    `500 streams × 50 events/s for ${flags.soak}: memory held, after a third → at the end`,
    change,
    '+ 5 % at most',
    end <= third * 1.05,
  );
  note('  resident memory, by tenths, MiB', tenths(report.rssMib).join(' '));
  note('  events, requests', `${report.events}, ${report.requests}`);
  note('  failed requests', `${report.failed}`, 'none', report.failed === 0);
  note('  event loop busy', report.elu.toFixed(2));
  note('  first token, ms, p50 / p99', shown(report.ttft));
  await server.end();
}

const tenths = (list: readonly number[]) =>
  Array.from({ length: 10 }, (_, i) => Math.round(list[Math.ceil(((i + 1) * list.length) / 10) - 1] ?? Number.NaN));

const parts: Readonly<Record<string, () => Promise<void>>> = { errors, rate, memory, send: sends, unary };

async function main(): Promise<void> {
  if (flags.soak !== undefined) await soak(parseDuration(flags.soak));
  else
    for (const [name, part] of Object.entries(parts)) if (flags.only === undefined || flags.only === name) await part();
  process.exitCode = missed ? 1 : 0;
}

await main();
