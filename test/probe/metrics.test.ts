import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createManualClock } from '../../src/core/clock.ts';
import { catalogue } from '../../src/core/metrics.ts';
import type { ProbeFile } from '../../src/probe/config.ts';
import { seriesPerCheck } from '../../src/probe/estimate.ts';
import { createProbeMetrics } from '../../src/probe/metrics.ts';
import type { ProbeCheck } from '../../src/probe/plan.ts';
import type { ProbeRun } from '../../src/probe/run.ts';
import { sliOf } from '../../src/probe/sli.ts';
import { fileOf, planFor } from '../support/probe.ts';
import { entryOf, runAt } from '../support/probe-runs.ts';

const noon = Date.UTC(2026, 10, 28, 12);
const slo = {
  availability: '99%',
  correctness: '99.5%',
  ttfot: { objective: '95%', threshold: '3s' },
  stall: { objective: '99%', threshold: '1.5s' },
};

async function checksFor(checks: ProbeFile['checks'], more: Partial<ProbeFile> = {}): Promise<readonly ProbeCheck[]> {
  return (await planFor(fileOf('https://open.bigmodel.cn/api/paas/v4', checks, more))).checks;
}

const streamed = () =>
  checksFor([{ kind: 'chat_stream', slo }], { prices: { 'glm-4.6': { input: 4, output: 16, currency: 'CNY' } } });
const base = 'target="home",check="chat_stream",model="glm-4.6"';
const clock = createManualClock(noon);

const linesOf = (text: string) => text.split('\n').filter(line => line !== '' && !line.startsWith('#'));

test('all series of a check are there at zero before it runs, and are about as many as validate says', async () => {
  const checks = await streamed();
  const { metrics } = createProbeMetrics(checks, clock);
  const own = linesOf(await metrics.text()).filter(line => line.includes('check="chat_stream"'));
  expect(own.filter(line => /_(total|bucket|count|sum)\{/.test(line)).every(line => line.endsWith(' 0'))).toBe(true);
  expect(own.length).toBeGreaterThan(150);
  expect(own.length).toBeLessThanOrEqual(200);
  // Not before a run: states, times and the names of models.
  expect(seriesPerCheck(2) - own.length).toBeGreaterThanOrEqual(0);
  expect(seriesPerCheck(2) - own.length).toBeLessThan(40);
  const unary = createProbeMetrics(await checksFor([{ kind: 'chat' }]), clock);
  expect(linesOf(await unary.metrics.text()).filter(line => line.includes('check="chat"')).length).toBeLessThan(120);
});

test('buckets of a config are as many series as validate says', async () => {
  const seconds = (count: number) => Array.from({ length: count }, (_, at) => 1000 * (at + 1));
  const grown = async (count: number) => {
    const { metrics } = createProbeMetrics(await streamed(), clock, { buckets: seconds(count) });
    return linesOf(await metrics.text()).filter(line => line.includes('check="chat_stream"')).length;
  };
  expect((await grown(40)) - (await grown(4))).toBe(seriesPerCheck(0, 40) - seriesPerCheck(0, 4));
});

test('a streamed check with every objective and a price has 200 series at most after it ran', async () => {
  const checks = await streamed();
  const probe = createProbeMetrics(checks, clock);
  const { run, status } = entryOf(runAt(noon));
  probe.record(run);
  probe.show(checks[0]!, { ...status, lastSuccessMs: noon });
  const own = linesOf(await probe.metrics.text()).filter(line => line.includes('check="chat_stream"'));
  const ofTheSchedule = 1; // glm_probe_next_run_timestamp_seconds
  expect(own.length + ofTheSchedule).toBeLessThanOrEqual(200);
  expect(own.length).toBeGreaterThan(190);
});

test('what cannot be has no series: TLS where the URL has none, and a lost connection where none is kept', async () => {
  const at = async (url: string, kind: 'chat_stream' | 'reuse') =>
    createProbeMetrics((await planFor(fileOf(url, [{ kind }]))).checks, clock).metrics.text();
  expect(await at('http://127.0.0.1:1/v4', 'chat_stream')).not.toContain('phase="tls"');
  expect(await at('https://127.0.0.1:1/v4', 'chat_stream')).toContain('phase="tls"');
  expect(await at('https://127.0.0.1:1/v4', 'chat_stream')).not.toContain('socket_reuse');
  expect(await at('https://127.0.0.1:1/v4', 'reuse')).toMatch(/reason="socket_reuse"\} 0$/m);
});

