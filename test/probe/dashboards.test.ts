/** `probe dashboards`: what a config changes in the dashboards of the package, and what it leaves. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { command } from '../../src/probe/cli.ts';
import { type Dashboard, dashboardFiles, factsOf, panelTitles, tailored } from '../../src/probe/dashboards.ts';
import { committed, panelsOf, type Dashboard as Read, readDashboard } from '../support/panels.ts';
import { fileOf, planFor, scratch } from '../support/probe.ts';

const url = 'http://127.0.0.1:4010/api/paas/v4';
const folder = scratch();
afterAll(folder.remove);

const config = fileOf(
  url,
  [
    { kind: 'chat_stream', interval: '2m', slo: { availability: '99%', ttfot: { objective: '95%', threshold: '3s' } } },
    { kind: 'chat', interval: '10m', slo: { stall: { objective: '90%', threshold: '2s' } } },
  ],
  { prices: { 'glm-4.6': { input: 1, output: 2, currency: 'USD' } } },
);
const facts = async (file = config) => factsOf((await planFor(file)).checks, 0);
const made = async (name: string, file = config) =>
  tailored(readDashboard(committed, name) as unknown as Dashboard, await facts(file)) as unknown as Read;
const panel = async (name: string, title: string, file = config) =>
  panelsOf(await made(name, file)).find(each => each.title === title);
const lineValues = (found: Awaited<ReturnType<typeof panel>>) =>
  found?.fieldConfig?.defaults.thresholds?.steps.flatMap(({ value }) => value ?? []);

test('what a config says is gathered from all its checks', async () => {
  expect(await facts()).toEqual({
    stepMs: 600_000,
    thresholds: { availability: [], ttfot: [3], stall: [2] },
    objectives: { availability: [0.99], ttfot: [0.95], stall: [0.9] },
    currencies: ['USD'],
  });
});

test('four steps hold four runs of the slowest check; what is not the probe’s keeps the scrape interval', async () => {
  const steps = async (name: string) =>
    new Set(panelsOf(await made(name)).flatMap(({ targets = [] }) => targets.map(({ interval }) => interval)));
  expect(await steps('latency.json')).toEqual(new Set([undefined, '10m']));
  expect(await steps('load-test.json')).toEqual(new Set([undefined]));
  expect(await steps('mock.json')).toEqual(new Set([undefined]));
});

test.each([
  ['2m', '2m'],
  ['90s', '90s'],
  ['1h', '60m'],
  ['1500ms', '2s'],
])('an interval of %s becomes %s, which Grafana can read', async (interval, step) => {
  const file = fileOf(url, [{ kind: 'chat', interval }]);
  const [target] = (await panel('overview.json', 'State', file))?.targets ?? [];
  expect(target?.interval).toBe(step);
});

test('objectives become dashed lines, in the colour of the side that is bad', async () => {
  expect(lineValues(await panel('latency.json', panelTitles.firstVisible))).toEqual([3]);
  expect(lineValues(await panel('latency.json', panelTitles.gap))).toEqual([2]);
  expect(lineValues(await panel('latency.json', panelTitles.inTime))).toEqual([0.95]);
  expect(lineValues(await panel('overview.json', panelTitles.kept))).toEqual([0.9, 0.95, 0.99]);
  const { defaults } = (await panel('latency.json', panelTitles.firstVisible))?.fieldConfig ?? {};
  expect(defaults?.custom?.thresholdsStyle?.mode).toBe('dashed');
  expect(defaults?.thresholds?.steps.map(({ color }) => color)).toEqual(['green', 'red']);
});

test('a panel of a load test with the same title gets no line', async () => {
  expect(await panel('load-test.json', panelTitles.firstVisible)).toEqual(
    panelsOf(readDashboard(committed, 'load-test.json')).find(({ title }) => title === panelTitles.firstVisible),
  );
});

test('only currencies that are paid in are added up', async () => {
  const legends = async (file = config) =>
    (await panel('overview.json', panelTitles.spend, file))?.targets?.map(({ legendFormat }) => legendFormat);
  expect(await legends()).toEqual(['USD']);
  expect(
    await legends(
      fileOf(
        url,
        ['chat'].map(() => ({ kind: 'chat' as const })),
      ),
    ),
  ).toEqual(['CNY', 'USD']);
});

test('a config without objectives changes no line', async () => {
  const file = fileOf(url, [{ kind: 'chat', interval: '5m' }]);
  expect(await made('latency.json', file)).toEqual(readDashboard(committed, 'latency.json'));
});

async function run(...argv: string[]) {
  const heard: string[] = [];
  const io = {
    out: (text: string) => heard.push(text),
    err: () => {},
    env: { KEY: 'my-id.my-secret' },
    stop: new AbortController().signal,
    exitWith: () => {},
  };
  await command(io).parseAsync(['dashboards', ...argv], { from: 'user' });
  return heard.join('');
}

test('the verb writes all of them as whole files and says where', async () => {
  const [file, out] = [join(folder.path, 'probe.yaml'), join(folder.path, 'deep/er')];
  writeFileSync(file, stringify(config));
  const said = await run('-c', file, '-o', out);
  expect(said.trim().split('\n')).toEqual(dashboardFiles.map(name => join(out, name)));
  expect(JSON.parse(readFileSync(join(out, 'latency.json'), 'utf8'))).toEqual(await made('latency.json'));
  for (const name of dashboardFiles) expect(readFileSync(join(out, name), 'utf8')).not.toContain('my-secret');
});

test('a place that cannot be a folder is said to be one', async () => {
  const [file, out] = [join(folder.path, 'probe.yaml'), join(folder.path, 'taken')];
  writeFileSync(file, stringify(config));
  writeFileSync(out, '');
  mkdirSync(folder.path, { recursive: true });
  await expect(run('-c', file, '-o', out)).rejects.toThrow(/--out .*taken: cannot be written \(it is a file\)/);
});
