import { expect, test } from 'vitest';
import { type Answered, classify, domainOf, endings, type Reason, reasons, retryOf } from '../../src/core/outcome.ts';

const good: Answered = {
  status: 200,
  code: undefined,
  parsed: true,
  errorInStream: false,
  finishReason: 'stop',
  visible: true,
  reasoned: false,
  usage: true,
};

test.each<[string, Partial<Answered>, Reason]>([
  ['a complete answer', {}, 'ok'],
  ['a tool call', { finishReason: 'tool_calls' }, 'ok'],
  ['an answer cut by max_tokens', { finishReason: 'length' }, 'ok'],
  ['a finish_reason nobody knows', { finishReason: 'tired' }, 'ok'],
  ['a finish_reason named like a method', { finishReason: 'constructor' }, 'ok'],
  ['an answer without usage', { usage: false }, 'usage_missing'],

  ['no finish_reason', { finishReason: undefined }, 'truncated'],
  ['no finish_reason and nothing visible', { finishReason: undefined, visible: false }, 'truncated'],
  ['finish_reason network_error', { finishReason: 'network_error' }, 'network_error'],
  ['finish_reason sensitive', { finishReason: 'sensitive', visible: false }, 'content_filtered'],
  [
    'finish_reason model_context_window_exceeded',
    { finishReason: 'model_context_window_exceeded' },
    'context_exceeded',
  ],
  ['thinking that ate all tokens', { finishReason: 'length', visible: false, reasoned: true }, 'reasoning_only'],
  ['nothing at all', { visible: false }, 'empty'],
  ['200 with something else than JSON', { parsed: false }, 'gateway_error'],

  ['an error inside a stream', { errorInStream: true, code: '1302' }, 'error_in_stream'],
  ['an error inside a stream without a code', { errorInStream: true }, 'error_in_stream'],

  ['code 1302', { status: 429, code: '1302' }, 'rate_limited'],
  ['code 1305', { status: 429, code: '1305' }, 'overloaded'],
  ['code 1308', { status: 429, code: '1308' }, 'quota_exhausted'],
  ['code 1113', { status: 429, code: '1113' }, 'balance_exhausted'],
  ['code 1234', { status: 500, code: '1234' }, 'server_error'],
  ['code 1261', { status: 400, code: '1261' }, 'prompt_too_long'],
  ['a code in an answer of 200', { code: '1000' }, 'auth'],
  ['a request that the mock has nothing for', { status: 418, code: 'mock_no_recording' }, 'not_found'],
  ['a recorder without its upstream', { status: 502, code: 'mock_upstream_unreachable' }, 'tcp'],
  ['a code nobody knows', { status: 400, code: '4711' }, 'unknown_code'],
  ['a code nobody knows in a 500', { status: 500, code: 'model_not_found' }, 'unknown_code'],

  ['503', { status: 503, parsed: false }, 'overloaded'],
  ['529', { status: 529, parsed: false }, 'overloaded'],
  ['HTML with 502', { status: 502, parsed: false }, 'gateway_error'],
  ['HTML with 405', { status: 405, parsed: false }, 'gateway_error'],
  ['HTML with 403', { status: 403, parsed: false }, 'gateway_error'],
  ['HTML with 404', { status: 404, parsed: false }, 'gateway_error'],
  ['HTML with 401', { status: 401, parsed: false }, 'auth'],
  ['HTML, or nothing, with 429', { status: 429, parsed: false }, 'rate_limited'],
  ['401 without a code', { status: 401 }, 'auth'],
  ['403 without a code', { status: 403 }, 'auth'],
  ['404 without a code', { status: 404 }, 'not_found'],
  ['405 without a code', { status: 405 }, 'not_found'],
  ['429 without a code', { status: 429 }, 'rate_limited'],
  ['500 without a code', { status: 500 }, 'server_error'],
  ['418 without a code', { status: 418 }, 'bad_request'],
  ['a redirect', { status: 302 }, 'contract'],
  ['204', { status: 204 }, 'contract'],
])('%s is classified', (_, difference, kind) => {
  expect(classify({ ...good, ...difference }).kind).toBe(kind);
});

test.each([
  ['1113', 'balance_exhausted', 'account'],
  ['1302', 'rate_limited', 'account'],
  ['1301', 'content_filtered', 'client'],
  ['1305', 'overloaded', 'provider'],
  ['4711', undefined, undefined],
  [undefined, undefined, undefined],
] as const)('an error inside a stream with code %s is caused by %s', (code, cause, domain) => {
  const outcome = classify({ ...good, errorInStream: true, code });
  expect([outcome.kind, outcome.cause, outcome.cause && domainOf(outcome.cause)]).toEqual([
    'error_in_stream',
    cause,
    domain,
  ]);
});

test('the detail says what was seen and stays short whatever the server sent', () => {
  expect(classify({ ...good, status: 429, code: '1302' }).detail).toBe('HTTP 429, code 1302');
  expect(classify({ ...good, status: 503 }).detail).toBe('HTTP 503 without a business code');
  expect(classify({ ...good, errorInStream: true }).detail).toBe('code none');
  const long = 'x'.repeat(10_000);
  for (const answer of [
    { ...good, code: long },
    { ...good, code: long, errorInStream: true },
    { ...good, visible: false, finishReason: long },
  ])
    expect(classify(answer).detail?.length).toBeLessThan(100);
});

test('every reason but ok has a fault domain, a meaning and a word fit for a label', () => {
  expect(reasons).toEqual(Object.keys(endings));
  for (const kind of reasons) {
    expect(kind).toMatch(/^[a-z_]+$/);
    expect(endings[kind].meaning).not.toBe('');
    expect(domainOf(kind) === null).toBe(kind === 'ok');
  }
});

test('nobody is told to wait for a reset unless a quota is used up, and only transport, platform and rate repeat', () => {
  expect(reasons.filter(kind => retryOf(kind) === 'after_reset')).toEqual(['quota_exhausted']);
  const repeated = new Set(reasons.filter(kind => retryOf(kind) === 'backoff').map(domainOf));
  expect(repeated).toEqual(new Set(['provider', 'account', 'network']));
  expect(reasons.filter(kind => retryOf(kind) === 'backoff' && domainOf(kind) === 'account')).toEqual(['rate_limited']);
});
