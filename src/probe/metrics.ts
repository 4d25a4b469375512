/** Runs and statuses as the `glm_probe_*` metrics of the catalogue. */
import type { Clock } from '../core/clock.ts';
import { catalogue, type MetricName, statusLabel } from '../core/metrics.ts';
import type { Exemplar } from '../core/open-metrics.ts';
import { domainOf, type FaultDomain, reasons } from '../core/outcome.ts';
import { createMetrics, type Metrics } from '../core/registry.ts';
import { packageRevision, packageVersion } from '../core/version.ts';
import { businessCode } from '../core/wire/errors.ts';
import { isModel } from '../core/wire/models.ts';
import type { ExporterConfig, SliName } from './config.ts';
import { type ContractChange, contractParts } from './contract.ts';
import { longestGapMs } from './grid.ts';
import { type ProbeCheck, type Slo, streams } from './plan.ts';
import { quotaWindows } from './quota.ts';
import { latencyOf, type ProbeRun, type SkipReason, type Subject, sliVerdict } from './run.ts';
import { type ServiceState, type Status, serviceStates } from './status.ts';

/** A check as far as its metrics depend on it; everything but the names and the kind may be left out for a single run. */
export type Measured = Subject & Pick<ProbeCheck, 'kind'> & Partial<ProbeCheck>;

export interface ProbeMetrics {
  /** Counts one finished run. */
  record(run: ProbeRun, how?: HowRecorded): void;
  /** Shows how a service is. */
  show(subject: Subject, status: Status): void;
  skipped(subject: Subject, reason: SkipReason): void;
  missed(subject: Subject, count: number): void;
  changed(subject: Subject, change: ContractChange): void;
  /** Takes other checks from now on; the series of those that are gone are removed. */
  swap(subjects: readonly Measured[], options?: ProbeMetricsOptions): Promise<void>;
  readonly metrics: Metrics;
}

export interface HowRecorded {
  /** A quick repetition after a failure: it is counted and paid for, but it is no event of the service level. */
  readonly repeat?: boolean;
  readonly discarded?: Discarded | undefined;
}

/** Why a latency is not believed. */
export type Discarded =
  | 'event_loop'
  | 'clock_step'
  /** `reuse` found its connection closed, so there is nothing to compare. */
  | 'socket_reuse';

export interface ProbeMetricsOptions {
  /** Upper bounds in ms in place of the built-in ones of latencies. */
  readonly buckets?: ExporterConfig['buckets'];
  /** Also this process. Default false. */
  readonly process?: boolean;
}

/** @param first every check that can run: all its series exist at zero from the start, or increase() misses the first */
export function createProbeMetrics(
  first: readonly Measured[],
  clock: Clock,
  options: ProbeMetricsOptions = {},
): ProbeMetrics {
  let bounds = boundsFor(first, options);
  let metrics = metricsWith(bounds, options);
  const known = new Map<string, Measured>();
  /** The model that each check's last answer named. */
  const models = new Map<string, string>();
  const add = (subject: Measured) => {
    known.set(keyOf(subject), subject);
    zeroAll(metrics, subject);
    describe(metrics, subject, clock);
  };
  const forget = async (subject: Measured) => {
    known.delete(keyOf(subject));
    models.delete(keyOf(subject));
    await metrics.forget(labelsOf(subject));
    const { target, check } = subject;
    if (![...known.values()].some(one => one.target === target && one.check === check))
      metrics.remove('glm_probe_maintenance', { target, check });
  };
  /** Histograms cannot change their buckets: everything begins again at zero, which rate() and increase() can bear. */
  const restart = (options: ProbeMetricsOptions) => {
    known.clear();
    models.clear();
    metrics = metricsWith(bounds, options);
  };
  const swap = async (next: readonly Measured[], more: ProbeMetricsOptions = {}) => {
    const needed = boundsFor(next, more);
    if (!covers(bounds, needed)) {
      bounds = needed;
      restart({ ...options, ...more });
    }
    const wanted = new Map(next.map(subject => [keyOf(subject), subject]));
    for (const subject of [...known.values()]) if (!isSame(subject, wanted.get(keyOf(subject)))) await forget(subject);
    for (const subject of next) if (!known.has(keyOf(subject))) add(subject);
    await forgetTargets(metrics, next);
  };
  /** A run may end after its check is gone, and must not bring its series back. */
  const ifKnown = <A extends readonly unknown[]>(act: (subject: Measured, ...more: A) => void) => {
    return (subject: Subject, ...more: A) => {
      const found = known.get(keyOf(subject));
      if (found !== undefined) act(found, ...more);
    };
  };
  for (const subject of first) add(subject);
  return {
    get metrics() {
      return metrics;
    },
    swap,
    record: (run, how = {}) => ifKnown(subject => record({ metrics, models, clock }, subject, run, how))(run),
    show: ifKnown((subject, status: Status) => show(metrics, subject, status)),
    skipped: ifKnown((subject, reason: SkipReason) =>
      metrics.inc('glm_probe_runs_skipped_total', { ...labelsOf(subject), reason }),
    ),
    changed: ifKnown((subject, { part }: ContractChange) =>
      metrics.inc('glm_probe_contract_changes_total', { ...labelsOf(subject), part }),
    ),
    missed: ifKnown((subject, count: number) => metrics.inc('glm_probe_runs_missed_total', labelsOf(subject), count)),
  };
}

