/** `probe serve` as a process to which bad things happen: it is killed, stopped, set wrong, and left without room. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { generate } from 'selfsigned';
import { afterEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { createMock, type TestMock } from '../../src/mock-server/index.ts';
import type { ProbeFile } from '../../src/probe/config.ts';
import { dayOf } from '../../src/probe/days.ts';
import { openHistory } from '../../src/probe/history.ts';
import * as fake from '../support/fake-glm.ts';
import { fileOf, scratch } from '../support/probe.ts';
import { type Command, launch } from '../support/process.ts';
import { until } from '../support/until.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const key = 'my-id.my-secret';
const patient = { timeout: 60_000 };

async function service(): Promise<TestMock> {
  const mock = await createMock({ keys: [key], timing: 'instant' });
  cleanups.push(() => mock.close({ graceMs: 0 }));
  return mock;
}

/** A check every second, whose state lies in a folder of its own. */
function place(url: string, more: Partial<ProbeFile> = {}) {
  const folder = scratch();
  cleanups.push(folder.remove);
  const [file, state] = [join(folder.path, 'probe.yaml'), join(folder.path, 'state.db')];
  const defaults = { model: 'glm-4.6', interval: '1s', jitter: '0%', confirm: { runs: 0 } };
  const config = fileOf(url, [{ kind: 'chat_stream' }], {
    defaults: { ...defaults, deadlines: { total: '900ms' } },
    ...{ state: { path: state }, exporter: { port: 0 }, ...more },
  });
  writeFileSync(file, stringify(config));
  return { file, state };
}

interface Life {
  readonly process: Command;
  readonly url: string;
  /** Adds up the series that match. */
  count(series: RegExp): Promise<number>;
  /** Waits until they are at least so many. */
  reaches(series: RegExp, least: number): Promise<number>;
}

async function begin(file: string, how: Parameters<typeof launch>[1] = {}): Promise<Life> {
  const process = launch(['probe', 'serve', '-c', file, '--seed', '7'], { ...how, env: { KEY: key, ...how.env } });
  cleanups.push(() => process.child.kill('SIGKILL'));
  const [, url = ''] = await process.says(/probing: .* (http:\S+)/);
  const count = async (series: RegExp) => {
    const text = await (await fetch(`${url}/metrics`)).text();
    const values = [...text.matchAll(/^(\w+(?:\{.*\})?) (\S+)$/gm)].filter(([, name = '']) => series.test(name));
    return values.reduce((sum, [, , value]) => sum + Number(value), 0);
  };
  const reaches = (series: RegExp, least: number) =>
    until(
      `${series} of ${least}`,
      async () => {
        const seen = await count(series);
        return seen >= least && seen;
      },
      20_000,
    );
  return { process, url, count, reaches };
}

const stateOf = async ({ url }: Life) => (await (await fetch(`${url}/status.json`)).json()).checks[0];

function isWhole(path: string): boolean {
  const db = new DatabaseSync(path);
  const { integrity_check: found } = db.prepare('PRAGMA integrity_check').get() as { integrity_check: string };
  db.close();
  return found === 'ok';
}

const limit = 100_000_000;
/** Where midnight is far. */
const timezone = [21, 22, 23, 0, 1, 2].includes(new Date().getUTCHours()) ? 'Asia/Shanghai' : 'UTC';
const limited: Partial<ProbeFile> = {
  credentials: { main: { key: { env: 'KEY' }, budget: { tokens_per_day: limit, timezone } } },
};

/** What was spent earlier today. */
async function spend(state: string, tokens: number): Promise<void> {
  const history = await openHistory(state);
  history.charge({ credential: 'main', day: dayOf(Date.now(), timezone) }, 'earlier', { tokens, cost: 0 });
  history.close();
}

