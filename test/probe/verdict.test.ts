import { expect, test } from 'vitest';
import type { CallRecord } from '../../src/core/call/record.ts';
import { createManualClock } from '../../src/core/clock.ts';
import { classify, endings, type Reason, reasons } from '../../src/core/outcome.ts';
import type { Call } from '../../src/probe/checks/check.ts';
import { chatBody } from '../../src/probe/checks/check.ts';
import type { ExpectConfig } from '../../src/probe/config.ts';
import { exitCodeOf } from '../../src/probe/exit.ts';
import { createProbeMetrics } from '../../src/probe/metrics.ts';
import { runOf } from '../../src/probe/probe.ts';
import { textReport } from '../../src/probe/report/text.ts';
import { countsAgainstSli, isDegraded, sliVerdict } from '../../src/probe/run.ts';
import { expectationsFor } from '../../src/probe/settings.ts';
import { costOf, judge, plainWords, type Terms, timingOf, usageOf } from '../../src/probe/verdict.ts';
import { callOf, checkFor, usage } from '../support/probe.ts';

const termsFor = (expect: ExpectConfig = {}, warn: ExpectConfig = {}, codes: Record<string, Reason> = {}): Terms => ({
  kind: 'chat_stream',
  model: 'glm-4.6',
  ...expectationsFor('chat_stream', { expect, warn }),
  codes: new Map(Object.entries(codes)),
});

const failed = reasons.filter(kind => kind !== 'ok');
const check = await checkFor('http://api.test/api/paas/v4', 'chat_stream');
const ended = (kind: Reason, detail?: string) => callOf({ endMs: 5, outcome: detail ? { kind, detail } : { kind } });
const runs = (...calls: Call[]) =>
  calls.map(call =>
    runOf(check, [call], judge(check, [call], {}), { run_id: 'run-1', started_at_ms: 7, readings: {} }),
  );

test('a good call has neither reason nor fault', () => {
  const verdict = judge(termsFor(), [callOf()], {});
  expect(verdict).toEqual({
    state: 'good',
    reason: null,
    fault_domain: null,
    cause: null,
    deadline: null,
    detail: null,
    warnings: [],
  });
  expect(plainWords(verdict)).toBeNull();
});

test.each(failed)('%s is told with its fault domain, meaning and advice', kind => {
  const verdict = judge(termsFor(), [ended(kind, 'code 1')], {});
  expect(verdict).toMatchObject({ reason: kind, fault_domain: endings[kind].domain, detail: 'code 1' });
  expect(plainWords(verdict)).toContain(`${kind} (${endings[kind].domain}): ${endings[kind].meaning} [code 1]`);
});

test.each([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', true],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', true],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', true],
  ['CERT_HAS_EXPIRED', false],
  ['ERR_TLS_CERT_ALTNAME_INVALID', false],
])('whether the authority may be named by --ca is said of %s: %s', (detail, said) => {
  const words = plainWords(judge(termsFor(), [ended('tls', detail)], {}));
  expect(words?.endsWith('If the authority of its certificate is one of your own, name it by ca or --ca.')).toBe(said);
  expect(words).toContain('Have the certificate renewed or put right.');
});

test.each([
  [
    'dns',
    'getaddrinfo ENOTFOUND',
    'See whether the host name in the URL is right, and whether this machine can look up others.',
  ],
  [
    'tcp',
    'ECONNREFUSED',
    'See whether host and port are right, whether anything listens there, and whether this network lets it through.',
  ],
  [
    'timeout_connect',
    '5s',
    'See whether host and port are right, whether anything listens there, and whether this network lets it through.',
  ],
  ['timeout_first_byte', '15s', 'It may pass by itself; if it lasts, ask whoever runs the service.'],
  [
    'tls',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'What listens there does not speak TLS: see whether the URL should begin with http:, or name another port.',
  ],
] as const)('what a person can do about %s (%s)', (kind, detail, advice) => {
  const words = plainWords(judge(termsFor(), [ended(kind, detail)], {}));
  expect(words?.slice(words.indexOf(']. ') + 3)).toBe(advice);
});

