/** The mocks and probers of a drill: who watches whom, and who does what when a fault begins and ends. */
import type { Actor } from './actor.ts';
import type { Backstage } from './backstage.ts';
import type { Fault } from './catalogue.ts';
import { faultText, keyOf, setFaults, startMock } from './mock.ts';
import type { Job } from './monitoring.ts';
import { type Prober, startProber } from './prober.ts';
import type { Scene } from './scene.ts';

export interface Actors extends Pick<Scene, 'begin' | 'end' | 'said'> {
  readonly jobs: readonly Job[];
}

export async function startActors(faults: readonly Fault[], backstage: Backstage): Promise<Actors> {
  const mock = await startMock('mock', faults, backstage);
  const endpointOf = await startEndpoints(faults, mock, backstage);
  const probers = await startProbers(faults, endpointOf, backstage);
  const proberOf = (fault: Fault) => probers.get(proberNameOf(fault)) as Prober;
  const set = async (fault: Fault, on: boolean) => {
    const { play } = fault;
    if (play.kind === 'scenario') await setFaults(mock.url, on ? [faultText(play, backstage.scale)] : [], keyOf(fault));
    if (hasOwnEndpoint(fault)) await move(endpointOf(fault), on);
    if (play.kind === 'prober_ends') await move(proberOf(fault), on);
    if (play.kind === 'config_breaks') proberOf(fault).setMistake(on);
  };
  return {
    jobs: [{ name: 'mock', url: mock.url }, ...[...probers].map(([name, { url }]) => ({ name, url }))],
    begin: fault => set(fault, true),
    end: fault => set(fault, false),
    said: fault => proberOf(fault).said(fault),
  };
}

const move = (actor: Actor, away: boolean) => (away ? actor.leave() : actor.comeBack());

type EndpointOf = (fault: Fault) => Actor;

/** A mock that has to go is nobody else's endpoint. */
async function startEndpoints(faults: readonly Fault[], shared: Actor, backstage: Backstage): Promise<EndpointOf> {
  const own = new Map<string, Actor>();
  for (const fault of faults.filter(hasOwnEndpoint))
    own.set(fault.name, await startMock(`mock of ${fault.name}`, [fault], backstage));
  return ({ name }) => own.get(name) ?? shared;
}

const hasOwnEndpoint = ({ play: { kind } }: Fault) => kind === 'endpoint_ends' || kind === 'network_ends';

async function startProbers(
  faults: readonly Fault[],
  endpointOf: EndpointOf,
  backstage: Backstage,
): Promise<ReadonlyMap<string, Prober>> {
  const probers = new Map<string, Prober>();
  for (const [name, watched] of Map.groupBy(faults, proberNameOf)) {
    const networked = watched.find(({ play }) => play.kind === 'network_ends');
    const watch = {
      name,
      faults: watched,
      endpointOf: (fault: Fault) => endpointOf(fault).url,
      reference: networked && endpointOf(networked).url,
    };
    probers.set(name, await startProber(watch, backstage));
  }
  return probers;
}

/** Faults of the prober and of its network have a prober of their own; the others share one. */
const proberNameOf = ({ name, play: { kind } }: Fault) =>
  kind === 'scenario' || kind === 'endpoint_ends' ? 'probe' : name;
