/** How fast the service answers, phase by phase, as the probe sees it. */
import type { MetricName } from '../../src/core/metrics.ts';
import { panelTitles } from '../../src/probe/dashboards.ts';
import { type Board, selector } from './board.ts';
import { heat, lines, number } from './panels.ts';
import { buckets, mean, quantile, rate, total } from './queries.ts';
import { probeStep as step } from './steps.ts';

const by = ['target', 'check', 'model'] as const;
const of = selector(by);
const name = '{{target}} {{check}}';

const spread = (metric: MetricName, ...shares: readonly (readonly [share: number, label: string])[]) =>
  shares.map(
    ([share, label]) => [quantile(share, of(`${metric}_bucket`), 'target', 'check'), `${name} ${label}`] as const,
  );
const meanOf = (metric: MetricName, ...labels: string[]) => mean(of(`${metric}_sum`), of(`${metric}_count`), ...labels);
const median = (metric: MetricName) => `histogram_quantile(0.5, ${total(of(`${metric}_bucket`), 'le')})`;
const inTime = (sli: string, verdict: string) =>
  rate(of('glm_probe_sli_events_total', `sli="${sli}"`, `verdict=~"${verdict}"`), 'target', 'check');

const p50 = [0.5, 'p50'] as const;
const p95 = [0.95, 'p95'] as const;

