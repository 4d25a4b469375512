/** A load test under way or over: what was offered, what came of it, and whether the generator can be believed. */
import type { MetricName } from '../../src/core/metrics.ts';
import { type Board, selector } from './board.ts';
import { heat, lines, number, rows, type Steps, type Words } from './panels.ts';
import { buckets, quantile, rate } from './queries.ts';

const by = ['scenario', 'model'] as const;
const of = selector(by);
/** Of the whole generator: it has no model. */
const ofRun = selector(['scenario']);
const name = '{{scenario}} {{model}}';

const spread = (metric: MetricName, ...shares: readonly (readonly [share: number, label: string])[]) =>
  shares.map(([share, label]) => [quantile(share, of(`${metric}_bucket`)), label] as const);
/** Counts only rise in a run, so the largest is the last: it is there when the run is over, and to the request. */
const most = (metric: MetricName, labels: readonly string[], ...more: string[]) =>
  `max by (${labels.join(', ')}) (max_over_time(${of(metric, ...more)}[$__range]))`;

const validities = {
  1: ['VALID', 'green'],
  2: ['SUSPECT', 'orange'],
  3: ['INVALID', 'red'],
} as const satisfies Words;

/** The word that is 1 as its number; of several runs, the worst. */
const validityNumber = `max(${Object.entries(validities)
  .map(([value, [word]]) => `(${most('glm_load_validity', ['validity'], `validity="${word}"`)} == 1) * ${value}`)
  .join(' or ')})`;

const green: Steps = [
  [null, 'red'],
  [1, 'green'],
];

