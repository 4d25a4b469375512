import { expect, test } from 'vitest';
import { businessCodes } from '../../../src/core/wire/errors.ts';
import { outcomeOf } from '../../../src/mock-server/verdict/outcome.ts';
import { entry, refused, type Step } from './entries.ts';

test.each<[string, Step, string]>([
  ['a good answer', {}, 'ok'],
  ['an endpoint without a finish reason', { finish: undefined, kinds: [], path: '/api/paas/v4/models' }, 'ok'],
  ['thinking only', { finish: 'length', kinds: ['reasoning_content'] }, 'reasoning_only'],
  ['nothing at all', { kinds: [] }, 'empty'],
  ['inference broke off', { finish: 'network_error' }, 'network_error'],
  ['filtered', { finish: 'sensitive' }, 'content_filtered'],
  ['window exceeded', { finish: 'model_context_window_exceeded' }, 'context_exceeded'],
  ['rate limit', refused('1302', 429), 'rate_limited'],
  ['an unknown code', refused('9999', 400), 'unknown_code'],
  ['a code of the mock’s own', refused('mock_no_fixture', 418), 'not_found'],
  ['429 without a code', refused('none', 429), 'rate_limited'],
  ['a gateway’s page', refused('none', 502), 'gateway_error'],
  ['a page that only the scenario tells of', { ...refused('none', 405), faults: ['waf-page'] }, 'gateway_error'],
  ['an error in a body with 200', { code: '1001', streamed: false }, 'auth'],
  ['a Spring error', refused('none', 404), 'not_found'],
  ['an error frame in a stream', { code: '1234' }, 'error_in_stream'],
  ['a connection ended by the mock', { ending: 'cut' }, 'truncated'],
  ['the same before the first byte', { ending: 'cut', bytes: 0, beats: 0, status: 0 }, 'reset'],
  ['a fault that only the scenario tells of', { faults: ['cut-mid-frame'] }, 'malformed'],
  ['a delay that passed', { faults: ['stall'] }, 'ok'],
  ['a fault that was asked for and changed nothing', { asked: ['truncated'] }, 'ok'],
  [
    'an error in place of an answer, with 200',
    { faults: ['ok-with-error-body'], finish: undefined, kinds: [], streamed: false },
    'auth',
  ],
  ['a fault nobody knows', { faults: ['unheard-of'] }, 'ok'],
  ['a hang-up', { ending: 'client_gone', beats: 5 }, 'aborted after 5 chunks'],
  ['a hang-up after one chunk', { ending: 'client_gone', beats: 1 }, 'aborted after 1 chunk'],
  ['a hang-up in silence', { ending: 'client_gone', beats: 0, faults: ['hang'] }, 'aborted after 0 chunks'],
  ['an error whose last byte nobody read', { ...refused('1302', 429), ending: 'client_gone' }, 'rate_limited'],
  [
    'an error nobody saw',
    { ...refused('1302', 429), ending: 'client_gone', bytes: 0, beats: 0 },
    'aborted after 0 chunks',
  ],
  ['still going', { ending: 'open' }, 'open'],
])('%s', (_, step, outcome) => {
  expect(outcomeOf(entry(step))).toBe(outcome);
});

test('every business code ends as its own reason says', () => {
  for (const { code, http, reason } of businessCodes) expect(outcomeOf(entry(refused(code, http)))).toBe(reason);
});

test('a scenario may come to something else when nothing is streamed', () => {
  const list = [{ name: 'odd', outcome: 'malformed', unary: 'gateway_error' }] as const;
  expect(outcomeOf(entry({ faults: ['odd'] }), list)).toBe('malformed');
  expect(outcomeOf(entry({ faults: ['odd'], streamed: false }), list)).toBe('gateway_error');
});
