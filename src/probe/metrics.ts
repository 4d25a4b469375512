/** Results as the `glm_probe_*` metrics of the catalogue. */
import type { Clock } from '../core/clock.ts';
import { createMetrics, type Metrics } from '../core/metrics.ts';
import { domainOf, reasons } from '../core/outcome.ts';
import type { ProbeRun, Subject } from './run.ts';

export interface ProbeMetrics {
  /** Counts one finished run. */
  record(result: ProbeRun): void;
  readonly metrics: Metrics;
}

/** @param subjects every check that can run: all its series exist at zero from the start, or increase() misses the first */
export function createProbeMetrics(subjects: readonly Subject[], clock: Clock): ProbeMetrics {
  const metrics = createMetrics();
  for (const subject of subjects) zeroAll(metrics, labelsOf(subject));
  return { metrics, record: result => record(metrics, result, clock) };
}

const labelsOf = ({ target, check, model }: Subject) => ({ target, check, model });

function zeroAll(metrics: Metrics, labels: Readonly<Record<string, string>>): void {
  for (const outcome of ['success', 'failure']) metrics.zero('glm_probe_runs_total', { ...labels, outcome });
  for (const reason of reasons) {
    const fault_domain = domainOf(reason);
    if (fault_domain !== null) metrics.zero('glm_probe_failures_total', { ...labels, fault_domain, reason });
  }
  for (const phase of ['dns', 'tcp', 'tls'])
    metrics.zero('glm_probe_connect_phase_duration_seconds', { ...labels, phase });
  for (const name of histograms) metrics.zero(name, labels);
  metrics.zero('glm_probe_input_tokens_total', labels);
  metrics.zero('glm_probe_output_tokens_total', labels);
}

const histograms = [
  'glm_probe_run_duration_seconds',
  'glm_probe_time_to_first_byte_seconds',
  'glm_probe_time_to_first_token_seconds',
  'glm_probe_time_to_first_output_token_seconds',
  'glm_probe_max_chunk_gap_seconds',
] as const;

function record(metrics: Metrics, result: ProbeRun, clock: Clock): void {
  const labels = labelsOf(result);
  const { reason, fault_domain, usage } = result;
  const good = reason === null;
  metrics.inc('glm_probe_runs_total', { ...labels, outcome: good ? 'success' : 'failure' });
  metrics.set('glm_probe_success', labels, good ? 1 : 0);
  metrics.set('glm_probe_last_run_timestamp_seconds', labels, clock.wall() / 1000);
  if (reason !== null && fault_domain !== null)
    metrics.inc('glm_probe_failures_total', { ...labels, fault_domain, reason });
  if (usage !== null) metrics.inc('glm_probe_input_tokens_total', labels, usage.prompt_tokens);
  if (usage !== null) metrics.inc('glm_probe_output_tokens_total', labels, usage.completion_tokens);
  if (good) observeTimes(metrics, labels, result);
}

/** Good runs only: a failure is counted, and its time says nothing about the service's speed. */
function observeTimes(metrics: Metrics, labels: Readonly<Record<string, string>>, { timing }: ProbeRun): void {
  const observe = (name: (typeof histograms)[number], ms: number | null) => {
    if (ms !== null) metrics.observe(name, labels, ms / 1000);
  };
  observe('glm_probe_run_duration_seconds', timing.total_ms);
  observe('glm_probe_time_to_first_byte_seconds', timing.head_ms);
  observe('glm_probe_time_to_first_token_seconds', timing.ttft_ms);
  observe('glm_probe_time_to_first_output_token_seconds', timing.first_visible_token_ms);
  observe('glm_probe_max_chunk_gap_seconds', timing.max_gap_ms);
  for (const [phase, ms] of [
    ['dns', timing.dns_ms],
    ['tcp', timing.tcp_ms],
    ['tls', timing.tls_ms],
  ] as const) {
    if (ms !== null) metrics.observe('glm_probe_connect_phase_duration_seconds', { ...labels, phase }, ms / 1000);
  }
}
