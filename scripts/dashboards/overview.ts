/** Is the service well, does it keep what was promised, whose fault is what failed, and what does asking cost. */
import { panelTitles } from '../../src/probe/dashboards.ts';
import { type Board, selector } from './board.ts';
import { lines, number, rows, type Steps, states, type Words } from './panels.ts';
import { rate, total } from './queries.ts';
import { probeStep } from './steps.ts';

const by = ['target', 'check', 'model'] as const;
const of = selector(by);
const check = by.join(', ');
const name = '{{target}} {{check}} {{model}}';
const step = probeStep;

const states_ = {
  1: ['up', 'green'],
  2: ['degraded', 'yellow'],
  3: ['maintenance', 'blue'],
  4: ['unknown', 'gray'],
  5: ['down', 'red'],
} as const satisfies Words;

/** The state that was 1 as its number: the worst in a step and of several probers, so that a short outage is not lost between two points. */
const stateNumber = `max by (${check}) (${Object.entries(states_)
  .map(
    ([value, [state]]) => `(max_over_time(${of('glm_probe_state', `state="${state}"`)}[$__interval]) == 1) * ${value}`,
  )
  .join(' or ')})`;

const events = (verdict: string, window: string, ...more: string[]) =>
  `sum by (${check}, sli) (increase(${of('glm_probe_sli_events_total', `verdict=~"${verdict}"`, ...more)}[${window}]))`;
const objective = `max by (${check}, sli) (${of('glm_probe_slo_objective_ratio')})`;
/** Only what counts: an excluded run is neither good nor bad. */
const badShare = (window: string) => `${events('bad', window)} / ${events('good|bad', window)}`;
const burn = (window: string) => `(${badShare(window)}) / on (${check}, sli) (1 - ${objective})`;
const budgetLeft = `1 - (${burn('30d')})`;

const availability = (verdict: string) =>
  total(of('glm_probe_sli_events_total', 'sli="availability"', `verdict=~"${verdict}"`));

/** A budget is gone in 30 days at 1, in five at 6, in two at 14.4. */
const burnSteps: Steps = [
  [null, 'green'],
  [1, 'yellow'],
  [6, 'orange'],
  [14.4, 'red'],
];
const lowIsBad = (bad: number, good: number): Steps => [
  [null, 'red'],
  [bad, 'orange'],
  [good, 'green'],
];