test('a reuse that found its connection closed is a discarded measurement, not a latency', async () => {
  const probe = createProbeMetrics(await checksFor([{ kind: 'reuse' }]), clock);
  const kept = { check: 'reuse', kind: 'reuse', connection: 'reused' } as const;
  const warnings = [{ kind: 'measurement', detail: 'the server did not keep the connection open' }] as const;
  probe.record(runAt(noon, kept));
  probe.record(runAt(noon, { ...kept, connection: 'fresh', warnings }));
  const labels = 'target="home",check="reuse",model="glm-4.6"';
  const text = await probe.metrics.text();
  expect(text).toContain(`glm_probe_measurement_discarded_total{${labels},reason="socket_reuse"} 1\n`);
  expect(text).toContain(`glm_probe_run_duration_seconds_count{${labels}} 1\n`);
});

test('a run that this program failed at is unknown, and counted where GlmProbeFaulty looks', async () => {
  const probe = createProbeMetrics(await streamed(), clock);
  const failing = { state: 'unknown', reason: 'internal', fault_domain: 'prober', usage: null } as const;
  probe.record({ ...runAt(noon), ...failing });
  const text = await probe.metrics.text();
  expect(text).toContain(`glm_probe_failures_total{${base},fault_domain="prober",reason="internal"} 1\n`);
  expect(text).toContain(`glm_probe_runs_total{${base},outcome="unknown"} 1\n`);
  expect(text).not.toContain('reason="cancelled"');
});

test('thresholds are buckets, and exported beside their objectives', async () => {
  const { metrics } = createProbeMetrics(await streamed(), clock);
  const text = await metrics.text();
  expect(text).toContain(`glm_probe_time_to_first_output_token_seconds_bucket{le="3",${base}} 0`);
  expect(text).toContain(`glm_probe_max_chunk_gap_seconds_bucket{le="1.5",${base}} 0`);
  expect(text).toContain(`glm_probe_slo_objective_ratio{${base},sli="ttfot"} 0.95`);
  expect(text).toContain(`glm_probe_slo_threshold_seconds{${base},sli="ttfot"} 3`);
  expect(text).toContain(`glm_probe_interval_seconds{${base}} 300`);
  expect(text).toContain(`glm_probe_timeout_seconds{${base}} 60`);
  expect(text).toMatch(/glm_probe_check_info\{.*kind="chat_stream",endpoint_kind="cn",stream="true",thinking="off"/);
});

test('buckets of one’s own replace the built-in ones of latencies, and nothing else', async () => {
  const { metrics } = createProbeMetrics(await streamed(), clock, { buckets: [1000, 3000] });
  const text = await metrics.text();
  const bounds = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)"`, 'gm'))].map(([, le]) => le);
  expect(bounds('glm_probe_run_duration_seconds')).toEqual(['1', '3', '+Inf']);
  expect(bounds('glm_probe_schedule_lag_seconds').length).not.toBe(3);
});