test.each(failed)('%s counts against the service only when provider or network is at fault', kind => {
  const verdict = judge(termsFor(), [ended(kind)], {});
  const theirs = ['provider', 'network'].includes(endings[kind].domain);
  expect(countsAgainstSli(verdict)).toBe(theirs);
  expect(sliVerdict(verdict)).toBe(theirs ? 'bad' : 'excluded');
});

test.each(['unknown', 'skipped', 'good'] as const)('a %s run counts against nobody, whatever its reason', state => {
  expect(countsAgainstSli({ state, fault_domain: 'provider' })).toBe(false);
});

test('what this program could not do is unknown, and what it was told to stop is skipped', () => {
  expect(judge(termsFor(), [ended('internal')], {})).toMatchObject({ state: 'unknown', reason: 'internal' });
  expect(judge(termsFor(), [ended('cancelled')], {})).toMatchObject({ state: 'skipped', reason: 'cancelled' });
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
])('endings %j exit with %i', (kinds, code) => {
  expect(exitCodeOf(runs(...kinds.map(kind => ended(kind))))).toBe(code);
});

const at = (record: Partial<CallRecord>) => callOf({ firstEventMs: 1, firstTokenMs: 10, lastTokenMs: 110, ...record });

test.each<[string, ExpectConfig, Partial<CallRecord>, Reason | null, string | null]>([
  ['any visible answer', { content: 'any' }, { text: 'x' }, null, null],
  ['a text that is there', { content: { text: 'pong' } }, { text: 'a pong!' }, null, null],
  [
    'a text that is not',
    { content: { text: 'pong' } },
    { text: 'Pong' },
    'wrong_answer',
    'the answer does not hold the expected text',
  ],
  ['no text at all', { content: { text: 'pong' } }, {}, 'wrong_answer', 'the answer does not hold the expected text'],
  [
    'a text that was not reached',
    { content: { text: 'pong' } },
    { text: 'pon', finishReason: 'length' },
    'wrong_answer',
    'the answer does not hold the expected text: it was cut at max_tokens',
  ],
  ['a pattern', { content: { regex: '^\\p{L}+$' } }, { text: '茶' }, null, null],
  [
    'another pattern',
    { content: { regex: '^\\d+$' } },
    { text: '茶' },
    'wrong_answer',
    'the answer does not match the expected pattern',
  ],
  ['keys', { content: { json: ['a'] } }, { text: '{"a":1}' }, null, null],
  [
    'a missing key',
    { content: { json: ['a', 'b'] } },
    { text: '{"a":1}' },
    'wrong_answer',
    'the JSON object lacks 1 of 2 keys',
  ],
  [
    'finish_reason',
    { finish_reason: ['stop'] },
    { finishReason: 'length' },
    'wrong_answer',
    'finish_reason length in place of stop',
  ],
  [
    'no finish_reason',
    { finish_reason: ['stop', 'length'] },
    { finishReason: undefined },
    'wrong_answer',
    'finish_reason none in place of stop or length',
  ],
  ['another model', { model: 'same' }, { model: 'glm-5.3' }, 'wrong_answer', 'glm-5.3 answered in place of glm-4.6'],
  ['the model in upper case', { model: 'same' }, { model: 'GLM-4.6' }, null, null],
  ['a model by name', { model: 'glm-5.3' }, { model: 'glm-5.3' }, null, null],
  ['ttft in time', { ttft: 10 }, {}, null, null],
  ['no token to time', { ttft: 1, max_gap: 1 }, { firstTokenMs: undefined, lastTokenMs: undefined }, null, null],
])('of %s under expectations %j', (_name, expectation, record, reason, detail) => {
  expect(judge(termsFor(expectation), [at(record)], {})).toMatchObject({ reason, detail });
});