export const overview: Board = {
  name: 'overview',
  uid: 'glm-overview',
  title: 'GLM / Overview',
  about:
    'Whether the endpoints are well, whether they keep their objectives, whose fault a failure is, and what it costs to ask.',
  present: 'glm_probe_check_info',
  by,
  from: 'now-24h',
  rows: [
    [
      'Now',
      [
        states({
          title: 'State',
          about:
            'What the service is, as far as its runs tell. Unknown: the account, the request or the prober stands in the way, so nobody can tell. Of several probers, the worst is shown.',
          unit: 'none',
          words: states_,
          queries: [[stateNumber, name]],
          step,
        }),
        number({
          title: 'Availability',
          about:
            'Good runs among those that count, in the range shown. Runs that failed for the account, the request or the prober do not count.',
          unit: 'percentunit',
          decimals: 2,
          steps: lowIsBad(0.95, 0.99),
          none: 'no runs',
          queries: [[`${availability('good')} / ${availability('good|bad')}`, 'availability']],
        }),
        number({
          title: 'Down',
          about: 'Checks that are down now: failed, and their quick repetitions failed as well.',
          unit: 'none',
          steps: [
            [null, 'green'],
            [1, 'red'],
          ],
          queries: [[`sum(max by (${check}) (${of('glm_probe_state', 'state="down"')}))`, 'down']],
        }),
        number({
          title: 'Least budget left',
          about:
            'Of all objectives, the smallest error budget of the last 30 days. Below zero the objective is broken.',
          unit: 'percentunit',
          decimals: 1,
          steps: lowIsBad(0, 0.25),
          none: 'no objective',
          queries: [[`min(${budgetLeft})`, 'left']],
        }),
        number({
          title: 'Failed for the account',
          about:
            'Failures that only the owner of the key can end: no money, no quota, a limit, a key that is refused. They are no outage.',
          unit: 'short',
          decimals: 0,
          steps: [
            [null, 'green'],
            [1, 'orange'],
          ],
          queries: [[total(of('glm_probe_failures_total', 'fault_domain="account"')), 'failures']],
        }),
        number({
          title: 'Oldest answer',
          about:
            'How long ago the check that is furthest behind was run. Much more than its interval: the prober hangs.',
          unit: 's',
          decimals: 0,
          queries: [[`max(time() - max by (${check}) (${of('glm_probe_last_run_timestamp_seconds')}))`, 'age']],
        }),
        number({
          title: 'Could not tell',
          about:
            'Runs that say nothing about the service, because the prober or its network was disturbed. Many of them make every other number here weaker.',
          unit: 'percentunit',
          decimals: 1,
          steps: [
            [null, 'green'],
            [0.05, 'orange'],
          ],
          none: 'no runs',
          queries: [
            [
              `${total(of('glm_probe_runs_total', 'outcome="unknown"'))} / ${total(of('glm_probe_runs_total'))}`,
              'unknown',
            ],
          ],
        }),
      ],
    ],
    [
      'Service level',
      [
        rows({
          title: 'Objectives',
          about:
            'Every objective with what was kept in the range shown, and what is left of its error budget over the last 30 days.',
          unit: 'percentunit',
          decimals: 2,
          by: [...by, 'sli'],
          queries: [
            [objective, 'objective'],
            [`(1 - (${badShare('$__range')})) and on (${check}, sli) ${objective}`, 'kept'],
            [budgetLeft, 'budget left'],
          ],
        }),
        lines({
          title: 'Burn rate over 1 h',
          about:
            'How many times faster than allowed the error budget is being spent: at 1 it lasts exactly 30 days, at 14.4 two. The alert also wants a least number of failures, because one failed run of few looks like a fire.',
          unit: 'short',
          width: 6,
          min: 0,
          steps: burnSteps,
          queries: [[burn('1h'), '{{target}} {{check}} {{sli}}']],
          step,
        }),
        lines({
          title: 'Burn rate over 6 h',
          about: 'The same over a longer window: a slow leak that one hour does not show.',
          unit: 'short',
          width: 6,
          min: 0,
          steps: burnSteps,
          queries: [[burn('6h'), '{{target}} {{check}} {{sli}}']],
          step,
        }),
      ],
    ],
    [
      'What failed',
      [
        lines({
          title: 'Failures by whose fault it was',
          about:
            'Failed runs per second. Only provider and network count against the service; an account, a client or a prober failure has another owner.',
          unit: 'short',
          min: 0,
          stacked: true,
          queries: [[rate(of('glm_probe_failures_total'), 'fault_domain'), '{{fault_domain}}']],
          step,
        }),
        rows({
          title: 'Failures by reason',
          about:
            'Failed runs in the range shown, in the words that the mock, the load tester and the alerts use as well.',
          unit: 'short',
          decimals: 0,
          width: 8,
          by: ['fault_domain', 'reason'],
          queries: [[`${total(of('glm_probe_failures_total'), 'fault_domain', 'reason')} > 0`, 'failures']],
        }),
        rows({
          title: 'Error answers by code',
          about:
            'Answers with an error since the prober started, by HTTP status and business code. One status 429 has many codes: 1302 is a rate limit, 1113 an empty account, 1305 an overloaded platform.',
          unit: 'short',
          decimals: 0,
          width: 8,
          by: ['target', 'http_status', 'code'],
          queries: [[`sum by (target, http_status, code) (${ofTarget('glm_probe_api_errors_total')})`, 'answers']],
        }),
        lines({
          title: 'Failures in a row',
          about: 'Runs in a row that failed, by whose fault it was. Three of provider or network page.',
          unit: 'short',
          width: 12,
          min: 0,
          queries: [
            [
              `max by (target, check, fault_domain) (max_over_time(${of('glm_probe_consecutive_failures')}[$__rate_interval])) > 0`,
              '{{target}} {{check}} {{fault_domain}}',
            ],
          ],
          step,
        }),
        lines({
          title: panelTitles.kept,
          about: 'Share of runs that count which were good, by indicator, in windows of four intervals.',
          unit: 'percentunit',
          width: 12,
          max: 1,
          queries: [
            [
              `${rate(of('glm_probe_sli_events_total', 'verdict="good"'), 'target', 'check', 'sli')} / ${rate(of('glm_probe_sli_events_total', 'verdict=~"good|bad"'), 'target', 'check', 'sli')}`,
              '{{target}} {{check}} {{sli}}',
            ],
          ],
          step,
        }),
      ],
    ],
    [
      'Spend',
      [
        number({
          title: panelTitles.spend,
          about: 'What the runs in the range shown have cost, as far as prices are known, by currency.',
          unit: 'short',
          decimals: 4,
          queries: [
            [total(of('glm_probe_cost_cny_total')), 'CNY'],
            [total(of('glm_probe_cost_usd_total')), 'USD'],
          ],
        }),
        number({
          title: 'Least day’s budget left',
          about:
            'Of all credentials, what is left of today’s budget of tokens or money. At zero, runs are skipped and counted.',
          unit: 'percentunit',
          decimals: 1,
          steps: lowIsBad(0.05, 0.2),
          none: 'no budget',
          queries: [[`min(${selector([])('glm_probe_budget_remaining_ratio')})`, 'left']],
        }),
        lines({
          title: 'Tokens',
          about: 'Tokens per second that the probe spends. Thinking is a part of output, cached is a part of input.',
          unit: 'short',
          min: 0,
          queries: [
            [rate(of('glm_probe_input_tokens_total')), 'input'],
            [rate(of('glm_probe_output_tokens_total')), 'output'],
            [rate(of('glm_probe_reasoning_output_tokens_total')), 'thinking'],
            [rate(of('glm_probe_cache_read_input_tokens_total')), 'cached input'],
          ],
          step,
        }),
        lines({
          title: 'Budget of the day',
          about: 'What is left of each credential’s budget of the day.',
          unit: 'percentunit',
          min: 0,
          max: 1,
          queries: [
            [
              `min by (credential, budget) (${selector([])('glm_probe_budget_remaining_ratio')})`,
              '{{credential}} {{budget}}',
            ],
          ],
          step,
        }),
      ],
    ],
  ],
};

function ofTarget(metric: 'glm_probe_api_errors_total'): string {
  return selector(['target'])(metric);
}
