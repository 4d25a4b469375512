/** Runs and statuses as the `glm_probe_*` metrics of the catalogue. */
import type { Clock } from '../core/clock.ts';
import type { Metrics } from '../core/registry.ts';
import type { ContractChange } from './contract.ts';
import { type HowRecorded, record, show } from './recording.ts';
import { createRoster, type Listed, type Roster, type RosterOptions } from './roster.ts';
import type { ProbeRun, SkipReason, Subject } from './run.ts';
import { labelsOf, type Measured } from './series.ts';
import type { Status } from './status.ts';
import type { Tally } from './tally.ts';

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
  readonly swap: Roster['swap'];
  /** The registry; another one after a `swap` that needs other buckets. */
  readonly metrics: Metrics;
}

/** @param first every check that can run: all its series exist at zero from the start, or increase() misses the first */
export function createProbeMetrics(
  first: readonly Measured[],
  clock: Clock,
  options: RosterOptions = {},
): ProbeMetrics {
  const roster = createRoster(first, clock, options);
  /** A run may end after its check is gone, and must not bring its series back. */
  const ifKnown = <A extends readonly unknown[]>(act: (one: Listed, ...more: A) => void) => {
    return (subject: Subject, ...more: A) => {
      const found = roster.find(subject);
      if (found !== undefined) act(found, ...more);
    };
  };
  return {
    get metrics() {
      return roster.metrics;
    },
    swap: roster.swap,
    tallyOf: subject => roster.find(subject)?.tallying.tally(),
    record: (run, how = {}) =>
      ifKnown(({ subject, tallying: { metrics } }) =>
        record({ metrics, models: roster.models, clock }, subject, run, how),
      )(run),
    show: ifKnown(({ subject }, status: Status) => show(roster.metrics, subject, status)),
    skipped: ifKnown(({ subject, tallying: { metrics } }, reason: SkipReason) =>
      metrics.inc('glm_probe_runs_skipped_total', { ...labelsOf(subject), reason }),
    ),
    changed: ifKnown(({ subject, tallying: { metrics } }, { part }: ContractChange) =>
      metrics.inc('glm_probe_contract_changes_total', { ...labelsOf(subject), part }),
    ),
    missed: ifKnown(({ subject, tallying: { metrics } }, count: number) =>
      metrics.inc('glm_probe_runs_missed_total', labelsOf(subject), count),
    ),
  };
}
