/** A prober of the drill's own, and what it says of its checks. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Actor, createActor } from './actor.ts';
import { type Backstage, startSelf } from './backstage.ts';
import type { Fault } from './catalogue.ts';
import { keyOf } from './mock.ts';
import { keyVariable, probeFile } from './probe-file.ts';
import { call, type Said } from './scene.ts';

export interface Prober extends Actor {
  /** Gives its file a mistake, or takes it out, and has it read again. */
  setMistake(on: boolean): void;
  said(fault: Fault): Promise<Said | undefined>;
}

export interface Watch {
  /** Also the name of its job in Prometheus. */
  readonly name: string;
  readonly faults: readonly Fault[];
  /** Origin of a fault's endpoint. */
  readonly endpointOf: (fault: Fault) => string;
  /** Origin of the only URL that says our network is up; undefined: nobody asks. */
  readonly reference: string | undefined;
}

export async function startProber(watch: Watch, backstage: Backstage): Promise<Prober> {
  const { name, faults } = watch;
  const path = join(backstage.children.folder, `${name}.yaml`);
  const write = (port: number, more: object = {}) =>
    writeFileSync(path, stringify({ ...fileOf(watch, port, backstage), ...more }));
  const keys = Object.fromEntries(faults.map(fault => [keyVariable(fault), keyOf(fault)]));
  const actor = await createActor(async port => {
    write(port);
    const child = startSelf(`prober ${name}`, ['probe', 'serve', '-c', path, '--seed', name], backstage, keys);
    return { child, url: (await child.says(/(http:\S+)$/m))[1] ?? '' };
  });
  const setMistake = (on: boolean) => {
    write(0, on ? { mistake: true } : {});
    actor.signal('SIGHUP');
  };
  return { ...actor, setMistake, said: fault => saidOf(fault, actor.url) };
}

const fileOf = ({ name, faults, endpointOf, reference }: Watch, port: number, { scale, children }: Backstage) =>
  probeFile(faults, {
    scale,
    port,
    state: join(children.folder, `${name}.db`),
    baseUrlOf: fault => `${endpointOf(fault)}/api/paas/v4`,
    ...(reference !== undefined && { reference: `${reference}/healthz` }),
  });

async function saidOf({ name }: Fault, url: string): Promise<Said | undefined> {
  const response = await call('the prober', `${url}/status.json`).catch(() => undefined); // it may be gone on purpose
  if (response === undefined) return undefined;
  const { checks } = (await response.json()) as { checks: readonly Shown[] };
  const found = checks.find(({ target }) => target === name);
  return found && { state: found.state, reason: found.reason, domain: found.fault_domain };
}

/** What the drill reads of the probe's status. */
interface Shown {
  readonly target: string;
  readonly state: string;
  readonly reason: string | null;
  readonly fault_domain: string | null;
}