test.each<[ExpectConfig, Partial<CallRecord>, string]>([
  [{ ttft: 9 }, {}, 'first token after 10ms, at most 9ms expected'],
  [{ ttfot: 19 }, { firstVisibleMs: 20 }, 'first visible token after 20ms, at most 19ms expected'],
  [{ max_gap: 2999 }, { maxGapMs: 3000 }, 'longest silence after 3s, at most 3s expected'],
  [{ total: 199 }, { endMs: 200 }, 'whole call after 200ms, at most 199ms expected'],
  [{ tokens_per_second: 101 }, {}, '100.0 tokens per second, at least 101 expected'],
])('speed below %j is slow', (expectation, record, detail) => {
  expect(judge(termsFor(expectation), [at(record)], {})).toMatchObject({
    reason: 'slow',
    fault_domain: 'provider',
    detail,
  });
});

test('the same under warn is degraded and good', () => {
  const verdict = judge(termsFor({}, { ttft: 9, model: 'same' }), [at({ model: 'x' })], {});
  expect(verdict).toMatchObject({ state: 'good', reason: null });
  expect(verdict.warnings.map(({ kind }) => kind)).toEqual(['model', 'ttft']);
  expect([isDegraded(verdict), exitCodeOf([verdict]), exitCodeOf([verdict], 'plain', true)]).toEqual([true, 0, 4]);
});

test('tokens that all came in one read have no rate', () => {
  expect(judge(termsFor({ tokens_per_second: 1 }), [at({ lastTokenMs: 10 })], {}).reason).toBeNull();
  expect(timingOf(at({ lastTokenMs: 10 })).tokens_per_second).toBeNull();
});

test('an expression that never ends does not match, in time', () => {
  const from = performance.now();
  const verdict = judge(termsFor({ content: { regex: '^(a+)+$' } }), [at({ text: `${'a'.repeat(40)}!` })], {});
  expect(verdict.reason).toBe('wrong_answer');
  expect(performance.now() - from).toBeLessThan(2000);
});

test('missing usage is forgiven where the config says so, and told', () => {
  const call = callOf({ usage: undefined, outcome: { kind: 'usage_missing' } });
  expect(judge(termsFor(), [call], {}).reason).toBe('usage_missing');
  const forgiven = judge(termsFor({ usage: 'optional' }), [call], {});
  expect(forgiven).toMatchObject({ state: 'good', warnings: [{ kind: 'usage' }] });
});

test.each<[string, Partial<CallRecord>, Reason]>([
  ['the right number', { reasoning: '2 + 3, that is 5.' }, 'answer_in_reasoning'],
  ['the right number, cut at max_tokens', { reasoning: '2 + 3 = 5', finishReason: 'length' }, 'reasoning_only'],
  ['another number', { reasoning: 'Let me think about 2 + 3.' }, 'reasoning_only'],
  ['nothing that was kept', {}, 'reasoning_only'],
])('thinking without an answer that holds %s', (_, more, reason) => {
  const record = { finishReason: 'stop', ...more, outcome: { kind: 'reasoning_only' } } as const;
  const call = callOf(record, { right: { kind: 'number', value: 5 } });
  expect(judge(termsFor(), [call], {})).toMatchObject({ reason, fault_domain: 'provider' });
  expect(judge(termsFor(), [callOf(record)], {}).reason).toBe('reasoning_only');
});

test('a stream without [DONE] and one cut at max_tokens are good and degraded', () => {
  const call = at({ done: false, finishReason: 'length' });
  expect(judge(termsFor(), [call], {}).warnings.map(({ kind }) => kind)).toEqual(['no_done', 'finish_reason']);
});

