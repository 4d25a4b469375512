/** A stack of the drill's own: mocks, probers, Alertmanager, Prometheus, each a process; and a receiver for the webhooks. */
import { startActors } from './actors.ts';
import type { Backstage, StackDoor } from './backstage.ts';
import type { Fault } from './catalogue.ts';
import { createChildren } from './children.ts';
import { startAlertmanager, startPrometheus } from './monitoring.ts';
import { type Asked, askPrometheus } from './prometheus.ts';
import { startReceiver, type Told, type WebhookReceiver } from './receiver.ts';
import type { Alert, Scene } from './scene.ts';

/** @throws {UsageError} when one of the programs does not start */
export async function openStack(faults: readonly Fault[], door: StackDoor): Promise<Scene> {
  const children = createChildren(door.clock);
  const receiver = await startReceiver(door.clock);
  const close = async () => {
    await children.endAll();
    await receiver.close();
  };
  try {
    return { ...(await setUp(faults, receiver, { ...door, children })), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function setUp(
  faults: readonly Fault[],
  receiver: WebhookReceiver,
  backstage: Backstage,
): Promise<Omit<Scene, 'close'>> {
  const alertmanagerUrl = await startAlertmanager(receiver.url, backstage);
  const { jobs, begin, end, said } = await startActors(faults, backstage);
  const prometheus = askPrometheus(await startPrometheus({ jobs, alertmanagerUrl }, backstage));
  const aboutOf = ({ target, job }: Told['labels']) => faults.find(({ name }) => name === target || name === job)?.name;
  return {
    unrest: () => unready(faults, prometheus),
    begin,
    end,
    said,
    alerts: async () => receiver.told().map(told => alertOf(told, aboutOf(told.labels))),
    firing: async ({ name }) =>
      (await prometheus.firing()).filter(labels => aboutOf(labels) === name).map(({ alertname = '' }) => alertname),
    broken: backstage.children.died,
  };
}

/** How many good runs each check has to show first. */
const goodRuns = 3;

async function unready(faults: readonly Fault[], prometheus: Asked): Promise<string | undefined> {
  const found = await prometheus.query('sum by (target) (glm_probe_runs_total{outcome="success"})');
  const good = new Map(found.map(({ labels, value }) => [labels.target, value]));
  const waiting = faults.filter(({ name }) => (good.get(name) ?? 0) < goodRuns).map(({ name }) => name);
  return waiting.length > 0 ? `not yet ${goodRuns} good runs of ${waiting.join(', ')}` : undefined;
}

const alertOf = ({ alert, receiver, atMs, clearedMs }: Told, about: string | undefined): Alert => ({
  name: alert,
  about,
  to: receiver,
  atMs,
  ...(clearedMs !== undefined && { clearedMs }),
});
