/** A stack of the drill's own: mocks, probes, Alertmanager, Prometheus, each a process; and a receiver for the webhooks. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { Clock } from '../core/clock.ts';
import type { Fault } from './catalogue.ts';
import { type Child, type Children, createChildren } from './children.ts';
import { faultText, setFaults } from './mock-admin.ts';
import { keyVariable, probeFile } from './probe-file.ts';
import type { Programs } from './programs.ts';
import { type Asked, askPrometheus } from './prometheus.ts';
import { startReceiver } from './receiver.ts';
import { scaledRouting, scaledRules, shorter } from './scale.ts';
import { type Alert, call, type Said, type Scene } from './scene.ts';

export interface StackDoor {
  readonly programs: Programs;
  readonly scale: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** Beside `src` and beside `dist` alike. */
const shipped = fileURLToPath(new URL('../../dashboards/', import.meta.url));
const self = [...process.execArgv, fileURLToPath(new URL(`../cli${extname(import.meta.url)}`, import.meta.url))];

/** How many good runs each check has to show first. */
const goodRuns = 3;

/** @throws {UsageError} when one of the programs does not start */
export async function openStack(faults: readonly Fault[], door: StackDoor): Promise<Scene> {
  const { clock } = door;
  const children = createChildren(clock);
  const receiver = await startReceiver(clock);
  const close = async () => {
    await children.endAll();
    await receiver.close();
  };
  try {
    const alertmanager = await startAlertmanager(children, receiver.url, door);
    const actors = await startActors(faults, children, door);
    const prometheusUrl = await startPrometheus(children, alertmanager, actors.jobs, door);
    const prometheus = askPrometheus(prometheusUrl);
    const about = (labels: Readonly<Record<string, string>>) =>
      faults.find(({ name }) => name === labels.target || name === labels.job)?.name;
    return {
      unrest: () => unready(faults, prometheus),
      begin: actors.begin,
      end: actors.end,
      alerts: async () =>
        receiver.told().map(
          ({ alert, labels, receiver: to, atMs, clearedMs }): Alert => ({
            ...{ name: alert, about: about(labels), to, atMs },
            ...(clearedMs !== undefined && { clearedMs }),
          }),
        ),
      said: actors.said,
      firing: async ({ name }) =>
        (await prometheus.firing()).filter(labels => about(labels) === name).map(labels => labels.alertname ?? ''),
      broken: children.died,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function unready(faults: readonly Fault[], prometheus: Asked): Promise<string | undefined> {
  const found = await prometheus.query('sum by (target) (glm_probe_runs_total{outcome="success"})');
  const good = new Map(found.map(({ labels, value }) => [labels.target, value]));
  const waiting = faults.filter(({ name }) => (good.get(name) ?? 0) < goodRuns).map(({ name }) => name);
  return waiting.length > 0 ? `not yet ${goodRuns} good runs of ${waiting.join(', ')}` : undefined;
}

/** @returns its URL */
async function startAlertmanager(children: Children, receiverUrl: string, { programs, scale, env }: StackDoor) {
  const config = join(children.folder, 'alertmanager.yml');
  const example = readFileSync(join(shipped, 'alertmanager/alertmanager.yml'), 'utf8');
  writeFileSync(config, scaledRouting(example, scale, receiverUrl));
  const child = children.start(
    'alertmanager',
    [
      ...[programs.alertmanager, `--config.file=${config}`, `--storage.path=${join(children.folder, 'alerts')}`],
      ...['--web.listen-address=127.0.0.1:0', '--cluster.listen-address='],
    ],
    env,
  );
  return addressOf(child);
}

/** Both write where they listen, with the port that they were given. */
const addressOf = async (child: Child) => `http://${(await child.says(/msg="Listening on".* address=(\S+)/))[1]}`;

interface Job {
  readonly name: string;
  readonly url: string;
}

async function startPrometheus(
  children: Children,
  alertmanagerUrl: string,
  jobs: readonly Job[],
  { programs, scale, env }: StackDoor,
): Promise<string> {
  const rules = join(shipped, 'rules');
  const files = readdirSync(rules).filter(name => name.endsWith('.yml'));
  for (const name of files)
    writeFileSync(join(children.folder, `rules-${name}`), scaledRules(readFileSync(join(rules, name), 'utf8'), scale));
  const often = shorter('15s', scale);
  const config = join(children.folder, 'prometheus.yml');
  writeFileSync(
    config,
    stringify({
      global: { scrape_interval: often, scrape_timeout: often, evaluation_interval: often },
      rule_files: ['rules-*.yml'],
      alerting: { alertmanagers: [{ static_configs: [{ targets: [new URL(alertmanagerUrl).host] }] }] },
      scrape_configs: jobs.map(({ name, url }) => ({
        job_name: name,
        static_configs: [{ targets: [new URL(url).host] }],
      })),
    }),
  );
  const child = children.start(
    'prometheus',
    [
      ...[programs.prometheus, `--config.file=${config}`, `--storage.tsdb.path=${join(children.folder, 'tsdb')}`],
      ...['--web.listen-address=127.0.0.1:0', `--query.lookback-delta=${shorter('5m', scale)}`],
      `--rules.alert.resend-delay=${shorter('1m', scale)}`,
    ],
    env,
  );
  const url = await addressOf(child);
  await child.says(/Server is ready/);
  return url;
}

/** A program of ours that can go and come back at the same address. */
interface Actor {
  readonly url: string;
  leave(): Promise<void>;
  comeBack(): Promise<void>;
}

interface Actors {
  readonly jobs: readonly Job[];
  begin(fault: Fault): Promise<void>;
  end(fault: Fault): Promise<void>;
  said(fault: Fault): Promise<Said | undefined>;
}

const keyOf = ({ name }: Fault) => `${name}.drill-secret`;

/** Faults of the prober and of its network have a prober of their own; the others share one. */
const hasOwnProber = ({ play: { kind } }: Fault) => kind !== 'scenario' && kind !== 'endpoint_ends';
const hasOwnEndpoint = ({ play: { kind } }: Fault) => kind === 'endpoint_ends' || kind === 'network_ends';

/** Mocks and probers. */
async function startActors(faults: readonly Fault[], children: Children, door: StackDoor): Promise<Actors> {
  const shared = await startMock('mock', faults, children, door);
  const endpoints = new Map<string, Actor>();
  for (const fault of faults.filter(hasOwnEndpoint))
    endpoints.set(fault.name, await startMock(`mock of ${fault.name}`, [fault], children, door));
  const endpointOf = ({ name }: Fault) => endpoints.get(name) ?? shared;
  const probers = new Map<string, ProberActor>();
  for (const [job, own] of castOf(faults)) {
    const reference = own.some(({ play }) => play.kind === 'network_ends')
      ? endpointOf(own[0] as Fault).url
      : undefined;
    probers.set(job, await startProber(job, own, { children, door, endpointOf, reference }));
  }
  const proberOf = (fault: Fault) => probers.get(hasOwnProber(fault) ? fault.name : sharedJob) as ProberActor;
  const setScenario = (fault: Fault, on: boolean) =>
    fault.play.kind === 'scenario'
      ? setFaults(shared.url, on ? [faultText(fault.play, door.scale)] : [], keyOf(fault))
      : undefined;
  return {
    jobs: [{ name: 'mock', url: shared.url }, ...[...probers].map(([name, { url }]) => ({ name, url }))],
    begin: async fault => {
      await setScenario(fault, true);
      if (hasOwnEndpoint(fault)) await endpointOf(fault).leave();
      if (fault.play.kind === 'prober_ends') await proberOf(fault).leave();
      if (fault.play.kind === 'config_breaks') proberOf(fault).setMistake(true);
    },
    end: async fault => {
      await setScenario(fault, false);
      if (hasOwnEndpoint(fault)) await endpointOf(fault).comeBack();
      if (fault.play.kind === 'prober_ends') await proberOf(fault).comeBack();
      if (fault.play.kind === 'config_breaks') proberOf(fault).setMistake(false);
    },
    said: fault => proberOf(fault).said(fault),
  };
}

const sharedJob = 'probe';

/** Which prober watches whom. */
function castOf(faults: readonly Fault[]): readonly (readonly [job: string, faults: readonly Fault[]])[] {
  const common = faults.filter(fault => !hasOwnProber(fault));
  const own = faults.filter(hasOwnProber).map(fault => [fault.name, [fault]] as const);
  return common.length > 0 ? [[sharedJob, common], ...own] : own;
}

async function startMock(name: string, faults: readonly Fault[], children: Children, door: StackDoor): Promise<Actor> {
  const keys = faults.flatMap(fault => ['--key', keyOf(fault)]);
  const start = async (port: string) => {
    const args = ['mock', '--port', port, '--timing', 'ttft=20ms,itl=2ms', '--grace', '0', ...keys];
    const child = children.start(name, [process.execPath, ...self, ...args], door.env);
    const [, baseUrl = ''] = await child.says(/base URL +(\S+)/);
    return { child, url: new URL(baseUrl).origin };
  };
  let { child, url } = await start('0');
  return {
    url,
    leave: () => child.end(),
    comeBack: async () => {
      ({ child, url } = await start(new URL(url).port));
    },
  };
}

interface ProberActor extends Actor {
  setMistake(on: boolean): void;
  said(fault: Fault): Promise<Said | undefined>;
}

interface Cast {
  readonly children: Children;
  readonly door: StackDoor;
  readonly endpointOf: (fault: Fault) => Actor;
  /** Origin of the only URL that says our network is up. */
  readonly reference: string | undefined;
}

async function startProber(
  job: string,
  faults: readonly Fault[],
  { children, door, endpointOf, reference }: Cast,
): Promise<ProberActor> {
  const path = join(children.folder, `${job}.yaml`);
  const write = (port: number, more = {}) =>
    writeFileSync(
      path,
      stringify({
        ...probeFile(faults, {
          ...{ scale: door.scale, port, state: join(children.folder, `${job}.db`) },
          baseUrlOf: fault => `${endpointOf(fault).url}/api/paas/v4`,
          ...(reference !== undefined && { reference: `${reference}/healthz` }),
        }),
        ...more,
      }),
    );
  const keys = Object.fromEntries(faults.map(fault => [keyVariable(fault), keyOf(fault)]));
  const start = async () => {
    const args = ['probe', 'serve', '-c', path, '--seed', job];
    const child = children.start(`prober ${job}`, [process.execPath, ...self, ...args], { ...door.env, ...keys });
    return { child, url: (await child.says(/(http:\S+)$/m))[1] ?? '' };
  };
  write(0);
  let { child, url } = await start();
  const port = Number(new URL(url).port);
  return {
    url,
    leave: () => child.end(),
    comeBack: async () => {
      write(port);
      ({ child, url } = await start());
    },
    setMistake: on => {
      write(0, on ? { mistake: true } : {});
      child.signal('SIGHUP');
    },
    said: async ({ name }) => {
      const response = await call('the prober', `${url}/status.json`).catch(() => undefined); // it may be gone on purpose
      if (response === undefined) return undefined;
      const { checks } = (await response.json()) as { checks: readonly Shown[] };
      const found = checks.find(({ target }) => target === name);
      return found && { state: found.state, reason: found.reason, domain: found.fault_domain };
    },
  };
}

/** What the drill reads of the probe's status. */
interface Shown {
  readonly target: string;
  readonly state: string;
  readonly reason: string | null;
  readonly fault_domain: string | null;
}
