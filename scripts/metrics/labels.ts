/** What the labels of our metrics can be. Nothing that a caller sends becomes one. */
import { type MetricName, statusLabels } from '../../src/core/metrics.ts';
import { type FaultDomain, reasons } from '../../src/core/outcome.ts';
import { businessCodes } from '../../src/core/wire/errors.ts';
import { ledgerClasses } from '../../src/loadtest/interval.ts';
import { limitCodes } from '../../src/loadtest/limit-codes.ts';
import { endpointNames } from '../../src/mock-server/endpoints/table.ts';
import { scenarios } from '../../src/mock-server/scenarios/index.ts';
import { checkKinds, sliNames } from '../../src/probe/config.ts';
import { contractParts } from '../../src/probe/contract.ts';
import { quotaWindows } from '../../src/probe/quota.ts';
import { serviceStates } from '../../src/probe/status.ts';

export type Values =
  | { readonly kind: 'closed'; readonly values: readonly string[] }
  /** As many as somebody wrote down. */
  | { readonly kind: 'named'; readonly by: string };

const closed = (...values: readonly string[]): Values => ({ kind: 'closed', values });
const named = (by: string): Values => ({ kind: 'named', by });

const domains = ['provider', 'account', 'network', 'client', 'prober'] as const satisfies readonly FaultDomain[];
const failures = reasons.filter(reason => reason !== 'ok');
const probeFailures = failures.filter(reason => reason !== 'cancelled');

const labels: Readonly<Record<string, Values>> = {
  budget: closed('tokens', 'cost'),
  channel: named('the config: `notifications`'),
  check: named('the config: `checks`'),
  credential: named('the config: `credentials`'),
  endpoint: closed(...endpointNames, 'other'),
  endpoint_kind: closed('cn', 'intl', 'coding', 'gateway'),
  era: closed('2024', '2025', '2026'),
  fault_domain: closed(...domains),
  http_status: closed(...statusLabels),
  kind: closed(...checkKinds),
  model: named('the config; what callers of a mock send is `other`, unless it is a model of GLM’s or of the settings'),
  node_version: named('the program'),
  part: closed(...contractParts),
  phase: closed('dns', 'tcp', 'tls'),
  profile: closed('cn', 'intl'),
  prompt: closed('cold', 'warm'),
  reason: closed(...failures),
  revision: named('the program: a commit of its repository, or `release`'),
  response_model: named('the table of GLM’s models and the config; any other name is `other`'),
  scenario: named('the flags: how requests arrive'),
  severity: closed('page', 'ticket', 'info'),
  sli: closed(...sliNames),
  stage: closed('before_headers', 'before_first_token', 'mid_stream'),
  state: closed(...serviceStates),
  stream: closed('true', 'false'),
  target: named('the config: `targets`'),
  thinking: closed('off', 'on'),
  tier: named('the config: `tier`'),
  validity: closed('VALID', 'SUSPECT', 'INVALID'),
  vantage: named('the config: `vantage`'),
  verdict: closed('good', 'bad', 'excluded'),
  version: named('the program'),
  window: closed(...quotaWindows),
};

/** Fixtures and faults may ask for the vendor's codes alone. */
const mockCodes = [...businessCodes.map(({ code }) => code), 'mock_no_fixture', 'mock_bad_fault', 'none'];

/** Where one metric's label means something else. */
const special: Readonly<Partial<Record<`${MetricName}.${string}`, Values>>> = {
  'glm_load_limited_total.code': closed(...limitCodes),
  'glm_load_requests_total.outcome': closed(...ledgerClasses),
  'glm_mock_faults_total.scenario': closed(...scenarios.map(({ name }) => name)),
  'glm_mock_requests_total.code': closed(...mockCodes),
  'glm_probe_api_errors_total.code': closed(...businessCodes.map(({ code }) => code), 'other', 'none'),
  'glm_probe_consecutive_failures.fault_domain': closed(...domains.filter(domain => domain !== 'prober')),
  'glm_probe_failures_total.reason': closed(...probeFailures),
  'glm_probe_measurement_discarded_total.reason': closed('event_loop', 'clock_step', 'socket_reuse'),
  'glm_probe_notifications_total.outcome': closed('sent', 'failed', 'dropped'),
  'glm_probe_otlp_exports_total.outcome': closed('sent', 'failed'),
  'glm_probe_runs_skipped_total.reason': closed('overlap', 'budget', 'maintenance', 'connectivity', 'shutdown'),
  'glm_probe_runs_total.outcome': closed('success', 'failure', 'unknown'),
};

/** @throws when a label of the catalogue is in neither table: add it there */
export function valuesOf(metric: MetricName, label: string): Values {
  const found = special[`${metric}.${label}`] ?? labels[label];
  if (found === undefined) throw new Error(`${metric}: nobody said what ${label} can be (scripts/metrics/labels.ts)`);
  return found;
}
