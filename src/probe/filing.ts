/** Where goes what a visit saw: into the metrics and the history, into the export, and to whoever is to hear of it. */
import type { Clock } from '../core/clock.ts';
import type { History } from './history.ts';
import type { Journal } from './journal.ts';
import { createKeeper, type Keeper } from './keeper.ts';
import type { ProbeMetrics } from './metrics.ts';
import { type Alert, renewed } from './notify/alert.ts';
import { createNotifier, type SendPost } from './notify/notifier.ts';
import { createOpenAlerts } from './notify/open-alerts.ts';
import type { SendOtlp } from './otlp/push.ts';
import { createPushing } from './otlp/pushing.ts';
import type { ProbeCheck, ProbePlan } from './plan.ts';
import { brokenRun } from './probe.ts';
import type { ProbeRun } from './run.ts';
import { unseen, type Visited } from './visit.ts';

export interface Filing extends Pick<Keeper, 'lastOf' | 'statusOf' | 'heardMs'> {
  /** One answer that this program cannot file must not end its watch over all others. */
  keep(check: ProbeCheck, visited: Visited): void;
  /** Files that this program failed, in place of what there was to see. */
  broken(check: ProbeCheck, error: unknown, about: Pick<ProbeRun, 'run_id' | 'started_at_ms'>): void;
  /** Takes another plan at once; resolves when what a collector is still to get was sent. */
  swap(plan: ProbePlan): Promise<void>;
  /** Who of those that are to hear of it cannot be reached, as sentences. */
  unheard(): string[];
  /** Sends what is still to be sent. */
  stop(): Promise<void>;
}

export interface FilingDoor {
  readonly clock: Clock;
  readonly history: History;
  readonly counted: ProbeMetrics;
  readonly journal: Journal;
  readonly send: SendPost;
  readonly sendOtlp: SendOtlp | undefined;
}

/** Goes on where an earlier life of this program ended. */
export function createFiling(first: ProbePlan, door: FilingDoor): Filing {
  const { clock, history, counted, journal, send, sendOtlp } = door;
  let plan = first;
  const keeper = createKeeper(history, clock, {
    ...journal,
    count: (check, visited) => count(counted, check, visited),
  });
  // What is owed is told at once, in today's words: how every check was has to be known by then.
  const known = first.checks.filter(check => keeper.restore(check) !== undefined);
  const renew = (alert: Alert) => renewed(alert, keeper.lastOf(alert.id));
  const notifier = createNotifier(first.notifications, { clock, send, ledger: history, renew, done: journal.notified });
  const alerts = createOpenAlerts(notifier, history.alert);
  const pushing = createPushing(first, { clock, send: sendOtlp, done: journal.exported });

  const file = (check: ProbeCheck, visited: Visited) => {
    const { run, status, turned } = keeper.keep(check, visited);
    if (turned) journal.turned(check, status);
    for (const one of [run, ...visited.repeats])
      if (!visited.disturbed.has(one.run_id)) pushing.record(one, check.endpoint.url);
    alerts.tell(check, status);
  };
  const keep: Filing['keep'] = (check, visited) => {
    try {
      file(check, visited);
    } catch (error) {
      journal.broken(check, error);
      try {
        file(check, unseen(brokenRun(check, error, visited.run)));
      } catch (again) {
        journal.broken(check, again);
      }
    }
  };
  const broken: Filing['broken'] = (check, error, about) => {
    journal.broken(check, error);
    keep(check, unseen(brokenRun(check, error, about)));
  };
  const swap = (next: ProbePlan) => {
    for (const check of next.checks) if (keeper.restore(check) !== undefined) alerts.resume(check.id);
    for (const { id } of plan.checks) if (!next.checks.some(check => check.id === id)) keeper.forget(id);
    plan = next;
    notifier.swap(next.notifications);
    return pushing.swap(next);
  };
  const stop = async () => {
    await notifier.stop();
    await pushing.stop();
  };
  for (const { id } of known) alerts.resume(id);
  const { lastOf, statusOf, heardMs } = keeper;
  return { keep, broken, swap, unheard: notifier.failing, stop, lastOf, statusOf, heardMs };
}

/** @returns what was counted of the check so far */
function count(counted: ProbeMetrics, check: ProbeCheck, { run, repeats, disturbed }: Visited) {
  for (const one of [run, ...repeats])
    counted.record(one, { repeat: one !== run, discarded: disturbed.get(one.run_id) });
  if (run.skipped !== null) counted.skipped(check, run.skipped);
  return counted.tallyOf(check);
}
