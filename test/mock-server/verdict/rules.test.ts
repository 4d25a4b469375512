import { expect, test } from 'vitest';
import { scenarios } from '../../../src/mock-server/scenarios/index.ts';
import type { FindingCode, Severity } from '../../../src/mock-server/verdict/finding.ts';
import { judge, verdictOf } from '../../../src/mock-server/verdict/resilience.ts';
import { cut, journal, refused, type Step } from './entries.ts';

const limited = refused('1302', 429);
const repeat = (times: number, step: Step) => Array.from({ length: times }, () => step);

/** Calls that each pause as the pairs say. */
const paused = (...pairs: readonly (readonly [number, number])[]): Step[] =>
  pairs.flatMap(([first, second], i) =>
    [limited, { ...limited, wait: first }, { wait: second }].map(step => ({
      ...step,
      fingerprint: i,
      question: i + 1,
    })),
  );

/** As the npm `openai` client pauses: up to a quarter less than 0.5 s and 1 s. */
const jittered = [0.81, 0.99, 0.76, 0.9, 0.84, 0.95].map(
  (share, i) => [500 * share, 1000 * (1.76 - share + i / 100)] as const,
);

/** The first finds nothing to take. */
const ownConnections = (times: number): Step[] =>
  repeat(times, { wait: 100 }).map((step, i) => ({ ...step, connection: i + 1, spare: i > 0 }));

const callTool = { finish: 'tool_calls', kinds: ['tool_calls'], toolCalls: ['call_1'] };
const answered = (digest: number) => ({ answeredTools: ['call_1'], answerDigests: [digest] });
const answeredAgain = { turn: 5, answeredTools: ['call_2'], answerDigests: [2] };

