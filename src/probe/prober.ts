/** The program that goes on: brings schedule, visits, history, metrics and notifications together. Opens no socket itself. */
import { repeat } from '../core/clock/repeat.ts';
import type { Clock } from '../core/clock.ts';
import type { Random } from '../core/random.ts';
import type { Metrics } from '../core/registry.ts';
import { createBudget } from './budget.ts';
import { cassettesOf } from './cassette.ts';
import { createConnectivity } from './connectivity.ts';
import { createFiling } from './filing.ts';
import type { History } from './history.ts';
import { createJournal } from './journal.ts';
import { createProbeMetrics } from './metrics.ts';
import type { SendPost } from './notify/notifier.ts';
import type { SendOtlp } from './otlp/push.ts';
import type { ProbeCheck, ProbePlan } from './plan.ts';
import { newRunId, skippedRun } from './probe.ts';
import { forgetPlan, showPlan, showPresent } from './prober-metrics.ts';
import type { RunCheck, Subject } from './run.ts';
import { createSchedule, type Visit } from './schedule.ts';
import { keyOf } from './series.ts';
import { isOutage, type Status } from './status.ts';
import { troublesOf } from './troubles.ts';
import { unseen, visitCheck } from './visit.ts';
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
  /** What somebody has to mend although this program does its work; empty when nothing. */
  notices(): string[];
  /** Notes that another plan could not be made, and why, until one is taken. */
  refuse(why: string): void;
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
  let refused: string | undefined;
  let connectivity = connectivityOf(first, door);
  const before = (subject: Subject) => history.tally(keyOf(subject));
  const counted = createProbeMetrics(first.checks, clock, { buckets: first.exporter.buckets, process: true, before });
  const journal = createJournal(counted, say);
  const filing = createFiling(first, { clock, history, counted, journal, send, sendOtlp: door.sendOtlp });
  const budget = createBudget(first, history, clock);
  const onStep = (ms: number) => {
    journal.stepped(ms);
    budget.stepped();
    schedule.resync();
  };
  const watch = createWatch({ clock, onLate: journal.late, onStep });
  const visit = async ({ check, lagMs, stop }: Visit) => {
    counted.metrics.observe('glm_probe_schedule_lag_seconds', {}, lagMs / 1000);
    const cassettes = cassettesOf(plan);
    const atMs = clock.wall();
    const isDown = isOutage(filing.lastOf(check.id));
    try {
      filing.keep(check, await visitCheck(check, stop, { ...door, budget, watch, connectivity, cassettes, isDown }));
    } catch (error) {
      filing.broken(check, error, { run_id: newRunId(), started_at_ms: atMs });
    }
  };

  showPlan(counted, first, clock);
  const schedule = createSchedule(
    first,
    {
      clock,
      random,
      visit,
      skipped: (check, why, detail) => filing.keep(check, unseen(skippedRun(check, why, clock.wall(), detail))),
      missed: counted.missed,
    },
    filing.heardMs,
  );
  const stopPruning = repeat(clock, clock.now(), pruneEveryMs, () => history.prune(clock.wall()));

  return {
    get plan() {
      return plan;
    },
    swap: async next => {
      const before = plan;
      plan = next;
      refused = undefined;
      const exported = filing.swap(next);
      forgetPlan(counted, before);
      budget.swap(next);
      connectivity = connectivityOf(next, door);
      schedule.swap(next);
      counted.swap(next.checks, { buckets: next.exporter.buckets });
      showPlan(counted, next, clock);
      // Last: a collector that is away may take its time.
      await exported;
    },
    statusOf: filing.statusOf,
    nextOf: schedule.nextOf,
    metrics: () =>
      showPresent(counted, {
        plan,
        nowMs: clock.wall(),
        statusOf: filing.statusOf,
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
    notices: () => [
      ...(refused === undefined ? [] : [`the file is wrong, and what was read before goes on: ${refused}`]),
      ...filing.unheard(),
    ],
    refuse: why => {
      refused = why;
      counted.metrics.set('glm_probe_config_last_reload_successful', {}, 0);
    },
    stop: async () => {
      stopPruning();
      await schedule.stop();
      watch.stop();
      await filing.stop();
    },
  };
}

const connectivityOf = ({ reference }: ProbePlan, { clock, ask, say }: ProberDoor) =>
  createConnectivity(reference, { clock, say, ...(ask && { ask }) });
