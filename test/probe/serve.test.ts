/** The real thing: a file, a state, a port, and the mock as the service. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { connect } from 'node:tls';
import { generate } from 'selfsigned';
import { afterEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { createManualClock, systemClock } from '../../src/core/clock.ts';
import { createRandom } from '../../src/core/random.ts';
import { createMock, type TestMock } from '../../src/mock-server/index.ts';
import { command } from '../../src/probe/cli.ts';
import type { ProbeFile } from '../../src/probe/config.ts';
import { startExporter } from '../../src/probe/exporter.ts';
import type { History } from '../../src/probe/history.ts';
import type { ProbeCheck } from '../../src/probe/plan.ts';
import { systemReaders } from '../../src/probe/secret.ts';
import { type Serving, serve } from '../../src/probe/serve.ts';
import { run } from '../support/io.ts';
import { startMute } from '../support/mute.ts';
import { fileOf, scratch } from '../support/probe.ts';
import { runAt } from '../support/probe-runs.ts';
import { launch } from '../support/process.ts';
import { until } from '../support/until.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const canary = 'canary-id.canarySecret0042';
const env = { KEY: canary, TOKEN: 'canary-token', PASSWORD: 'canary-password' };
const id = 'home/chat_stream/glm-4.6';

async function service(): Promise<TestMock> {
  const mock = await createMock({ keys: [canary], timing: 'instant' });
  cleanups.push(() => mock.close({ graceMs: 0 }));
  return mock;
}

/** A config in a folder of its own, that can be written again. */
function place(url: string, more: Partial<ProbeFile> = {}) {
  const folder = scratch();
  cleanups.push(folder.remove);
  const file = join(folder.path, 'probe.yaml');
  const write = (extra: Partial<ProbeFile> = {}, checks: ProbeFile['checks'] = [{ kind: 'chat_stream' }]) => {
    const config = fileOf(url, checks, {
      defaults: {
        model: 'glm-4.6',
        interval: '1s',
        jitter: '0%',
        deadlines: { total: '900ms', idle: '300ms' },
        confirm: { runs: 1, delay: '10ms' },
      },
      state: { path: join(folder.path, 'state.db') },
      cassettes: { dir: join(folder.path, 'cassettes') },
      exporter: { port: 0 },
      ...more,
      ...extra,
    });
    writeFileSync(file, stringify(config));
  };
  write();
  return { file, folder: folder.path, write };
}

interface Running {
  readonly serving: Serving;
  readonly said: string[];
  get(path: string, headers?: Record<string, string>): Promise<Response>;
}

async function start(file: string, more: { watchMs?: number; allowOpen?: boolean } = {}): Promise<Running> {
  const said: string[] = [];
  const serving = await serve({
    ...{ file, readers: systemReaders(env), clock: systemClock, random: createRandom('test'), ...more },
    say: sentence => said.push(sentence),
  });
  cleanups.push(serving.close);
  return { serving, said, get: (path, headers = {}) => fetch(serving.url + path, { headers }) };
}

const stateOf = async ({ get }: Running) => (await (await get('/status.json')).json()).checks[0].state;
const becomes = (running: Running, state: string) =>
  until(`state ${state}`, async () => (await stateOf(running)) === state, 20_000);

