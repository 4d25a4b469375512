/** The program that goes on: brings schedule, visits, history, metrics and notifications together. Opens no socket itself. */
import type { Clock } from '../core/clock.ts';
import type { Random } from '../core/random.ts';
import type { Metrics } from '../core/registry.ts';
import { createBudget } from './budget.ts';
import { createConnectivity } from './connectivity.ts';
import { type KnownContract, learn } from './contract.ts';
import type { History } from './history.ts';
import { maintenanceUntil } from './maintenance.ts';
import { createProbeMetrics, type ProbeMetrics } from './metrics.ts';
import { type Alert, alertOf, openOf, troubleOf } from './notify/alert.ts';
import { createNotifier, type NotifyOutcome, type SendPost } from './notify/notifier.ts';
import { createPusher, type Pusher, type SendOtlp } from './otlp/push.ts';
import type { ProbeCheck, ProbePlan } from './plan.ts';
import { skippedRun } from './probe.ts';
import { type Cassettes, mostLogLines, type ProbeRun, type RunCheck, type SkipReason } from './run.ts';
import { createSchedule } from './schedule.ts';
import { newStatus, type Status, statusAfter, statusAt } from './status.ts';
import { staleMsOf } from './stored.ts';
import { type Seen, visitCheck } from './visit.ts';
import { createWatch } from './watch.ts';

export interface ProberDoor {
  readonly clock: Clock;
  readonly random: Random;
  readonly history: History;
  readonly look: RunCheck;
  readonly send: SendPost;
  /** Asks a reference URL; the network by default. */
  readonly ask?: (url: string, timeoutMs: number) => Promise<boolean>;
  /** Takes an export to a collector; the network by default. */
  readonly sendOtlp?: SendOtlp;
  /** A sentence for whoever runs this. */
  readonly say: (sentence: string) => void;
}

export interface Prober {
  readonly plan: ProbePlan;
  /** Takes another plan from now on. */
  swap(plan: ProbePlan): Promise<void>;
  /** How a check is, as far as it is stored and not too old. */
  statusOf(check: ProbeCheck): Status;
  /** When a check is due, ms since 1970. */
  nextOf(id: string): number | undefined;
  /** Metrics with everything that depends on the present brought up to date. */
  metrics(): Metrics;
  /** What keeps this program from doing its work; empty when nothing does. */
  troubles(): string[];
  /** Ends running runs as skipped, and waits for them. */
  stop(): Promise<void>;
}

const pruneEveryMs = 300_000;
/** The heart beats every 20 ms. */
const hungAfterMs = 5000;

