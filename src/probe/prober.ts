/** The program that goes on: brings schedule, visits, history, metrics and notifications together. Opens no socket itself. */
import type { Cancel, Clock } from '../core/clock.ts';
import type { Random } from '../core/random.ts';
import type { Metrics } from '../core/registry.ts';
import { createBudget } from './budget.ts';
import { cassettesOf } from './cassette.ts';
import { createConnectivity } from './connectivity.ts';
import type { History } from './history.ts';
import { createJournal } from './journal.ts';
import { createKeeper } from './keeper.ts';
import { createProbeMetrics } from './metrics.ts';
import { type Alert, troubleOf } from './notify/alert.ts';
import { createNotifier, type SendPost } from './notify/notifier.ts';
import { createOpenAlerts } from './notify/open-alerts.ts';
import type { SendOtlp } from './otlp/push.ts';
import { createPushing } from './otlp/pushing.ts';
import type { ProbeCheck, ProbePlan } from './plan.ts';
import { brokenRun, newRunId, skippedRun } from './probe.ts';
import { forgetPlan, showPlan, showPresent } from './prober-metrics.ts';
import type { RunCheck, Subject } from './run.ts';
import { createSchedule, type Visit } from './schedule.ts';
import { keyOf } from './series.ts';
import { isOutage, type Status } from './status.ts';
import { troublesOf } from './troubles.ts';
import { unseen, type Visited, visitCheck } from './visit.ts';
import { createWatch } from './watch.ts';

/** What a prober needs from the outside. */
export interface ProberDoor {
  readonly clock: Clock;
  /** Makes jitter, tasks and nonces. */
  readonly random: Random;
  readonly history: History;
  /** Makes a run; `runCheck`. */
  readonly look: RunCheck;
  /** Sends a notification. */
  readonly send: SendPost;
  /** Asks a reference URL; the network by default. */
  readonly ask?: (url: string, timeoutMs: number) => Promise<boolean>;
  /** Takes an export to a collector; the network by default. */
  readonly sendOtlp?: SendOtlp;
  /** A sentence for whoever runs this. */
  readonly say: (sentence: string) => void;
}

/** A prober at work. */
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

/**
 * Probes on a schedule from now on, until it is stopped. It opens no port and closes no history; `serve` does both.
 * @example
 * const history = await openHistory(plan.state.path);
 * const prober = createProber(plan, { clock, random, history, look: runCheck, send, say: console.error });
 * const status = prober.statusOf(plan.checks[0]).state; // 'unknown' until its first run
 * await prober.stop();
 * history.close();
 */
export function createProber(first: ProbePlan, door: ProberDoor): Prober {
  const { clock, random, history, send, say } = door;
  let plan = first;
  let connectivity = connectivityOf(first, door);
  const before = (subject: Subject) => history.tally(keyOf(subject));
  const counted = createProbeMetrics(first.checks, clock, { buckets: first.exporter.buckets, process: true, before });
  const journal = createJournal(counted, say);
  const count = (check: ProbeCheck, { run, repeats, disturbed }: Visited) => {
    for (const one of [run, ...repeats])
      counted.record(one, { repeat: one !== run, discarded: disturbed.get(one.run_id) });
    if (run.skipped !== null) counted.skipped(check, run.skipped);
    return counted.tallyOf(check);
  };
  const keeper = createKeeper(history, clock, { ...journal, count });
  const budget = createBudget(first, history, clock);
  const onStep = (ms: number) => {
    journal.stepped(ms);
    budget.stepped();
    schedule.resync();
  };
  const watch = createWatch({ clock, onLate: journal.late, onStep });
  const lasts = ({ id, kind }: Alert) => troubleOf(keeper.lastOf(id)) === kind;
  const notifier = createNotifier(first.notifications, { clock, send, lasts, done: journal.notified });
  const alerts = createOpenAlerts(notifier);
  const pushing = createPushing(first, { clock, send: door.sendOtlp, done: journal.exported });

  const restore = (check: ProbeCheck) => {
    const status = keeper.restore(check);
    if (status !== undefined) alerts.resume(check, status);
  };
  const file = (check: ProbeCheck, visited: Visited) => {
    const { run, status } = keeper.keep(check, visited);
    for (const one of [run, ...visited.repeats])
      if (!visited.disturbed.has(one.run_id)) pushing.record(one, check.endpoint.url);
    alerts.tell(check, status);
  };
  /** One answer that this program cannot file must not end its watch over all others. */
  const keep = (check: ProbeCheck, visited: Visited) => {
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
  const visit = async ({ check, lagMs, stop }: Visit) => {
    counted.metrics.observe('glm_probe_schedule_lag_seconds', {}, lagMs / 1000);
    const cassettes = cassettesOf(plan);
    const atMs = clock.wall();
    const isDown = isOutage(keeper.lastOf(check.id));
    try {
      keep(check, await visitCheck(check, stop, { ...door, budget, watch, connectivity, cassettes, isDown }));
    } catch (error) {
      journal.broken(check, error);
      keep(check, unseen(brokenRun(check, error, { run_id: newRunId(), started_at_ms: atMs })));
    }
  };

  for (const check of first.checks) restore(check);
  showPlan(counted, first, clock);
  const schedule = createSchedule(
    first,
    {
      clock,
      random,
      visit,
      skipped: (check, why, detail) => keep(check, unseen(skippedRun(check, why, clock.wall(), detail))),
      missed: counted.missed,
    },
    keeper.heardMs,
  );
  const stopPruning = pruneAgain(history, clock);

  return {
    get plan() {
      return plan;
    },
    swap: async next => {
      const before = plan;
      plan = next;
      for (const check of next.checks) restore(check);
      for (const { id } of before.checks) if (!next.checks.some(check => check.id === id)) keeper.forget(id);
      forgetPlan(counted, before);
      budget.swap(next);
      notifier.swap(next.notifications);
      connectivity = connectivityOf(next, door);
      schedule.swap(next);
      counted.swap(next.checks, { buckets: next.exporter.buckets });
      showPlan(counted, next, clock);
      // Last: a collector that is away may take its time.
      await pushing.swap(next);
    },
    statusOf: keeper.statusOf,
    nextOf: schedule.nextOf,
    metrics: () =>
      showPresent(counted, {
        plan,
        nowMs: clock.wall(),
        statusOf: keeper.statusOf,
        nextOf: schedule.nextOf,
        remaining: budget.remaining,
        online: connectivity.up,
      }),
    troubles: () =>
      troublesOf({
        silentMs: clock.now() - watch.lastBeatMs,
        nowMs: clock.wall(),
        due: plan.checks.map(({ id }) => ({ id, nextMs: schedule.nextOf(id) })),
        unwritable: history.trouble,
      }),
    stop: async () => {
      stopPruning();
      await schedule.stop();
      watch.stop();
      await notifier.stop();
      await pushing.stop();
    },
  };
}

const connectivityOf = ({ reference }: ProbePlan, { clock, ask }: ProberDoor) =>
  createConnectivity(reference, { clock, ...(ask && { ask }) });

function pruneAgain(history: Pick<History, 'prune'>, clock: Clock): Cancel {
  const timer = clock.timer(() => {
    history.prune(clock.wall());
    timer.set(clock.now() + pruneEveryMs);
  });
  timer.set(clock.now() + pruneEveryMs);
  return timer.clear;
}