export const loadTest: Board = {
  name: 'load-test',
  uid: 'glm-load-test',
  title: 'GLM / Load test',
  about:
    'A run of glm-testkit load: offered against delivered, latency from the schedule and from the send, the ledger, and the health of the generator. Choose a range that holds one run.',
  present: 'glm_load_requests_total',
  by,
  from: 'now-1h',
  rows: [
    [
      'Verdict',
      [
        number({
          title: 'Validity',
          about: 'Whether the run may be judged at all. Known at its end, by the textfile or a Pushgateway.',
          unit: 'none',
          words: validities,
          none: 'not over',
          queries: [[validityNumber, 'validity']],
        }),
        number({
          title: 'Gate',
          about: 'Whether all thresholds were kept.',
          unit: 'none',
          steps: green,
          words: { 0: ['failed', 'red'], 1: ['passed', 'green'] },
          none: 'not over',
          queries: [[`min(min_over_time(${of('glm_load_gate_passed')}[$__range]))`, 'gate']],
        }),
        number({
          title: 'Good requests',
          about: 'Requests with a complete, visible answer in the measured window.',
          unit: 'none',
          decimals: 0,
          queries: [[`sum(${most('glm_load_requests_total', [...by, 'outcome'], 'outcome="ok"')})`, 'good']],
        }),
        number({
          title: 'Within the SLO',
          about: 'Good requests that also kept the SLO, among the good ones.',
          unit: 'percentunit',
          decimals: 1,
          none: 'no requests',
          queries: [
            [
              `sum(${most('glm_load_slo_good_requests_total', by)}) / sum(${most('glm_load_requests_total', [...by, 'outcome'], 'outcome="ok"')})`,
              'within',
            ],
          ],
        }),
        number({
          title: 'Throughput',
          about: 'Good answers that ended in the measured window, per second of it. Known at the end of a run.',
          unit: 'reqps',
          decimals: 1,
          none: 'not over',
          queries: [[`sum(${most('glm_load_throughput_requests_per_second', by)})`, 'throughput']],
        }),
        number({
          title: 'Own error',
          about:
            'What this machine itself adds to a first token at p99, measured against known times. Differences below it mean nothing.',
          unit: 's',
          decimals: 4,
          none: 'not over',
          queries: [[`max(${most('glm_load_calibration_error_seconds', by)})`, 'p99']],
        }),
      ],
    ],
    [
      'Load',
      [
        lines({
          title: 'Offered against delivered',
          about:
            'Planned: their time came. Sent: an attempt left. Good: a complete answer came. Planned above sent: the generator or its limit of requests in flight holds them back. Sent above good: the endpoint does.',
          unit: 'reqps',
          width: 12,
          min: 0,
          queries: [
            [rate(of('glm_load_planned_requests_total')), 'planned'],
            [rate(of('glm_load_sent_requests_total')), 'sent'],
            [rate(of('glm_load_requests_total', 'outcome="ok"')), 'good'],
          ],
        }),
        lines({
          title: 'In flight',
          about: 'Mean number of requests under way. Rising at a constant rate: more comes in than goes out.',
          unit: 'short',
          width: 6,
          min: 0,
          queries: [[`sum by (scenario) (${ofRun('glm_load_in_flight_requests')})`, '{{scenario}}']],
        }),
        lines({
          title: 'Tokens',
          about: 'Tokens per second that the endpoint reported.',
          unit: 'short',
          width: 6,
          min: 0,
          queries: [
            [rate(of('glm_load_output_tokens_total')), 'output'],
            [rate(of('glm_load_input_tokens_total')), 'input'],
          ],
        }),
      ],
    ],
    [
      'Latency',
      [
        lines({
          title: 'First token',
          about:
            'From the moment the request was meant to start, and from the moment it was sent. Only the first is what a user waits; the distance between the two is what the generator held back.',
          unit: 's',
          min: 0,
          queries: [
            ...spread('glm_load_time_to_first_token_seconds', [0.5, 'p50 from schedule'], [0.99, 'p99 from schedule']),
            ...spread(
              'glm_load_time_to_first_token_from_send_seconds',
              [0.5, 'p50 from send'],
              [0.99, 'p99 from send'],
            ),
          ],
        }),
        lines({
          title: 'Whole answer',
          about: 'The same two views of the whole call.',
          unit: 's',
          min: 0,
          queries: [
            ...spread('glm_load_request_duration_seconds', [0.5, 'p50 from schedule'], [0.99, 'p99 from schedule']),
            ...spread('glm_load_request_duration_from_send_seconds', [0.5, 'p50 from send'], [0.99, 'p99 from send']),
          ],
        }),
        lines({
          title: 'First visible token',
          about: 'To the first thing that a person can read, from the moment the request was meant to start.',
          unit: 's',
          min: 0,
          queries: spread('glm_load_time_to_first_output_token_seconds', [0.5, 'p50'], [0.95, 'p95'], [0.99, 'p99']),
        }),
        heat({
          title: 'First token, all requests',
          about: 'How many good requests fell into which time, from the moment they were meant to start.',
          unit: 's',
          queries: [[buckets(of('glm_load_time_to_first_token_seconds_bucket')), '']],
        }),
        lines({
          title: 'Time per token',
          about: 'Mean time per output token after the first, one value for each request.',
          unit: 's',
          min: 0,
          queries: spread('glm_load_time_per_output_token_seconds', [0.5, 'p50'], [0.99, 'p99']),
        }),
        heat({
          title: 'Between chunks',
          about: 'How many gaps between two chunks of a stream fell into which time.',
          unit: 's',
          queries: [[buckets(of('glm_load_inter_chunk_seconds_bucket')), '']],
        }),
      ],
    ],
    [
      'Ledger',
      [
        rows({
          title: 'Ledger',
          about:
            'Every planned request by how it ended; the sum is what was planned. Warmup, censored, shed, unsent and lost were not measured, all others were. The largest run in the range, by arrivals and model.',
          unit: 'none',
          decimals: 0,
          width: 8,
          by: [...by, 'outcome'],
          queries: [[`${most('glm_load_requests_total', [...by, 'outcome'])} > 0`, 'requests']],
        }),
        lines({
          title: 'Failures by reason',
          about: 'Failed requests per second, in the words that the probe and the mock use as well.',
          unit: 'reqps',
          min: 0,
          stacked: true,
          queries: [
            [`${rate(of('glm_load_failures_total'), 'fault_domain', 'reason')} > 0`, '{{fault_domain}}: {{reason}}'],
          ],
        }),
        lines({
          title: 'Refusals and repetitions',
          about:
            'Attempts per second that were refused with HTTP 429, by business code, and attempts beyond the first of their request.',
          unit: 'reqps',
          min: 0,
          queries: [
            [`${rate(of('glm_load_limited_total'), 'code')} > 0`, 'code {{code}}'],
            [rate(of('glm_load_retries_total')), 'repeated'],
          ],
        }),
      ],
    ],
    [
      'Can the generator be believed?',
      [
        lines({
          title: 'Event loop busy',
          about: 'Busy share of the busiest measuring process. Near 1 it measures itself.',
          unit: 'percentunit',
          width: 6,
          min: 0,
          max: 1,
          steps: [
            [null, 'green'],
            [0.8, 'red'],
          ],
          queries: [[`max by (scenario) (${ofRun('glm_load_event_loop_utilization_ratio')})`, '{{scenario}}']],
        }),
        lines({
          title: 'Lateness',
          about: 'How late the generator was: sending what was due, and its timers.',
          unit: 's',
          width: 6,
          min: 0,
          queries: [
            ...spread('glm_load_send_delay_seconds', [0.5, 'sending p50'], [0.99, 'sending p99']),
            [`max(${ofRun('glm_load_event_loop_lag_seconds')})`, 'timers, worst'],
          ],
        }),
        lines({
          title: 'Opening connections',
          about: 'TLS included. Many of them, or slow ones, belong into no latency of a model.',
          unit: 's',
          width: 6,
          min: 0,
          queries: spread('glm_load_connect_seconds', [0.5, 'p50'], [0.95, 'p95']),
        }),
        lines({
          title: 'Events read together',
          about:
            'Share of stream events that came in one read with the one before, so that their distance is not known. High: gaps are a guess.',
          unit: 'percentunit',
          width: 6,
          min: 0,
          max: 1,
          queries: [
            [
              `${rate(of('glm_load_coalesced_events_total'), ...by)} / ${rate(of('glm_load_stream_events_total'), ...by)}`,
              name,
            ],
          ],
        }),
      ],
    ],
  ],
};
