/** One visit to a service: asks the budget, looks, doubts what it saw, and confirms a failure. */
import type { Clock } from '../core/clock.ts';
import type { Random } from '../core/random.ts';
import type { Budget } from './budget.ts';
import { confirm, type Standing } from './confirm.ts';
import type { Connectivity } from './connectivity.ts';
import type { ProbeCheck } from './plan.ts';
import { skippedRun } from './probe.ts';
import type { Cassettes, ProbeRun, RunCheck, RunDoor } from './run.ts';
import { distrust, withoutNetwork } from './trust.ts';
import type { Disturbance, Watch } from './watch.ts';

export interface Visited {
  readonly run: ProbeRun;
  readonly repeats: readonly ProbeRun[];
  readonly standing: Standing;
  /** What spoiled the latency of a run, by the run's name. */
  readonly disturbed: ReadonlyMap<string, Disturbance['kind']>;
}

interface Looked extends Visited {
  /** False: this side has none, and what the run says is not the service's fault. */
  readonly hasNetwork: boolean;
}

export interface VisitDoor {
  readonly clock: Clock;
  readonly random: Random;
  readonly look: RunCheck;
  readonly budget: Pick<Budget, 'reserve'>;
  readonly watch: Pick<Watch, 'begin'>;
  readonly connectivity: Connectivity;
  readonly cassettes: Cassettes | undefined;
  /** An outage that is confirmed already: one look tells whether it is over. */
  readonly isDown: boolean;
}

/** Never rejects, as long as `look` does not. */
export async function visitCheck(subject: ProbeCheck, stop: AbortSignal, door: VisitDoor): Promise<Visited> {
  const { clock, connectivity, budget, isDown } = door;
  // Asked only while it is down: a look beside every run would cost the network more than it tells.
  const isOffline = !connectivity.up && !(await connectivity.look());
  const check = isDown ? withoutRepeats(subject) : subject;
  const reservation = budget.reserve(check);
  if (reservation.kind === 'refused') return unseen(skippedRun(check, 'budget', clock.wall(), reservation.detail));
  // It goes out though no reference answers: a service that does proves that the references are what is down.
  const { hasNetwork, ...seen } = await lookTwice(check, stop, isOffline ? { ...door, cassettes: undefined } : door);
  reservation.settle([seen.run, ...seen.repeats]);
  if (hasNetwork) return seen;
  return isOffline ? unseen(offlineRun(check, seen.run)) : { ...seen, run: withoutNetwork(seen.run) };
}

const offlineRun = (check: ProbeCheck, { started_at_ms: atMs }: ProbeRun) =>
  skippedRun(check, 'connectivity', atMs, 'no reference URL answers: this side has no network');

const withoutRepeats = (check: ProbeCheck): ProbeCheck => ({ ...check, confirm: { ...check.confirm, runs: 0 } });

/** A run that never went out to look. */
export const unseen = (run: ProbeRun): Visited => ({ run, repeats: [], standing: 'clear', disturbed: new Map() });

async function lookTwice(check: ProbeCheck, stop: AbortSignal, door: VisitDoor): Promise<Looked> {
  const disturbed = new Map<string, Disturbance['kind']>();
  const look = watched(door, disturbed);
  const runDoor: RunDoor = { clock: door.clock, random: door.random, stop, cassettes: door.cassettes };
  const first = await look(check, runDoor);
  if (first.fault_domain === 'network' && !(await door.connectivity.look()))
    return { run: first, repeats: [], standing: 'clear', disturbed, hasNetwork: false };
  return { ...(await confirm(check, first, runDoor, look)), disturbed, hasNetwork: true };
}

function watched({ look, watch }: VisitDoor, disturbed: Map<string, Disturbance['kind']>): RunCheck {
  return async (check, door) => {
    const end = watch.begin();
    const run = await look(check, door);
    const disturbance = end();
    if (disturbance !== undefined) disturbed.set(run.run_id, disturbance.kind);
    return distrust(run, disturbance, check);
  };
}
