/** Whether the prober can be believed: everything else it says rests on that. */
import { type Board, selector } from './board.ts';
import { lines, number, rows } from './panels.ts';
import { quantile, rate } from './queries.ts';
import { probeStep as step } from './steps.ts';

const of = selector([]);
const own = (name: string) => `${name}{job=~"$job", instance=~"$instance"}`;
const check = 'target, check, model';

export const prober: Board = {
  name: 'prober',
  uid: 'glm-prober',
  title: 'GLM / Prober health',
  about:
    'Whether the prober itself is well: on time, awake, connected, within its budget, and with the file that you think it has.',
  present: 'glm_probe_build_info',
  by: [],
  from: 'now-24h',
  rows: [
    [
      'Now',
      [
        number({
          title: 'Config',
          about: 'Whether the last reload took the new file, or kept the old one because the new one was wrong.',
          unit: 'none',
          words: { 0: ['old one kept', 'red'], 1: ['as written', 'green'] },
          queries: [[`min(${of('glm_probe_config_last_reload_successful')})`, 'config']],
        }),
        number({
          title: 'Config read',
          about: 'How long ago the file that is in use was read.',
          unit: 's',
          decimals: 0,
          queries: [[`time() - min(${of('glm_probe_config_last_reload_success_timestamp_seconds')})`, 'ago']],
        }),
        number({
          title: 'Own network',
          about: 'Whether a reference URL answers. While none does, nothing is blamed on the endpoints.',
          unit: 'none',
          words: { 0: ['down', 'red'], 1: ['up', 'green'] },
          none: 'not watched',
          queries: [[`min(${of('glm_probe_connectivity')})`, 'network']],
        }),
        number({
          title: 'Most overdue',
          about: 'How far the last run of a check lies behind its longest interval. Below zero nothing is overdue.',
          unit: 's',
          decimals: 0,
          queries: [
            [
              `max(time() - max by (${check}) (${of('glm_probe_last_run_timestamp_seconds')}) - max by (${check}) (${of('glm_probe_interval_seconds')}))`,
              'overdue',
            ],
          ],
        }),
        number({
          title: 'Series',
          about: 'Values that one scrape brings.',
          unit: 'none',
          queries: [[`sum(${own('scrape_samples_scraped')})`, 'series']],
        }),
        rows({
          title: 'What is running',
          about: 'Version of the prober and of Node.',
          unit: 'none',
          width: 4,
          by: ['instance', 'version', 'node_version'],
          queries: [[`max by (instance, version, node_version) (${of('glm_probe_build_info')})`, 'running']],
        }),
      ],
    ],
    [
      'On time',
      [
        lines({
          title: 'Late starts',
          about: 'How long after its moment a run began.',
          unit: 's',
          min: 0,
          queries: [
            [quantile(0.5, of('glm_probe_schedule_lag_seconds_bucket')), 'p50'],
            [quantile(0.99, of('glm_probe_schedule_lag_seconds_bucket')), 'p99'],
          ],
          step,
        }),
        lines({
          title: 'Runs by outcome',
          about: 'Runs per second. Unknown: the run says nothing about the service.',
          unit: 'short',
          min: 0,
          stacked: true,
          queries: [[rate(of('glm_probe_runs_total'), 'outcome'), '{{outcome}}']],
          step,
        }),
        lines({
          title: 'No run at its moment',
          about:
            'Places on the schedule per second at which no run was made, by why; missed: the prober was not awake.',
          unit: 'short',
          min: 0,
          queries: [
            [rate(of('glm_probe_runs_skipped_total'), 'reason'), '{{reason}}'],
            [rate(of('glm_probe_runs_missed_total')), 'missed'],
          ],
          step,
        }),
        rows({
          title: 'Schedule',
          about:
            'Every check: how long ago it ran and was good, when it is due, how often, and how long a call may take.',
          unit: 's',
          width: 24,
          decimals: 0,
          by: ['target', 'check', 'model'],
          queries: [
            [`time() - max by (${check}) (${of('glm_probe_last_run_timestamp_seconds')})`, 'last run ago'],
            [`time() - max by (${check}) (${of('glm_probe_last_success_timestamp_seconds')})`, 'last good ago'],
            [`min by (${check}) (${of('glm_probe_next_run_timestamp_seconds')}) - time()`, 'due in'],
            [`max by (${check}) (${of('glm_probe_interval_seconds')})`, 'interval'],
            [`max by (${check}) (${of('glm_probe_timeout_seconds')})`, 'longest call'],
          ],
        }),
      ],
    ],
    [
      'Undisturbed',
      [
        lines({
          title: 'Event loop',
          about:
            'How late the program’s own timers are. Times that were measured meanwhile are thrown away and counted.',
          unit: 's',
          min: 0,
          queries: [
            [`max(${own('nodejs_eventloop_lag_p99_seconds')})`, 'p99'],
            [`max(${own('nodejs_eventloop_lag_p50_seconds')})`, 'p50'],
          ],
          step,
        }),
        lines({
          title: 'Disturbances',
          about:
            'Per second: timers late by more than 50 ms, clock steps, measurements thrown away for either, runs that could not be stored.',
          unit: 'short',
          min: 0,
          queries: [
            [rate(of('glm_probe_event_loop_stalls_total')), 'event loop stalls'],
            [rate(of('glm_probe_clock_steps_total')), 'clock steps'],
            [rate(of('glm_probe_measurement_discarded_total'), 'reason'), 'discarded: {{reason}}'],
            [rate(of('glm_probe_history_failures_total')), 'not stored'],
          ],
          step,
        }),
        lines({
          title: 'Clock skew',
          about:
            'The server’s clock minus ours, to half a second. JWTs are refused when it grows; ours is the likelier culprit when all targets agree.',
          unit: 's',
          queries: [[`max by (target) (${of('glm_probe_clock_skew_seconds')})`, '{{target}}']],
          step,
        }),
        lines({
          title: 'Memory',
          about: 'Resident memory of the process.',
          unit: 'bytes',
          width: 6,
          min: 0,
          queries: [[`max by (instance) (${own('process_resident_memory_bytes')})`, '{{instance}}']],
          step,
        }),
        lines({
          title: 'Processor',
          about: 'Cores that the process uses.',
          unit: 'short',
          width: 6,
          min: 0,
          queries: [[rate(own('process_cpu_seconds_total'), 'instance'), '{{instance}}']],
          step,
        }),
        lines({
          title: 'Notifications',
          about:
            'Notifications per second by channel and outcome. A dropped or failed one is an alert that nobody saw.',
          unit: 'short',
          width: 6,
          min: 0,
          queries: [[rate(of('glm_probe_notifications_total'), 'channel', 'outcome'), '{{channel}} {{outcome}}']],
          step,
        }),
        lines({
          title: 'Budget of the day',
          about: 'What is left of each credential’s budget. At zero, runs are skipped.',
          unit: 'percentunit',
          width: 6,
          min: 0,
          max: 1,
          queries: [
            [`min by (credential, budget) (${of('glm_probe_budget_remaining_ratio')})`, '{{credential}} {{budget}}'],
          ],
          step,
        }),
      ],
    ],
    [
      'What it looks at',
      [
        rows({
          title: 'Checks',
          about: 'What is checked, how, and from where.',
          unit: 'none',
          by: ['target', 'check', 'model', 'kind', 'endpoint_kind', 'thinking', 'vantage', 'severity'],
          queries: [
            [
              `max by (target, check, model, kind, endpoint_kind, thinking, vantage, severity) (${of('glm_probe_check_info')})`,
              'present',
            ],
          ],
        }),
        rows({
          title: 'Models that answered',
          about:
            'The model that the last answer named. Another one than was asked for: the endpoint answers with something else.',
          unit: 'none',
          width: 6,
          by: ['target', 'model', 'response_model'],
          queries: [[`max by (target, model, response_model) (${of('glm_probe_response_model_info')})`, 'present']],
        }),
        number({
          title: 'Certificate',
          about: 'How long the certificate that ends first is still valid.',
          unit: 's',
          width: 3,
          none: 'no TLS',
          queries: [[`min(${of('glm_probe_tls_certificate_not_after_timestamp_seconds')}) - time()`, 'left']],
        }),
        number({
          title: 'Maintenance',
          about: 'Checks whose failures do not count now, because a maintenance window is open.',
          unit: 'none',
          width: 3,
          queries: [[`sum(max by (target, check) (${of('glm_probe_maintenance')}))`, 'checks']],
        }),
      ],
    ],
  ],
};
