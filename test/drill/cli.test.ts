/** What of the command needs no Prometheus: what was asked wrongly, and a stack that already runs. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { command } from '../../src/drill/cli.ts';
import { createMock, type TestMock } from '../../src/mock-server/index.ts';
import { run } from '../support/io.ts';
import { launch } from '../support/process.ts';
import { startServer } from '../support/server.ts';

let mock: TestMock;
beforeAll(async () => {
  mock = await createMock();
});
afterAll(() => mock.close({ graceMs: 0 }));

const drill = (...argv: string[]) => run(command, ['drill', ...argv], { env: { PATH: '/nowhere' } });

test.each<[string[], RegExp]>([
  [['overlaoded'], /^error: overlaoded: is not a fault; did you mean overloaded\?\n$/],
  [
    ['xyzzy', 'strall'],
    /^error: xyzzy: is not a fault; glm-testkit drill --list shows them\n {2}strall: .* did you mean stall\?\n$/,
  ],
  [['overloaded', '--all'], /--all plays every fault: name none beside it/],
  [['--scale', '0'], /--scale: must be a whole number from 1 to 60/],
  [['--prometheus-url', 'http://127.0.0.1:1'], /--prometheus-url and --mock-url belong together/],
  [['--mock-url', 'http://127.0.0.1:1'], /--prometheus-url and --mock-url belong together/],
  [
    ['endpoint-gone', '--prometheus-url', 'http://127.0.0.1:1', '--mock-url', 'http://127.0.0.1:1'],
    /endpoint-gone: needs a stack of the drill's own; leave --prometheus-url out/,
  ],
  [
    ['overloaded', '--prometheus-url', 'http://127.0.0.1:1', '--mock-url', 'http://127.0.0.1:1'],
    /--prometheus-url at http:\/\/127.0.0.1:1 does not answer \(bad port\)/,
  ],
  [
    ['--scale', '5', '--prometheus-url', 'http://127.0.0.1:1', '--mock-url', 'http://127.0.0.1:1'],
    /--scale: a stack that already runs has its own pace; leave it out/,
  ],
  [['--list', 'stall'], /--list shows every fault: name none beside it/],
  [[], /no prometheus and no alertmanager on PATH: install both .*apt-get install.* --prometheus-url/],
])('drill %j: exit 2 and one message', async (argv, message) => {
  const { code, out, err } = await drill(...argv);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(message);
  expect(err).not.toMatch(/ at .*\.ts:/);
});

test('one of the two programs is missing: only that one is named', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'path-'));
  writeFileSync(join(folder, 'prometheus-alertmanager'), '#!/bin/sh\n');
  chmodSync(join(folder, 'prometheus-alertmanager'), 0o755);
  const { err } = await run(command, ['drill'], { env: { PATH: `/nowhere:${folder}` } });
  expect(err).toMatch(/^error: no prometheus on PATH/);
  rmSync(folder, { recursive: true });
});

test('a program that does not start is told by its last words, and leaves nothing behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'path-'));
  for (const name of ['prometheus', 'alertmanager']) {
    writeFileSync(join(folder, name), '#!/bin/sh\necho "no space left on device" >&2\nexit 1\n');
    chmodSync(join(folder, name), 0o755);
  }
  const { code, err } = await run(command, ['drill', 'overloaded'], { env: { PATH: `${folder}:/bin:/usr/bin` } });
  expect(code).toBe(2);
  expect(err).toMatch(/error: alertmanager did not start: no space left on device\n$/);
  rmSync(folder, { recursive: true });
});

test('the list says what can be played', async () => {
  const { code, out } = await drill('--list');
  expect(code).toBe(0);
  expect(out).toMatch(/^overloaded +provider +overloaded +overloaded +\* +GlmProbeDown$/m);
});

test('the list is there for programs as well', async () => {
  const { code, out } = await drill('--list', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toContainEqual({
    ...{ fault: 'overloaded', fault_domain: 'provider', reason: 'overloaded', alert: 'GlmProbeDown' },
    ...{ receiver: 'pager', usual: true },
  });
});

test('a TMPDIR that cannot be written to: exit 2 and one message', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'path-'));
  for (const name of ['prometheus', 'alertmanager']) writeFileSync(join(folder, name), '', { mode: 0o755 });
  vi.stubEnv('TMPDIR', join(folder, 'gone'));
  const { code, err } = await run(command, ['drill'], { env: { PATH: folder } });
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
  expect(code).toBe(2);
  expect(err).toMatch(
    /^overloaded.*\nerror: .*gone: no folder for the drill can be made there \(ENOENT\); let TMPDIR name/,
  );
});

// ── a Prometheus that already runs ──

/** Fires an alert while the mock refuses, as rules of zero seconds would. */
const startFakePrometheus = (alertname: string, always: readonly string[] = [], rules = ['GlmProbeDown']) =>
  startServer(async (request, response) => {
    const refusing = (await (await fetch(`${mock.url}/__admin/state`)).text()).includes('overloaded');
    const firing = [...always, ...(refusing ? [alertname] : [])];
    const alerts = firing.map(name => ({ state: 'firing', labels: { alertname: name } }));
    const metric = { reason: 'overloaded', fault_domain: 'provider' };
    const data = request.url?.includes('/alerts')
      ? { alerts }
      : request.url?.includes('/rules')
        ? { groups: [{ rules: rules.map(name => ({ name })) }] }
        : { result: [{ metric, value: [0, refusing || request.url?.includes('success') ? '1' : '0'] }] };
    response.end(JSON.stringify({ status: 'success', data }));
  });