export const latency: Board = {
  name: 'latency',
  uid: 'glm-latency',
  title: 'GLM / Latency',
  about:
    'How fast the endpoints answer: connection, headers, first token, first visible token, silences, speed. Good runs only.',
  present: 'glm_probe_check_info',
  by,
  from: 'now-24h',
  rows: [
    [
      'In short',
      [
        number({
          title: 'First token',
          about: 'Half of the good runs in the range shown had their first token, thinking included, within this time.',
          unit: 's',
          decimals: 2,
          none: 'no runs',
          queries: [[median('glm_probe_time_to_first_token_seconds'), 'p50']],
        }),
        number({
          title: 'First visible token, half',
          about: 'Half of the good runs in the range shown had something to read within this time.',
          unit: 's',
          decimals: 2,
          none: 'no runs',
          queries: [[median('glm_probe_time_to_first_output_token_seconds'), 'p50']],
        }),
        number({
          title: 'Tokens per second',
          about: 'Half of the good runs in the range shown were at least this fast after their first token.',
          unit: 'short',
          decimals: 0,
          none: 'no runs',
          queries: [[median('glm_probe_output_tokens_per_second'), 'p50']],
        }),
        number({
          title: 'Longest silence',
          about: 'Half of the good runs in the range shown were never silent for longer than this.',
          unit: 's',
          decimals: 2,
          none: 'no runs',
          queries: [[median('glm_probe_max_chunk_gap_seconds'), 'p50']],
        }),
        number({
          title: 'Whole answer',
          about: 'Half of the good runs in the range shown were complete within this time.',
          unit: 's',
          decimals: 2,
          none: 'no runs',
          queries: [[median('glm_probe_run_duration_seconds'), 'p50']],
        }),
        number({
          title: 'Good runs measured',
          about: 'How many values these figures rest on. Few of them make a p95 an anecdote.',
          unit: 'short',
          decimals: 0,
          queries: [[total(of('glm_probe_run_duration_seconds_count')), 'runs']],
        }),
      ],
    ],
    [
      'To the first token',
      [
        lines({
          title: 'Phases',
          about:
            'Mean times, one upon the other: finding the name, connecting, TLS, then from sending the request to the response headers. Headers may leave before the model has begun; see the first token for that.',
          unit: 's',
          min: 0,
          stacked: true,
          queries: [
            [meanOf('glm_probe_connect_phase_duration_seconds', 'phase'), '{{phase}}'],
            [meanOf('glm_probe_time_to_first_byte_seconds'), 'headers'],
          ],
          step,
        }),
        lines({
          title: 'First token',
          about: 'To the first token of any kind, thinking included.',
          unit: 's',
          min: 0,
          queries: spread('glm_probe_time_to_first_token_seconds', p50, p95),
          step,
        }),
        lines({
          title: panelTitles.firstVisible,
          about:
            'To the first thing that a person can read, or the first tool call. A dashed line is the time that an objective allows.',
          unit: 's',
          min: 0,
          queries: spread('glm_probe_time_to_first_output_token_seconds', p50, p95),
          step,
        }),
        heat({
          title: 'First visible token, all runs',
          about: 'How many good runs fell into which time. Two bands are two kinds of runs, which a median hides.',
          unit: 's',
          queries: [[buckets(of('glm_probe_time_to_first_output_token_seconds_bucket')), '']],
          step,
        }),
        lines({
          title: 'Thinking before speaking',
          about: 'Mean time from the first token of any kind to the first visible one.',
          unit: 's',
          min: 0,
          queries: [
            [
              `${meanOf('glm_probe_time_to_first_output_token_seconds', 'target', 'check')} - ${meanOf('glm_probe_time_to_first_token_seconds', 'target', 'check')}`,
              name,
            ],
          ],
          step,
        }),
        lines({
          title: panelTitles.inTime,
          about:
            'Runs whose first visible token came within the time of their objective; an answer that never came was not in time.',
          unit: 'percentunit',
          min: 0,
          max: 1,
          queries: [[`${inTime('ttfot', 'good')} / ${inTime('ttfot', 'good|bad')}`, name]],
          step,
        }),
      ],
    ],
    [
      'While it speaks',
      [
        lines({
          title: panelTitles.gap,
          about: 'The longest silence between two chunks of a run. A dashed line is what an objective allows.',
          unit: 's',
          min: 0,
          queries: spread('glm_probe_max_chunk_gap_seconds', p50, p95),
          step,
        }),
        lines({
          title: panelTitles.noStall,
          about: 'Runs whose longest silence stayed within the time of their objective.',
          unit: 'percentunit',
          min: 0,
          max: 1,
          queries: [[`${inTime('stall', 'good')} / ${inTime('stall', 'good|bad')}`, name]],
          step,
        }),
        lines({
          title: 'Speed',
          about:
            'Tokens per second after the first: half of the runs were faster than p50, one in twenty was slower than p5.',
          unit: 'short',
          min: 0,
          queries: spread('glm_probe_output_tokens_per_second', p50, [0.05, 'p5']),
          step,
        }),
        lines({
          title: 'Whole answer',
          about: 'From the start of a call to its last byte.',
          unit: 's',
          min: 0,
          queries: spread('glm_probe_run_duration_seconds', p50, p95),
          step,
        }),
        heat({
          title: 'Whole answer, all runs',
          about: 'How many good runs fell into which time.',
          unit: 's',
          queries: [[buckets(of('glm_probe_run_duration_seconds_bucket')), '']],
          step,
        }),
        lines({
          title: 'Longest phase of connecting',
          about: 'One in twenty connections took longer than this, by phase. Every run opens its own.',
          unit: 's',
          min: 0,
          queries: [[quantile(0.95, of('glm_probe_connect_phase_duration_seconds_bucket'), 'phase'), '{{phase}} p95']],
          step,
        }),
      ],
    ],
    [
      'Cold against warm',
      [
        lines({
          title: 'What the cache saves',
          about:
            'Time to the first token that the second of two equal prompts saved, in the last pair of a cached_pair check. Around zero: nothing is cached, or it does not help.',
          unit: 's',
          queries: [[`max by (target, check, model) (${of('glm_probe_cache_saved_seconds')})`, `${name} {{model}}`]],
          step,
        }),
        lines({
          title: 'Prompt from the cache',
          about:
            'Share of the prompt that the provider says it had cached, in the last pair. A cold prompt that is cached was not cold, and its times are too good.',
          unit: 'percentunit',
          min: 0,
          max: 1,
          queries: [[`max by (target, check, prompt) (${of('glm_probe_cached_input_ratio')})`, `${name} {{prompt}}`]],
          step,
        }),
        lines({
          title: 'What an open connection saves',
          about:
            'Time to the first token that the second call over the same connection saved, in the last run of a reuse check.',
          unit: 's',
          queries: [[`max by (target, check, model) (${of('glm_probe_reuse_saved_seconds')})`, `${name} {{model}}`]],
          step,
        }),
      ],
    ],
  ],
};
