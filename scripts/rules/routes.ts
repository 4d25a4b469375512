/** Who hears of an alert by the example in dashboards/alertmanager/alertmanager.yml. */
import { type Rule, type RuleFile, rulesOf } from './rule-file.ts';

export interface Route {
  readonly labels: Readonly<Record<string, string>>;
  readonly receiver: string;
}

/** By severity; what the owner of the account has to mend goes there whatever its severity is. */
const receivers = { page: 'pager', ticket: 'tickets', info: 'log' } as const;
type Severity = keyof typeof receivers;

const byHand: readonly Route[] = [
  { labels: { alertname: 'GlmProbeDown', severity: 'page', target: 'cn', check: 'chat_stream' }, receiver: 'pager' },
  { labels: { alertname: 'GlmProbeDown', severity: 'ticket', target: 'cn', check: 'chat' }, receiver: 'tickets' },
  { labels: { alertname: 'GlmProbeAccountBlocked', severity: 'ticket', route: 'owner' }, receiver: 'account-owner' },
  { labels: { alertname: 'Mistaken', severity: 'page', route: 'owner' }, receiver: 'account-owner' },
  { labels: { alertname: 'SomethingElse' }, receiver: 'tickets' },
];

/** Every alert of the rules, and some others. An alert that takes its severity from its check is tried with each. */
export const routesOf = (files: readonly RuleFile[]): Route[] => [
  ...byHand,
  ...files.flatMap(file => rulesOf(file).flatMap(rule => (rule.alert === undefined ? [] : expected(rule)))),
];

function expected({ alert = '', labels = {} }: Rule): Route[] {
  const { severity = '', ...rest } = labels;
  const severities = severity.startsWith('{{') ? (Object.keys(receivers) as Severity[]) : [severity as Severity];
  return severities.map(one => ({
    labels: { alertname: alert, severity: one, ...rest },
    receiver: rest.route === 'owner' ? 'account-owner' : receivers[one],
  }));
}