const good = /^glm_probe_runs_total\{.*outcome="success"/;
const failed = /^glm_probe_runs_total\{.*outcome="failure"/;
const tokens = /^glm_probe_time_to_first_token_seconds_count/;
const missed = /^glm_probe_runs_missed_total/;
const steps = /^glm_probe_clock_steps_total/;
const left = /^glm_probe_budget_remaining_ratio/;

test(
  'SIGKILL in the middle of its calls, over and over: no more is sent than the budget has room for',
  patient,
  async () => {
    const mock = await service();
    mock.faults('hang');
    const { file, state } = place(mock.baseUrl, limited);
    // The worst case of a run is 144 tokens: twice 40 for the question, 64 for the answer.
    await spend(state, limit - (3 * 144 + 100));
    for (let sent = 1; sent <= 3; sent++) {
      const { process } = await begin(file);
      await until(`call ${sent}`, () => mock.requests().length === sent, 20_000);
      process.child.kill('SIGKILL');
      expect(await process.ended).toBe('SIGKILL');
    }
    const last = await begin(file);
    await last.reaches(/^glm_probe_runs_skipped_total\{.*reason="budget"/, 2);
    expect(mock.requests()).toHaveLength(3);
    expect(await last.count(left)).toBeCloseTo(100 / limit, 12);
    expect((await stateOf(last)).state).toBe('unknown');
    last.process.child.kill('SIGKILL');
    await last.process.ended;
    expect(isWhole(state)).toBe(true);
  },
);

test('SIGKILL after some runs: what was counted goes on, in the next life as in this one', patient, async () => {
  const mock = await service();
  const { file } = place(mock.baseUrl);
  const life = await begin(file);
  const seen = await life.reaches(good, 3);
  // Fewer where this machine was too busy for a latency to be believed.
  const timed = await life.count(tokens);
  life.process.child.kill('SIGKILL');
  await life.process.ended;
  const next = await begin(file);
  expect(await next.count(good)).toBeGreaterThanOrEqual(seen);
  expect(await next.count(tokens)).toBeGreaterThanOrEqual(timed);
});

test('a disk without room: it goes on, says unknown and why, and what was stored is whole', patient, async () => {
  const mock = await service();
  const { file, state } = place(mock.baseUrl);
  // No file may be larger than 160 KiB; an ignored signal is inherited, so a write fails instead of killing.
  const cramped = ['bash', '-c', 'trap "" XFSZ; ulimit -f 160; exec "$@"', 'bash'];
  const life = await begin(file, { by: cramped });
  await life.reaches(/^glm_probe_history_failures_total/, 2);
  expect(await stateOf(life)).toMatchObject({ state: 'unknown' });
  const health = await fetch(`${life.url}/healthz`);
  expect([health.status, await health.text()]).toEqual([503, expect.stringMatching(/the state cannot be written/)]);
  expect(await life.count(failed)).toBe(0);
  await life.reaches(good, (await life.count(good)) + 1);
  life.process.child.kill('SIGTERM');
  expect(await life.process.ended).toBe(0);
  expect(isWhole(state)).toBe(true);
  const roomy = await begin(file);
  await until('health', async () => (await fetch(`${roomy.url}/healthz`)).ok, 20_000);
  await until('a state that is known', async () => (await stateOf(roomy)).state === 'up', 20_000);
});

test('suspended for three seconds: what went by is missed, and nobody is blamed for it', patient, async () => {
  const mock = await service();
  const life = await begin(place(mock.baseUrl).file);
  await life.reaches(good, 1);
  life.process.child.kill('SIGSTOP');
  await new Promise(resolve => setTimeout(resolve, 3000)); // to be away is what is tested
  life.process.child.kill('SIGCONT');
  await life.reaches(steps, 1);
  expect(await life.reaches(missed, 1)).toBeLessThanOrEqual(3);
  await life.reaches(good, (await life.count(good)) + 1);
  expect(await life.count(failed)).toBe(0);
  expect(life.process.err()).toMatch(/the clock was set or the machine slept/);
});

test(
  'a clock that is put thirty hours ahead and back: the schedule goes on, and no budget is new',
  patient,
  async () => {
    const mock = await service();
    const clock = pathToFileURL(join(import.meta.dirname, '../support/stepping-clock.ts'));
    const { file, state } = place(mock.baseUrl, limited);
    await spend(state, limit / 2);
    const life = await begin(file, { env: { NODE_OPTIONS: `--import ${clock}` } });
    await life.reaches(good, 2);
    const before = await life.count(left);
    for (const [signal, step] of [
      ['SIGUSR2', 1],
      ['SIGWINCH', 2],
    ] as const) {
      life.process.child.kill(signal);
      await life.reaches(steps, step);
      await life.reaches(good, (await life.count(good)) + 2);
      expect(await life.count(left)).toBeLessThan(before);
      expect(await life.count(failed)).toBe(0);
    }
    expect(await life.count(steps)).toBe(2);
    const { windows } = await stateOf(life);
    expect(windows.month.known).toBeLessThan(0.01);
  },
);

test(
  'a name that does not resolve, a service that hangs and a certificate that is over have their names',
  patient,
  async () => {
    const over = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
      algorithm: 'sha256',
      ...{ notBeforeDate: new Date('2020-01-01'), notAfterDate: new Date('2020-02-01') },
      extensions: [
        { name: 'basicConstraints', cA: true },
        { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
      ],
    });
    const hanging = await fake.createFakeGlm(fake.hang);
    const expired = await fake.createFakeGlm(fake.good, { key: over.private, cert: over.cert });
    cleanups.push(hanging.close, expired.close);
    const ca = join(scratchFile(), 'ca.pem');
    writeFileSync(ca, over.cert);
    const { file } = place('http://unused.invalid/v4', {
      targets: {
        lost: { url: 'http://no-such-name.invalid/v4' },
        hanging: { url: hanging.url },
        expired: { url: expired.url, ca },
      },
      credentials: { main: { key: { env: 'KEY' }, calls_at_once: 3 } },
    });
    const life = await begin(file);
    for (const [target, reason] of [
      ['lost', 'dns'],
      ['hanging', 'timeout_first_byte'],
      ['expired', 'tls'],
    ])
      await life.reaches(new RegExp(`^glm_probe_failures_total\\{target="${target}",.*reason="${reason}"`), 1);
    expect(expired.requests).toEqual([]);
    expect(await life.count(good)).toBe(0);
  },
);

function scratchFile(): string {
  const { path, remove } = scratch();
  cleanups.push(remove);
  return path;
}