test('outage, account fault, recovery and restart, as the page, the metrics and the verbs see them', {
  timeout: 60_000,
}, async () => {
  const mock = await service();
  const { file, folder } = place(mock.baseUrl);
  const first = await start(file);
  await becomes(first, 'up');
  mock.faults('stall,after=3');
  await becomes(first, 'down');
  const metrics = await (await first.get('/metrics')).text();
  expect(metrics).toMatch(/glm_probe_failures_total\{.*fault_domain="provider",reason="stalled"\} [1-9]/);
  const page = await (await first.get('/')).text();
  expect(page).toContain('0 of 1 checks up, 1 down');
  const [, runId = ''] = /href="\/runs\/([\w-]+)"/.exec(page) ?? [];
  const log = await (await first.get(`/runs/${runId}`)).text();
  expect(log).toMatch(/first token\n[\s\S]*stalled \(provider\)/);
  expect(log).toContain('"key": "***"');
  const seen = await first.get(`/runs/${runId}`, { accept: 'text/html,*/*;q=0.8' });
  expect(await seen.text()).toMatch(/^<!doctype html>[\s\S]*<h2>Log<\/h2><pre>/);
  expect(await (await first.get(`/runs?check=${encodeURIComponent(id)}`)).text()).toContain(`/runs/${runId}`);
  const [, cassette = ''] = /"cassette": "(.*)"/.exec(log) ?? [];
  expect(existsSync(cassette)).toBe(true);

  mock.faults('1113');
  await until(
    'an account fault',
    async () => (await (await first.get('/metrics')).text()).match(/reason="balance_exhausted"\} [1-9]/),
    20_000,
  );
  mock.faults();
  await becomes(first, 'up');
  const { incidents } = await (await first.get('/status.json')).json();
  expect(incidents.map(({ kind }: { kind: string }) => kind)).toContain('down');
  await first.serving.close();
  const stored = await run(command, ['probe', 'status', '-c', file], { env });
  expect(stored.out).toMatch(/home\/chat_stream\/glm-4\.6 {2}(up|unknown) for/);
  const again = await start(file);
  expect((await (await again.get('/status.json')).json()).incidents.length).toBe(incidents.length);
  await becomes(again, 'up');
  const everything = [metrics, page, log, stored.out, readFileSync(join(folder, 'state.db'), 'latin1')].join('\n');
  expect(everything).not.toContain('canarySecret');
});

