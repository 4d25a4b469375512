import { expect, test } from 'vitest';
import { junit } from '../../../src/loadtest/report/junit.ts';
import type { LoadResult } from '../../../src/loadtest/result.ts';
import { failedRun, healthyRun, rateLimitedRun } from '../results.ts';

const healthy = healthyRun().result;
const countsOf = (xml: string) =>
  /<testsuites tests="(\d+)" failures="(\d+)" errors="(\d+)"/.exec(xml)?.slice(1).map(Number);

test('a run that passes has a case for itself and one per threshold', () => {
  const xml = junit(healthy);
  expect(countsOf(xml)).toEqual([4, 0, 0]);
  expect([...xml.matchAll(/<testcase classname="load glm-4.6" name="([^"]+)"/g)].map(([, name]) => name)).toEqual([
    'the run can be measured',
    'ttft_content:p95&lt;1200ms',
    'itl:p99&lt;80ms',
    'error_rate&lt;1%',
  ]);
});

test.each([
  ['a missed threshold is a failure', rateLimitedRun().result, [3, 1, 0]],
  ['a run without an answer fails by itself', failedRun().result, [1, 1, 0]],
  [
    'an INVALID run is an error, whatever its thresholds say',
    { ...healthy, verdict: 'not_measurable', validity: 'INVALID', doubts: ['busy'] },
    [4, 0, 1],
  ],
  ['a SUSPECT run passes', { ...healthy, validity: 'SUSPECT', doubts: ['steal'] }, [4, 0, 0]],
  [
    'a threshold without a value is an error, and the run is none',
    {
      ...healthy,
      verdict: 'not_measurable',
      thresholds: [{ text: 'ttft_tool:p99<1s', ok: false, actual: null, why: 'no tool call was made' }],
    },
    [2, 0, 1],
  ],
  [
    'an interrupted run is an error beside its thresholds',
    {
      ...healthy,
      verdict: 'not_measurable',
      load: { ...healthy.load, halted: 'stopped' },
      thresholds: [{ text: 'e2e:p99<1s', ok: false, actual: null, why: 'p99 needs 662 samples' }],
    },
    [2, 0, 2],
  ],
] as const satisfies readonly (readonly [string, LoadResult, readonly number[]])[])('%s', (_, result, counts) => {
  const xml = junit(result);
  expect(countsOf(xml)).toEqual(counts);
  expect(xml.match(/<failure /g)?.length ?? 0).toBe(counts[1]);
  expect(xml.match(/<error /g)?.length ?? 0).toBe(counts[2]);
});

test('doubts of a SUSPECT run are kept', () => {
  expect(junit({ ...healthy, validity: 'SUSPECT', doubts: ['the host took 12% of the time'] })).toContain(
    '<system-out>SUSPECT: the host took 12% of the time</system-out>',
  );
});

test('no text can break the document', () => {
  const evil = `"/><x>&\u0000\u001b[31m\ud800\uffff\n智谱`;
  const xml = junit({
    ...healthy,
    config: { model: evil },
    run_id: evil,
    thresholds: [{ text: evil, ok: false, actual: 1, why: evil }],
  });
  expect(xml).not.toMatch(/<x>|\p{Cs}|(?!\n)\p{Cc}|\uffff/u);
  expect(xml).toContain('name="&quot;/&gt;&lt;x&gt;&amp;��[31m�� 智谱"');
  expect(xml.replace(/<[a-z/?][^<>]*>/g, '')).not.toMatch(/[<>]/);
});

test('an interrupted run says so beside its doubts', () => {
  const load = { ...healthy.load, halted: 'stopped' };
  const xml = junit({ ...healthy, load, verdict: 'not_measurable', validity: 'SUSPECT', doubts: ['steal'] });
  expect(xml).toMatch(/<error message="interrupted with [^"]*; SUSPECT: steal"/);
});
