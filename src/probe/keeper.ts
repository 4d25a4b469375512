/** What is known of every check, in memory and in the history: how it is, what its contract is, and what could not be stored. */
import type { Clock } from '../core/clock.ts';
import { type ContractChange, type KnownContract, learn } from './contract.ts';
import type { History } from './history.ts';
import type { ProbeCheck } from './plan.ts';
import { mostLogLines, type ProbeRun } from './run.ts';
import { newStatus, type Status, statusAfter, statusAt } from './status.ts';
import { staleMsOf } from './stored.ts';
import type { Tally } from './tally.ts';
import type { Visited } from './visit.ts';

export interface Keeper {
  /** Goes on where an earlier life of this program ended; undefined for a check that is known already. */
  restore(check: ProbeCheck): Status | undefined;
  /** Learns from a visit and stores it. */
  keep(check: ProbeCheck, visited: Visited): Kept;
  forget(id: string): void;
  /** How a check was when it was heard of last, however long ago that is. */
  lastOf(id: string): Status;
  /** How a check is, as far as that is stored and not too old. */
  statusOf(check: ProbeCheck): Status;
  /** The last time that anything was heard of a check, ms since 1970. */
  heardMs(id: string): number | undefined;
}

export interface Kept {
  /** As it is kept. */
  readonly run: ProbeRun;
  /** How the check is now. */
  readonly status: Status;
  /** It was in another state before. */
  readonly turned: boolean;
}

export interface KeeperDoor {
  readonly changed: (check: ProbeCheck, change: ContractChange) => void;
  /** Counts a visit whose run is kept so, and says what was counted of its check so far. */
  readonly count: (check: ProbeCheck, visited: Visited) => Tally | undefined;
  readonly notStored: (check: ProbeCheck, why: string | undefined) => void;
}

export function createKeeper(history: History, clock: Clock, { changed, count, notStored }: KeeperDoor): Keeper {
  const statuses = new Map<string, Status>();
  const contracts = new Map<string, KnownContract>();
  /** Checks whose last run could not be stored. */
  const lost = new Set<string>();

  const restore: Keeper['restore'] = ({ id }) => {
    if (statuses.has(id)) return undefined;
    const status = history.status(id) ?? newStatus(clock.wall());
    statuses.set(id, status);
    const contract = history.contract(id);
    if (contract !== undefined) contracts.set(id, contract);
    return status;
  };
  const keep: Keeper['keep'] = (check, visited) => {
    const { repeats, standing } = visited;
    const run = learnt(check, visited.run);
    const tally = count(check, { ...visited, run });
    const before = lastOf(check.id);
    const status = statusAfter(before, run, standing);
    statuses.set(check.id, status);
    const isNew = status.state !== before.state || status.sinceMs !== before.sinceMs;
    const contract = contracts.get(check.id);
    if (history.record({ run, repeats, status, changed: isNew, contract, tally })) lost.delete(check.id);
    else {
      lost.add(check.id);
      notStored(check, history.trouble);
    }
    return { run, status, turned: status.state !== before.state };
  };
  /** The run with what it changed of the service's contract in its log. */
  const learnt = (check: ProbeCheck, run: ProbeRun): ProbeRun => {
    const { known, changes } = learn(contracts.get(check.id), run);
    contracts.set(check.id, known);
    for (const change of changes) changed(check, change);
    return { ...run, log: [...run.log, ...changes.map(({ detail }) => `contract: ${detail}`)].slice(-mostLogLines) };
  };
  /** A run that was cut short, or left out for the one before it, changes no status, and is no missed one. */
  const heardMs: Keeper['heardMs'] = id => {
    const heard = statuses.get(id)?.heardMs;
    return heard && Math.max(heard, history.runs(id, 1)[0]?.atMs ?? heard);
  };
  const lastOf = (id: string) => statuses.get(id) ?? newStatus(clock.wall());
  const freshOf = (check: ProbeCheck) => statusAt(lastOf(check.id), clock.wall(), staleMsOf(check, clock.wall()));
  const statusOf = (check: ProbeCheck): Status =>
    lost.has(check.id) ? { ...lastOf(check.id), ...unstored } : freshOf(check);
  return {
    restore,
    keep,
    forget: id => {
      for (const kept of [statuses, contracts, lost]) kept.delete(id);
    },
    lastOf,
    statusOf,
    heardMs,
  };
}

const unstored = {
  state: 'unknown',
  reason: null,
  domain: null,
  cause: null,
  message: null,
  logId: null,
  detail: 'the last run could not be stored',
} as const satisfies Partial<Status>;