test.skipIf(!existsSync('/usr/bin/promtool'))('promtool has nothing to say about what is served', async () => {
  const mock = await service();
  const running = await start(place(mock.baseUrl).file);
  await becomes(running, 'up');
  const text = await (await running.get('/metrics')).text();
  expect(execFileSync('/usr/bin/promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })).toBe('');
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  const open = await running.get('/metrics', { accept: 'application/openmetrics-text; version=1.0.0' });
  expect(open.headers.get('content-type')).toMatch(/^application\/openmetrics-text/);
  expect(await open.text()).toMatch(/# \{run_id="[\w-]+"\}/);
});

test('a changed file is taken, a broken one is told of and the old plan goes on', async () => {
  const mock = await service();
  const { file, write } = place(mock.baseUrl);
  const running = await start(file, { watchMs: 20 });
  await becomes(running, 'up');
  writeFileSync(file, 'checks: [');
  await until('a complaint', () => running.said.find(text => /keeps what it has/.test(text)));
  expect(await (await running.get('/metrics')).text()).toContain('glm_probe_config_last_reload_successful 0\n');
  const notice = /^the file is wrong, and what was read before goes on: .*probe\.yaml:1:/;
  expect(running.serving.prober.notices()).toEqual([expect.stringMatching(notice)]);
  await until('a notice on the page', async () => /the file is wrong/.test(await (await running.get('/')).text()));
  expect((await (await running.get('/status.json')).json()).troubles).toEqual([expect.stringMatching(notice)]);
  expect(await (await running.get('/healthz')).text()).toBe('ok\n');
  expect(running.serving.plan.checks.map(one => one.id)).toEqual([id]);
  write({}, [{ kind: 'models' }]);
  await until('the new plan', () => running.serving.plan.checks[0]?.kind === 'models');
  await becomes(running, 'up');
  const metrics = await (await running.get('/metrics')).text();
  expect(metrics).toContain('glm_probe_config_last_reload_successful 1\n');
  expect(metrics).not.toContain('chat_stream');
  expect(running.serving.prober.notices()).toEqual([]);
  write({ state: { path: join(file, '..', 'other.db') } });
  await until('a hint', () => running.said.find(text => /state\.path changes only with a restart/.test(text)));
});

test.each([
  ['a bearer token', { bearer: { env: 'TOKEN' } }, 'Bearer canary-token', 'Bearer'],
  [
    'a name and a password',
    { basic: { username: 'prom', password: { env: 'PASSWORD' } } },
    `Basic ${Buffer.from('prom:canary-password').toString('base64')}`,
    'Basic',
  ],
])('%s protects everything but a bare yes or no', async (_, exporter, authorization, scheme) => {
  const mock = await service();
  const { get } = await start(place(mock.baseUrl, { exporter: { port: 0, ...exporter } }).file);
  for (const path of ['/', '/metrics', '/status.json', '/runs/x']) {
    const answer = await get(path);
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, `${scheme} realm="probe"`]);
    expect((await get(path, { authorization: `${authorization}x` })).status).toBe(401);
  }
  expect((await get('/metrics', { authorization })).status).toBe(200);
  const lower = authorization.replace(scheme, scheme.toLowerCase());
  expect((await get('/metrics', { authorization: lower })).status).toBe(200);
  expect(await (await get('/healthz')).text()).toBe('ok\n');
});

/** A `serve` that looks at its file ten times a second of a clock that stands, and what it says. */
async function watching() {
  const mock = await service();
  const { file, write } = place(mock.baseUrl);
  const clock = createManualClock(Date.now());
  const said: string[] = [];
  const look = async (check: ProbeCheck) => runAt(clock.wall(), { id: check.id });
  const serving = await serve({
    ...{ file, readers: systemReaders(env), clock, random: createRandom('test'), look, watchMs: 100 },
    say: sentence => said.push(sentence),
  });
  cleanups.push(serving.close);
  return { file, write, clock, said, serving };
}

test('a file that is gone is told of once, and one that is only gone for a moment is not', async () => {
  const { file, write, clock, said } = await watching();
  const told = () => said.filter(text => text === `${file} cannot be read any more: what it said last goes on`).length;
  rmSync(file);
  clock.advance(100);
  write();
  clock.advance(100);
  rmSync(file);
  clock.advance(100);
  expect(told()).toBe(0);
  clock.advance(500);
  expect(told()).toBe(1);
});

test('who looks from outside at a file with a mistake hears where else to look', async () => {
  const { file, folder } = place('http://127.0.0.1:1');
  writeFileSync(file, 'checks: [');
  for (const verb of [['status'], ['page', '-o', folder]]) {
    const { err, code } = await run(command, ['probe', ...verb, '-c', file], { env });
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/probe\.yaml:1:.*\nWhere the state is, is not known until/s),
    ]);
  }
});

test('who reads an edited file again when told to does not do so once more on its own', async () => {
  const { write, clock, said, serving } = await watching();
  const took = () => said.filter(text => /^took /.test(text)).length;
  write({}, [{ kind: 'chat' }]);
  await serving.reload();
  clock.advance(200);
  await serving.reload();
  expect(took()).toBe(2);
});

test('it listens for others only with a password or when it is told to', async () => {
  const mock = await service();
  const wide = { exporter: { port: 0, host: '0.0.0.0' } };
  await expect(start(place(mock.baseUrl, wide).file)).rejects.toMatchObject({ code: 'open_exporter' });
  const { serving } = await start(place(mock.baseUrl, wide).file, { allowOpen: true });
  expect(serving.url).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/);
});

test('TLS', async () => {
  const mock = await service();
  const spot = place(mock.baseUrl);
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }]);
  writeFileSync(join(spot.folder, 'cert.pem'), cert);
  writeFileSync(join(spot.folder, 'key.pem'), key);
  spot.write({
    exporter: { port: 0, tls: { cert: join(spot.folder, 'cert.pem'), key: join(spot.folder, 'key.pem') } },
  });
  const { serving } = await start(spot.file);
  const status = await new Promise(resolve =>
    request(`${serving.url}/healthz`, { ca: cert, servername: 'localhost' }, res =>
      resolve(res.resume().statusCode),
    ).end(),
  );
  expect(status).toBe(200);
});

const newPair = (name: string) => generate([{ name: 'commonName', value: name }]);