test.each([
  ['1113', {}, 'balance_exhausted', 'account', 'Top up the account, or buy a package.'],
  ['1302', {}, 'rate_limited', 'account', 'Spread the calls of this key, or ask the vendor for a higher limit.'],
  ['1308', {}, 'quota_exhausted', 'account', 'Wait for the limit to reset.'],
  ['1301', {}, 'content_filtered', 'client', 'Repeating the call will not help.'],
  ['1305', {}, 'overloaded', 'provider', 'It may pass by itself; if it lasts, ask whoever runs the service.'],
  ['4711', {}, null, 'provider', 'It may pass by itself; if it lasts, ask whoever runs the service.'],
  [
    '1302',
    { 1302: 'overloaded' },
    'overloaded',
    'provider',
    'It may pass by itself; if it lasts, ask whoever runs the service.',
  ],
  ['4711', { 4711: 'plan_expired' }, 'plan_expired', 'account', 'Renew the plan.'],
] as const)(
  'an error inside a stream with code %s is by that code the fault it is',
  (code, codes, cause, domain, advice) => {
    const outcome = classify({ ...answered, code });
    const verdict = judge(termsFor({}, {}, codes), [callOf({ code, outcome })], {});
    expect(verdict).toMatchObject({ state: 'bad', reason: 'error_in_stream', fault_domain: domain, cause });
    expect(countsAgainstSli(verdict)).toBe(domain === 'provider');
    expect(plainWords(verdict)).toContain(advice);
    // What keeps no cause gives no advice that may be wrong.
    const { reason, fault_domain, detail } = verdict;
    expect(plainWords({ reason, fault_domain, detail })?.includes('pass by itself')).toBe(domain === 'provider');
  },
);

test.each([
  ['auth', 'Give it the right key, or make a new one.'],
  ['tls', 'Have the certificate renewed or put right.'],
  ['bad_request', 'Repeating the call will not help.'],
  ['overloaded', 'It may pass by itself; if it lasts, ask whoever runs the service.'],
] as const)('%s says what whoever runs the check can do: %s', (kind, words) => {
  expect(plainWords(judge(termsFor(), [ended(kind)], {}))?.endsWith(words)).toBe(true);
});

test.each([
  ['chat', undefined, 'HTTP 404, url has to end as the vendor writes it, such as /api/paas/v4'],
  ['chat', '1233', 'HTTP 404'],
  // A gateway need not have these, so the URL may be right.
  ['models', undefined, 'HTTP 404'],
  ['async_chat', undefined, 'HTTP 404'],
] as const)('a path of %s that is not found, with code %s, is told as %s', (kind, code, detail) => {
  const call = callOf({ status: 404, code, outcome: { kind: 'not_found', detail: 'HTTP 404' } }, { request: { kind } });
  expect(judge(termsFor(), [call], {}).detail).toBe(detail);
});

test.each([
  [200, 'contract', 'the answer is packed (content-encoding gzip), and nobody asked for that'],
  [502, 'gateway_error', 'odd, packed (content-encoding gzip)'],
  [403, 'gateway_error', 'odd, packed (content-encoding gzip)'],
])('what cannot be read because it is packed is with HTTP %i %s', (status, reason, detail) => {
  const head = { status, headers: ['Content-Encoding', 'GZIP'], atMs: 1 };
  const call = callOf({ status, outcome: { kind: 'gateway_error', detail: 'odd' } }, { tape: { head } });
  expect(judge(termsFor(), [call], {})).toMatchObject({ reason, detail });
});

test.each([
  ['1308', 'Your limit will reset at 2026-01-16 06:12:24', 'HTTP 429, code 1308, resets at 2026-01-15 22:12:24 UTC'],
  ['1310', '您的限额将在 2026-10-13 01:47:29 重置', 'HTTP 429, code 1310, resets at 2026-10-12 17:47:29 UTC'],
  ['1308', 'later', 'HTTP 429, code 1308'],
  ['1302', 'at 2026-01-16 06:12:24', 'HTTP 429, code 1302'],
])('a limit of code %s whose words are %j is told with its end, where they say it', (code, message, detail) => {
  const outcome = classify({ ...answered, status: 429, errorInStream: false, code });
  expect(judge(termsFor(), [callOf({ code, message, outcome })], {}).detail).toBe(detail);
});

