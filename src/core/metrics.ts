/**
 * The catalogue of every exported metric: name, type, help, labels, buckets. Dashboards and alerts may name only these.
 * Names carry base units; labels are low in cardinality and never hold a key, a prompt or a URL.
 */
import { STATUS_CODES } from 'node:http';

/** Seconds for whole answers: the OTel client buckets, extended because thinking answers pass 82 s. */
const answers = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68,
];
/** Seconds between tokens. */
const gaps = [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24];
/** Seconds of connection phases. */
const phases = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/**
 * What the probe's histograms have instead, for each check has its own and all of them together are to be 200 series at
 * most: bounds of OTel's where runs are, wide ones where only a mean is asked for. Thresholds are added.
 */
const probe = {
  wholes: [0.32, 1.28, 2.56, 5.12, 10.24, 20.48, 81.92, 327.68],
  phases: [0.01, 0.03, 0.1, 0.3, 1],
  heads: [0.04, 0.32, 2.56, 20.48],
  firsts: [0.08, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 40.96],
  gaps: [0.01, 0.02, 0.04, 0.08, 0.32, 1.28],
  silences: [0.25, 0.5, 1, 2, 5, 15],
  /** Seconds per token; upside down, tokens per second say the same with finer bounds. */
  paces: [0.01, 0.025, 0.1, 0.5],
  speeds: [5, 10, 20, 40, 80, 160],
} as const;
/** Seconds that a start is late. */
const lags = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];
/** What a probe run is a run of. */
const probed = ['target', 'check', 'model'] as const;
/** Seconds of pacing error. */
const lateness = [0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

export interface Definition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

const counter = (help: string, ...labels: string[]): Definition => ({ type: 'counter', help, labels });
const gauge = (help: string, ...labels: string[]): Definition => ({ type: 'gauge', help, labels });
const histogram = (help: string, buckets: readonly number[], ...labels: string[]): Definition => ({
  type: 'histogram',
  help,
  labels,
  buckets,
});

export const catalogue = {
  glm_mock_requests_total: counter('Requests answered by the mock.', 'endpoint', 'model', 'http_status', 'code'),
  glm_mock_request_duration_seconds: histogram(
    'From the request’s arrival to the last byte handed to the socket.',
    answers,
    'endpoint',
  ),
  glm_mock_in_flight_requests: gauge('Requests being answered now.'),
  glm_mock_open_streams: gauge('Event streams being written now.'),
  glm_mock_client_disconnects_total: counter('Clients that went away before the answer was complete.', 'stage'),
  glm_mock_input_tokens_total: counter('Prompt tokens of answered requests.'),
  glm_mock_output_tokens_total: counter('Completion tokens of answered requests.'),
  glm_mock_chunk_lateness_seconds: histogram(
    'How late a chunk was handed to the socket against its due time.',
    lateness,
  ),
  glm_mock_stream_worst_lateness_seconds: histogram('The largest pacing error of each stream.', lateness),
  glm_mock_faults_total: counter('Faults that struck a request, by scenario.', 'scenario'),
  glm_mock_unmatched_requests_total: counter('Requests that no fixture answered although one had to.'),
  glm_mock_build_info: gauge('Always 1; says what is running.', 'version', 'profile', 'era'),

  glm_probe_runs_total: counter('Probe runs by outcome: success, failure or unknown.', ...probed, 'outcome'),
  glm_probe_runs_skipped_total: counter(
    'Places on the schedule at which no run was made, by why.',
    ...probed,
    'reason',
  ),
  glm_probe_runs_missed_total: counter('Places on the schedule at which the prober was not awake.', ...probed),
  glm_probe_failures_total: counter(
    'Failed probe runs by reason and whose fault it was.',
    ...probed,
    'fault_domain',
    'reason',
  ),
  glm_probe_api_errors_total: counter(
    'Error answers by HTTP status and business code.',
    'target',
    'http_status',
    'code',
  ),
  glm_probe_sli_events_total: counter(
    'Events of the service level by verdict; rules use nothing else.',
    ...probed,
    'sli',
    'verdict',
  ),
  glm_probe_slo_objective_ratio: gauge('Share of events that has to be good.', ...probed, 'sli'),
  glm_probe_slo_threshold_seconds: gauge('Time within which an event is good.', ...probed, 'sli'),
  glm_probe_success: gauge(
    'Whether the last run was good (1) or bad (0), whoever was at fault. A skipped place is no run; absent after a run that could not be judged.',
    ...probed,
  ),
  glm_probe_state: gauge('Which state the service is in: 1 for that one, 0 for the others.', ...probed, 'state'),
  glm_probe_outage_open: gauge(
    'Whether the service went down and was not seen well since (1) or not (0), whatever the state is now.',
    ...probed,
  ),
  glm_probe_consecutive_failures: gauge('Runs in a row that failed, by whose fault it was.', ...probed, 'fault_domain'),
  glm_probe_run_duration_seconds: histogram('Whole call, good runs only.', probe.wholes, ...probed),
  glm_probe_connect_phase_duration_seconds: histogram(
    'Connection phases of a fresh connection.',
    probe.phases,
    ...probed,
    'phase',
  ),
  glm_probe_time_to_first_byte_seconds: histogram(
    'From sending the request to the response headers.',
    probe.heads,
    ...probed,
  ),
  glm_probe_time_to_first_token_seconds: histogram(
    'To the first token of any kind, thinking included.',
    probe.firsts,
    ...probed,
  ),
  glm_probe_time_to_first_output_token_seconds: histogram(
    'To the first visible content or tool call.',
    probe.firsts,
    ...probed,
  ),
  glm_probe_inter_chunk_seconds: histogram(
    'Between two chunks of a stream, the first thousand.',
    probe.gaps,
    ...probed,
  ),
  glm_probe_max_chunk_gap_seconds: histogram('Longest silence between two chunks of a run.', probe.silences, ...probed),
  glm_probe_time_per_output_token_seconds: histogram(
    'Mean time per completion token after the first, one per run.',
    probe.paces,
    ...probed,
  ),
  glm_probe_output_tokens_per_second: histogram(
    'Completion tokens after the first, over their time.',
    probe.speeds,
    ...probed,
  ),
  glm_probe_input_tokens_total: counter('Prompt tokens spent by the probe.', ...probed),
  glm_probe_output_tokens_total: counter('Completion tokens spent by the probe.', ...probed),
  glm_probe_reasoning_output_tokens_total: counter('Part of the completion tokens that was thinking.', ...probed),
  glm_probe_cache_read_input_tokens_total: counter('Part of the prompt tokens that came from a cache.', ...probed),
  glm_probe_cached_input_ratio: gauge(
    'Share of the prompt that came from a cache in the last pair, by prompt: cold or warm.',
    ...probed,
    'prompt',
  ),
  glm_probe_cache_saved_seconds: gauge('Time to the first token that the cache saved in the last pair.', ...probed),
  glm_probe_reuse_saved_seconds: gauge(
    'Time to the first token that an open connection saved in the last run.',
    ...probed,
  ),
  glm_probe_cost_cny_total: counter(
    'What runs priced in CNY have cost at least: a stream that broke off told no usage.',
    ...probed,
  ),
  glm_probe_cost_usd_total: counter(
    'What runs priced in USD have cost at least: a stream that broke off told no usage.',
    ...probed,
  ),
  glm_probe_budget_remaining_ratio: gauge('What is left of a day’s budget, 1 to 0.', 'credential', 'budget'),
  glm_probe_last_run_timestamp_seconds: gauge('When the last run ended.', ...probed),
  glm_probe_last_success_timestamp_seconds: gauge('When the last good run began.', ...probed),
  glm_probe_next_run_timestamp_seconds: gauge('When the next run is due.', ...probed),
  glm_probe_interval_seconds: gauge('Longest time between two places on the schedule.', ...probed),
  glm_probe_timeout_seconds: gauge('Longest time that one call may take.', ...probed),
  glm_probe_measurement_discarded_total: counter(
    'Latencies that were thrown away because the prober was disturbed.',
    ...probed,
    'reason',
  ),
  glm_probe_response_model_info: gauge(
    'Always 1; the model that the last answer named, or other.',
    ...probed,
    'response_model',
  ),
  glm_probe_contract_changes_total: counter(
    'Changes in the shape of what a service sends, by part; what exactly is in the log.',
    ...probed,
    'part',
  ),
  glm_probe_check_info: gauge(
    'Always 1; what a check is.',
    ...probed,
    'kind',
    'endpoint_kind',
    'stream',
    'thinking',
    'vantage',
    'tier',
    'severity',
  ),
  glm_probe_maintenance: gauge('Whether a maintenance window is open (1) or not (0).', 'target', 'check'),
  glm_probe_clock_skew_seconds: gauge('The server’s clock minus ours, to half a second.', 'target'),
  glm_probe_tls_certificate_not_after_timestamp_seconds: gauge('When the server’s certificate ends.', 'target'),
  glm_probe_credential_expiry_timestamp_seconds: gauge('When a credential that is itself a token ends.', 'credential'),
  glm_probe_quota_remaining_ratio: gauge(
    'Is 0 while a plan window is used up; absent otherwise, for nobody tells how much is left.',
    'target',
    'window',
  ),
  glm_probe_quota_reset_timestamp_seconds: gauge('When a used up plan window begins anew.', 'target', 'window'),
  glm_probe_schedule_lag_seconds: histogram('How long after its moment a run began.', lags),
  glm_probe_event_loop_stalls_total: counter('Times that the event loop was late by more than 50 ms.'),
  glm_probe_clock_steps_total: counter('Times that the clock was set, or the machine slept.'),
  glm_probe_connectivity: gauge('Whether a reference URL answers (1) or none does (0).'),
  glm_probe_history_failures_total: counter('Runs that could not be stored.'),
  glm_probe_notifications_total: counter('Notifications by outcome: sent, failed or dropped.', 'channel', 'outcome'),
  glm_probe_otlp_exports_total: counter('Exports to an OpenTelemetry collector by outcome: sent or failed.', 'outcome'),
  glm_probe_config_last_reload_successful: gauge(
    'Whether the last reload took the new file (1) or kept the old one (0).',
  ),
  glm_probe_config_last_reload_success_timestamp_seconds: gauge('When the file that is in use was read.'),
  glm_probe_build_info: gauge('Always 1; says what is running.', 'version', 'revision', 'node_version'),

  glm_load_requests_total: counter('Requests that ended, by how they ended.', 'scenario', 'model', 'outcome'),
  glm_load_failures_total: counter(
    'Failed requests by reason and whose fault it was.',
    'scenario',
    'model',
    'fault_domain',
    'reason',
  ),
  glm_load_request_duration_seconds: histogram('Whole call of good requests.', answers, 'scenario', 'model'),
  glm_load_time_to_first_token_seconds: histogram(
    'To the first token of any kind, thinking included.',
    answers,
    'scenario',
    'model',
  ),
  glm_load_time_to_first_output_token_seconds: histogram(
    'To the first visible content or tool call.',
    answers,
    'scenario',
    'model',
  ),
  glm_load_time_to_first_token_from_send_seconds: histogram(
    'To the first token of any kind, from the moment the request was sent.',
    answers,
    'scenario',
    'model',
  ),
  glm_load_request_duration_from_send_seconds: histogram(
    'Whole call of good requests, from the moment the request was sent.',
    answers,
    'scenario',
    'model',
  ),
  glm_load_inter_chunk_seconds: histogram('Between two chunks of a stream.', gaps, 'scenario', 'model'),
  glm_load_time_per_output_token_seconds: histogram(
    'Mean time per output token after the first, one per request.',
    gaps,
    'scenario',
    'model',
  ),
  glm_load_send_delay_seconds: histogram(
    'From the moment a request was meant to start to the moment it was sent.',
    lateness,
    'scenario',
    'model',
  ),
  glm_load_connect_seconds: histogram('Opening a connection, TLS included.', phases, 'scenario', 'model'),
  glm_load_planned_requests_total: counter('Requests whose time came.', 'scenario', 'model'),
  glm_load_sent_requests_total: counter('Attempts that were sent.', 'scenario', 'model'),
  glm_load_retries_total: counter('Attempts beyond the first of their request.', 'scenario', 'model'),
  glm_load_limited_total: counter('Attempts refused with HTTP 429, by business code.', 'scenario', 'model', 'code'),
  glm_load_slo_good_requests_total: counter('Good requests that met the SLO.', 'scenario', 'model'),
  glm_load_stream_events_total: counter('Events of streams.', 'scenario', 'model'),
  glm_load_coalesced_events_total: counter(
    'Events that shared a read with the one before, so that their distance is not known.',
    'scenario',
    'model',
  ),
  glm_load_event_loop_utilization_ratio: gauge(
    'Busy share of the busiest measuring process, in the last second; after a run, of all of it.',
    'scenario',
  ),
  glm_load_event_loop_lag_seconds: gauge(
    'Longest delay of a timer in the last second; after a run, in all of it.',
    'scenario',
  ),
  glm_load_validity: gauge('Is 1 for the word that the run was judged by.', 'scenario', 'model', 'validity'),
  glm_load_gate_passed: gauge('Whether all thresholds were kept (1) or not (0).', 'scenario', 'model'),
  glm_load_calibration_error_seconds: gauge(
    'What this machine adds to a first token at p99, measured against known times.',
    'scenario',
    'model',
  ),
  glm_load_input_tokens_total: counter('Prompt tokens the endpoint reported.', 'scenario', 'model'),
  glm_load_output_tokens_total: counter('Completion tokens the endpoint reported.', 'scenario', 'model'),
  glm_load_in_flight_requests: gauge('Requests under way; 0 after a run.', 'scenario'),
  glm_load_throughput_requests_per_second: gauge(
    'Good answers that ended in the measured window, per second of it.',
    'scenario',
    'model',
  ),
} as const satisfies Record<string, Definition>;

/** HTTP's own statuses, and the one that the Anthropic interface adds; 0 where the connection ended before one was sent. */
export const statusLabels: readonly string[] = ['0', ...Object.keys(STATUS_CODES), '529', 'other'];
const statuses: ReadonlySet<string> = new Set(statusLabels);

/** A peer may send any three digits; a label may not become any. */
export const statusLabel = (status: number): string => (statuses.has(String(status)) ? String(status) : 'other');

export type MetricName = keyof typeof catalogue;
