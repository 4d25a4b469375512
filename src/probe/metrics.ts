/** Runs and statuses as the `glm_probe_*` metrics of the catalogue. */
import type { Clock } from '../core/clock.ts';
import type { MetricName } from '../core/metrics.ts';
import { createMetrics, type Metrics } from '../core/registry.ts';
import { packageRevision, packageVersion } from '../core/version.ts';
import { type Bounds, boundsFor, covers } from './bounds.ts';
import type { ExporterConfig } from './config.ts';
import type { ContractChange } from './contract.ts';
import { type HowRecorded, record, show } from './recording.ts';
import type { ProbeRun, SkipReason, Subject } from './run.ts';
import { describe, keyOf, labelsOf, type Measured, zeroAll } from './series.ts';
import { slisOf } from './sli.ts';
import type { Status } from './status.ts';
import { createTally, type Tally, type Tallying } from './tally.ts';

/** Counts runs and shows statuses as the `glm_probe_*` metrics; durations are exported in seconds. What a check that is gone still tells is left out. */
export interface ProbeMetrics {
  /** Counts one finished run. */
  record(run: ProbeRun, how?: HowRecorded): void;
  /** Shows how a service is. */
  show(subject: Subject, status: Status): void;
  /** Counts a run that was not made. */
  skipped(subject: Subject, reason: SkipReason): void;
  /** Counts places on the grid that went by while nobody looked. */
  missed(subject: Subject, count: number): void;
  /** Counts a change of what a service's answers look like. */
  changed(subject: Subject, change: ContractChange): void;
  /** What was counted of a check so far. */
  tallyOf(subject: Subject): Tally | undefined;
  /** Takes other checks from now on; the series of those that are gone are removed. */
  swap(subjects: readonly Measured[], options?: ProbeMetricsOptions): Promise<void>;
  /** The registry; another one after a `swap` that needs other buckets. */
  readonly metrics: Metrics;
}

export interface ProbeMetricsOptions {
  /** Upper bounds in ms in place of the built-in ones of latencies. */
  readonly buckets?: ExporterConfig['buckets'];
  /** Also this process. Default false. */
  readonly process?: boolean;
  /** What an earlier life of this program counted of a check. */
  readonly before?: (subject: Subject) => Tally | undefined;
}