const answered = {
  ...{ status: 200, parsed: true, errorInStream: true, finishReason: undefined },
  ...{ visible: false, reasoned: false, usage: false },
};

test.each<[string, Partial<CallRecord>, Reason]>([
  ['a code of the table', { code: '1302', outcome: { kind: 'rate_limited' } }, 'overloaded'],
  ['an unknown code', { code: '9999', outcome: { kind: 'unknown_code' } }, 'plan_expired'],
  ['a code that is not overridden', { code: '1305', outcome: { kind: 'overloaded' } }, 'overloaded'],
  ['an error inside a stream', { code: '1302', outcome: { kind: 'error_in_stream' } }, 'error_in_stream'],
  ['a code of an object’s own', { code: 'constructor', outcome: { kind: 'unknown_code' } }, 'unknown_code'],
])('%s is named by the config’s own table', (_name, record, reason) => {
  const codes = { 1302: 'overloaded', 9999: 'plan_expired' } as const;
  expect(judge(termsFor({}, {}, codes), [callOf(record)], {}).reason).toBe(reason);
});

test.each([
  [4000, 'token_expired', 'account'],
  [-31_000, 'internal', 'prober'],
  [31_000, 'internal', 'prober'],
])('an expired token with a skew of %i ms is %s', (skewMs, reason, fault_domain) => {
  const call = callOf({ outcome: { kind: 'token_expired' } }, { tape: { skewMs } });
  expect(judge(termsFor(), [call], {})).toMatchObject({ reason, fault_domain });
});

test('a certificate is a warning two weeks before its end, and a failure where that is expected', () => {
  const ends = (days: number) =>
    callOf({}, { tape: { peer: { address: '', port: 1, certificateEndsMs: days * 86_400_000 } } });
  expect(judge(termsFor(), [ends(15)], {}).warnings).toEqual([]);
  expect(judge(termsFor(), [ends(3)], {}).warnings).toEqual([
    { kind: 'certificate', detail: 'the certificate ends in 3.0 days' },
  ]);
  expect(judge(termsFor({ certificate: 7 * 86_400_000 }), [ends(3)], {})).toMatchObject({
    reason: 'tls',
    fault_domain: 'network',
  });
});

test('the first call that went wrong decides; then the check’s finding; then expectations, with the call’s label', () => {
  const [good, slow] = [callOf({}, { label: 'cold' }), at({ endMs: 200 })];
  const finding = { kind: 'contract', detail: 'odd' } as const;
  expect(judge(termsFor(), [good, ended('stalled'), ended('reset')], { finding }).reason).toBe('stalled');
  expect(judge(termsFor({ total: 1 }), [good, slow], { finding })).toMatchObject({ reason: 'contract', detail: 'odd' });
  const labelled = judge(termsFor({ total: 1 }), [good, { ...slow, label: 'warm' }], {});
  expect(labelled.detail).toBe('warm: whole call after 200ms, at most 1ms expected');
});

test('a call whose ending means what its check says is not judged by it', () => {
  expect(judge(termsFor(), [{ ...ended('auth'), wanted: 'any' }], {}).reason).toBeNull();
});

test('times are durations, and null where the phase did not happen', () => {
  const moments = { connectMs: 100, tcpMs: 101, sentMs: 102, headMs: 112, firstTokenMs: 120, firstVisibleMs: 130 };
  const record = { intendedMs: 100, startMs: 100, ...moments, lastTokenMs: 220, maxGapMs: 10, endMs: 221 };
  expect(timingOf(callOf(record, { gapsMs: [10, 90.00049] }))).toEqual({
    dns_ms: null,
    tcp_ms: 1,
    tls_ms: null,
    head_ms: 10,
    ttft_ms: 20,
    first_visible_token_ms: 30,
    max_gap_ms: 10,
    gaps_ms: [10, 90],
    total_ms: 121,
    tokens_per_second: 100,
  });
  const stalled = { ...moments, lastTokenMs: 220, maxGapMs: 10, endMs: 3220, deadline: 'idle' } as const;
  expect(timingOf(callOf(stalled)).max_gap_ms).toBe(3000);
  expect(timingOf(ended('dns'))).toMatchObject({ ttft_ms: null, max_gap_ms: null, gaps_ms: null, total_ms: 5 });
});