export function createProber(first: ProbePlan, door: ProberDoor): Prober {
  const { clock, random, history, say } = door;
  let plan = first;
  const counted = createProbeMetrics(first.checks, clock, { buckets: first.exporter.buckets, process: true });
  let connectivity = connectivityOf(first, door);
  const statuses = new Map<string, Status>();
  const opened = new Map<string, Alert>();
  /** Checks whose last run could not be stored. */
  const lost = new Set<string>();
  const contracts = new Map<string, KnownContract>();
  const budget = createBudget(first, history, clock);

  const watch = createWatch({
    clock,
    onLate: () => counted.metrics.inc('glm_probe_event_loop_stalls_total'),
    onStep: ms => {
      say(`the clock was set or the machine slept (${Math.round(ms)} ms): finding the schedule again`);
      counted.metrics.inc('glm_probe_clock_steps_total');
      budget.stepped();
      schedule.resync();
    },
  });
  const notifier = createNotifier(first.notifications, {
    clock,
    send: door.send,
    lasts: ({ id, kind }) => troubleOf(statuses.get(id) ?? newStatus(0)) === kind,
    done: (channel, outcome, why) => {
      counted.metrics.inc('glm_probe_notifications_total', { channel, outcome });
      if (outcome !== 'sent') say(`notification ${channel} ${outcome}: ${why ?? 'no reason given'}`);
    },
  });
  const pusherOf = ({ otlp, vantage }: ProbePlan): Pusher | undefined =>
    otlp &&
    createPusher(otlp, vantage, {
      ...{ clock, ...(door.sendOtlp && { send: door.sendOtlp }) },
      done: (outcome, why) => {
        counted.metrics.inc('glm_probe_otlp_exports_total', { outcome });
        if (why !== undefined) say(`otlp export failed: ${why}`);
      },
    });
  let pusher = pusherOf(first);
  const restore = (check: ProbeCheck) => {
    if (statuses.has(check.id)) return;
    const status = history.status(check.id) ?? newStatus(clock.wall());
    statuses.set(check.id, status);
    const contract = history.contract(check.id);
    if (contract !== undefined) contracts.set(check.id, contract);
    const open = openOf(status, check);
    if (open === undefined) return;
    opened.set(check.id, open);
    notifier.resume(open);
  };
  const keep = (check: ProbeCheck, { run: seen, repeats, standing, disturbed }: Seen) => {
    const run = learnt(check, seen);
    const before = statuses.get(check.id) ?? newStatus(clock.wall());
    const status = statusAfter(before, run, standing);
    statuses.set(check.id, status);
    const changed = status.state !== before.state || status.sinceMs !== before.sinceMs;
    const stored = history.record({ run, repeats, status, changed, contract: contracts.get(check.id) });
    if (stored) lost.delete(check.id);
    else notStored(check);
    for (const one of [run, ...repeats]) {
      counted.record(one, { repeat: one !== run, discarded: disturbed.get(one.run_id) });
      if (!disturbed.has(one.run_id)) pusher?.record(one, check.endpoint.url);
    }
    if (run.skipped !== null) counted.skipped(check, run.skipped);
    tell(check, status);
  };
  /** The run with what it changed of the service's contract in its log. */
  const learnt = (check: ProbeCheck, run: ProbeRun): ProbeRun => {
    const { known, changes } = learn(contracts.get(check.id), run);
    contracts.set(check.id, known);
    for (const change of changes) {
      counted.changed(check, change);
      say(`the contract of ${check.id} changed: ${change.detail}`);
    }
    return { ...run, log: [...run.log, ...changes.map(({ detail }) => `contract: ${detail}`)].slice(-mostLogLines) };
  };
  const notStored = (check: ProbeCheck) => {
    lost.add(check.id);
    counted.metrics.inc('glm_probe_history_failures_total');
    say(`a run of ${check.id} could not be stored: ${history.trouble}`);
  };
  const tell = (check: ProbeCheck, status: Status) => {
    const alert = alertOf(opened.get(check.id), status, check);
    if (alert === undefined) return;
    if (alert.kind === 'recovered') opened.delete(check.id);
    else opened.set(check.id, alert);
    notifier.tell(alert);
  };
  const skip = (check: ProbeCheck, why: SkipReason, detail: string) =>
    keep(check, {
      run: skippedRun(check, why, clock.wall(), detail),
      repeats: [],
      standing: 'clear',
      disturbed: new Map(),
    });

  for (const check of first.checks) restore(check);
  zeroRest(counted, first, clock);
  const schedule = createSchedule(
    first,
    {
      clock,
      random,
      visit: async ({ check, lagMs, stop }) => {
        counted.metrics.observe('glm_probe_schedule_lag_seconds', {}, lagMs / 1000);
        keep(
          check,
          await visitCheck(check, stop, { ...door, budget, watch, connectivity, cassettes: cassettesOf(plan) }),
        );
      },
      skipped: skip,
      missed: (check, count) => counted.missed(check, count),
    },
    id => statuses.get(id)?.heardMs,
  );
  const pruning = clock.timer(() => {
    history.prune(clock.wall());
    pruning.set(clock.now() + pruneEveryMs);
  });
  pruning.set(clock.now() + pruneEveryMs);

  const statusOf = (check: ProbeCheck): Status => {
    const status = statuses.get(check.id) ?? newStatus(clock.wall());
    if (lost.has(check.id))
      return { ...status, state: 'unknown', reason: null, domain: null, detail: 'the last run could not be stored' };
    return statusAt(status, clock.wall(), staleMsOf(check, clock.wall()));
  };
  const metrics = () => {
    for (const check of plan.checks) refresh(check);
    for (const { name } of plan.credentials)
      for (const [of, ratio] of Object.entries(budget.remaining(name)))
        counted.metrics.set('glm_probe_budget_remaining_ratio', { credential: name, budget: of }, ratio);
    if (plan.reference !== undefined) counted.metrics.set('glm_probe_connectivity', {}, Number(connectivity.up));
    return counted.metrics;
  };
  const refresh = (check: ProbeCheck) => {
    const { id, target } = check;
    counted.show(
      check,
      statusAt(statuses.get(id) ?? newStatus(clock.wall()), clock.wall(), staleMsOf(check, clock.wall())),
    );
    const open = maintenanceUntil(plan.maintenance, check, clock.wall()) !== undefined;
    counted.metrics.set('glm_probe_maintenance', { target, check: check.check }, Number(open));
    const next = schedule.nextOf(id);
    const labels = { target, check: check.check, model: check.model };
    if (next !== undefined) counted.metrics.set('glm_probe_next_run_timestamp_seconds', labels, next / 1000);
  };
  const swap = async (next: ProbePlan) => {
    const before = plan;
    plan = next;
    for (const check of next.checks) restore(check);
    for (const { id } of before.checks) if (!next.checks.some(check => check.id === id)) statuses.delete(id);
    for (const { name } of before.credentials)
      counted.metrics.remove('glm_probe_credential_expiry_timestamp_seconds', { credential: name });
    budget.swap(next);
    notifier.swap(next.notifications);
    await swapPusher(before, next);
    connectivity = connectivityOf(next, door);
    schedule.swap(next);
    await counted.swap(next.checks, { buckets: next.exporter.buckets });
    zeroRest(counted, next, clock);
  };
  /** Another receiver or other names begin a new book. */
  const swapPusher = async (before: ProbePlan, next: ProbePlan) => {
    const tellsSame = JSON.stringify(otlpTraits(before)) === JSON.stringify(otlpTraits(next));
    if (tellsSame) return;
    const old = pusher;
    pusher = pusherOf(next);
    await old?.stop();
  };
  const troubles = () => {
    const silentMs = clock.now() - watch.lastBeatMs;
    const overdue = plan.checks.filter(({ id }) => (schedule.nextOf(id) ?? clock.wall()) < clock.wall() - hungAfterMs);
    return [
      ...(silentMs > hungAfterMs ? [`nothing has moved for ${Math.round(silentMs / 1000)} s`] : []),
      ...(overdue.length > 0 ? [`not started in time: ${overdue.map(({ id }) => id).join(', ')}`] : []),
      ...(history.trouble === undefined ? [] : [`the state cannot be written: ${history.trouble}`]),
    ];
  };
  const stop = async () => {
    pruning.clear();
    await schedule.stop();
    watch.stop();
    await notifier.stop();
    await pusher?.stop();
  };
  return {
    ...{ swap, statusOf, metrics, troubles, stop },
    nextOf: schedule.nextOf,
    get plan() {
      return plan;
    },
  };
}

