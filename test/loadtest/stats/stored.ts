/** A stored result with these intervals, everything else as plain as it can be. */
import type { Interval } from '../../../src/loadtest/interval.ts';
import { type LoadResult, resultVersion } from '../../../src/loadtest/result.ts';

const figures = {
  requests_per_second: 0,
  output_tokens_per_second: 0,
  in_flight_mean: 0,
  in_flight_max: 0,
  duration_s: 0,
  from_s: 0,
  to_s: 0,
  ci: {},
};
const health = { elu: 0.1, lagMs: 1, gcMs: 1, gcMaxMs: 1, steal: 0 };

export const stored = (intervals: readonly Interval[], more: Partial<LoadResult> = {}): LoadResult => ({
  version: resultVersion,
  tool: 'glm-testkit',
  tool_version: '1.0.0',
  run_id: 'run-1',
  started_at: '2026-11-22T10:00:00.000Z',
  seed: 1,
  schedule_hash: 'abcd',
  config: { model: 'glm-4.6', arrivals: { kind: 'closed', stages: [{ durationMs: 10_000, from: 4, to: 4 }] } },
  environment: { node: 'v24.0.0', cores: 2 },
  verdict: 'pass',
  validity: 'VALID',
  doubts: [],
  ledger: { planned: 0, ok: 0 },
  metrics: {},
  throughput: { ...figures, window: 'whole', start_up_s: null },
  whole: { ...figures, ...offered(intervals) },
  steady: null,
  load: { kind: 'closed', offered: 0, sent: 0, late: 0, delivered: null },
  goodput: null,
  tokens: { input: 0, output: 0, cached: 0, reasoning: 0, cost: null },
  stream: { chunks: 0, coalesced_ratio: 0, stalls_over_200ms: 0, stalls_over_500ms: 0, stalls_over_1s: 0 },
  limits: { retries: 0, codes: {} },
  connections: { opened: 0 },
  calibration: { before: null, after: null },
  health,
  thresholds: [],
  findings: [],
  intervals,
  histograms: {},
  ...more,
});

/** From the first measured ending to the last request that was offered. */
function offered(intervals: readonly Interval[]) {
  const first = intervals.find(({ ended }) => Object.keys(ended).some(kind => kind !== 'warmup'));
  const last = intervals.findLast(({ planned }) => planned > 0);
  return { from_s: (first?.fromMs ?? 0) / 1000, to_s: first === undefined ? 0 : (last?.toMs ?? 0) / 1000 };
}