test('usage and cost are of all calls, cached tokens at their own price', () => {
  const cached = { ...usage, prompt_tokens_details: { cached_tokens: 30 } };
  const all = usageOf([callOf(), callOf({ usage: cached }), callOf({ usage: undefined })]);
  expect(all).toEqual({
    prompt_tokens: 80,
    completion_tokens: 22,
    total_tokens: 102,
    prompt_tokens_details: { cached_tokens: 30 },
  });
  const price = { input: 2, output: 8, cached_input: 0.5, currency: 'CNY' } as const;
  expect(costOf(all, price)).toEqual({ amount: (50 * 2 + 30 * 0.5 + 22 * 8) / 1e6, currency: 'CNY' });
  expect([usageOf([]), costOf(null, price), costOf(all, undefined)]).toEqual([null, null, null]);
});

test('the table names verdict, reason and fault, and says the log id once', () => {
  const call = callOf({ endMs: 5, logId: '20261009', outcome: { kind: 'overloaded', detail: 'HTTP 429, code 1305' } });
  expect(textReport(runs(ended('ok'), call))).toMatchInlineSnapshot(`
    "home  glm-4.6

    check        verdict  reason      fault
    chat_stream  good     -           -
    chat_stream  BAD      overloaded  provider

    check        dns  tcp  tls  head  ttft  visible  max gap  total
    chat_stream  -    -    -    -     -     -        -        5ms
    chat_stream  -    -    -    -     -     -        -        5ms

    chat_stream: overloaded (provider): the platform sheds load (1305, 1312, 503, 529) [HTTP 429, code 1305]. It may pass by itself; if it lasts, ask whoever runs the service. For the vendor’s support: x-log-id 20261009.
    "
  `);
});

test.each([
  ['glm-4.6', { thinking: { type: 'disabled' } }],
  ['glm-5.2', { thinking: { type: 'disabled' } }],
  ['glm-5.3', { reasoning_effort: 'low' }],
  ['glm-5.3-next', { reasoning_effort: 'low' }],
  ['glm-4.1v-thinking-flash', {}],
  ['glm-4-flash', {}],
  ['my-own', { thinking: { type: 'disabled' } }],
])('%s is asked with as little thinking as it allows', (model, fields) => {
  const messages = [{ role: 'user', content: 'hi' }];
  expect(chatBody({ model, maxTokens: 7, thinking: 'off' }, 'hi')).toEqual({
    model,
    messages,
    max_tokens: 7,
    ...fields,
  });
  expect(chatBody({ model, maxTokens: 7, thinking: 'on' }, 'hi')).toEqual({ model, messages, max_tokens: 7 });
});

test('every reason that a failure can have exists at zero before the first run, and a run moves its own series only', async () => {
  const { metrics, record } = createProbeMetrics([check], createManualClock(5000));
  const base = 'target="home",check="chat_stream",model="glm-4.6"';
  // A cancelled run is skipped.
  for (const reason of failed.filter(one => one !== 'cancelled'))
    expect(await metrics.text()).toContain(
      `glm_probe_failures_total{${base},fault_domain="${endings[reason].domain}",reason="${reason}"} 0`,
    );
  for (const run of runs(ended('stalled'))) record(run);
  const text = await metrics.text();
  expect(text).toContain(`glm_probe_failures_total{${base},fault_domain="provider",reason="stalled"} 1`);
  expect(text).toContain(`glm_probe_runs_total{${base},outcome="failure"} 1`);
  expect(text).toContain(`glm_probe_success{${base}} 0`);
  expect(text).toContain(`glm_probe_last_run_timestamp_seconds{${base}} 5`);
  expect(text).toContain(`glm_probe_run_duration_seconds_count{${base}} 0`);
});
