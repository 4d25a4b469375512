/** The stack of deploy/compose.yaml, as far as it can be known without starting it: that its files fit each other. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readProbeFile } from '../../src/probe/validate.ts';

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: readonly string[];
  readonly network_mode?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const deploy = join(import.meta.dirname, '../../deploy');
const read = <T>(name: string) => parse(readFileSync(join(deploy, name), 'utf8'), { merge: true }) as T;
const compose = read<{ services: Record<string, Service>; volumes: Record<string, object> }>('compose.yaml');
const services = Object.entries(compose.services);
const mounts = services.flatMap(([name, { volumes = [] }]) =>
  volumes.map(each => {
    const [source = '', target = '', mode] = each.split(':');
    return { name, source, target, mode };
  }),
);

interface Scrape {
  readonly job_name: string;
  readonly static_configs: readonly { readonly targets: readonly string[] }[];
}
const prometheus = read<{
  global: { scrape_interval: string };
  rule_files: string[];
  alerting: { alertmanagers: { static_configs: { targets: string[] }[] }[] };
  scrape_configs: Scrape[];
}>('prometheus.yml');
const [datasource] = read<{ datasources: { type: string; url: string; jsonData: { timeInterval: string } }[] }>(
  'grafana/datasources.yml',
).datasources;

test('every port is open to this machine only', () => {
  for (const [name, { ports = [] }] of services) for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:/);
});

test('foreign images are pinned to a version', () => {
  for (const [name, { image, build }] of services) if (!build) expect(image, name).toMatch(/:v?\d+\.\d+\.\d+$/);
});

test('services depend only on services', () => {
  for (const [name, { depends_on = [], network_mode }] of services)
    for (const other of [...depends_on, ...(network_mode ? [network_mode.replace('service:', '')] : [])])
      expect(Object.keys(compose.services), name).toContain(other);
});

test('what is mounted is there, or is a volume, and files cannot be written to', () => {
  for (const { name, source, mode } of mounts)
    if (source.startsWith('.'))
      expect({ source, there: existsSync(join(deploy, source)), mode }, name).toEqual({
        source,
        there: true,
        mode: 'ro',
      });
    else expect(Object.keys(compose.volumes), name).toContain(source);
});

test('Prometheus scrapes services at the ports they listen on', () => {
  const targets = Object.fromEntries(
    prometheus.scrape_configs.map(({ job_name, static_configs }) => [
      job_name,
      static_configs.flatMap(each => each.targets),
    ]),
  );
  const port = (name: string) => compose.services[name]?.ports?.[0]?.split(':').at(-1);
  const loads = compose.services.load?.command?.find(each => each.startsWith('--metrics-port='))?.split('=')[1];
  expect(targets).toEqual({
    'glm-probe': [`probe:${port('probe')}`],
    'glm-mock': [`mock:${port('mock')}`],
    'glm-load': [`127.0.0.1:${loads}`],
  });
  expect(compose.services.load?.network_mode).toBe('service:prometheus');
  expect(prometheus.alerting.alertmanagers[0]?.static_configs[0]?.targets).toEqual([
    `alertmanager:${port('alertmanager')}`,
  ]);
});

test('Grafana knows Prometheus and how often it scrapes, or its windows would be too short', () => {
  expect(datasource).toMatchObject({ type: 'prometheus', url: 'http://prometheus:9090' });
  expect(datasource?.jsonData.timeInterval).toBe(prometheus.global.scrape_interval);
});

test('Grafana looks for dashboards where they are mounted, and begins with one of them', () => {
  const [provider] = read<{ providers: { options: { path: string } }[] }>('grafana/dashboards.yml').providers;
  const mounted = mounts.find(({ name, source }) => name === 'grafana' && source === '../dashboards');
  expect(provider?.options.path).toBe(mounted?.target);
  const home = compose.services.grafana?.environment?.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH ?? '';
  expect(existsSync(join(deploy, home.replace(mounted?.target ?? 'nowhere', '../dashboards')))).toBe(true);
});

test('rules are read from where they are mounted', () => {
  const mounted = mounts.find(({ name, source }) => name === 'prometheus' && source === '../dashboards/rules');
  expect(prometheus.rule_files).toEqual([`${mounted?.target}/*.yml`]);
});

test('the probe’s file has no mistake, and its key is one that the mock takes', () => {
  const { GLM_API_KEY = '' } = compose.services.probe?.environment ?? {};
  expect(() => readProbeFile(join(deploy, 'probe.yaml'), { env: { GLM_API_KEY } })).not.toThrow();
  expect(compose.services.mock?.command).toContain(GLM_API_KEY);
});

test('Alertmanager routes and inhibits by the example, of which there is one', () => {
  const mounted = mounts.filter(({ name }) => name === 'alertmanager').map(({ source }) => source);
  expect(mounted).toEqual(['../dashboards/alertmanager/alertmanager.yml']);
  expect(existsSync(join(deploy, 'alertmanager.yml'))).toBe(false);
});
