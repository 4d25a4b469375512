import { expect, test } from 'vitest';
import type { CapacityResult, TriedLevel } from '../../../src/loadtest/capacity.ts';
import { capacityText, limitText } from '../../../src/loadtest/report/capacity.ts';

const level = (n: number, good: number, more: Partial<TriedLevel> = {}): TriedLevel => ({
  level: n,
  requests: 72,
  good,
  throughput: 7 * n,
  verdict: good === 72 ? 'pass' : 'fail',
  bounds: [good / 72 - 0.04, Math.min(1, good / 72 + 0.04)],
  ...more,
});

const found: CapacityResult = {
  kind: 'found',
  level: 12,
  interval: [12, 13],
  tried: [level(1, 72), level(12, 72), level(13, 12, { failures: { rate_limited: 58 } })],
  usl: { kind: 'degenerate', why: 'too few levels' },
};
const asked = { by: 'concurrency', attainment: 0.95 } as const;

test('it says what holds, what is too much, what spoils it, and how sure that is', () => {
  expect(capacityText(found, asked)).toBe(`\
12 requests under way keep the SLO for 95 % of requests; 13 are clearly too
many.
What spoils it: of 72 requests at 13, 58 rate_limited, 2 slow.
Whether throughput bends cannot be told: too few levels.
Of 20 verdicts on a level at most one is wrong by chance (95 % confidence).

  level  verdict    good  95 % bounds answers/s     n  not good
      1  pass    100.0 %   96.0–100.0       7.0    72
     12  pass    100.0 %   96.0–100.0      84.0    72
     13  fail     16.7 %    12.7–20.7      91.0    72  58 rate_limited, 2 slow`);
});

test.each([
  [[4, 8, 14.7], [8, 16, 12.6], 'No knee was found, but more did not give more: the most was 14.7'],
  [[4, 8, 14.7], [8, 16, 14.5], 'No knee: throughput only rises in what was tried.'],
] as const)('what was measured is not contradicted by the law that was fitted: %o, %o', (a, b, words) => {
  const [lambda, alpha, beta] = [
    [3.6, 3.8],
    [0.1, 0.2],
    [0, 0],
  ] as const;
  const fitted = { kind: 'fitted', lambda: 3.7, alpha: 0.15, beta: 0, knee: null, peak: null } as const;
  const usl = { ...fitted, ci: { lambda, alpha, beta, knee: null }, extrapolated: false };
  const tried = [a, b].map(([, n, throughput]) => level(n, 72, { throughput }));
  expect(capacityText({ ...found, tried, usl }, asked).replace(/\n/g, ' ')).toContain(words);
});

test('a first level too close to its objective is not said to miss it', () => {
  const first = level(4, 70, { verdict: 'unclear' });
  const result: CapacityResult = { ...found, kind: 'unclear', level: null, interval: [0, null], tried: [first] };
  const text = capacityText(result, { ...asked, by: 'rate' }).replace(/\n/g, ' ');
  expect(text).toContain(
    'Unclear whether the first level, 4 requests per second, keeps the SLO for 95 % of requests: 70 of 72 requests did.',
  );
  expect(text).not.toContain('Not even');
});

test('a level at which nothing was asked has no NaN', () => {
  const empty = level(4, 0, { requests: 0, bounds: [0, 1], throughput: 0 });
  expect(capacityText({ ...found, kind: 'none', level: null, tried: [empty] }, asked)).not.toMatch(/NaN|undefined|-\d/);
});

test('no line is wider than 80 columns, whatever went wrong', () => {
  const failures = { timeout_first_token: 11_000, rate_limited: 9000, answer_in_reasoning: 800 };
  const wide = level(99_999, 1_000_000, { requests: 1_100_000, throughput: 123_456, verdict: 'fail', failures });
  for (const by of ['concurrency', 'rate'] as const)
    for (const line of capacityText({ ...found, tried: [wide] }, { ...asked, by }).split('\n'))
      expect(line.length).toBeLessThanOrEqual(80);
});

test.each([
  ['found', 1, 'The account answers 8 requests in flight; one more'],
  ['found', 2, 'The account answers with these 2 keys together 8 requests in flight; one more'],
  ['at_least', 3, 'The account answers with these 3 keys together at least 8 requests in flight'],
] as const)('a limit that was %s with %d keys is that of all of them', (kind, keys, words) => {
  expect(limitText({ kind, ceiling: 8 }, 1000, keys).slice(0, words.length)).toBe(words);
});
