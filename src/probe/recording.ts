/** One run, and how a service is after it, into the metrics of its check. */
import type { Clock } from '../core/clock.ts';
import { type MetricName, statusLabel } from '../core/metrics.ts';
import type { Exemplar } from '../core/open-metrics.ts';
import { domainOf } from '../core/outcome.ts';
import type { Metrics } from '../core/registry.ts';
import { businessCode } from '../core/wire/errors.ts';
import { modelLabel } from './model-label.ts';
import { quotaWindows } from './quota.ts';
import { latencyOf, type ProbeRun, type Subject } from './run.ts';
import { costName, type Discarded, domains, keyOf, labelsOf, type Measured } from './series.ts';
import { streams } from './settings.ts';
import { sliOf, slisOf } from './sli.ts';
import { isOutage, type ServiceState, type Status, serviceStates } from './status.ts';

export interface HowRecorded {
  /** A quick repetition after a failure: it is counted and paid for, but it is no event of the service level. */
  readonly repeat?: boolean;
  readonly discarded?: Discarded | undefined;
}

/** Where runs are recorded. */
export interface Book {
  readonly metrics: Metrics;
  /** The model that each check's last answer named. */
  readonly models: Map<string, string>;
  readonly clock: Clock;
}

export function record(book: Book, subject: Measured, run: ProbeRun, how: HowRecorded): void {
  const { metrics, clock } = book;
  if (run.state === 'skipped') return;
  const labels = labelsOf(run);
  metrics.inc('glm_probe_runs_total', { ...labels, outcome: outcomes[run.state] });
  if (run.state === 'unknown') metrics.remove('glm_probe_success', labels);
  else metrics.set('glm_probe_success', labels, run.state === 'good' ? 1 : 0);
  metrics.set('glm_probe_last_run_timestamp_seconds', labels, clock.wall() / 1000);
  const { fault_domain } = run;
  const reason = toldAs(run);
  // Such a run is unknown, but somebody has to hear that this program fails.
  const failed = run.state === 'bad' || fault_domain === 'prober';
  if (failed && reason !== null && fault_domain !== null)
    metrics.inc('glm_probe_failures_total', { ...labels, fault_domain, reason });
  if (!how.repeat)
    for (const sli of slisOf(subject))
      metrics.inc('glm_probe_sli_events_total', { ...labels, sli, verdict: sliOf(sli, run, subject.slo) });
  const discarded = how.discarded ?? (isWithoutReuse(run) ? 'socket_reuse' : undefined);
  if (discarded !== undefined) metrics.inc('glm_probe_measurement_discarded_total', { ...labels, reason: discarded });
  recordSpending(metrics, labels, run);
  recordReadings(metrics, labels, run);
  recordServer(book, labels, run);
  if (latencyOf(run) !== null) observeTimes(metrics, labels, run);
}

/** Whoever can mend what a code inside a stream says has to hear that; one of the service’s own is a stream that broke. */
function toldAs({ reason, cause, code }: ProbeRun): ProbeRun['reason'] {
  if (reason !== 'error_in_stream') return reason;
  if (cause !== null) return domainOf(cause) === 'provider' ? reason : cause;
  return codeLabel(code) === 'other' ? 'unknown_code' : reason;
}

const isWithoutReuse = ({ kind, state, connection }: ProbeRun) =>
  kind === 'reuse' && state === 'good' && connection === 'fresh';

const outcomes = { good: 'success', bad: 'failure', unknown: 'unknown' } as const;

type Labels = Readonly<Record<string, string>>;

function recordSpending(metrics: Metrics, labels: Labels, { usage, cost }: ProbeRun): void {
  if (cost !== null) metrics.inc(costName(cost.currency), labels, cost.amount);
  if (usage === null) return;
  metrics.inc('glm_probe_input_tokens_total', labels, usage.prompt_tokens);
  metrics.inc('glm_probe_output_tokens_total', labels, usage.completion_tokens);
  const { reasoning_tokens: reasoning = 0 } = usage.completion_tokens_details ?? {};
  const { cached_tokens: cached = 0 } = usage.prompt_tokens_details ?? {};
  metrics.inc('glm_probe_reasoning_output_tokens_total', labels, reasoning);
  metrics.inc('glm_probe_cache_read_input_tokens_total', labels, cached);
}

