import { expect, test } from 'vitest';
import { newDraft } from '../../src/core/call/record.ts';
import type { Reason } from '../../src/core/outcome.ts';
import { createRandom } from '../../src/core/random.ts';
import { createPolicy, type Decision, type OnLimit } from '../../src/loadtest/policy.ts';

const ended = (kind: Reason, retryAfterMs?: number) => ({ ...newDraft(0, 0), outcome: { kind }, retryAfterMs });
const random = createRandom(1);
const policyOf = (onLimit: OnLimit, mostRetries = 5) =>
  createPolicy({ onLimit, mostRetries, baseMs: 1000, capMs: 60_000 });

test.each<[OnLimit, Reason, Decision['kind']]>([
  ['record', 'rate_limited', 'done'],
  ['record', 'balance_exhausted', 'done'],
  ['record', 'ok', 'done'],
  ['backoff', 'ok', 'done'],
  ['backoff', 'rate_limited', 'wait'],
  ['backoff', 'overloaded', 'wait'],
  ['backoff', 'server_error', 'wait'],
  ['backoff', 'truncated', 'wait'],
  ['backoff', 'bad_request', 'done'],
  ['backoff', 'content_filtered', 'done'],
  ['backoff', 'balance_exhausted', 'abort'],
  ['backoff', 'quota_exhausted', 'abort'],
  ['backoff', 'auth', 'abort'],
  ['abort', 'rate_limited', 'abort'],
  ['abort', 'quota_exhausted', 'abort'],
  ['abort', 'overloaded', 'abort'],
  ['abort', 'balance_exhausted', 'abort'],
  ['abort', 'server_error', 'done'],
  ['abort', 'truncated', 'done'],
  ['abort', 'ok', 'done'],
])('with %s, %s comes to: %s', (onLimit, reason, kind) => {
  expect(policyOf(onLimit).after(ended(reason), 1, random).kind).toBe(kind);
});

const waitOf = (decision: Decision) => (decision.kind === 'wait' ? decision.ms : Number.NaN);

test('waits double under a cap and are drawn from the whole range', () => {
  for (const [attempt, longest] of [
    [1, 1000],
    [2, 2000],
    [4, 8000],
    [8, 60_000],
  ] as const) {
    const waits = Array.from({ length: 200 }, (_, i) =>
      waitOf(policyOf('backoff', 10).after(ended('rate_limited'), attempt, createRandom(i))),
    );
    expect(Math.max(...waits)).toBeLessThanOrEqual(longest);
    expect(Math.max(...waits)).toBeGreaterThan(longest * 0.9);
    expect(Math.min(...waits)).toBeLessThan(longest * 0.1);
  }
});

test('no attempt is made earlier than Retry-After allows', () => {
  const waits = Array.from({ length: 50 }, (_, i) =>
    waitOf(policyOf('backoff').after(ended('rate_limited', 5000), 1, createRandom(i))),
  );
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(5000);
});

test('one request is tried again so many times and no more', () => {
  const policy = policyOf('backoff', 2);
  expect([1, 2, 3].map(attempt => policy.after(ended('overloaded'), attempt, random).kind)).toEqual([
    'wait',
    'wait',
    'done',
  ]);
});

test('retries are a share of all requests, so that a refusing endpoint meets no storm', () => {
  const policy = policyOf('backoff', 100);
  let retries = 0;
  for (let request = 0; request < 1000; request++)
    for (let attempt = 1; policy.after(ended('rate_limited'), attempt, random).kind === 'wait'; attempt++) retries++;
  expect(retries).toBeLessThanOrEqual(10 + 0.2 * 1000);
  expect(retries).toBeGreaterThan(0.15 * 1000);
});