/** @param first every check that can run: all its series exist at zero from the start, or increase() misses the first */
export function createProbeMetrics(
  first: readonly Measured[],
  clock: Clock,
  options: ProbeMetricsOptions = {},
): ProbeMetrics {
  let bounds = boundsFor(first, options.buckets);
  let metrics = metricsWith(bounds, options);
  const known = new Map<string, Measured>();
  /** The model that each check's last answer named. */
  const models = new Map<string, string>();
  const tallies = new Map<string, Tallying>();
  const add = (subject: Measured, before = options.before?.(subject)) => {
    known.set(keyOf(subject), subject);
    zeroAll(metrics, subject);
    describe(metrics, subject, clock);
    tallies.set(keyOf(subject), createTally(metrics, before && fitting(before, subject)));
  };
  const forget = async (subject: Measured) => {
    known.delete(keyOf(subject));
    models.delete(keyOf(subject));
    tallies.delete(keyOf(subject));
    await metrics.forget(labelsOf(subject));
    const { target, check } = subject;
    if (![...known.values()].some(one => one.target === target && one.check === check))
      metrics.remove('glm_probe_maintenance', { target, check });
  };
  /** Histograms cannot change their buckets: those that do begin again at zero, which rate() and increase() can bear. */
  const restart = (options: ProbeMetricsOptions) => {
    known.clear();
    models.clear();
    tallies.clear();
    metrics = metricsWith(bounds, options);
  };
  const swap = async (next: readonly Measured[], more: ProbeMetricsOptions = {}) => {
    const before = new Map([...tallies].map(([key, { tally }]) => [key, tally()]));
    const needed = boundsFor(next, more.buckets);
    if (!covers(bounds, needed)) {
      bounds = needed;
      restart({ ...options, ...more });
    }
    const wanted = new Map(next.map(subject => [keyOf(subject), subject]));
    for (const subject of [...known.values()]) if (!isSame(subject, wanted.get(keyOf(subject)))) await forget(subject);
    for (const subject of next) if (!known.has(keyOf(subject))) add(subject, before.get(keyOf(subject)));
    await forgetTargets(metrics, next);
  };
  /** A run may end after its check is gone, and must not bring its series back. */
  const ifKnown = <A extends readonly unknown[]>(act: (subject: Measured, ...more: A) => void) => {
    return (subject: Subject, ...more: A) => {
      const found = known.get(keyOf(subject));
      if (found !== undefined) act(found, ...more);
    };
  };
  const counting = (subject: Measured) => tallies.get(keyOf(subject))?.metrics ?? metrics;
  for (const subject of first) add(subject);
  return {
    get metrics() {
      return metrics;
    },
    swap,
    tallyOf: subject => tallies.get(keyOf(subject))?.tally(),
    record: (run, how = {}) =>
      ifKnown(subject => record({ metrics: counting(subject), models, clock }, subject, run, how))(run),
    show: ifKnown((subject, status: Status) => show(metrics, subject, status)),
    skipped: ifKnown((subject, reason: SkipReason) =>
      counting(subject).inc('glm_probe_runs_skipped_total', { ...labelsOf(subject), reason }),
    ),
    changed: ifKnown((subject, { part }: ContractChange) =>
      counting(subject).inc('glm_probe_contract_changes_total', { ...labelsOf(subject), part }),
    ),
    missed: ifKnown((subject, count: number) =>
      counting(subject).inc('glm_probe_runs_missed_total', labelsOf(subject), count),
    ),
  };
}

/** A tally without the indicators that the check has no more. */
function fitting({ counters, histograms }: Tally, subject: Measured): Tally {
  const slis: ReadonlySet<string | undefined> = new Set(slisOf(subject));
  return {
    counters: counters.filter(({ name, labels }) => name !== 'glm_probe_sli_events_total' || slis.has(labels.sli)),
    histograms,
  };
}

/** What changes a check's series; counters of a check that is the same go on. */
const isSame = (before: Measured, next: Measured | undefined) =>
  next !== undefined && JSON.stringify(traitsOf(before)) === JSON.stringify(traitsOf(next));

const traitsOf = ({ kind, slo, schedule, deadlines, thinking, vantage, tier, severity, endpoint }: Measured) => [
  kind,
  slo,
  schedule,
  deadlines,
  thinking,
  vantage,
  tier,
  severity,
  endpoint?.kind,
];

const byTarget: readonly MetricName[] = [
  'glm_probe_clock_skew_seconds',
  'glm_probe_tls_certificate_not_after_timestamp_seconds',
  'glm_probe_api_errors_total',
  'glm_probe_maintenance',
  'glm_probe_quota_remaining_ratio',
  'glm_probe_quota_reset_timestamp_seconds',
];

/** What is labelled with less than a whole check goes when the last check of its target does. */
async function forgetTargets(metrics: Metrics, kept: readonly Subject[]): Promise<void> {
  const targets = new Set(kept.map(({ target }) => target));
  const gone = new Set<string>();
  for (const name of byTarget)
    for (const { labels } of (await metrics.registry.getSingleMetric(name)?.get())?.values ?? [])
      if (!targets.has(String(labels.target))) gone.add(String(labels.target));
  for (const target of gone) await metrics.forget({ target });
}

function metricsWith(bounds: Bounds, { process: own = false }: ProbeMetricsOptions): Metrics {
  const metrics = createMetrics({ buckets: (name, usual) => bounds[name] ?? usual, process: own });
  const build = { version: packageVersion(), revision: packageRevision(), node_version: process.version };
  metrics.set('glm_probe_build_info', build, 1);
  return metrics;
}
