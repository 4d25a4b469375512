/** The mock's own metrics, fed once per request and once per chunk. */
import { createHistogram, type Histogram } from '../core/histogram.ts';
import { statusLabel } from '../core/metrics.ts';
import { createMetrics, type Metrics } from '../core/registry.ts';
import type { JournalEntry } from './journal.ts';
import type { Played } from './plan.ts';

export interface Meter {
  readonly metrics: Metrics;
  /** Pacing error of every chunk, in ms; the players record into it. */
  readonly lateness: Histogram;
  begin(stream: boolean): void;
  end(entry: JournalEntry, endpoint: string, model: string, played: Played): void;
}

export function createMeter(labels: { version: string; profile: string; era: string }): Meter {
  const metrics = createMetrics();
  const lateness = createHistogram();
  metrics.expose('glm_mock_chunk_lateness_seconds', {}, lateness);
  metrics.set('glm_mock_build_info', labels, 1);
  for (const name of [
    'glm_mock_in_flight_requests',
    'glm_mock_open_streams',
    'glm_mock_input_tokens_total',
    'glm_mock_output_tokens_total',
    'glm_mock_stream_worst_lateness_seconds',
    'glm_mock_unmatched_requests_total',
  ] as const)
    metrics.zero(name, {});
  for (const stage of stages) metrics.zero('glm_mock_client_disconnects_total', { stage });

  const input = metrics.counter('glm_mock_input_tokens_total', {});
  const output = metrics.counter('glm_mock_output_tokens_total', {});
  const flight = metrics.counter('glm_mock_in_flight_requests', {});
  const streams = metrics.counter('glm_mock_open_streams', {});
  const requests = new Map<string, { inc(): void }>();
  /** The last one again, nearly always: a key of four parts costs more than all other counters together. */
  let last = { endpoint: '', model: '', status: 0, code: '', bound: { inc: () => {} } };
  const requestsOf = ({ status, code }: JournalEntry, endpoint: string, model: string) => {
    const same = last.status === status && last.code === code && last.endpoint === endpoint && last.model === model;
    if (!same) last = { endpoint, model, status, code, bound: boundTo(endpoint, model, status, code) };
    return last.bound;
  };
  const boundTo = (endpoint: string, model: string, status: number, code: string) => {
    const key = `${endpoint} ${model} ${status} ${code}`;
    const bound =
      requests.get(key) ??
      metrics.counter('glm_mock_requests_total', { endpoint, model, http_status: statusLabel(status), code });
    requests.set(key, bound);
    return bound;
  };
  const durations = new Map<string, Histogram>();
  const durationOf = (endpoint: string) => durations.get(endpoint) ?? newDuration(endpoint);
  const newDuration = (endpoint: string) => {
    const histogram = createHistogram();
    metrics.expose('glm_mock_request_duration_seconds', { endpoint }, histogram);
    durations.set(endpoint, histogram);
    return histogram;
  };
  const end: Meter['end'] = (entry, endpoint, model, played) => {
    requestsOf(entry, endpoint, model).inc();
    flight.inc(-1);
    if (entry.status === 200) input.inc(entry.promptTokens);
    output.inc(entry.completionTokens);
    durationOf(endpoint).record(entry.durationMs);
    for (const scenario of entry.faults) metrics.inc('glm_mock_faults_total', { scenario });
    if (entry.code === 'mock_no_fixture') metrics.inc('glm_mock_unmatched_requests_total');
    if (played.ending === 'client_gone') metrics.inc('glm_mock_client_disconnects_total', { stage: stageOf(played) });
    if (!entry.streamed) return;
    streams.inc(-1);
    metrics.observe('glm_mock_stream_worst_lateness_seconds', {}, played.worstLatenessMs / 1000);
  };
  const begin = (stream: boolean) => {
    flight.inc(1);
    if (stream) streams.inc(1);
  };
  return { metrics, lateness, begin, end };
}

const stages = ['before_headers', 'before_first_token', 'mid_stream'] as const;

function stageOf({ headSent, beats }: Played): (typeof stages)[number] {
  if (!headSent) return 'before_headers';
  return beats === 0 ? 'before_first_token' : 'mid_stream';
}