const labelsOf = ({ target, check, model }: Subject) => ({ target, check, model });
const keyOf = ({ target, check, model }: Subject) => `${target}/${check}/${model}`;

/** What changes a check's series; counters of a check that is the same go on. */
const isSame = (before: Measured, next: Measured | undefined) =>
  next !== undefined && JSON.stringify(traitsOf(before)) === JSON.stringify(traitsOf(next));

const traitsOf = ({ kind, slo, schedule, deadlines, thinking, vantage, tier, severity, endpoint }: Measured) => [
  ...[kind, slo, schedule, deadlines, thinking, vantage, tier, severity, endpoint?.kind],
];

const byTarget: readonly MetricName[] = [
  'glm_probe_clock_skew_seconds',
  'glm_probe_tls_certificate_not_after_timestamp_seconds',
  'glm_probe_api_errors_total',
  'glm_probe_maintenance',
  'glm_probe_quota_remaining_ratio',
  'glm_probe_quota_reset_timestamp_seconds',
];

/** What is labelled with less than a whole check goes when the last check of its target does. */
async function forgetTargets(metrics: Metrics, kept: readonly Subject[]): Promise<void> {
  const targets = new Set(kept.map(({ target }) => target));
  const gone = new Set<string>();
  for (const name of byTarget)
    for (const { labels } of (await metrics.registry.getSingleMetric(name)?.get())?.values ?? [])
      if (!targets.has(String(labels.target))) gone.add(String(labels.target));
  for (const target of gone) await metrics.forget({ target });
}

function metricsWith(bounds: Bounds, { process: own = false }: ProbeMetricsOptions): Metrics {
  const metrics = createMetrics({ buckets: (name, usual) => bounds[name] ?? usual, process: own });
  const build = { version: packageVersion(), revision: packageRevision(), node_version: process.version };
  metrics.set('glm_probe_build_info', build, 1);
  return metrics;
}

type Bounds = Readonly<Partial<Record<MetricName, readonly number[]>>>;

/** Every threshold of an objective is a bucket, or a histogram could not tell whether it was kept. */
function boundsFor(subjects: readonly Measured[], { buckets }: ProbeMetricsOptions): Bounds {
  if (buckets !== undefined) return Object.fromEntries([...latencies].map(name => [name, ascending(buckets)]));
  const thresholds = (sli: SliName) =>
    subjects.flatMap(({ slo = [] }) => slo.flatMap(one => (one.sli === sli ? (one.thresholdMs ?? []) : [])));
  const withAll = (
    name: 'glm_probe_time_to_first_output_token_seconds' | 'glm_probe_max_chunk_gap_seconds',
    sli: SliName,
  ) => ascending([...(catalogue[name].buckets ?? []).map(seconds => seconds * 1000), ...thresholds(sli)]);
  return {
    glm_probe_time_to_first_output_token_seconds: withAll('glm_probe_time_to_first_output_token_seconds', 'ttfot'),
    glm_probe_max_chunk_gap_seconds: withAll('glm_probe_max_chunk_gap_seconds', 'stall'),
  };
}

/** Whether buckets that are there already hold all that are wanted. */
const covers = (there: Bounds, wanted: Bounds): boolean =>
  Object.entries(wanted).every(([name, bounds]) => bounds.every(bound => there[name as MetricName]?.includes(bound)));

/** Milliseconds as rising seconds, each once. */
const ascending = (ms: readonly number[]) => [...new Set(ms.map(each => each / 1000))].sort((a, b) => a - b);

