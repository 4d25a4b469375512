import { expect, test } from 'vitest';
import { severities } from '../../../src/mock-server/verdict/finding.ts';
import { assertResilient, assess, jsonReport, textReport } from '../../../src/mock-server/verdict/report.ts';
import { cut, journal, refused } from './entries.ts';

const poor = journal(...Array.from({ length: 3 }, () => refused('1113', 429)), {
  ...refused('1302', 429),
  fingerprint: 2,
});

test('a finding is one line where there is room', () => {
  expect(textReport(poor, { width: 200 })).toMatchInlineSnapshot(`
    "FAIL retried_non_retryable #1 #2 #3  1113 was sent again 2 times → no money or no package (1113): report it, do not repeat it; decide by error.code, not by the status
    FAIL gave_up #4  1302 was never repeated → too many requests in flight or too often (1302, 1303): repeat it with growing pauses; there is no Retry-After to wait for
    not resilient: 2 failed, 0 to look at; 4 requests, 4 with a fault or an error"
  `);
});

test('in a narrow terminal the advice goes on below, and no word is lost', () => {
  const text = textReport(poor, { width: 70 });
  expect(text).toMatchInlineSnapshot(`
    "FAIL retried_non_retryable #1 #2 #3  1113 was sent again 2 times
         → no money or no package (1113): report it, do not repeat it;
           decide by error.code, not by the status
    FAIL gave_up #4  1302 was never repeated
         → too many requests in flight or too often (1302, 1303): repeat
           it with growing pauses; there is no Retry-After to wait for
    not resilient: 2 failed, 0 to look at; 4 requests, 4 with a fault or
           an error"
  `);
  expect(Math.max(...text.split('\n').map(line => line.length))).toBeLessThanOrEqual(70);
});

test('many requests are counted, not listed', () => {
  const text = textReport(journal(...Array.from({ length: 9 }, () => refused('1113', 429))));
  expect(text).toContain('#1 #2 #3 #4 #5 #6 and 3 more  1113 was sent again 8 times');
});

test.each([
  ['nothing to judge: 1 request, 0 with a fault or an error', journal({})],
  ['ok: 2 requests, 1 with a fault or an error', journal(refused('1302', 429), {})],
])('without findings: %s', (text, entries) => {
  expect(textReport(entries)).toBe(text);
  expect(() => assertResilient(entries)).not.toThrow();
});

test('the assertion throws the report', () => {
  expect(() => assertResilient(poor)).toThrow(textReport(poor));
});

test.each([
  [
    'warn',
    journal({ ...refused('1302', 429), params: ['request_id'] }),
    'WARN gave_up',
    { fail: true, warn: false, unproven: false },
  ],
  ['unproven', journal(cut), 'UNPROVEN accepted_truncated', { fail: true, warn: true, unproven: false }],
  ['fail', poor, 'FAIL gave_up', { fail: false, warn: false, unproven: false }],
] as const)('a finding that is %s fails when asked to', (_, entries, line, passes) => {
  expect(textReport(entries)).toContain(line);
  for (const failOn of severities)
    expect({ failOn, pass: assess(entries, { failOn }).pass }).toEqual({ failOn, pass: passes[failOn] });
});

test('what could not be judged any more is said', () => {
  expect(textReport(journal({}), { dropped: 5000, lost: 0 })).toBe(
    'nothing to judge: 5,001 requests, 0 with a fault or an error',
  );
  expect(textReport(journal({}), { dropped: 5000, lost: 7, width: 200 })).toBe(
    'ok: 5,001 requests, 7 with a fault or an error; 7 of them are no longer kept and were not judged',
  );
});

test('a threshold that is misspelt is refused', () => {
  const misspelt = { failOnn: 'warn' } as object;
  expect(() => assertResilient(poor, misspelt)).toThrow(
    'the verdict has no option failOnn; it has failOn, width and nowMs,',
  );
});

test('as JSON', () => {
  expect(jsonReport(poor)).toMatchObject({
    verdict: 'fragile',
    requests: 4,
    troubled: 4,
    findings: [
      { code: 'retried_non_retryable', requests: [1, 2, 3] },
      { code: 'gave_up', requests: [4] },
    ],
  });
});
