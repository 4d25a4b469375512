/** What the drill can play: each fault with the word the probe has for it and the alert that has to come. Closed, and compared with mock, probe and rules by a test. */
import type { FaultDomain, Reason } from '../core/outcome.ts';
import type { ProbeFile } from '../probe/config.ts';

/** A scenario of the mock, with parameters of its own. */
export interface ScenarioPlay {
  readonly kind: 'scenario';
  readonly scenario: string;
  readonly value?: string;
  /** In the world's time; shortened with the rules. */
  readonly forMs?: number;
}

export type Play =
  | ScenarioPlay
  /** Nobody listens at the endpoint's port. */
  | { readonly kind: 'endpoint_ends' }
  /** The same, and the reference URL of its prober is gone as well. */
  | { readonly kind: 'network_ends' }
  | { readonly kind: 'prober_ends' }
  /** The prober's file gets a mistake. */
  | { readonly kind: 'config_breaks' };

/** Whose webhook of the Alertmanager example an alert has to arrive at. */
export type Receiver = 'pager' | 'tickets' | 'account-owner';

export interface Fault {
  /** The scenario's name where there is one and it is not a long one. */
  readonly name: string;
  readonly play: Play;
  readonly domain: FaultDomain;
  /** What the probe calls it; null when its runs are good or there are none. */
  readonly reason: Reason | null;
  readonly alert: string;
  readonly to: Receiver;
  /** Other alerts that may come with it or after it. */
  readonly also: readonly string[];
  /** What its check says besides; in the world's times. */
  readonly check?: Partial<ProbeFile['checks'][number]>;
  /** Needs a stack in which nobody else probes. */
  readonly alone: boolean;
  /** Played when nobody names a fault: one for each fault domain. */
  readonly usual: boolean;
}

type Row = Pick<Fault, 'name' | 'reason' | 'alert'> & Partial<Fault>;

const scenario = (name: string, more: Omit<ScenarioPlay, 'kind' | 'scenario'> = {}): ScenarioPlay => ({
  kind: 'scenario',
  scenario: name,
  ...more,
});

/** Rows of one domain: what most of them share, and what each says for itself. */
const rowsOf = (domain: FaultDomain, to: Receiver, also: readonly string[], rows: readonly Row[]): readonly Fault[] =>
  rows.map(row => ({
    play: scenario(row.name),
    domain,
    to,
    also,
    alone: false,
    usual: false,
    ...row,
  }));

/** An outage spends the error budget; its alerts are inhibited while it lasts and end a little later. */
export const burns: readonly string[] = ['GlmProbeErrorBudgetBurnFast', 'GlmProbeErrorBudgetBurnSlow'];
const down = 'GlmProbeDown';
const blocked = 'GlmProbeAccountBlocked';
const refused = 'GlmProbeRequestRefused';
const contractBroken = 'GlmProbeContractBroken';

const provider = rowsOf('provider', 'pager', burns, [
  { name: 'overloaded', reason: 'overloaded', alert: down, usual: true },
  { name: 'internal-error', reason: 'server_error', alert: down },
  { name: 'html-gateway', reason: 'gateway_error', alert: down },
  { name: 'error-in-stream', reason: 'error_in_stream', alert: down },
  { name: 'network-error', play: scenario('network-error-finish'), reason: 'network_error', alert: down },
  { name: 'truncated', reason: 'truncated', alert: down },
  { name: 'stall', reason: 'stalled', alert: down },
  { name: 'hang', reason: 'timeout_first_byte', alert: down },
  { name: 'hang-after-headers', reason: 'timeout_first_token', alert: down },
  { name: 'drip', play: scenario('drip', { value: '200', forMs: 9000 }), reason: 'timeout_total', alert: down },
  {
    name: 'reasoning-only',
    play: scenario('reasoning-only', { value: 'length' }),
    reason: 'reasoning_only',
    alert: down,
  },
  {
    name: 'misfiled-answer',
    play: scenario('answer-in-reasoning'),
    reason: 'answer_in_reasoning',
    alert: down,
  },
  { name: 'no-usage', reason: 'usage_missing', alert: down },
  { name: 'json-ignored', reason: 'wrong_answer', alert: down },
  {
    name: 'slow',
    play: scenario('late-head', { forMs: 15_000 }),
    reason: 'slow',
    alert: down,
    check: { expect: { ttfot: '9s' } },
  },
  // Two alerts for one fault: whoever is on call for the endpoint, and whoever reads its answers.
  { name: 'cut-mid-frame', reason: 'malformed', alert: contractBroken, to: 'tickets', also: [down, ...burns] },
  { name: 'body-for-stream', reason: 'contract', alert: contractBroken, to: 'tickets', also: [down, ...burns] },
  // Every run is good, and late.
  {
    name: 'late-head',
    play: scenario('late-head', { forMs: 15_000 }),
    reason: null,
    alert: 'GlmProbeErrorBudgetBurnFast',
    also: ['GlmProbeErrorBudgetBurnSlow'],
    check: { slo: { ttfot: { objective: '99%', threshold: '9s' } } },
  },
  { name: 'no-done', reason: null, alert: 'GlmProbeDegraded', to: 'tickets', also: [] },
]);

