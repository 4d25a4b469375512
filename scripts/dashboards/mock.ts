/** The mock itself: who asks it, what it does to them, and whether it keeps its own times. */
import type { MetricName } from '../../src/core/metrics.ts';
import { type Board, selector } from './board.ts';
import { heat, lines, number, rows } from './panels.ts';
import { buckets, quantile, rate } from './queries.ts';

const of = selector([]);

const spread = (metric: MetricName, ...shares: readonly (readonly [share: number, label: string])[]) =>
  shares.map(([share, label]) => [quantile(share, of(`${metric}_bucket`)), label] as const);

export const mock: Board = {
  name: 'mock',
  uid: 'glm-mock',
  title: 'GLM / Mock',
  about:
    'A running glm-testkit mock: traffic, faults that struck, limits that were hit, and how well it keeps its times.',
  present: 'glm_mock_build_info',
  by: [],
  from: 'now-1h',
  rows: [
    [
      'Traffic',
      [
        number({
          title: 'Requests',
          about: 'Answered since the mock started.',
          unit: 'none',
          decimals: 0,
          queries: [[`sum(${of('glm_mock_requests_total')})`, 'requests']],
        }),
        number({
          title: 'In flight',
          about: 'Requests being answered now.',
          unit: 'none',
          decimals: 0,
          queries: [[`sum(${of('glm_mock_in_flight_requests')})`, 'in flight']],
        }),
        number({
          title: 'Open streams',
          about: 'Event streams being written now.',
          unit: 'none',
          decimals: 0,
          queries: [[`sum(${of('glm_mock_open_streams')})`, 'streams']],
        }),
        number({
          title: 'Unmatched',
          about: 'Requests since the start that no fixture answered although one had to.',
          unit: 'none',
          decimals: 0,
          steps: [
            [null, 'green'],
            [1, 'red'],
          ],
          queries: [[`sum(${of('glm_mock_unmatched_requests_total')})`, 'unmatched']],
        }),
        rows({
          title: 'What is running',
          about: 'Version, and the dialect that it speaks.',
          unit: 'none',
          width: 8,
          by: ['instance', 'version', 'profile', 'era'],
          queries: [[`max by (instance, version, profile, era) (${of('glm_mock_build_info')})`, 'running']],
        }),
        lines({
          title: 'Requests by answer',
          about: 'Requests per second by HTTP status and business code; none is no error.',
          unit: 'reqps',
          width: 12,
          min: 0,
          stacked: true,
          queries: [[rate(of('glm_mock_requests_total'), 'http_status', 'code'), '{{http_status}} {{code}}']],
        }),
        lines({
          title: 'Under way',
          about: 'Requests being answered, and streams being written.',
          unit: 'short',
          width: 6,
          min: 0,
          queries: [
            [`sum(${of('glm_mock_in_flight_requests')})`, 'requests'],
            [`sum(${of('glm_mock_open_streams')})`, 'streams'],
          ],
        }),
        lines({
          title: 'Tokens',
          about: 'Tokens per second of answered requests.',
          unit: 'short',
          width: 6,
          min: 0,
          queries: [
            [rate(of('glm_mock_output_tokens_total')), 'output'],
            [rate(of('glm_mock_input_tokens_total')), 'input'],
          ],
        }),
        lines({
          title: 'Duration by endpoint',
          about:
            'From a request’s arrival to the last byte handed to the socket; what the mock was told to take, and its own error.',
          unit: 's',
          width: 12,
          min: 0,
          queries: [
            [quantile(0.5, of('glm_mock_request_duration_seconds_bucket'), 'endpoint'), '{{endpoint}} p50'],
            [quantile(0.95, of('glm_mock_request_duration_seconds_bucket'), 'endpoint'), '{{endpoint}} p95'],
          ],
        }),
        rows({
          title: 'Answers since the start',
          about:
            'Every request by endpoint, model and answer, to the request: it equals the journal as long as that forgets none.',
          unit: 'none',
          decimals: 0,
          by: ['endpoint', 'model', 'http_status', 'code'],
          queries: [[`sum by (endpoint, model, http_status, code) (${of('glm_mock_requests_total')})`, 'requests']],
        }),
      ],
    ],
    [
      'Faults and limits',
      [
        lines({
          title: 'Faults by scenario',
          about: 'Faults per second that struck a request. A fault is first seen here when it has struck once.',
          unit: 'short',
          min: 0,
          stacked: true,
          queries: [[rate(of('glm_mock_faults_total'), 'scenario'), '{{scenario}}']],
        }),
        lines({
          title: 'Refused with 429',
          about: 'Refusals per second by business code: limits of the mock and faults alike.',
          unit: 'reqps',
          min: 0,
          queries: [[rate(of('glm_mock_requests_total', 'http_status="429"'), 'code'), '{{code}}']],
        }),
        lines({
          title: 'Clients that went away',
          about: 'Clients per second that hung up before their answer was complete, by how far it was.',
          unit: 'short',
          min: 0,
          queries: [[rate(of('glm_mock_client_disconnects_total'), 'stage'), '{{stage}}']],
        }),
      ],
    ],
    [
      'Does it keep its times?',
      [
        lines({
          title: 'Pacing error of chunks',
          about:
            'How late a chunk was handed to the socket against its due time. What a load test measures below this is the mock.',
          unit: 's',
          min: 0,
          queries: spread('glm_mock_chunk_lateness_seconds', [0.5, 'p50'], [0.99, 'p99'], [0.999, 'p99.9']),
        }),
        lines({
          title: 'Worst pacing error of streams',
          about: 'The largest pacing error of each stream.',
          unit: 's',
          min: 0,
          queries: spread('glm_mock_stream_worst_lateness_seconds', [0.5, 'p50'], [0.99, 'p99']),
        }),
        heat({
          title: 'Pacing error, all chunks',
          about: 'How many chunks were how late.',
          unit: 's',
          queries: [[buckets(of('glm_mock_chunk_lateness_seconds_bucket')), '']],
        }),
      ],
    ],
  ],
};