interface Case {
  readonly code: FindingCode;
  readonly why: string;
  readonly bad: Step[];
  readonly good: Step[];
  readonly severity?: Severity;
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
  {
    code: 'gave_up',
    why: 'reset before an answer; in the middle of one, which is for the caller to decide',
    bad: [{ ending: 'cut', bytes: 0 }],
    good: [{ ending: 'cut' }, { code: '1234', fingerprint: 2 }],
  },
  {
    code: 'gave_up',
    why: 'a page with 502; with 405',
    bad: [refused('none', 502)],
    good: [{ ...refused('none', 405), faults: ['waf-page'] }],
  },
  {
    code: 'gave_up',
    why: 'another model was asked something else; the same',
    bad: [limited, { fingerprint: 2, question: 2, model: 'glm-4.5' }],
    good: [limited, { fingerprint: 2, model: 'glm-4.5' }],
    requests: [1],
  },
  {
    code: 'gave_up',
    why: 'the first of its call; the last of several, of which the others were not seen',
    bad: [{ ...limited, attempt: 0 }],
    good: [{ ...limited, attempt: 2 }],
  },
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
    why: 'even pauses, late by what timers are late; spread by a quarter',
    bad: paused([251, 503], [256, 502], [252, 503], [255, 507], [253, 505], [251, 506]),
    good: paused(...jittered),
  },
  {
    code: 'no_jitter',
    why: 'few of them are to be looked at; fewer coincide by chance',
    bad: paused([500, 1000], [503, 1001], [501, 1004]),
    good: paused([500, 1000], [500, 1000]),
    severity: 'warn',
  },
  {
    code: 'no_jitter',
    why: 'a timer that was very late hides nothing; pauses that Retry-After chose are not the client’s',
    bad: paused([251, 503], [254, 502], [252, 903], [655, 505], [253, 504], [251, 503], [252, 503]),
    good: paused([1000, 1000], [1000, 1000], [1000, 1000], [1000, 1000], [1000, 1000]).map(step => ({
      ...step,
      told: true,
    })),
  },
  {
    code: 'retry_storm',
    why: 'eleven attempts; ten',
    bad: repeat(11, limited).map((step, i) => ({ ...step, wait: 300 * 2 ** i })),
    good: repeat(10, limited).map((step, i) => ({ ...step, wait: 300 * 2 ** i })),
  },
  {
    code: 'retry_storm',
    why: 'six retries of one call in a second; five',
    bad: repeat(7, { ...limited, wait: 100 }),
    good: repeat(6, { ...limited, wait: 100 }),
    requests: [2, 3, 4, 5, 6, 7],
  },
  {
    code: 'retry_storm',
    why: 'four calls with seven retries each; forty that begin together with two',
    bad: [0, 1, 2, 3].flatMap(i => repeat(8, { ...limited, fingerprint: i, wait: 400 })),
    good: [0, 1, 2].flatMap(attempt =>
      Array.from({ length: 40 }, (_, i) => ({ ...limited, attempt, fingerprint: i, wait: -9 })),
    ),
    requests: Array.from({ length: 32 }, (_, i) => i + 1).filter(n => n % 8 !== 1),
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
  {
    code: 'accepted_truncated',
    why: 'half an answer comes back as the assistant’s words; a whole one does',
    bad: [cut, { fingerprint: 2, question: 2, carries: [1] }],
    good: [cut, {}, { fingerprint: 2, question: 2 }],
  },
  {
    code: 'accepted_truncated',
    why: 'tools are run for it; for the repeated one',
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
    code: 'accepted_truncated',
    why: 'nobody can see what became of it; it was asked for again',
    bad: [cut],
    good: [cut, {}],
    severity: 'unproven',
  },
  {
    code: 'accepted_truncated',
    why: 'a broken frame; a fault that breaks nothing',
    bad: [{ faults: ['cut-mid-frame'] }],
    good: [{ faults: ['crlf'] }],
    severity: 'unproven',
  },
  {
    code: 'accepted_truncated',
    why: 'an error in a stream, and another model was asked something else; the same',
    bad: [{ code: '1234' }, { fingerprint: 2, question: 2, model: 'glm-4.5' }],
    good: [{ code: '1234' }, { fingerprint: 2, model: 'glm-4.5' }],
    severity: 'unproven',
    requests: [1],
  },
  ...(['network_error', 'sensitive'] as const).flatMap((finish): Case[] => [
    {
      code: 'accepted_bad_finish',
      why: `an answer that ended by ${finish} comes back; a conversation without it goes on`,
      bad: [{ finish }, { fingerprint: 2, question: 2, carries: [1] }],
      good: [{ finish, question: 3 }, { question: 3 }, { fingerprint: 2, question: 2, promptTokens: 300 }].slice(
        finish === 'sensitive' ? 1 : 0,
      ),
    },
    {
      code: 'accepted_bad_finish',
      why: `nobody can see what became of an answer that ended by ${finish}; a good one`,
      bad: [{ finish }, { fingerprint: 2, question: 2, promptTokens: 300 }],
      good: [{}],
      severity: 'unproven',
      requests: [1],
    },
  ]),
  {
    code: 'accepted_bad_finish',
    why: 'the same twice by who never repeats; once by who does',
    bad: repeat(2, { finish: 'network_error', attempt: 0, wait: 400 }),
    requests: [2],
    good: [
      { finish: 'network_error', attempt: 0 },
      { attempt: 1, wait: 400 },
    ],
    severity: 'unproven',
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
    code: 'tool_side_effects_doubled',
    why: 'a turn begun anew after its tools had run; the request repeated that failed',
    bad: [
      callTool,
      { ...limited, turn: 5, fingerprint: 2, ...answered(1) },
      callTool,
      { ...answeredAgain, fingerprint: 3 },
    ],
    good: [
      callTool,
      { ...limited, turn: 5, fingerprint: 2, ...answered(1) },
      { turn: 5, fingerprint: 2, ...answered(1) },
      { ...answeredAgain, fingerprint: 3 },
    ],
    severity: 'warn',
    requests: [2, 4],
  },
  {
    code: 'connection_per_call',
    why: 'four beside a free one; three',
    bad: ownConnections(5),
    good: ownConnections(4),
    requests: [2, 3, 4, 5],
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

test('failures come before warnings, and what is unproven comes last', () => {
  const findings = judge(
    journal(
      cut,
      { ...limited, fingerprint: 2, question: 2, params: ['request_id'] },
      { keyInUrl: true, fingerprint: 3, question: 3 },
    ),
  );
  expect(findings.map(({ severity }) => severity)).toEqual(['fail', 'warn', 'unproven']);
});

test.each([
  ['some first pauses are short', [20, 700, 450, 900, 150], []],
  ['most are', [20, 700, 90, 120, 150], ['no_backoff']],
  ['too few are known', [20, 700], ['no_backoff']],
])('full jitter is no haste: %s', (_, waits, codes) => {
  const calls = waits.map((wait, i) => ({ wait, own: { fingerprint: i + 2, question: i + 2 } }));
  const entries = calls.flatMap(({ wait, own }) => [
    { ...limited, ...own, wait: 1_000 },
    { ...own, wait },
  ]);
  expect(judge(journal(...entries)).map(({ code }) => code)).toEqual(codes);
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
  ['there are only warnings', [{ ...limited, params: ['request_id'] }], 'resilient'],
  ['only the client can tell', [cut], 'unproven'],
  ['an error was not handled', [limited], 'fragile'],
  ['no error, but a mistake', [{ keyInUrl: true }], 'fragile'],
])('the verdict when %s', (_, steps, verdict) => {
  expect(verdictOf(journal(...steps)).verdict).toBe(verdict);
});

const expired = refused('1003', 401);

test.each<[string, Step[], number]>([
  ['with a new token', [expired, { token: 2 }], 0],
  ['with a new token that is refused as well', [expired, { ...expired, token: 2 }], 0],
  ['with the same token', [expired, {}], 1],
  ['with one new token after the other', [expired, { ...expired, token: 2 }, { token: 3 }], 1],
])('a call whose token had expired and that is made again %s', (_, steps, found) => {
  const findings = judge(journal(...steps)).filter(({ code }) => code === 'retried_non_retryable');
  expect(findings).toHaveLength(found);
});

test('whoever sends an expired token again is told to get a new one, as the service says', () => {
  const [finding] = judge(journal(refused('1003', 401), refused('1003', 401)));
  expect(finding).toMatchObject({
    code: 'retried_non_retryable',
    advice: expect.stringContaining('get a new token, and repeat it only with that'),
  });
  expect(scenarios.find(({ name }) => name === 'token-expired')?.advice).toMatch(
    /^Get a new token and repeat the call/,
  );
});
