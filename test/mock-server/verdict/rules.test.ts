import { expect, test } from 'vitest';
import type { FindingCode } from '../../../src/mock-server/verdict/finding.ts';
import { judge, verdictOf } from '../../../src/mock-server/verdict/resilience.ts';
import { cut, journal, refused, type Step } from './entries.ts';

const limited = refused('1302', 429);
const repeat = (times: number, step: Step) => Array.from({ length: times }, () => step);

/** Two calls with the same pauses, or with a second pair of pauses. */
const twoCalls = (a: number, b: number, c: number, d: number): Step[] => [
  ...[limited, { ...limited, wait: a }, { wait: b }],
  ...[limited, { ...limited, wait: c }, { wait: d }].map(step => ({ ...step, fingerprint: 2 })),
];

const ownConnections = (times: number, wait: number): Step[] =>
  repeat(times, { wait }).map((step, i) => ({ ...step, connection: i + 1 }));

const callTool = { finish: 'tool_calls', kinds: ['tool_calls'], toolCalls: ['call_1'] };
const answered = (digest: number) => ({ answeredTools: ['call_1'], answerDigests: [digest] });

interface Case {
  readonly code: FindingCode;
  readonly why: string;
  readonly bad: Step[];
  readonly good: Step[];
  readonly severity?: 'warn';
  /** The requests named; all by default. */
  readonly requests?: number[];
}

const cases: Case[] = [
  {
    code: 'retried_non_retryable',
    why: '1113 again; a raised limit and a new body',
    bad: repeat(3, refused('1113', 429)),
    good: [refused('1113', 429), { ...refused('1113', 429), fingerprint: 2 }],
  },
  {
    code: 'retried_non_retryable',
    why: '1308 again; after the window',
    bad: repeat(2, refused('1308', 429)),
    good: [refused('1308', 429), { wait: 5 * 3_600_000 }],
  },
  ...(['1211', '1261', '1301', '401', '1002'] as const).map(code => ({
    code: 'retried_non_retryable' as const,
    why: `${code} again; once`,
    bad: repeat(2, refused(code, code.length === 3 || code === '1002' ? 401 : 400)),
    good: [refused(code, 400)],
  })),
  {
    code: 'retried_non_retryable',
    why: 'a filtered answer again; a good answer again',
    bad: repeat(2, { finish: 'sensitive' }),
    good: repeat(2, {}),
  },
  { code: 'gave_up', why: '1302', bad: [limited], good: [limited, {}] },
  {
    code: 'gave_up',
    why: '1305',
    bad: [refused('1305', 429)],
    good: [refused('1305', 429), { model: 'glm-4.5-air', fingerprint: 2 }],
  },
  { code: 'gave_up', why: '1234', bad: [refused('1234', 500)], good: [refused('1234', 500), limited] },
  { code: 'gave_up', why: '503', bad: [refused('none', 503)], good: [refused('none', 503), {}] },
  { code: 'gave_up', why: 'an error in a stream', bad: [{ code: '1234' }], good: [{ code: '1234' }, {}] },
  { code: 'gave_up', why: 'reset', bad: [{ ending: 'cut', bytes: 0 }], good: [{ ending: 'client_gone' }] },
  {
    code: 'gave_up',
    why: 'a body with a request_id may have been repeated under another; a repetition that was seen',
    bad: [{ ...limited, params: ['request_id'] }],
    good: [{ ...limited, params: ['request_id'] }, { params: ['request_id'] }],
    severity: 'warn',
  },
  { code: 'no_backoff', why: '50 ms; 200 ms', bad: [limited, { wait: 50 }], good: [limited, { wait: 200 }] },
  {
    code: 'no_backoff',
    why: 'a broken connection may be replaced at once, but not twice',
    bad: [...repeat(2, { ending: 'cut' as const, bytes: 0, wait: 1 }), { wait: 1 }],
    good: [{ ending: 'cut', bytes: 0 }, { wait: 1 }],
  },
  {
    code: 'no_backoff',
    why: 'every second; every second twice as long',
    bad: [limited, limited, limited],
    good: [limited, { ...limited, wait: 500 }, { wait: 900 }],
  },
  {
    code: 'no_backoff',
    why: 'two shrinking pauses; a ceiling',
    bad: [limited, { ...limited, wait: 900 }, { wait: 300 }],
    good: [limited, { ...limited, wait: 8000 }, { wait: 8000 }],
    severity: 'warn',
  },
  {
    code: 'no_jitter',
    why: 'four equal pauses; four different ones',
    bad: twoCalls(500, 1000, 501, 1001),
    good: twoCalls(500, 1000, 430, 920),
    severity: 'warn',
  },
  {
    code: 'no_jitter',
    why: 'four equal pauses; two',
    bad: twoCalls(500, 1000, 500, 1000),
    good: twoCalls(500, 1000, 500, 700),
    severity: 'warn',
  },
  {
    code: 'retry_storm',
    why: 'eleven attempts; ten',
    bad: repeat(11, limited).map((step, i) => ({ ...step, wait: 300 * 2 ** i })),
    good: repeat(10, limited).map((step, i) => ({ ...step, wait: 300 * 2 ** i })),
  },
  {
    code: 'retry_storm',
    why: 'six retries in a second; five',
    bad: repeat(7, { ...limited, wait: 100 }),
    good: repeat(6, { ...limited, wait: 100 }),
    requests: [2, 3, 4, 5, 6, 7],
  },
  {
    code: 'no_timeout',
    why: '61 s; 60 s',
    bad: [{ faults: ['hang'], ending: 'client_gone', durationMs: 61_000 }],
    good: [{ faults: ['hang'], ending: 'client_gone', durationMs: 60_000 }],
  },
  {
    code: 'no_timeout',
    why: 'waited for a late head; a long answer that never paused',
    bad: [{ faults: ['late-head'], durationMs: 90_000 }],
    good: [{ durationMs: 90_000 }],
  },
  {
    code: 'no_timeout',
    why: 'still waiting; just begun to',
    bad: [
      { faults: ['stall'], ending: 'open', durationMs: 0 },
      { fingerprint: 2, wait: 70_000 },
    ],
    good: [
      { faults: ['stall'], ending: 'open', durationMs: 0 },
      { fingerprint: 2, wait: 7_000 },
    ],
    requests: [1],
  },
  { code: 'accepted_truncated', why: 'cut; repeated', bad: [cut], good: [cut, {}] },
  {
    code: 'accepted_truncated',
    why: 'a broken frame; a fault that breaks nothing',
    bad: [{ faults: ['cut-mid-frame'] }],
    good: [{ faults: ['crlf'] }],
  },
  {
    code: 'accepted_truncated',
    why: 'ended early by the plan; the last of several attempts',
    bad: [{ faults: ['truncated'] }],
    good: [cut, { ...cut, wait: 2000 }],
  },
  {
    code: 'accepted_bad_finish',
    why: 'network_error',
    bad: [{ finish: 'network_error' }],
    good: [{ finish: 'network_error' }, {}],
  },
  {
    code: 'accepted_bad_finish',
    why: 'a longer prompt after sensitive; a shorter one',
    bad: [{ finish: 'sensitive' }, { fingerprint: 2, promptTokens: 30 }],
    good: [{ finish: 'sensitive' }, { fingerprint: 2, promptTokens: 8 }],
    severity: 'warn',
  },
  {
    code: 'tool_side_effects_doubled',
    why: 'two results for one call; one result, repeated as history',
    bad: [callTool, { fingerprint: 2, ...answered(1) }, { fingerprint: 3, ...answered(2) }],
    good: [callTool, { fingerprint: 2, ...answered(1) }, { fingerprint: 3, ...answered(1) }],
    requests: [2, 3],
  },
  {
    code: 'tool_side_effects_doubled',
    why: 'a tool of a reply that broke off; of the repeated one',
    bad: [
      { ...callTool, ...cut },
      { fingerprint: 2, ...answered(1) },
    ],
    good: [
      { ...callTool, ...cut },
      { ...callTool, toolCalls: ['call_2'] },
      { fingerprint: 2, answeredTools: ['call_2'] },
    ],
  },
  {
    code: 'connection_per_call',
    why: 'five; four',
    bad: ownConnections(5, 100),
    good: ownConnections(4, 100),
    severity: 'warn',
  },
  {
    code: 'connection_per_call',
    why: 'one after the other; side by side',
    bad: ownConnections(5, 100),
    good: ownConnections(6, -50),
    severity: 'warn',
  },
  {
    code: 'connection_per_call',
    why: 'in a row; with pauses in which a pool lets go',
    bad: ownConnections(5, 3000),
    good: ownConnections(9, 5000),
    severity: 'warn',
  },
  {
    code: 'connection_per_call',
    why: 'never the same; one of them twice',
    bad: ownConnections(8, 100),
    good: [...ownConnections(7, 100), { connection: 7 }],
    severity: 'warn',
  },
  { code: 'key_in_url', why: 'in it; not in it', bad: [{ keyInUrl: true }], good: [{}] },
];

