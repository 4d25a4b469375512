import { expect, test } from 'vitest';
import { findingsOf } from '../../../src/loadtest/findings/findings.ts';
import type { LoadResult } from '../../../src/loadtest/result.ts';
import { judge, parseThreshold } from '../../../src/loadtest/thresholds.ts';
import { healthyRun, makeRun, rateLimitedRun, saturatedRun, unaryRun } from '../results.ts';

const next = (result: LoadResult) => findingsOf(result).at(-1)?.text;

/** A run and what its gates come to. */
const gated = (result: LoadResult, ...texts: string[]): LoadResult => ({
  ...result,
  thresholds: texts.map(text => judge(parseThreshold(text), result)),
});

const healthy = healthyRun({ thresholds: [] }).result;
const unary = unaryRun().result;

const missed = (text: string): LoadResult => ({
  ...healthy,
  thresholds: [{ text, ok: false, actual: 0.005, why: '' }],
});

test.each<[string, LoadResult, string | RegExp]>([
  [
    'a percentile',
    gated(healthy, 'ttft_content:p90<300ms'),
    'Slower than allowed: offer less, or have the endpoint answer faster; `load capacity --slo ‘ttft_content<300ms’ --attainment 90%` finds the load that keeps it.',
  ],
  ['a mean', gated(healthy, 'e2e:mean<1s'), 'Slower than allowed: offer less, or have the endpoint answer faster.'],
  ['a rate', gated(healthy, 'requests_per_second>900'), /^Less per second than asked for: raise the load/],
  ['a share of failures', missed('error_rate<0.1%'), /^More failed than is allowed\. Give the vendor the ids/],
  ['goodput', gated(healthy, 'goodput>=100%'), /^Fewer were good than asked for: offer less/],
  ['a share of refusals', missed('limited_rate<0.1%'), /^More was refused than is allowed: offer less/],
  ['the second of two', gated(healthy, 'e2e:p50<60s', 'e2e:p95<1s'), /--slo .e2e<1s. --attainment 95%/],
  ['one that was only not judged', gated(unary, 'e2e:p50<1ms', 'e2e:p99<9s'), /^Slower than allowed/],
])('a gate that was missed, %s, says what to do', (_, run, step) => {
  if (typeof step === 'string') expect(next(run)).toBe(step.replace(/[‘’]/g, "'"));
  else expect(next(run)).toMatch(step);
});

test.each<[LoadResult, string]>([
  [gated(unary, 'e2e:p99<9s'), 'Run about 3.2 times as long: e2e:p99<9s cannot be judged of so few.'],
  [gated(unary, 'error_rate<1%'), 'Run about 1.5 times as long: error_rate<1% cannot be judged of so few.'],
])('a gate that cannot be judged says how much longer to run', (run, step) => {
  expect(next(run)).toBe(step);
});

test('who stopped a run with gates is told to let it run', () => {
  const { load } = healthy;
  const stopped = { ...gated(healthy, 'e2e:p50<60s'), load: { ...load, halted: 'stopped', halted_after_s: 9 } };
  expect(next(stopped)).toBe('Let it run to its end: no gate is passed on a part of a run.');
});

test.each<[string, LoadResult, RegExp]>([
  ['that nothing limited', gated(healthy, 'e2e:p50<1ms'), /^Repeat it on a quiet machine/],
  ['that seems saturated', saturatedRun().result, /^Repeat it on a quiet machine/],
  ['that an account refused', rateLimitedRun().result, /^Keep at most 8/],
])('an invalid run %s follows no latency', (_, run, step) => {
  expect(next({ ...run, validity: 'INVALID', doubts: ['a clause'] })).toMatch(step);
  expect(next(run)).not.toMatch(/^Repeat/);
});

test('a limit that was found says better what to do about a gate that it made miss', () => {
  expect(next(gated(saturatedRun().result, 'e2e:p50<1ms'))).toMatch(/^Offer less than/);
});

test('what agents lost is no failure, and they are to be there the next time', () => {
  const { result } = makeRun({ load: { kind: 'closed', levels: [10] }, durationMs: 30_000 });
  const { planned, ok } = result.ledger;
  const short = { ...result, ledger: { planned: planned + 126, ok, lost: 126 } };
  expect(gated(short, 'error_rate<1%').thresholds).toEqual(gated(result, 'error_rate<1%').thresholds);
  expect(next({ ...short, validity: 'INVALID' })).toMatch(/^Run again with all that make the load/);
});