/** The name on the certificate that a server shows, and how many certificates it sends. */
const shownAt = (url: string) =>
  new Promise<[string, number]>((resolve, reject) => {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', rejectUnauthorized: false }, () => {
      const { subject, issuerCertificate: above } = socket.getPeerCertificate(true);
      resolve([String(subject.CN), above === undefined || above.subject.CN === subject.CN ? 1 : 2]);
      socket.destroy();
    }).once('error', reject);
  });

test('a renewed certificate is taken while it serves; one that is not its key’s is told of, and the old one stays', async () => {
  const mock = await service();
  const spot = place(mock.baseUrl);
  const [tls, put] = [
    { cert: join(spot.folder, 'cert.pem'), key: join(spot.folder, 'key.pem') },
    ({ cert, private: key }: { cert: string; private: string }) => {
      writeFileSync(join(spot.folder, 'key.pem'), key);
      writeFileSync(join(spot.folder, 'cert.pem'), cert);
    },
  ];
  put(await newPair('first'));
  spot.write({ exporter: { port: 0, tls } });
  const { serving, said } = await start(spot.file, { watchMs: 20 });
  expect(await shownAt(serving.url)).toEqual(['first', 1]);

  const authority = await generate([{ name: 'commonName', value: 'authority' }], {
    extensions: [{ name: 'basicConstraints', cA: true }],
  });
  const second = await generate([{ name: 'commonName', value: 'second' }], {
    ca: { key: authority.private, cert: authority.cert },
  });
  put(second);
  await until('the second', async () => (await shownAt(serving.url))[0] === 'second');
  expect(await shownAt(serving.url)).toEqual(['second', 1]);

  put({ ...second, cert: `${second.cert}\n${authority.cert}` });
  await until('its chain', async () => (await shownAt(serving.url))[1] === 2);

  writeFileSync(tls.key, authority.private);
  await until('a complaint', () => said.find(text => /keeps what it has.*key\.pem is not the key/s.test(text)));
  expect(await shownAt(serving.url)).toEqual(['second', 2]);
  await expect(serving.prober.metrics().text()).resolves.toContain('glm_probe_config_last_reload_successful 0\n');
  expect(said.join('\n')).not.toContain('PRIVATE');

  put(await newPair('third'));
  await until('the third', async () => (await shownAt(serving.url))[0] === 'third');
  spot.write({ exporter: { port: 0 } });
  await until('a hint', () => said.find(text => /exporter\.tls changes only with a restart/.test(text)));
  expect(await shownAt(serving.url)).toEqual(['third', 1]);
});

test('a state that cannot be read any more ends a page, not the probing', async () => {
  const mock = await service();
  const running = await start(place(mock.baseUrl).file);
  await becomes(running, 'up');
  const { prober } = running.serving;
  const broken = { runsSince: () => {} } as unknown as History;
  const exporter = await startExporter(prober.plan.exporter, {
    ...{ prober, clock: systemClock, say: (sentence: string) => running.said.push(sentence) },
    history: broken,
  });
  cleanups.push(exporter.close);
  expect((await fetch(`${exporter.url}/status.json`)).status).toBe(500);
  expect(running.said.at(-1)).toMatch(/^\/status\.json could not be shown: /);
  expect((await fetch(`${exporter.url}/metrics`)).status).toBe(200);
});