/** What a check measures besides times, and only a good run tells. */
function recordReadings(metrics: Metrics, labels: Labels, { readings }: ProbeRun): void {
  const set = (name: MetricName, value: number | undefined, more: Labels = {}) => {
    if (value !== undefined) metrics.set(name, { ...labels, ...more }, value);
  };
  const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000);
  set('glm_probe_cached_input_ratio', readings.cold_cached_share, { prompt: 'cold' });
  set('glm_probe_cached_input_ratio', readings.cached_share, { prompt: 'warm' });
  set('glm_probe_cache_saved_seconds', seconds(readings.cache_saved_ms));
  set('glm_probe_reuse_saved_seconds', seconds(readings.reuse_saved_ms));
}

function recordServer({ metrics, models }: Book, labels: Labels, run: ProbeRun): void {
  const { target } = run;
  const {
    clock_skew_ms: skew,
    certificate_ends_at_ms: ends,
    http_status: status,
    code,
    response_model: answered,
  } = run;
  if (skew !== null) metrics.set('glm_probe_clock_skew_seconds', { target }, skew / 1000);
  if (ends !== null) metrics.set('glm_probe_tls_certificate_not_after_timestamp_seconds', { target }, ends / 1000);
  if (run.state === 'bad' && status !== null && (status !== 200 || code !== null))
    metrics.inc('glm_probe_api_errors_total', { target, http_status: statusLabel(status), code: codeLabel(code) });
  recordQuota(metrics, run);
  if (answered === null) return;
  const model = modelLabel(answered, run.model);
  const before = models.get(keyOf(run));
  if (before !== undefined && before !== model)
    metrics.remove('glm_probe_response_model_info', { ...labels, response_model: before });
  metrics.set('glm_probe_response_model_info', { ...labels, response_model: model }, 1);
  models.set(keyOf(run), model);
}

/** A window is used up until it begins anew, or until somebody is let in again. */
function recordQuota(metrics: Metrics, { target, state, usage, used_up: used }: ProbeRun): void {
  if (state === 'good' && usage !== null)
    for (const window of quotaWindows) metrics.remove('glm_probe_quota_remaining_ratio', { target, window });
  if (used === null) return;
  const labels = { target, window: used.window };
  metrics.set('glm_probe_quota_remaining_ratio', labels, 0);
  if (used.resets_at_ms !== null)
    metrics.set('glm_probe_quota_reset_timestamp_seconds', labels, used.resets_at_ms / 1000);
}

/** A server may send anything as its code; a label may not become anything. */
const codeLabel = (code: string | null) => (code === null ? 'none' : businessCode(code) === undefined ? 'other' : code);

/** Good runs only: a failure is counted, and its time says nothing about the service's speed. */
function observeTimes(metrics: Metrics, labels: Labels, { kind, timing, run_id, started_at_ms }: ProbeRun): void {
  const exemplar: Exemplar = { labels: { run_id }, atMs: started_at_ms };
  const observe = (name: MetricName, value: number | null, more: Labels = {}) => {
    if (value !== null) metrics.observe(name, { ...labels, ...more }, value, exemplar);
  };
  const seconds = (ms: number | null) => (ms === null ? null : ms / 1000);
  observe('glm_probe_run_duration_seconds', seconds(timing.total_ms));
  observe('glm_probe_time_to_first_byte_seconds', seconds(timing.head_ms));
  for (const phase of ['dns', 'tcp', 'tls'] as const)
    observe('glm_probe_connect_phase_duration_seconds', seconds(timing[`${phase}_ms`]), { phase });
  if (!streams.has(kind)) return;
  const { tokens_per_second: rate } = timing;
  observe('glm_probe_time_to_first_token_seconds', seconds(timing.ttft_ms));
  observe('glm_probe_time_to_first_output_token_seconds', seconds(timing.first_visible_token_ms));
  for (const ms of timing.gaps_ms ?? []) observe('glm_probe_inter_chunk_seconds', seconds(ms));
  observe('glm_probe_max_chunk_gap_seconds', seconds(timing.max_gap_ms));
  observe('glm_probe_time_per_output_token_seconds', rate === null ? null : 1 / rate);
  observe('glm_probe_output_tokens_per_second', rate);
}

export function show(metrics: Metrics, subject: Subject, status: Status): void {
  const labels = labelsOf(subject);
  const { lastSuccessMs, failures } = status;
  for (const state of serviceStates)
    metrics.set('glm_probe_state', { ...labels, state }, stateValue(state, status.state));
  metrics.set('glm_probe_outage_open', labels, Number(isOutage(status)));
  for (const fault_domain of domains)
    metrics.set('glm_probe_consecutive_failures', { ...labels, fault_domain }, failures[fault_domain] ?? 0);
  if (lastSuccessMs !== null) metrics.set('glm_probe_last_success_timestamp_seconds', labels, lastSuccessMs / 1000);
}

const stateValue = (state: ServiceState, now: ServiceState) => (state === now ? 1 : 0);