test.each([
  ['1302', 'rate_limited', 'account', 'rate_limited'],
  ['1113', 'balance_exhausted', 'account', 'balance_exhausted'],
  ['1000', 'auth', 'account', 'auth'],
  ['1211', 'model_unavailable', 'client', 'model_unavailable'],
  ['1305', 'overloaded', 'provider', 'error_in_stream'],
  ['4711', null, 'provider', 'unknown_code'],
  ['x" evil', null, 'provider', 'unknown_code'],
  // The config knows these.
  ['4711', 'plan_expired', 'account', 'plan_expired'],
  ['4711', 'overloaded', 'provider', 'error_in_stream'],
  [null, null, 'provider', 'error_in_stream'],
] as const)('code %s inside a stream, as %s, is counted as the fault that somebody can mend', async (...row) => {
  const [code, cause, fault_domain, reason] = row;
  const probe = createProbeMetrics(await streamed(), clock);
  const failures = async () =>
    linesOf(await probe.metrics.text()).filter(line => line.startsWith('glm_probe_failures_total'));
  const series = `glm_probe_failures_total{${base},fault_domain="${fault_domain}",reason="${reason}"}`;
  expect(await failures()).toContain(`${series} 0`);
  probe.record(runAt(noon, { reason: 'error_in_stream', code, cause, fault_domain, usage: null }));
  expect((await failures()).filter(line => !line.endsWith(' 0'))).toEqual([`${series} 1`]);
});

test('a run is counted under its outcome, its fault, its tokens and its indicators', async () => {
  const probe = createProbeMetrics(await streamed(), clock);
  probe.record(runAt(noon, { cost: { amount: 0.01, currency: 'CNY' }, clock_skew_ms: 1500 }));
  const failed = { usage: null, clock_skew_ms: null };
  probe.record(runAt(noon, { ...failed, reason: 'error_in_stream', code: '1305' }));
  probe.record(runAt(noon, { reason: 'rate_limited', code: '1302', http_status: 429, ...failed }));
  probe.record(runAt(noon, { reason: 'unknown_code', code: 'x" evil', http_status: 400, ...failed }));
  const text = await probe.metrics.text();
  for (const line of [
    `glm_probe_runs_total{${base},outcome="success"} 1`,
    `glm_probe_runs_total{${base},outcome="failure"} 3`,
    `glm_probe_sli_events_total{${base},sli="availability",verdict="good"} 1`,
    `glm_probe_sli_events_total{${base},sli="availability",verdict="bad"} 2`,
    `glm_probe_sli_events_total{${base},sli="availability",verdict="excluded"} 1`,
    `glm_probe_input_tokens_total{${base}} 40`,
    `glm_probe_cost_cny_total{${base}} 0.01`,
    'glm_probe_clock_skew_seconds{target="home"} 1.5',
    'glm_probe_api_errors_total{target="home",http_status="200",code="1305"} 1',
    'glm_probe_api_errors_total{target="home",http_status="429",code="1302"} 1',
    'glm_probe_api_errors_total{target="home",http_status="400",code="other"} 1',
    `glm_probe_success{${base}} 0`,
    `glm_probe_time_to_first_output_token_seconds_count{${base}} 1`,
    `glm_probe_inter_chunk_seconds_bucket{le="0.02",${base}} 1`,
    `glm_probe_inter_chunk_seconds_count{${base}} 2`,
    `glm_probe_time_per_output_token_seconds_sum{${base}} 0.025`,
    `glm_probe_contract_changes_total{${base},part="frame_shape"} 0`,
  ])
    expect(text).toContain(`${line}\n`);
});

test('a window is used up until somebody is let in again; when it begins anew stays known', async () => {
  const probe = createProbeMetrics(await streamed(), clock);
  const used_up = { window: 'hours', resets_at_ms: noon + 3_600_000 } as const;
  probe.record(runAt(noon, { reason: 'quota_exhausted', code: '1308', http_status: 429, usage: null, used_up }));
  const [left, reset] = ['remaining_ratio', 'reset_timestamp_seconds'].map(
    name => `glm_probe_quota_${name}{target="home",window="hours"}`,
  );
  expect(await probe.metrics.text()).toContain(`${left} 0\n`);
  expect(await probe.metrics.text()).toContain(`${reset} ${noon / 1000 + 3600}\n`);
  probe.record(runAt(noon, { usage: null }));
  expect(await probe.metrics.text()).toContain(`${left} 0\n`);
  probe.record(runAt(noon));
  expect(await probe.metrics.text()).not.toContain(left);
  expect(await probe.metrics.text()).toContain(`${reset} ${noon / 1000 + 3600}\n`);
});