const always = ['glm_probe_run_duration_seconds', 'glm_probe_time_to_first_byte_seconds'] as const;
const ofStreams = [
  'glm_probe_time_to_first_token_seconds',
  'glm_probe_time_to_first_output_token_seconds',
  'glm_probe_inter_chunk_seconds',
  'glm_probe_max_chunk_gap_seconds',
  'glm_probe_time_per_output_token_seconds',
  'glm_probe_output_tokens_per_second',
] as const;
const latencies: ReadonlySet<string> = new Set([
  ...always,
  ...ofStreams.slice(0, 2),
  'glm_probe_max_chunk_gap_seconds',
]);

const skips = ['overlap', 'budget', 'maintenance', 'connectivity', 'shutdown'] as const satisfies readonly SkipReason[];
/** A run that this program spoiled is unknown, and no failure in a row. */
const domains = ['provider', 'account', 'network', 'client'] as const satisfies readonly FaultDomain[];
/** A run that was told to stop is skipped, whatever its check is. */
export const failureReasons = reasons.filter(reason => domainOf(reason) !== null && reason !== 'cancelled');
const counters = [
  'glm_probe_runs_missed_total',
  'glm_probe_input_tokens_total',
  'glm_probe_output_tokens_total',
  'glm_probe_reasoning_output_tokens_total',
  'glm_probe_cache_read_input_tokens_total',
] as const;

function zeroAll(metrics: Metrics, subject: Measured): void {
  const labels = labelsOf(subject);
  for (const outcome of ['success', 'failure', 'unknown']) metrics.zero('glm_probe_runs_total', { ...labels, outcome });
  for (const reason of skips) metrics.zero('glm_probe_runs_skipped_total', { ...labels, reason });
  for (const reason of failureReasons)
    metrics.zero('glm_probe_failures_total', { ...labels, fault_domain: domainOf(reason) ?? '', reason });
  for (const sli of slisOf(subject))
    for (const verdict of ['good', 'bad', 'excluded'])
      metrics.zero('glm_probe_sli_events_total', { ...labels, sli, verdict });
  for (const part of contractParts) metrics.zero('glm_probe_contract_changes_total', { ...labels, part });
  for (const phase of phasesOf(subject)) metrics.zero('glm_probe_connect_phase_duration_seconds', { ...labels, phase });
  for (const reason of discardsOf(subject))
    metrics.zero('glm_probe_measurement_discarded_total', { ...labels, reason });
  // A single run knows of no others.
  if (subject.schedule !== undefined)
    for (const fault_domain of domains) metrics.zero('glm_probe_consecutive_failures', { ...labels, fault_domain });
  for (const name of [...always, ...counters]) metrics.zero(name, labels);
  if (streams.has(subject.kind)) for (const name of ofStreams) metrics.zero(name, labels);
  const { price } = subject;
  if (price !== undefined) metrics.zero(costName(price.currency), labels);
}

/** A single run does not say where it went. */
const phasesOf = ({ endpoint }: Measured) =>
  endpoint?.url.startsWith('http:') ? (['dns', 'tcp'] as const) : (['dns', 'tcp', 'tls'] as const);

const discardsOf = ({ kind }: Measured): readonly Discarded[] => [
  ...(['event_loop', 'clock_step'] as const),
  ...(kind === 'reuse' ? (['socket_reuse'] as const) : []),
];

const costName = (currency: 'CNY' | 'USD') =>
  currency === 'CNY' ? 'glm_probe_cost_cny_total' : 'glm_probe_cost_usd_total';

/** Availability and correctness of everything; the others where somebody said what is fast enough. */
const slisOf = ({ slo = [] }: Measured): SliName[] => [
  ...new Set<SliName>(['availability', 'correctness', ...slo.map(({ sli }) => sli)]),
];

/** What is known of a check before it ever ran. */
function describe(metrics: Metrics, subject: Measured, clock: Clock): void {
  const labels = labelsOf(subject);
  const {
    kind,
    schedule,
    deadlines,
    endpoint,
    thinking = 'off',
    vantage = 'local',
    tier = '',
    severity = '',
  } = subject;
  for (const { sli, objective, thresholdMs } of subject.slo ?? []) {
    metrics.set('glm_probe_slo_objective_ratio', { ...labels, sli }, objective);
    if (thresholdMs !== undefined)
      metrics.set('glm_probe_slo_threshold_seconds', { ...labels, sli }, thresholdMs / 1000);
  }
  if (schedule === undefined || deadlines === undefined) return;
  const stream = String(streams.has(kind));
  const info = { kind, endpoint_kind: endpoint?.kind ?? '', stream, thinking, vantage, tier, severity };
  metrics.set('glm_probe_check_info', { ...labels, ...info }, 1);
  metrics.set('glm_probe_interval_seconds', labels, longestGapMs({ schedule }, clock.wall()) / 1000);
  metrics.set('glm_probe_timeout_seconds', labels, deadlines.total / 1000);
  metrics.set('glm_probe_maintenance', { target: subject.target, check: subject.check }, 0);
}

