/** A run as the `glm_load_*` metrics of the catalogue, second by second: fed with intervals, whichever process counted them. */
import { createHistogram } from '../core/histogram.ts';
import type { MetricName } from '../core/metrics.ts';
import { domainOf, type Reason, reasons } from '../core/outcome.ts';
import { createMetrics } from '../core/registry.ts';
import { type Interval, ledgerClasses } from './interval.ts';
import { limitCodes } from './limit-codes.ts';
import type { Measure } from './measures.ts';
import type { LoadResult } from './result.ts';

export interface LoadMetrics {
  add(interval: Interval): void;
  /** Sets what is known only at the end. */
  finish(result: LoadResult): void;
  text(): Promise<string>;
  readonly contentType: string;
}

const shown = {
  e2e_ms: 'glm_load_request_duration_seconds',
  ttft_any_ms: 'glm_load_time_to_first_token_seconds',
  ttft_content_ms: 'glm_load_time_to_first_output_token_seconds',
  ttft_any_from_send_ms: 'glm_load_time_to_first_token_from_send_seconds',
  e2e_from_send_ms: 'glm_load_request_duration_from_send_seconds',
  itl_ms: 'glm_load_inter_chunk_seconds',
  tpot_ms: 'glm_load_time_per_output_token_seconds',
  send_delay_ms: 'glm_load_send_delay_seconds',
  connect_ms: 'glm_load_connect_seconds',
} as const satisfies Partial<Record<Measure, MetricName>>;

/** @param labels `scenario` (how requests arrive) and `model` of the run */
export function createLoadMetrics(labels: { scenario: string; model: string }): LoadMetrics {
  const metrics = createMetrics();
  const histograms = Object.entries(shown).map(([measure, name]) => {
    const histogram = createHistogram();
    metrics.expose(name, labels, histogram);
    return { measure: measure as Measure, histogram };
  });
  const { scenario } = labels;
  for (const outcome of ledgerClasses) metrics.zero('glm_load_requests_total', { ...labels, outcome });
  for (const reason of failures) metrics.zero('glm_load_failures_total', { ...labels, ...domainLabel(reason) });
  for (const code of limitCodes) metrics.zero('glm_load_limited_total', { ...labels, code });
  for (const name of counted) metrics.zero(name, labels);
  for (const name of gauges) metrics.set(name, { scenario }, 0);

  const add: LoadMetrics['add'] = interval => {
    for (const { measure, histogram } of histograms) histogram.absorb(interval.histograms[measure] ?? []);
    for (const [outcome, count] of Object.entries(interval.ended))
      metrics.inc('glm_load_requests_total', { ...labels, outcome }, count);
    for (const reason of failures)
      metrics.inc('glm_load_failures_total', { ...labels, ...domainLabel(reason) }, interval.ended[reason] ?? 0);
    for (const code of limitCodes)
      metrics.inc('glm_load_limited_total', { ...labels, code }, interval.codes[code] ?? 0);
    metrics.inc('glm_load_planned_requests_total', labels, interval.planned);
    metrics.inc('glm_load_sent_requests_total', labels, interval.sent);
    metrics.inc('glm_load_retries_total', labels, interval.retries);
    metrics.inc('glm_load_slo_good_requests_total', labels, interval.good);
    metrics.inc('glm_load_input_tokens_total', labels, interval.inputTokens);
    metrics.inc('glm_load_output_tokens_total', labels, interval.outputTokens);
    metrics.inc('glm_load_stream_events_total', labels, interval.chunks);
    metrics.inc('glm_load_coalesced_events_total', labels, interval.coalesced);
    const span = interval.toMs - interval.fromMs;
    metrics.set('glm_load_in_flight_requests', { scenario }, span > 0 ? interval.inFlightArea / span : 0);
    metrics.set(
      'glm_load_event_loop_utilization_ratio',
      { scenario },
      most(interval, ({ elu }) => elu),
    );
    metrics.set('glm_load_event_loop_lag_seconds', { scenario }, most(interval, ({ lagMs }) => lagMs) / 1000);
  };
  const finish: LoadMetrics['finish'] = ({ throughput, validity, verdict, calibration, health }) => {
    metrics.set('glm_load_in_flight_requests', { scenario }, 0);
    metrics.set('glm_load_event_loop_utilization_ratio', { scenario }, health.elu);
    metrics.set('glm_load_event_loop_lag_seconds', { scenario }, health.lagMs / 1000);
    metrics.set('glm_load_throughput_requests_per_second', labels, throughput.requests_per_second);
    for (const word of ['VALID', 'SUSPECT', 'INVALID'] as const)
      metrics.set('glm_load_validity', { ...labels, validity: word }, word === validity ? 1 : 0);
    if (verdict !== 'ungated') metrics.set('glm_load_gate_passed', labels, verdict === 'pass' ? 1 : 0);
    const error = calibration.after ?? calibration.before;
    if (error !== null) metrics.set('glm_load_calibration_error_seconds', labels, error.ttft_ms.p99 / 1000);
  };
  return { add, finish, text: metrics.text, contentType: metrics.contentType };
}

const failures: readonly Reason[] = reasons.filter(reason => domainOf(reason) !== null);

const domainLabel = (reason: Reason) => ({ fault_domain: domainOf(reason) ?? '', reason });

const most = ({ health }: Interval, pick: (one: Interval['health'][number]) => number) =>
  Math.max(0, ...health.map(pick));

const gauges = [
  'glm_load_in_flight_requests',
  'glm_load_event_loop_utilization_ratio',
  'glm_load_event_loop_lag_seconds',
] as const satisfies readonly MetricName[];

const counted = [
  'glm_load_planned_requests_total',
  'glm_load_sent_requests_total',
  'glm_load_retries_total',
  'glm_load_slo_good_requests_total',
  'glm_load_input_tokens_total',
  'glm_load_output_tokens_total',
  'glm_load_stream_events_total',
  'glm_load_coalesced_events_total',
] as const satisfies readonly MetricName[];