const account = rowsOf(
  'account',
  'account-owner',
  [],
  [
    { name: 'account-overdue', reason: 'balance_exhausted', alert: blocked, usual: true },
    { name: 'account-locked', reason: 'account_locked', alert: blocked },
    { name: 'usage-limit', reason: 'quota_exhausted', alert: blocked },
    { name: 'plan-expired', reason: 'plan_expired', alert: blocked },
    { name: 'no-permission', reason: 'no_permission', alert: blocked },
    { name: 'fair-use', reason: 'fair_use', alert: blocked },
    { name: 'auth-failed', reason: 'auth', alert: 'GlmProbeAuthFailing' },
    { name: 'token-expired', reason: 'token_expired', alert: 'GlmProbeAuthFailing' },
    { name: 'rate-limited', reason: 'rate_limited', alert: 'GlmProbeRateLimited' },
  ],
);

const network = rowsOf('network', 'pager', burns, [
  { name: 'reset', reason: 'reset', alert: down, usual: true },
  { name: 'endpoint-gone', play: { kind: 'endpoint_ends' }, reason: 'tcp', alert: down },
]);

const client = rowsOf(
  'client',
  'tickets',
  [],
  [
    {
      name: 'unknown-model',
      reason: 'model_unavailable',
      alert: 'GlmProbeModelUnavailable',
      to: 'account-owner',
      usual: true,
    },
    { name: 'bad-parameter', reason: 'bad_request', alert: refused },
    { name: 'prompt-too-long', reason: 'prompt_too_long', alert: refused },
    { name: 'wrong-path', reason: 'not_found', alert: refused },
    { name: 'duplicate-id', play: scenario('duplicate-request-id'), reason: 'duplicate_request_id', alert: refused },
    { name: 'content-filtered', reason: 'content_filtered', alert: refused },
    { name: 'context-finish', reason: 'context_exceeded', alert: refused },
  ],
);

const prober = rowsOf(
  'prober',
  'tickets',
  [],
  [
    // The service is not blamed for a network that is ours.
    { name: 'network-lost', play: { kind: 'network_ends' }, reason: null, alert: 'GlmProbeOffline', usual: true },
    { name: 'config-broken', play: { kind: 'config_breaks' }, reason: null, alert: 'GlmProbeConfigReloadFailed' },
    {
      name: 'prober-gone',
      play: { kind: 'prober_ends' },
      reason: null,
      alert: 'GlmProbeAbsent',
      to: 'pager',
      alone: true,
      also: ['GlmProbeGone', 'GlmProbeMissedRuns'],
    },
  ],
);

export const faults: readonly Fault[] = [...provider, ...account, ...network, ...client, ...prober];

/**
 * What a machine that is busy brings about. Its thresholds are milliseconds and its waits are shortened, so it is told and
 * proves nothing against the rules.
 */
export const ofTheMachine: ReadonlySet<string> = new Set(['GlmMockLate', 'GlmProbeMeasurementUnreliable']);

/** Reasons that no fault of the drill has, and why. */
export const unplayed: Readonly<Partial<Record<Reason, string>>> = {
  ok: 'is no fault',
  empty: 'no scenario of the mock says nothing at all',
  unknown_code: 'the mock knows only codes that are in the table',
  cancelled: 'is the caller’s own doing',
  dns: 'the name of the endpoint is 127.0.0.1',
  timeout_connect: 'needs packets to be lost, and so a firewall',
  tls: 'the drill’s endpoints have no TLS',
  internal: 'would be a mistake in this program',
};

/** Alerts about services, accounts and the prober that no fault of the drill expects, and why. promtool tests them all. */
export const unexpected: Readonly<Record<string, string>> = {
  GlmProbeUnknown: 'has a cause that is told in its place',
  GlmProbeErrorBudgetBurnSlow: 'GlmProbeErrorBudgetBurnFast is told in its place',
  GlmProbeUnknownCode: 'the mock knows only codes that are in the table',
  GlmProbeModelChanged: 'looks back six hours',
  GlmProbeCachedPrompt: 'the prober’s questions are new, so no cache answers',
  GlmProbeCertificateExpiring: 'the drill’s endpoints have no TLS',
  GlmProbeStale: 'a prober that answers and does not probe cannot be made from outside',
  GlmProbeBudgetSpent: 'lasts until midnight',
  GlmProbeBudgetLow: 'lasts until midnight',
  GlmProbeOverlapping: 'needs a run that outlives its deadlines',
  GlmProbeGone: 'looks back an hour',
  GlmProbeMissedRuns: 'needs a machine that sleeps',
  GlmProbeMeasurementUnreliable: 'needs a machine that is too busy to probe',
  GlmProbeClockSkew: 'needs another clock',
  GlmProbeHistoryFailing: 'needs a disk that is full',
  GlmProbeNotificationsFailing: 'the drill’s prober tells nobody but Prometheus',
  GlmProbeFaulty: 'would be a mistake in this program',
};