const faultsOfMock = async () => JSON.stringify((await (await fetch(`${mock.url}/__admin/state`)).json()).faults);

test('a stack that already runs is asked what fires, and its mock is left as it was', async () => {
  const prometheus = await startFakePrometheus('GlmProbeDown');
  const before = await faultsOfMock();
  const { code, out, err } = await drill('overloaded', '--prometheus-url', prometheus.url, '--mock-url', mock.baseUrl);
  expect(code, err).toBe(0);
  expect(out).toMatch(/^overloaded +overloaded +[\d.]+s +[\d.]+s +GlmProbeDown\n1 of 1 faults told and cleared/m);
  expect(await faultsOfMock()).toBe(before);
  await prometheus.close();
});

test('told to stop while it waits, it takes the fault back', async () => {
  const prometheus = await startFakePrometheus('SomethingElse');
  const before = await faultsOfMock();
  const stop = new AbortController();
  const argv = ['drill', 'overloaded', '--prometheus-url', prometheus.url, '--mock-url', mock.url];
  const ended = run(command, argv, { stop: stop.signal });
  while ((await faultsOfMock()) === before);
  stop.abort();
  const { code, out } = await ended;
  expect(code).toBe(1);
  expect(out).toMatch(/not played: overloaded/);
  expect(await faultsOfMock()).toBe(before);
  await prometheus.close();
});

const attached = (url: string, stop?: AbortSignal) => {
  const argv = ['drill', 'overloaded', '--prometheus-url', url, '--mock-url', mock.url];
  return run(command, argv, { ...(stop && { stop }) });
};

test('alerts about other things than ours are none of the drill’s business', async () => {
  const prometheus = await startFakePrometheus('GlmProbeDown', ['Watchdog', 'NodeFilesystemFull']);
  const { code, err } = await attached(prometheus.url);
  expect(code, err).toBe(0);
  await prometheus.close();
});

test('a budget that an earlier drill has spent burns on, and nobody waits for its end', async () => {
  const prometheus = await startFakePrometheus('GlmProbeDown', ['GlmProbeErrorBudgetBurnSlow']);
  const { code, err } = await attached(prometheus.url);
  expect(code, err).toBe(0);
  await prometheus.close();
});