interface Book {
  readonly metrics: Metrics;
  readonly models: Map<string, string>;
  readonly clock: Clock;
}

function record(book: Book, subject: Measured, run: ProbeRun, how: HowRecorded): void {
  const { metrics, clock } = book;
  if (run.state === 'skipped') return;
  const labels = labelsOf(run);
  metrics.inc('glm_probe_runs_total', { ...labels, outcome: outcomes[run.state] });
  if (run.state === 'unknown') metrics.remove('glm_probe_success', labels);
  else metrics.set('glm_probe_success', labels, run.state === 'good' ? 1 : 0);
  metrics.set('glm_probe_last_run_timestamp_seconds', labels, clock.wall() / 1000);
  const { reason, fault_domain } = run;
  // Such a run is unknown, but somebody has to hear that this program fails.
  const failed = run.state === 'bad' || fault_domain === 'prober';
  if (failed && reason !== null && fault_domain !== null)
    metrics.inc('glm_probe_failures_total', { ...labels, fault_domain, reason });
  if (!how.repeat)
    for (const sli of slisOf(subject))
      metrics.inc('glm_probe_sli_events_total', { ...labels, sli, verdict: sliOf(sli, run, subject.slo) });
  const discarded = how.discarded ?? (isWithoutReuse(run) ? 'socket_reuse' : undefined);
  if (discarded !== undefined) metrics.inc('glm_probe_measurement_discarded_total', { ...labels, reason: discarded });
  recordSpending(metrics, labels, run);
  recordReadings(metrics, labels, run);
  recordServer(book, labels, run);
  if (latencyOf(run) !== null) observeTimes(metrics, labels, run);
}

const isWithoutReuse = ({ kind, state, connection }: ProbeRun) =>
  kind === 'reuse' && state === 'good' && connection === 'fresh';

const outcomes = { good: 'success', bad: 'failure', unknown: 'unknown' } as const;

/** How a run enters one indicator of the service level. */
export function sliOf(sli: SliName, run: ProbeRun, slo: readonly Slo[] = []): 'good' | 'bad' | 'excluded' {
  const overall = sliVerdict(run);
  if (sli === 'availability') return overall;
  if (sli === 'correctness') {
    if (run.state === 'good') return 'good';
    return run.reason !== null && answered.has(run.reason) ? 'bad' : 'excluded';
  }
  const { thresholdMs } = slo.find(one => one.sli === sli) ?? {};
  const ms = sli === 'ttfot' ? run.timing.first_visible_token_ms : run.timing.max_gap_ms;
  // An answer that never came was not in time; a stream that never began cannot be said to have stalled.
  if (overall === 'bad') return sli === 'ttfot' || run.reason === 'stalled' ? 'bad' : 'excluded';
  if (overall === 'excluded' || latencyOf(run) === null || ms === null || thresholdMs === undefined) return 'excluded';
  return ms <= thresholdMs ? 'good' : 'bad';
}

/** There was an answer, and it was not right. */
const answered: ReadonlySet<string> = new Set([
  ...['wrong_answer', 'contract', 'malformed', 'reasoning_only', 'answer_in_reasoning', 'empty', 'usage_missing'],
]);

type Labels = Readonly<Record<string, string>>;

function recordSpending(metrics: Metrics, labels: Labels, { usage, cost }: ProbeRun): void {
  if (cost !== null) metrics.inc(costName(cost.currency), labels, cost.amount);
  if (usage === null) return;
  metrics.inc('glm_probe_input_tokens_total', labels, usage.prompt_tokens);
  metrics.inc('glm_probe_output_tokens_total', labels, usage.completion_tokens);
  const { reasoning_tokens: reasoning = 0 } = usage.completion_tokens_details ?? {};
  const { cached_tokens: cached = 0 } = usage.prompt_tokens_details ?? {};
  metrics.inc('glm_probe_reasoning_output_tokens_total', labels, reasoning);
  metrics.inc('glm_probe_cache_read_input_tokens_total', labels, cached);
}

/** What a check measures besides times, and only a good run tells. */
function recordReadings(metrics: Metrics, labels: Labels, { readings }: ProbeRun): void {
  const set = (name: MetricName, value: number | undefined, more: Labels = {}) => {
    if (value !== undefined) metrics.set(name, { ...labels, ...more }, value);
  };
  const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000);
  set('glm_probe_cached_input_ratio', readings.cold_cached_share, { prompt: 'cold' });
  set('glm_probe_cached_input_ratio', readings.cached_share, { prompt: 'warm' });
  set('glm_probe_cache_saved_seconds', seconds(readings.cache_saved_ms));
  set('glm_probe_reuse_saved_seconds', seconds(readings.reuse_saved_ms));
}

