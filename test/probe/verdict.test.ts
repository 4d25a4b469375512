import { expect, test } from 'vitest';
import { newDraft } from '../../src/core/call/record.ts';
import { createManualClock } from '../../src/core/clock.ts';
import { endings, type Reason, reasons } from '../../src/core/outcome.ts';
import { chatBody } from '../../src/probe/checks/check.ts';
import { createProbeMetrics } from '../../src/probe/metrics.ts';
import { textReport } from '../../src/probe/report/text.ts';
import { exitCodeOf, judge, plainWords } from '../../src/probe/verdict.ts';

const subject = { target: 'api.test', check: 'chat_stream', model: 'glm-4.6' };
const ended = (kind: Reason, detail?: string) =>
  judge(subject, { ...newDraft(0, 0), endMs: 5, outcome: detail ? { kind, detail } : { kind } });

test('a good record has neither reason nor fault', () => {
  expect(ended('ok')).toMatchObject({ ...subject, reason: null, fault_domain: null, deadline: null, detail: null });
  expect(plainWords(ended('ok'))).toBeNull();
});

test.each(reasons.filter(kind => kind !== 'ok'))('%s is reported with its fault domain, meaning and advice', kind => {
  const result = ended(kind, 'code 1');
  expect(result).toMatchObject({ reason: kind, fault_domain: endings[kind].domain, detail: 'code 1' });
  expect(plainWords(result)).toContain(`${kind} (${endings[kind].domain}): ${endings[kind].meaning} [code 1]`);
});

test.each<[Reason[], number]>([
  [['ok', 'ok'], 0],
  [['ok', 'overloaded'], 1],
  [['tls'], 1],
  [['rate_limited'], 3],
  [['ok', 'bad_request'], 3],
  [['internal'], 3],
  [['balance_exhausted', 'truncated'], 1],
  [[], 3],
])('results %j exit with %i', (kinds, code) => {
  expect(exitCodeOf(kinds.map(kind => ended(kind)))).toBe(code);
});

test('times are durations, and null where the phase did not happen', () => {
  const moments = { connectMs: 100, tcpMs: 101, sentMs: 102, headMs: 112, firstTokenMs: 120, firstVisibleMs: 130 };
  const record = { ...newDraft(100, 100), ...moments, lastTokenMs: 140, maxGapMs: 10, endMs: 141 };
  expect(judge(subject, record).timing).toEqual({
    dns_ms: null,
    tcp_ms: 1,
    tls_ms: null,
    head_ms: 10,
    ttft_ms: 20,
    first_visible_token_ms: 30,
    max_gap_ms: 10,
    total_ms: 41,
  });
  expect(ended('dns').timing).toMatchObject({ ttft_ms: null, max_gap_ms: null, total_ms: 5 });
});

test('the table names verdict, reason and fault, and says the log id once', () => {
  const bad = { ...ended('overloaded', 'HTTP 429, code 1305'), log_id: '20261009' };
  expect(textReport([ended('ok'), bad])).toMatchInlineSnapshot(`
    "api.test  glm-4.6

    check        verdict  reason      fault     dns  tcp  tls  head  ttft  visible  max gap  total
    chat_stream  good     -           -         -    -    -    -     -     -        -        5ms
    chat_stream  BAD      overloaded  provider  -    -    -    -     -     -        -        5ms

    chat_stream: overloaded (provider): the platform sheds load (1305, 1312, 503, 529) [HTTP 429, code 1305]. Repeat it later, with backoff. Log id for the vendor: 20261009.
    "
  `);
});

test.each([
  ['glm-4.6', { max_tokens: 64, thinking: { type: 'disabled' } }],
  ['glm-5.2', { max_tokens: 64, thinking: { type: 'disabled' } }],
  ['glm-5.3', { max_tokens: 2048, reasoning_effort: 'low' }],
  ['glm-5.3-next', { max_tokens: 2048, reasoning_effort: 'low' }],
  ['glm-4.1v-thinking-flash', { max_tokens: 2048 }],
  ['glm-4-flash', { max_tokens: 64 }],
  ['my-own', { max_tokens: 64, thinking: { type: 'disabled' } }],
])('%s is asked with as little thinking as it allows', (model, fields) => {
  const messages = [{ role: 'user', content: 'hi' }];
  expect(chatBody({ model, prompt: 'hi', maxTokens: undefined })).toEqual({ model, messages, ...fields });
  expect(chatBody({ model, prompt: 'hi', maxTokens: 7 })).toMatchObject({ max_tokens: 7 });
});

test('every reason exists at zero before the first run, and a run moves its own series only', async () => {
  const { metrics, record } = createProbeMetrics([subject], createManualClock(5000));
  const base = 'target="api.test",check="chat_stream",model="glm-4.6"';
  for (const reason of reasons.filter(kind => kind !== 'ok'))
    expect(await metrics.text()).toContain(
      `glm_probe_failures_total{${base},fault_domain="${endings[reason].domain}",reason="${reason}"} 0`,
    );
  record(ended('stalled'));
  const text = await metrics.text();
  expect(text).toContain(`glm_probe_failures_total{${base},fault_domain="provider",reason="stalled"} 1`);
  expect(text).toContain(`glm_probe_runs_total{${base},outcome="failure"} 1`);
  expect(text).toContain(`glm_probe_success{${base}} 0`);
  expect(text).toContain(`glm_probe_last_run_timestamp_seconds{${base}} 5`);
  expect(text).toContain(`glm_probe_run_duration_seconds_count{${base}} 0`);
});