test.each([
  ['glm-4.7', 'glm-4.7'],
  ['embedding-3', 'embedding-3'],
  ['our-own', 'other'],
  ['GLM-4.6', 'other'],
  ['', 'other'],
  ['x"} 1\nevil{a="', 'other'],
  ['模型', 'other'],
])('a server that names its model %j is shown as %s', async (response_model, shown) => {
  const probe = createProbeMetrics(await streamed(), clock);
  probe.record(runAt(noon));
  probe.record(runAt(noon, { response_model }));
  const lines = linesOf(await probe.metrics.text()).filter(line => line.startsWith('glm_probe_response_model_info'));
  expect(lines).toEqual([`glm_probe_response_model_info{${base},response_model="${shown}"} 1`]);
});

test('a model that nobody knows but the config is shown by its name', async () => {
  const probe = createProbeMetrics(await checksFor([{ kind: 'chat', model: 'our-own' }]), clock);
  probe.record(runAt(noon, { check: 'chat', model: 'our-own', response_model: 'our-own' }));
  expect(await probe.metrics.text()).toContain('model="our-own",response_model="our-own"} 1');
});

test('a server that answers with every status there could be makes no more series than HTTP has statuses', async () => {
  const probe = createProbeMetrics(await streamed(), clock);
  for (let status = 100; status < 1000; status += 1)
    probe.record(runAt(noon, { reason: 'unknown_code', http_status: status, code: `${status}` }));
  const lines = linesOf(await probe.metrics.text()).filter(line => line.startsWith('glm_probe_api_errors_total'));
  expect(lines.length).toBeLessThan(80);
  expect(lines).toContainEqual(expect.stringMatching(/http_status="other",code="other"\} \d{3}$/));
});