/** Secrets are compared by their values, and go nowhere. */
const otlpTraits = ({ otlp, vantage }: ProbePlan) => [
  vantage,
  otlp && { ...otlp, headers: Object.entries(otlp.headers).map(([name, secret]) => [name, secret.reveal()]) },
];

const connectivityOf = ({ reference }: ProbePlan, { clock, ask }: ProberDoor) =>
  createConnectivity(reference, { clock, ...(ask && { ask }) });

function cassettesOf({ cassettes: { dir, keep, max_bytes: maxBytes } }: ProbePlan): Cassettes | undefined {
  return dir === undefined ? undefined : { dir, keep, maxBytes };
}

/** What belongs to no check exists at zero, too; a plan that was taken is the one that is in use. */
function zeroRest({ metrics }: ProbeMetrics, { notifications, credentials, otlp }: ProbePlan, clock: Clock): void {
  if (otlp !== undefined)
    for (const outcome of ['sent', 'failed']) metrics.zero('glm_probe_otlp_exports_total', { outcome });
  for (const { name: credential, expiresAtMs: ends } of credentials)
    if (ends !== undefined) metrics.set('glm_probe_credential_expiry_timestamp_seconds', { credential }, ends / 1000);
  metrics.zero('glm_probe_schedule_lag_seconds', {});
  metrics.zero('glm_probe_event_loop_stalls_total', {});
  metrics.zero('glm_probe_clock_steps_total', {});
  metrics.zero('glm_probe_history_failures_total', {});
  for (const { name } of notifications)
    for (const outcome of ['sent', 'failed', 'dropped'] satisfies NotifyOutcome[])
      metrics.zero('glm_probe_notifications_total', { channel: name, outcome });
  metrics.set('glm_probe_config_last_reload_successful', {}, 1);
  metrics.set('glm_probe_config_last_reload_success_timestamp_seconds', {}, clock.wall() / 1000);
}