function recordServer({ metrics, models }: Book, labels: Labels, run: ProbeRun): void {
  const { target } = run;
  const {
    clock_skew_ms: skew,
    certificate_ends_at_ms: ends,
    http_status: status,
    code,
    response_model: answered,
  } = run;
  if (skew !== null) metrics.set('glm_probe_clock_skew_seconds', { target }, skew / 1000);
  if (ends !== null) metrics.set('glm_probe_tls_certificate_not_after_timestamp_seconds', { target }, ends / 1000);
  if (run.state === 'bad' && status !== null && (status !== 200 || code !== null))
    metrics.inc('glm_probe_api_errors_total', { target, http_status: statusLabel(status), code: codeLabel(code) });
  recordQuota(metrics, run);
  if (answered === null) return;
  const model = modelLabel(answered, run.model);
  const before = models.get(keyOf(run));
  if (before !== undefined && before !== model)
    metrics.remove('glm_probe_response_model_info', { ...labels, response_model: before });
  metrics.set('glm_probe_response_model_info', { ...labels, response_model: model }, 1);
  models.set(keyOf(run), model);
}

/** A window is used up until it begins anew, or until somebody is let in again. */
function recordQuota(metrics: Metrics, { target, state, usage, used_up: used }: ProbeRun): void {
  if (state === 'good' && usage !== null)
    for (const window of quotaWindows) metrics.remove('glm_probe_quota_remaining_ratio', { target, window });
  if (used === null) return;
  const labels = { target, window: used.window };
  metrics.set('glm_probe_quota_remaining_ratio', labels, 0);
  if (used.resets_at_ms !== null)
    metrics.set('glm_probe_quota_reset_timestamp_seconds', labels, used.resets_at_ms / 1000);
}

const modelLabel = (answered: string, asked: string) => (answered === asked || isModel(answered) ? answered : 'other');

/** A server may send anything as its code; a label may not become anything. */
const codeLabel = (code: string | null) => (code === null ? 'none' : businessCode(code) === undefined ? 'other' : code);

/** Good runs only: a failure is counted, and its time says nothing about the service's speed. */
function observeTimes(metrics: Metrics, labels: Labels, { kind, timing, run_id, started_at_ms }: ProbeRun): void {
  const exemplar: Exemplar = { labels: { run_id }, atMs: started_at_ms };
  const observe = (name: MetricName, value: number | null, more: Labels = {}) => {
    if (value !== null) metrics.observe(name, { ...labels, ...more }, value, exemplar);
  };
  const seconds = (ms: number | null) => (ms === null ? null : ms / 1000);
  observe('glm_probe_run_duration_seconds', seconds(timing.total_ms));
  observe('glm_probe_time_to_first_byte_seconds', seconds(timing.head_ms));
  for (const phase of ['dns', 'tcp', 'tls'] as const)
    observe('glm_probe_connect_phase_duration_seconds', seconds(timing[`${phase}_ms`]), { phase });
  if (!streams.has(kind)) return;
  const { tokens_per_second: rate } = timing;
  observe('glm_probe_time_to_first_token_seconds', seconds(timing.ttft_ms));
  observe('glm_probe_time_to_first_output_token_seconds', seconds(timing.first_visible_token_ms));
  for (const ms of timing.gaps_ms ?? []) observe('glm_probe_inter_chunk_seconds', seconds(ms));
  observe('glm_probe_max_chunk_gap_seconds', seconds(timing.max_gap_ms));
  observe('glm_probe_time_per_output_token_seconds', rate === null ? null : 1 / rate);
  observe('glm_probe_output_tokens_per_second', rate);
}

function show(metrics: Metrics, subject: Subject, status: Status): void {
  const labels = labelsOf(subject);
  const { lastSuccessMs, failures } = status;
  for (const state of serviceStates)
    metrics.set('glm_probe_state', { ...labels, state }, stateValue(state, status.state));
  for (const fault_domain of domains)
    metrics.set('glm_probe_consecutive_failures', { ...labels, fault_domain }, failures[fault_domain] ?? 0);
  if (lastSuccessMs !== null) metrics.set('glm_probe_last_success_timestamp_seconds', labels, lastSuccessMs / 1000);
}

const stateValue = (state: ServiceState, now: ServiceState) => (state === now ? 1 : 0);
