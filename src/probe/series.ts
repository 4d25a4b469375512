/** The series of a check before it ever ran: everything that can be counted is there at zero, and what is known is shown. */
import type { Clock } from '../core/clock.ts';
import { domainOf, type FaultDomain, reasons } from '../core/outcome.ts';
import type { Metrics } from '../core/registry.ts';
import { contractParts } from './contract.ts';
import { longestGapMs } from './grid.ts';
import type { ProbeCheck } from './plan.ts';
import type { SkipReason, Subject } from './run.ts';
import { streams } from './settings.ts';
import { slisOf } from './sli.ts';

/** A check as far as its metrics depend on it; everything but the names and the kind may be left out for a single run. */
export type Measured = Subject & Pick<ProbeCheck, 'kind'> & Partial<ProbeCheck>;

export const keyOf = ({ target, check, model }: Subject) => `${target}/${check}/${model}`;
export const labelsOf = ({ target, check, model }: Subject) => ({ target, check, model });

/** Why a latency is not believed. */
export type Discarded =
  | 'event_loop'
  | 'clock_step'
  /** `reuse` found its connection closed, so there is nothing to compare. */
  | 'socket_reuse';

export function zeroAll(metrics: Metrics, subject: Measured): void {
  const labels = labelsOf(subject);
  for (const outcome of ['success', 'failure', 'unknown']) metrics.zero('glm_probe_runs_total', { ...labels, outcome });
  for (const reason of skips) metrics.zero('glm_probe_runs_skipped_total', { ...labels, reason });
  for (const failure of failures) metrics.zero('glm_probe_failures_total', { ...labels, ...failure });
  for (const sli of slisOf(subject))
    for (const verdict of ['good', 'bad', 'excluded'])
      metrics.zero('glm_probe_sli_events_total', { ...labels, sli, verdict });
  for (const part of contractParts) metrics.zero('glm_probe_contract_changes_total', { ...labels, part });
  for (const phase of phasesOf(subject)) metrics.zero('glm_probe_connect_phase_duration_seconds', { ...labels, phase });
  for (const reason of discardsOf(subject))
    metrics.zero('glm_probe_measurement_discarded_total', { ...labels, reason });
  // A single run knows of no others.
  if (subject.schedule !== undefined)
    for (const fault_domain of domains) metrics.zero('glm_probe_consecutive_failures', { ...labels, fault_domain });
  for (const name of [...always, ...counters]) metrics.zero(name, labels);
  if (streams.has(subject.kind)) for (const name of ofStreams) metrics.zero(name, labels);
  const { price } = subject;
  if (price !== undefined) metrics.zero(costName(price.currency), labels);
}

/** A single run does not say where it went. */
const phasesOf = ({ endpoint }: Measured) =>
  endpoint?.url.startsWith('http:') ? (['dns', 'tcp'] as const) : (['dns', 'tcp', 'tls'] as const);

const discardsOf = ({ kind }: Measured): readonly Discarded[] => [
  ...(['event_loop', 'clock_step'] as const),
  ...(kind === 'reuse' ? (['socket_reuse'] as const) : []),
];

const always = ['glm_probe_run_duration_seconds', 'glm_probe_time_to_first_byte_seconds'] as const;
const ofStreams = [
  'glm_probe_time_to_first_token_seconds',
  'glm_probe_time_to_first_output_token_seconds',
  'glm_probe_inter_chunk_seconds',
  'glm_probe_max_chunk_gap_seconds',
  'glm_probe_time_per_output_token_seconds',
  'glm_probe_output_tokens_per_second',
] as const;
const skips = ['overlap', 'budget', 'maintenance', 'connectivity', 'shutdown'] as const satisfies readonly SkipReason[];
const counters = [
  'glm_probe_runs_missed_total',
  'glm_probe_input_tokens_total',
  'glm_probe_output_tokens_total',
  'glm_probe_reasoning_output_tokens_total',
  'glm_probe_cache_read_input_tokens_total',
] as const;

/** A run that this program spoiled is unknown, and no failure in a row. */
export const domains = ['provider', 'account', 'network', 'client'] as const satisfies readonly FaultDomain[];

/** Every way a run can fail, as labels. One that was told to stop is skipped, whatever its check is. */
export const failures = reasons
  .filter(reason => reason !== 'cancelled')
  .flatMap(reason => {
    const fault_domain = domainOf(reason);
    return fault_domain === null ? [] : { fault_domain, reason };
  });

export const costName = (currency: 'CNY' | 'USD') =>
  currency === 'CNY' ? 'glm_probe_cost_cny_total' : 'glm_probe_cost_usd_total';

/** What is known of a check before it ever ran. */
export function describe(metrics: Metrics, subject: Measured, clock: Clock): void {
  const labels = labelsOf(subject);
  const {
    kind,
    schedule,
    deadlines,
    endpoint,
    thinking = 'off',
    vantage = 'local',
    tier = '',
    severity = '',
  } = subject;
  for (const { sli, objective, thresholdMs } of subject.slo ?? []) {
    metrics.set('glm_probe_slo_objective_ratio', { ...labels, sli }, objective);
    if (thresholdMs !== undefined)
      metrics.set('glm_probe_slo_threshold_seconds', { ...labels, sli }, thresholdMs / 1000);
  }
  if (schedule === undefined || deadlines === undefined) return;
  const stream = String(streams.has(kind));
  const info = { kind, endpoint_kind: endpoint?.kind ?? '', stream, thinking, vantage, tier, severity };
  metrics.set('glm_probe_check_info', { ...labels, ...info }, 1);
  metrics.set('glm_probe_interval_seconds', labels, longestGapMs({ schedule }, clock.wall()) / 1000);
  metrics.set('glm_probe_timeout_seconds', labels, deadlines.total / 1000);
  metrics.set('glm_probe_maintenance', { target: subject.target, check: subject.check }, 0);
}