test('what is not known is absent, not zero', async () => {
  const probe = createProbeMetrics(await streamed(), clock);
  probe.record(runAt(noon));
  probe.record(runAt(noon, { state: 'unknown', usage: null }));
  const text = await probe.metrics.text();
  expect(text).not.toMatch(/^glm_probe_success\{/m);
  expect(text).toContain(`glm_probe_runs_total{${base},outcome="unknown"} 1`);
  expect(text).not.toMatch(/ (NaN|-1)$/m);
});

test('a repetition is counted and paid for, but is no event of the service level', async () => {
  const probe = createProbeMetrics(await streamed(), clock);
  probe.record(runAt(noon, { reason: 'stalled' }), { repeat: true });
  const text = await probe.metrics.text();
  expect(text).toContain(`glm_probe_failures_total{${base},fault_domain="provider",reason="stalled"} 1`);
  expect(text).toContain(`glm_probe_input_tokens_total{${base}} 40`);
  expect(text).toContain(`glm_probe_sli_events_total{${base},sli="availability",verdict="bad"} 0`);
});

test('a disturbed latency is discarded, and the verdict stays', async () => {
  const probe = createProbeMetrics(await streamed(), clock);
  const run = runAt(noon, { warnings: [{ kind: 'measurement', detail: 'busy' }] });
  probe.record(run, { discarded: 'event_loop' });
  const text = await probe.metrics.text();
  expect(text).toContain(`glm_probe_measurement_discarded_total{${base},reason="event_loop"} 1`);
  expect(text).toContain(`glm_probe_run_duration_seconds_count{${base}} 0`);
  expect(text).toContain(`glm_probe_sli_events_total{${base},sli="availability",verdict="good"} 1`);
  expect(text).toContain(`glm_probe_sli_events_total{${base},sli="ttfot",verdict="excluded"} 1`);
});

test('exactly one state is 1', async () => {
  const probe = createProbeMetrics(await streamed(), clock);
  const { status } = entryOf(runAt(noon, { reason: 'stalled' }));
  probe.show(runAt(noon), status);
  const states = linesOf(await probe.metrics.text()).filter(line => line.startsWith('glm_probe_state{'));
  expect(states).toHaveLength(5);
  expect(states.filter(line => line.endsWith(' 1'))).toEqual([`glm_probe_state{${base},state="down"} 1`]);
});

test('what a swap removes leaves no series, and late runs do not bring them back', async () => {
  const [a] = await streamed();
  const [b] = await checksFor([{ kind: 'chat' }]);
  const probe = createProbeMetrics([a!, b!], clock);
  probe.record(runAt(noon, { id: b!.id, kind: 'chat' }));
  probe.record(runAt(noon, { clock_skew_ms: 3000 }));
  await probe.swap([b!]);
  probe.record(runAt(noon));
  const text = await probe.metrics.text();
  expect(text).not.toContain('chat_stream');
  expect(text).toContain('glm_probe_runs_total{target="home",check="chat",model="glm-4.6",outcome="success"} 1');
  await probe.swap([]);
  expect(await probe.metrics.text()).not.toContain('target="home"');
});

test('a check that goes and returns leaves the errors of its target as they were', async () => {
  const [a] = await streamed();
  const [b] = await checksFor([{ kind: 'chat' }]);
  const failed = { reason: 'overloaded', http_status: 429, code: '1305' } as const;
  const stored = createProbeMetrics([a!], clock);
  for (let i = 0; i < 3; i++) stored.record(runAt(noon, failed));
  const before = ({ check }: { check: string }) => (check === 'chat_stream' ? stored.tallyOf(a!) : undefined);
  const probe = createProbeMetrics([a!, b!], clock, { before });
  const errors = 'glm_probe_api_errors_total{target="home",http_status="429",code="1305"}';
  for (const checks of [[b!], [a!, b!], [a!]]) {
    probe.swap(checks);
    expect(await probe.metrics.text()).toContain(`${errors} 3\n`);
  }
  probe.swap([]);
  expect(await probe.metrics.text()).not.toContain(errors);
  probe.swap([a!]);
  expect(await probe.metrics.text()).toContain(`${errors} 3\n`);
});

test('what another version counted is put back as far as this one knows it, and no further', async () => {
  const checks = await streamed();
  const labels = { target: 'home', check: 'chat_stream', model: 'glm-4.6' };
  const bounds = createProbeMetrics(checks, clock).metrics.bounds('glm_probe_inter_chunk_seconds');
  const counts = Array.from({ length: bounds.length + 1 }, () => 1);
  const histograms = [
    { name: 'glm_probe_inter_chunk_seconds', labels, bounds, counts, sum: 5 },
    { name: 'glm_probe_time_between_words_seconds', labels, bounds, counts, sum: 5 },
    { name: 'glm_probe_runs_total', labels: { ...labels, outcome: 'success' }, bounds, counts, sum: 5 },
    { name: 'glm_probe_run_duration_seconds', labels: { ...labels, phase: 'tcp' }, bounds, counts, sum: 5 },
  ];
  const counters = [
    { name: 'glm_probe_runs_total', labels: { ...labels, outcome: 'success' }, value: 7 },
    { name: 'glm_probe_runs_total', labels: { ...labels, outcome: 'failure', region: 'eu' }, value: 7 },
    { name: 'glm_probe_runs_total', labels, value: 7 },
    { name: 'glm_probe_runs_missed_total', labels, value: -1 },
    { name: 'glm_probe_wishes_total', labels, value: 7 },
    { name: 'constructor', labels: {}, value: 7 },
    { name: 'glm_probe_inter_chunk_seconds', labels, value: 7 },
  ];
  const stored = JSON.parse(JSON.stringify({ counters, histograms }));
  const probe = createProbeMetrics(checks, clock, { before: () => stored });
  const text = await probe.metrics.text();
  expect(text).toContain(`glm_probe_runs_total{${base},outcome="success"} 7\n`);
  expect(text).toContain(`glm_probe_inter_chunk_seconds_count{${base}} ${counts.length}\n`);
  expect(text).toContain(`glm_probe_run_duration_seconds_count{${base}} 0\n`);
  expect(probe.tallyOf(checks[0]!)).toEqual({ counters: [counters[0]], histograms: [histograms[0]] });
});

test('a run that ends while the checks are swapped is counted once', async () => {
  const [a] = await streamed();
  const [other] = await checksFor([{ kind: 'chat_stream', interval: '7m' }]);
  const probe = createProbeMetrics([a!], clock);
  probe.swap([other!]);
  probe.record(runAt(noon));
  expect(await probe.metrics.text()).toContain(`glm_probe_runs_total{${base},outcome="success"} 1\n`);
});

const run = (more: Partial<ProbeRun> = {}) => runAt(noon, more);
const slow = { ...run().timing, first_visible_token_ms: 4000, max_gap_ms: 2000 };
const silent = { ...run().timing, first_visible_token_ms: null, max_gap_ms: null };
const disturbed = [{ kind: 'measurement', detail: 'busy' }] as const;
const slos = [
  { sli: 'ttfot', objective: 0.95, thresholdMs: 3000 },
  { sli: 'stall', objective: 0.99, thresholdMs: 1500 },
] as const;

test.each([
  ['good', run(), ['good', 'good', 'good', 'good']],
  ['slow', run({ timing: slow }), ['good', 'good', 'bad', 'bad']],
  ['stalled after its first token', run({ reason: 'stalled' }), ['bad', 'excluded', 'good', 'bad']],
  ['stalled after a late one', run({ reason: 'stalled', timing: slow }), ['bad', 'excluded', 'bad', 'bad']],
  ['stalled, and disturbed', run({ reason: 'stalled', warnings: disturbed }), ['bad', 'excluded', 'excluded', 'bad']],
  ['refused connection', run({ reason: 'tcp', timing: silent }), ['bad', 'excluded', 'bad', 'excluded']],
  ['wrong answer', run({ reason: 'wrong_answer' }), ['bad', 'bad', 'good', 'excluded']],
  ['no money', run({ reason: 'balance_exhausted' }), ['excluded', 'excluded', 'excluded', 'excluded']],
  ['unknown', run({ state: 'unknown' }), ['excluded', 'excluded', 'excluded', 'excluded']],
] as const)('service level of a run that is %s', (_, one, expected) => {
  expect((['availability', 'correctness', 'ttfot', 'stall'] as const).map(sli => sliOf(sli, one, slos))).toEqual(
    expected,
  );
});

test('OpenMetrics has the same numbers, exemplars that lead to runs, and does not spoil the classic text', async () => {
  const probe = createProbeMetrics(await streamed(), clock);
  const one = runAt(noon);
  probe.record(one);
  const before = await probe.metrics.text();
  const open = await probe.metrics.openMetrics();
  expect(open.endsWith('# EOF\n')).toBe(true);
  expect(open).toContain('# TYPE glm_probe_runs counter\n');
  expect(open).toContain(`glm_probe_runs_total{${base},outcome="success"} 1\n`);
  expect(open).toContain(`# {run_id="${one.run_id}"} 0.32 ${(noon / 1000).toFixed(3)}\n`);
  expect(open.match(/ # \{run_id=/g)).toHaveLength(12);
  expect(await probe.metrics.text()).toBe(before);
  expect(before).not.toContain(' # {');
});

const promtool = '/usr/bin/promtool';

test.skipIf(!existsSync(promtool))('promtool has nothing to say about any metric of the catalogue', async () => {
  const probe = createProbeMetrics(await streamed(), clock);
  for (const [name, { labels }] of Object.entries(catalogue))
    if (name.startsWith('glm_probe_') && !name.endsWith('_info'))
      probe.metrics.zero(name as keyof typeof catalogue, Object.fromEntries(labels.map(label => [label, 'x'])));
  probe.record(runAt(noon));
  expect(execFileSync(promtool, ['check', 'metrics'], { input: await probe.metrics.text(), encoding: 'utf8' })).toBe(
    '',
  );
});
