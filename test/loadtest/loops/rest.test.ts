import { expect, test } from 'vitest';
import { type CallRecord, newDraft } from '../../../src/core/call/record.ts';
import type { Reason } from '../../../src/core/outcome.ts';
import { restAfter } from '../../../src/loadtest/loops/rest.ts';

/** An answer that took 10 ms. */
const answer = (kind: Reason, status: number) =>
  ({ ...newDraft(0, 0), endMs: 10, status, outcome: { kind } }) as CallRecord;

test.each<[string, Reason, number, number]>([
  ['an answer', 'ok', 200, 0],
  ['an answer without usage', 'usage_missing', 200, 0],
  ['thinking without an answer', 'reasoning_only', 200, 0],
  ['a cut stream', 'truncated', 200, 90],
  ['an error of the server', 'server_error', 500, 90],
  ['a gateway without a server', 'gateway_error', 502, 90],
  ['a refusal that passes', 'rate_limited', 429, 90],
  ['a refusal with a code that nobody knows', 'unknown_code', 429, 90],
  ['an unknown code of a server in trouble', 'unknown_code', 500, 90],
  ['a firewall', 'gateway_error', 403, 90],
  ['a redirect', 'gateway_error', 302, 90],
])('after %s (%s, %i) a seat rests %i ms', (_, kind, status, ms) => {
  expect(restAfter(answer(kind, status), 0)).toEqual({ ms, hopeless: 0 });
});

test('only a refusal that is known to stay is asked less and less often', () => {
  const rests = (kind: Reason, status: number) => {
    let hopeless = 0;
    return [1, 2, 3, 4, 5, 6].map(() => {
      const rest = restAfter(answer(kind, status), hopeless);
      hopeless = rest.hopeless;
      return rest.ms;
    });
  };
  expect(rests('auth', 401)).toEqual([90, 190, 390, 790, 990, 990]);
  expect(rests('unknown_code', 429)).toEqual([90, 90, 90, 90, 90, 90]);
});