test('a check that is ill for a reason of its own, and its alert, hold nothing up', async () => {
  const ours = await startFakePrometheus('GlmProbeDown');
  const far = { job: 'glm', instance: 'two:9464', target: 'far', check: 'chat', model: 'glm-4.6' };
  let runs = 0;
  const prometheus = await startServer(async ({ url = '' }, response) => {
    const { data } = (await (await fetch(`${ours.url}${url}`)).json()) as { data: { alerts?: unknown[] } };
    data.alerts?.push({ state: 'firing', labels: { alertname: 'GlmProbeDown', ...far } });
    const ill = { result: [{ metric: far, value: [0, String(++runs)] }] };
    response.end(JSON.stringify({ status: 'success', data: url.includes('last_run') ? ill : data }));
  });
  const { code, out, err } = await attached(prometheus.url);
  expect(code, err).toBe(0);
  expect(out).toMatch(/1 of 1 faults told and cleared/);
  await Promise.all([prometheus.close(), ours.close()]);
}, 30_000);

test('a proxy that Node takes from the environment is not asked for what runs here', async () => {
  const prometheus = await startFakePrometheus('GlmProbeDown');
  const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: 'http://127.0.0.1:9' };
  const argv = ['drill', 'overloaded', '--prometheus-url', prometheus.url, '--mock-url', mock.url];
  const started = launch(argv, { env });
  expect(await started.ended, started.err()).toBe(0);
  await prometheus.close();
}, 30_000);

test('a Prometheus without the rules is told before anything is played or waited for', async () => {
  const prometheus = await startFakePrometheus('GlmProbeDown', [], ['Watchdog']);
  const before = await faultsOfMock();
  const { code, err } = await attached(prometheus.url);
  expect(code).toBe(2);
  expect(err).toMatch(/has no rule for GlmProbeDown; write the rules with glm-testkit probe rules/);
  expect(await faultsOfMock()).toBe(before);
  await prometheus.close();
});

test.each<[string, RequestListener]>([
  ['a web page', (_, response) => response.end('<h1>Welcome</h1>')],
  ['JSON of another shape', (_, response) => response.end('{"status":"firing"}')],
  ['nothing', (_, response) => response.end()],
  ['an Alertmanager', ({ url }, response) => response.writeHead(url === '/-/ready' ? 200 : 404).end()],
])('%s in place of Prometheus: exit 2 and one message', async (_, answer) => {
  const other = await startServer(answer);
  const { code, err } = await attached(other.url);
  expect(code).toBe(2);
  expect(err).toMatch(/\nerror: --prometheus-url .*http:\/\/127\.0\.0\.1:\d+.* answers rules\?type=alert/);
  expect(err).not.toMatch(/ at .*\.ts:/);
  await other.close();
});

test('a prober’s page in place of the mock: exit 2 and one message', async () => {
  const prometheus = await startFakePrometheus('GlmProbeDown');
  const page = await startServer(({ url }, response) => response.writeHead(url === '/healthz' ? 200 : 404).end());
  const argv = ['drill', 'overloaded', '--prometheus-url', prometheus.url, '--mock-url', page.url];
  const { code, err } = await run(command, argv);
  expect(code).toBe(2);
  expect(err).toMatch(/error: --mock-url http:\/\/127\.0\.0\.1:\d+: answers \/__admin\/state with HTTP 404/);
  await Promise.all([prometheus.close(), page.close()]);
});

test('a mock that ends in the middle of its fault is told, and the drill still reports', async () => {
  const prometheus = await startFakePrometheus('GlmProbeDown');
  const own = await startServer((request, response) => {
    if (request.method === 'PUT') request.socket.destroy();
    else response.end('{}');
  });
  const argv = ['drill', 'overloaded', '--prometheus-url', prometheus.url, '--mock-url', own.url];
  const { code, out, err } = await run(command, argv);
  expect(code).toBe(1);
  expect(out).toMatch(/^overloaded: the mock at \S+ does not answer \(\w+\)$/m);
  expect(err).toMatch(/perhaps the fault is still on: the mock at/);
  await Promise.all([prometheus.close(), own.close()]);
});