test('only GET, only what there is, nothing from elsewhere', async () => {
  const mock = await service();
  const { serving, get } = await start(place(mock.baseUrl).file);
  expect((await fetch(`${serving.url}/`, { method: 'POST' })).status).toBe(405);
  for (const path of ['/runs/none', '/runs?check=none', '/etc/passwd', '/runs/../x', '//', '//[', '//x/metrics'])
    expect((await get(path)).status).toBe(404);
  const head = await fetch(`${serving.url}/`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
  expect(head.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
});

test('a state that another version wrote, and a port that is taken, are told in one sentence', async () => {
  const mock = await service();
  const { serving } = await start(place(mock.baseUrl).file);
  const port = Number(new URL(serving.url).port);
  await expect(start(place(mock.baseUrl, { exporter: { port } }).file)).rejects.toMatchObject({ code: 'port_in_use' });
  const spot = place(mock.baseUrl);
  writeFileSync(join(spot.folder, 'state.db'), 'something else, and long enough to be read as a page'.repeat(99));
  await expect(start(spot.file)).rejects.toMatchObject({ code: 'bad_state' });
});

test('a state that is damaged further in ends serve and status with 2 and one sentence, and serve as a process', async () => {
  const mock = await service();
  const { file, folder } = place(mock.baseUrl);
  const running = await start(file);
  await becomes(running, 'up');
  await running.serving.close();
  const db = new DatabaseSync(join(folder, 'state.db'));
  db.exec("UPDATE statuses SET json = '{half'");
  db.close();
  const says = /^error: .*state\.db: is not a state file, or is damaged .*; move it away\n$/;
  const status = await run(command, ['probe', 'status', '-c', file], { env });
  expect([status.code, status.err]).toEqual([2, expect.stringMatching(says)]);
  const process = launch(['probe', 'serve', '-c', file], { env: { KEY: canary } });
  expect(await process.ended).toBe(2);
  expect(process.err()).toMatch(says);
});

test('as a process: probes, reads its file again on SIGHUP, and ends with 0', { timeout: 60_000 }, async () => {
  const mock = await service();
  const { file, folder } = place(mock.baseUrl);
  const process = launch(['probe', 'serve', '-c', file, '--seed', '7'], { env: { KEY: canary } });
  const [, url = ''] = await process.says(/probing: 1 check, seed 7, (http:\S+)/);
  await until(
    'a run',
    async () => /outcome="success"\} [1-9]/.test(await (await fetch(`${url}/metrics`)).text()),
    20_000,
  );
  process.child.kill('SIGHUP');
  await until('a reload', () => /took .*: 1 check$/m.test(process.err()));
  process.child.kill('SIGTERM');
  expect(await process.ended).toBe(0);
  const page = await run(command, ['probe', 'page', '-c', file, '-o', join(folder, 'public')], {
    env: { KEY: canary },
  });
  expect(page.code).toBe(0);
  expect(readFileSync(join(folder, 'public', 'index.html'), 'utf8')).toContain('<h1>');
  expect(JSON.parse(readFileSync(join(folder, 'public', 'status.json'), 'utf8')).checks).toHaveLength(1);
});

test('references that are refused or hang are told at the start, by their hosts', async () => {
  const mock = await service();
  const mute = await startMute();
  cleanups.push(mute.close);
  const hanging = `127.0.0.1:${mute.port}`;
  const urls = [mock.baseUrl, 'http://127.0.0.1:1/canary-path', `https://${hanging}/canary-path`];
  const { file } = place(mock.baseUrl, { reference: { urls, timeout: '1s' } });
  const { said } = await start(file);
  const word = `reference: no answer from 127.0.0.1:1, ${hanging};`;
  await until('a word', () => said.some(sentence => sentence.startsWith(word)));
  await mute.left(1);
  expect(said.join()).not.toContain('canary-path');
});

test('status and page say where there is no state yet', async () => {
  const mock = await service();
  const { file, folder } = place(mock.baseUrl);
  for (const verb of [['status'], ['page', '-o', folder]]) {
    const { code, err } = await run(command, ['probe', ...verb, '-c', file], { env });
    expect(code).toBe(3);
    expect(err).toBe(`error: ${join(folder, 'state.db')}: there is no such file; has probe serve run?\n`);
  }
});

test.each<[string, string[], number]>([
  ['status', [], 3],
  ['page', ['-o', 'OUT'], 3],
  ['rules', ['-o', 'OUT'], 0],
  ['dashboards', ['-o', 'OUT'], 0],
])('%s calls nobody, and needs neither keys nor certificates', async (verb, flags, expected) => {
  const { file, folder } = place('http://127.0.0.1:9', {
    credentials: { main: { key: { env: 'NOWHERE' } } },
    targets: { home: { url: 'http://127.0.0.1:9', ca: 'gone.pem', proxy: { file: 'gone.txt' } } },
    notifications: [{ kind: 'webhook', url: { env: 'NOWHERE' }, secret: { command: ['gone'] } }],
    exporter: { port: 0, bearer: { file: 'gone.txt' }, tls: { cert: 'gone.pem', key: 'gone.key' } },
    otlp: { url: 'http://127.0.0.1:9', headers: { authorization: { env: 'NOWHERE' } } },
  });
  const out = flags.map(flag => (flag === 'OUT' ? join(folder, 'out') : flag));
  const { code, err } = await run(command, ['probe', verb, ...out, '-c', file], { env: {} });
  expect(code, err).toBe(expected);
  const { code: doubted, out: told } = await run(command, ['probe', 'validate', file], { env: {} });
  expect([doubted, told]).toEqual([2, expect.stringContaining('the environment variable NOWHERE is not set')]);
});

test('the path of a state counts from its file, wherever one stands; a refused serve leaves nothing there', async () => {
  const mock = await service();
  const { file, folder } = place(mock.baseUrl, { state: { path: 'near.db' } });
  const { serving } = await start(file);
  expect(readdirSync(folder)).toContain('near.db');
  const port = Number(new URL(serving.url).port);
  for (const exporter of [{ port }, { port: 0, host: '0.0.0.0' }]) {
    const other = place(mock.baseUrl, { state: { path: 'near.db' }, exporter });
    await expect(start(other.file)).rejects.toMatchObject({ code: expect.stringMatching(/port_in_use|open_exporter/) });
    expect(readdirSync(other.folder)).not.toContainEqual(expect.stringMatching(/near/));
  }
  await expect(start(file)).rejects.toMatchObject({ code: 'state_in_use' });
  expect(readdirSync(folder)).toContain('near.db');
});

test('page writes nowhere where nothing can be made, and says so', async () => {
  const mock = await service();
  const { file } = place(mock.baseUrl);
  const { serving } = await start(file);
  await serving.close();
  const { code, err } = await run(command, ['probe', 'page', '-c', file, '-o', '/proc/no/such'], { env });
  expect([code, err]).toEqual([2, expect.stringContaining('--out /proc/no/such: cannot be written')]);
});

test('of two that begin a state in the same moment one is refused, and the other keeps its files', async () => {
  const mock = await service();
  const { file, folder } = place(mock.baseUrl);
  const both = await Promise.allSettled([start(file), start(file)]);
  const [running] = both.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []));
  const [reason] = both.flatMap(one => (one.status === 'rejected' ? [one.reason] : []));
  expect(reason).toMatchObject({ code: 'state_in_use' });
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(['state.db', 'state.db.lock']));
  await running?.serving.close();
  expect((await run(command, ['probe', 'status', '-c', file], { env })).out).toContain(id);
});

test.each([
  ['that was there already stays', true],
  ['that was begun goes again', false],
])('a state %s when its serve cannot begin', async (_, isOld) => {
  const mock = await service();
  const { file, folder, write } = place(mock.baseUrl);
  if (isOld) await (await start(file)).serving.close();
  write({ exporter: { port: 0, host: '0.0.0.0' } });
  await expect(start(file)).rejects.toMatchObject({ code: 'open_exporter' });
  expect(readdirSync(folder).includes('state.db')).toBe(isOld);
  expect(readdirSync(folder).filter(name => /-wal|-shm/.test(name))).toEqual([]);
});

test('a second serve on one state is refused, and leaves the first alone', async () => {
  const mock = await service();
  const { file } = place(mock.baseUrl);
  const { serving } = await start(file);
  await expect(start(file)).rejects.toMatchObject({ code: 'state_in_use' });
  expect((await fetch(`${serving.url}/healthz`)).status).toBe(200);
  await serving.close();
  await (await start(file)).serving.close();
});