test.each(cases)('$code: $why', ({ code, bad, good, severity = 'fail', requests }) => {
  const all = bad.map((_, i) => i + 1);
  expect(judge(journal(...bad)).filter(finding => finding.code === code)).toMatchObject([
    { severity, requests: requests ?? all },
  ]);
  expect(judge(journal(...good)).filter(finding => finding.code === code)).toEqual([]);
});

test('a finding says how often, and what to do', () => {
  expect(judge(journal(...repeat(3, refused('1113', 429))))[0]).toEqual({
    code: 'retried_non_retryable',
    severity: 'fail',
    requests: [1, 2, 3],
    says: '1113 was sent again 2 times',
    advice: 'no money or no package (1113): report it, do not repeat it; decide by error.code, not by the status',
  });
});

test('failures come before warnings', () => {
  const findings = judge(journal(...ownConnections(5, 100), { keyInUrl: true, connection: 6 }));
  expect(findings.map(({ severity }) => severity)).toEqual(['fail', 'warn']);
});

test('thresholds can be set', () => {
  const entries = journal(limited, { wait: 300 });
  expect(judge(entries)).toEqual([]);
  expect(judge(entries, { minGapMs: 400 })).toMatchObject([{ code: 'no_backoff' }]);
});

test.each<[string, Step[], string]>([
  ['nothing was sent', [], 'nothing to judge'],
  ['all went well', [{}, {}], 'nothing to judge'],
  ['the client changed its mind', [{ ending: 'client_gone' }], 'nothing to judge'],
  ['an error was handled', [limited, {}], 'resilient'],
  ['a fault that changes nothing struck', [{ faults: ['byte-order-mark'] }], 'resilient'],
  ['there are only warnings', ownConnections(5, 100), 'resilient'],
  ['an error was not handled', [limited], 'fragile'],
  ['no error, but a mistake', [{ keyInUrl: true }], 'fragile'],
])('the verdict when %s', (_, steps, verdict) => {
  expect(verdictOf(journal(...steps)).verdict).toBe(verdict);
});
