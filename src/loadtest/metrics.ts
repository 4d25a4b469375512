/** A tally as the `glm_load_*` metrics of the catalogue. Brought up to date when it is read, so that counting costs nothing. */
import { createMetrics, type MetricName, type Metrics } from '../core/metrics.ts';
import { domainOf, reasons } from '../core/outcome.ts';
import type { Window } from './runner.ts';
import type { Tally } from './tally.ts';

export interface LoadMetrics {
  text(): Promise<string>;
  /** Sets the figures that are known only when the window has ended. */
  finish(window: Window): void;
  readonly contentType: string;
}

type Labels = Readonly<Record<string, string>>;

/** @param labels `scenario` and `model` of the run */
export function createLoadMetrics(tally: Tally, labels: { scenario: string; model: string }): LoadMetrics {
  const metrics = createMetrics();
  const { histograms } = tally;
  metrics.expose('glm_load_request_duration_seconds', labels, histograms.e2e_ms);
  metrics.expose('glm_load_time_to_first_token_seconds', labels, histograms.ttft_any_ms);
  metrics.expose('glm_load_time_to_first_output_token_seconds', labels, histograms.ttft_content_ms);
  metrics.expose('glm_load_inter_chunk_seconds', labels, histograms.itl_ms);
  const follow = createFollower(metrics);
  const sync = () => {
    for (const outcome of reasons) {
      const fault_domain = domainOf(outcome);
      const count = tally.ended[outcome];
      follow('glm_load_requests_total', { ...labels, outcome }, count);
      if (fault_domain !== null) follow('glm_load_failures_total', { ...labels, fault_domain, reason: outcome }, count);
    }
    follow('glm_load_input_tokens_total', labels, tally.inputTokens);
    follow('glm_load_output_tokens_total', labels, tally.outputTokens);
    metrics.set('glm_load_in_flight_requests', { scenario: labels.scenario }, tally.inFlight);
  };
  const finish = ({ durationMs, okInWindow }: Window) => {
    const rate = durationMs === 0 ? 0 : (okInWindow * 1000) / durationMs;
    metrics.set('glm_load_throughput_requests_per_second', labels, rate);
  };
  return {
    text: () => {
      sync();
      return metrics.text();
    },
    finish,
    contentType: metrics.contentType,
  };
}

/** Makes counters follow totals that are counted elsewhere; a series exists from its first zero on. */
function createFollower(metrics: Metrics) {
  const shown = new Map<string, number>();
  return (name: MetricName, labels: Labels, total: number) => {
    const series = `${name} ${JSON.stringify(labels)}`;
    metrics.inc(name, labels, total - (shown.get(series) ?? 0));
    shown.set(series, total);
  };
}
