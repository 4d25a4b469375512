/**
 * The catalogue of every exported metric: name, type, help, labels, buckets. Dashboards and alerts may name only these.
 * Names carry base units; labels are low in cardinality and never hold a key, a prompt or a URL.
 */
import { Counter, Gauge, Histogram as PromHistogram, Registry } from 'prom-client';
import type { Histogram } from './histogram.ts';

/** Seconds for whole answers: the OTel client buckets, extended because thinking answers pass 82 s. */
const answers = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68,
];
/** Seconds between tokens. */
const gaps = [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24];
/** Seconds of connection phases. */
const phases = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** Seconds of pacing error. */
const lateness = [0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

interface Definition {
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

  glm_probe_runs_total: counter('Finished probe runs.', 'target', 'check', 'model', 'outcome'),
  glm_probe_failures_total: counter(
    'Failed probe runs by reason and whose fault it was.',
    'target',
    'check',
    'model',
    'fault_domain',
    'reason',
  ),
  glm_probe_success: gauge('Whether the last run was good (1) or not (0).', 'target', 'check', 'model'),
  glm_probe_run_duration_seconds: histogram('Whole call, good runs only.', answers, 'target', 'check', 'model'),
  glm_probe_connect_phase_duration_seconds: histogram(
    'Connection phases of a fresh connection.',
    phases,
    'target',
    'check',
    'model',
    'phase',
  ),
  glm_probe_time_to_first_byte_seconds: histogram(
    'From sending the request to the response headers.',
    answers,
    'target',
    'check',
    'model',
  ),
  glm_probe_time_to_first_token_seconds: histogram(
    'To the first token of any kind, thinking included.',
    answers,
    'target',
    'check',
    'model',
  ),
  glm_probe_time_to_first_output_token_seconds: histogram(
    'To the first visible content or tool call.',
    answers,
    'target',
    'check',
    'model',
  ),
  glm_probe_max_chunk_gap_seconds: histogram(
    'Longest silence between two chunks of a run.',
    gaps,
    'target',
    'check',
    'model',
  ),
  glm_probe_input_tokens_total: counter('Prompt tokens spent by the probe.', 'target', 'check', 'model'),
  glm_probe_output_tokens_total: counter('Completion tokens spent by the probe.', 'target', 'check', 'model'),
  glm_probe_last_run_timestamp_seconds: gauge('When the last run ended.', 'target', 'check', 'model'),

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
  glm_load_event_loop_utilization_ratio: gauge('Busy share of the busiest measuring process.', 'scenario'),
  glm_load_event_loop_lag_seconds: gauge('Longest delay of a timer in the last second.', 'scenario'),
  glm_load_validity: gauge('Is 1 for the word that the run was judged by.', 'scenario', 'model', 'validity'),
  glm_load_gate_passed: gauge('Whether all thresholds were kept (1) or not (0).', 'scenario', 'model'),
  glm_load_calibration_error_seconds: gauge(
    'What this machine adds to a first token at p99, measured against known times.',
    'scenario',
    'model',
  ),
  glm_load_input_tokens_total: counter('Prompt tokens the endpoint reported.', 'scenario', 'model'),
  glm_load_output_tokens_total: counter('Completion tokens the endpoint reported.', 'scenario', 'model'),
  glm_load_in_flight_requests: gauge('Requests under way.', 'scenario'),
  glm_load_throughput_requests_per_second: gauge('Good requests per second over the whole run.', 'scenario', 'model'),
} as const satisfies Record<string, Definition>;

export type MetricName = keyof typeof catalogue;
type Labels = Readonly<Record<string, string>>;

/** One program's metrics: made on first use from the catalogue, in a registry of its own. */
export interface Metrics {
  inc(name: MetricName, labels?: Labels, by?: number): void;
  set(name: MetricName, labels: Labels, value: number): void;
  observe(name: MetricName, labels: Labels, seconds: number): void;
  /** Shows one of our histograms (milliseconds inside) under a catalogued name, read at scrape time. */
  expose(name: MetricName, labels: Labels, histogram: Histogram): void;
  /** Makes the series of all given metrics exist at zero. */
  zero(name: MetricName, labels: Labels): void;
  /** A counter or gauge bound to its labels, for hot paths: adds to a number that is read at scrape time. */
  counter(name: MetricName, labels: Labels): { inc(by?: number): void };
  text(): Promise<string>;
  readonly contentType: string;
  readonly registry: Registry;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const made = new Map<MetricName, Counter | Gauge | PromHistogram>();
  const get = <T extends Counter | Gauge | PromHistogram>(name: MetricName): T => {
    const metric = made.get(name) ?? make(name, registry);
    made.set(name, metric);
    return metric as T;
  };
  return {
    inc: (name, labels = {}, by = 1) => get<Counter>(name).inc(labels, by),
    set: (name, labels, value) => get<Gauge>(name).set(labels, value),
    observe: (name, labels, seconds) => get<PromHistogram>(name).observe(labels, seconds),
    zero: (name, labels) => {
      const metric = get(name);
      if (metric instanceof PromHistogram) metric.zero(labels);
      else metric.inc(labels, 0);
    },
    counter: (name, labels) => bound(get<Counter>(name), labels),
    expose: (name, labels, source) => expose(get<PromHistogram>(name), name, labels, source),
    text: () => registry.metrics(),
    contentType: registry.contentType,
    registry,
  };
}

function make(name: MetricName, registry: Registry): Counter | Gauge | PromHistogram {
  const definition: Definition = catalogue[name];
  const options = { name, help: definition.help, labelNames: definition.labels as string[], registers: [registry] };
  const aggregator = name.endsWith('_info') ? 'first' : 'sum';
  if (definition.type === 'counter') return new Counter(options);
  if (definition.type === 'gauge') return new Gauge({ ...options, aggregator });
  return new PromHistogram({ ...options, buckets: [...(definition.buckets ?? answers)] });
}

/** What waits to be added to a metric when it is asked for its values. */
const waiting = new WeakMap<Counter, (() => void)[]>();

/** prom-client takes a microsecond to find a series by its labels; a number of our own takes none. */
function bound(metric: Counter, labels: Labels): { inc(by?: number): void } {
  let pending = 0;
  metric.inc(labels, 0);
  const list = waiting.get(metric) ?? [];
  waiting.set(metric, list);
  list.push(() => {
    if (pending !== 0) metric.inc(labels, pending);
    pending = 0;
  });
  const collect = () => {
    for (const add of list) add();
  };
  Object.assign(metric, { collect });
  return {
    inc: (by = 1) => {
      pending += by;
    },
  };
}

interface Shown {
  readonly labels: Labels;
  readonly source: Histogram;
}

/** The histograms that a metric shows in place of observations of its own. */
const shownBy = new WeakMap<PromHistogram, Shown[]>();

/**
 * prom-client asks a metric for its values by `getForPromString()`, and `get()` asks the same; neither is in its types
 * as something to replace. Ours are counted in a Histogram that costs 10 ns to record.
 */
function expose(metric: PromHistogram, name: MetricName, labels: Labels, source: Histogram): void {
  const shown = shownBy.get(metric) ?? [];
  shown.push({ labels, source });
  if (shownBy.has(metric)) return;
  shownBy.set(metric, shown);
  const { help, buckets = answers }: Definition = catalogue[name];
  const read = async () => ({
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    values: shown.flatMap(one => series(name, buckets, one)),
  });
  Object.assign(metric, { get: read, getForPromString: read });
}

function series(name: MetricName, bounds: readonly number[], { labels, source }: Shown) {
  const counts = source.cumulative(bounds.map(seconds => seconds * 1000));
  const value = (suffix: string, number: number, more: Record<string, string | number> = {}) => ({
    metricName: `${name}${suffix}`,
    labels: { ...more, ...labels },
    value: number,
    exemplar: null,
  });
  return [
    ...bounds.map((le, i) => value('_bucket', counts[i] ?? 0, { le })),
    value('_bucket', source.count, { le: '+Inf' }),
    value('_sum', source.sum / 1000),
    value('_count', source.count),
  ];
}
