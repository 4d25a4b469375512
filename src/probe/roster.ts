/** The checks that are counted: the series of each, and what was counted of it, which others may take the place of. */
import type { Clock } from '../core/clock.ts';
import { createMetrics, type Metrics } from '../core/registry.ts';
import { packageRevision, packageVersion } from '../core/version.ts';
import { type Bounds, boundsFor, covers } from './bounds.ts';
import type { ExporterConfig } from './config.ts';
import type { Subject } from './run.ts';
import { describe, keyOf, labelsOf, type Measured, zeroAll } from './series.ts';
import { slisOf } from './sli.ts';
import { type Counted, createTally, type Tally, type Tallying } from './tally.ts';

/** Checks with their series in one registry. */
export interface Roster {
  /** The registry; another one after a `swap` that needs other buckets. */
  readonly metrics: Metrics;
  /** The model that each check's last answer named. */
  readonly models: Map<string, string>;
  /** Undefined for a check that is gone. */
  find(subject: Subject): Listed | undefined;
  /** Takes other checks; counters of those that stay go on, the series of those that are gone are removed. */
  swap(subjects: readonly Measured[], options?: Pick<RosterOptions, 'buckets'>): void;
}

export interface Listed {
  readonly subject: Measured;
  readonly tallying: Tallying;
}

export interface RosterOptions {
  /** Upper bounds in ms in place of the built-in ones of latencies. */
  readonly buckets?: ExporterConfig['buckets'];
  /** Also this process. Default false. */
  readonly process?: boolean;
  /** What an earlier life of this program counted of a check. */
  readonly before?: (subject: Subject) => Tally | undefined;
}

export function createRoster(first: readonly Measured[], clock: Clock, options: RosterOptions): Roster {
  let bounds = boundsFor(first, options.buckets);
  let metrics = metricsWith(bounds, options);
  const listed = new Map<string, Listed>();
  const models = new Map<string, string>();
  /** The target of each check whose counts are in the series of its target, which outlive the check. */
  const told = new Map<string, string>();

  const add = (subject: Measured, before = options.before?.(subject)) => {
    const key = keyOf(subject);
    zeroAll(metrics, subject);
    describe(metrics, subject, clock);
    const isThere = ({ labels }: Counted) => labels.check === undefined && told.has(key);
    listed.set(key, { subject, tallying: createTally(metrics, before && fitting(before, subject), isThere) });
    told.set(key, subject.target);
  };
  const remove = (subject: Measured) => {
    listed.delete(keyOf(subject));
    models.delete(keyOf(subject));
    metrics.forget(labelsOf(subject));
    const { target, check } = subject;
    if (![...listed.values()].some(({ subject: one }) => one.target === target && one.check === check))
      metrics.remove('glm_probe_maintenance', { target, check });
  };
  /** Histograms cannot change their buckets: those that do begin again at zero, which rate() and increase() can bear. */
  const restart = () => {
    for (const kept of [listed, models, told]) kept.clear();
    metrics = metricsWith(bounds, options);
  };
  /** What is labelled with less than a whole check goes when the last check of its target does. */
  const removeTargets = (next: readonly Subject[]) => {
    const kept = new Set(next.map(({ target }) => target));
    const gone = [...told].filter(([, target]) => !kept.has(target));
    for (const [key] of gone) told.delete(key);
    for (const target of new Set(gone.map(([, target]) => target))) metrics.forget({ target });
  };
  /** In one go: a run that came in between would be counted twice, or not at all. */
  const swap: Roster['swap'] = (next, { buckets } = {}) => {
    const before = new Map([...listed].map(([key, { tallying }]) => [key, tallying.tally()]));
    const needed = boundsFor(next, buckets);
    if (!covers(bounds, needed)) {
      bounds = needed;
      restart();
    }
    const wanted = new Map(next.map(subject => [keyOf(subject), subject]));
    for (const { subject } of [...listed.values()]) if (!isSame(subject, wanted.get(keyOf(subject)))) remove(subject);
    for (const subject of next) if (!listed.has(keyOf(subject))) add(subject, before.get(keyOf(subject)));
    removeTargets(next);
  };
  for (const subject of first) add(subject);
  return {
    get metrics() {
      return metrics;
    },
    models,
    find: subject => listed.get(keyOf(subject)),
    swap,
  };
}

function metricsWith(bounds: Bounds, { process: own = false }: RosterOptions): Metrics {
  const metrics = createMetrics({ buckets: (name, usual) => bounds[name] ?? usual, process: own });
  const build = { version: packageVersion(), revision: packageRevision(), node_version: process.version };
  metrics.set('glm_probe_build_info', build, 1);
  return metrics;
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
