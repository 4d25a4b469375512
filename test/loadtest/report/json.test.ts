import { expect, test } from 'vitest';
import { jsonReport } from '../../../src/loadtest/report/json.ts';
import { healthyRun } from '../results.ts';

const { result } = healthyRun();

test('what is written is what is read', () => {
  expect(JSON.parse(jsonReport(result))).toEqual(JSON.parse(JSON.stringify(result)));
  expect(JSON.parse(jsonReport({ ...result, intervals: [] }))).toMatchObject({ intervals: [] });
});

test('a key has a line and a second has a line, and nothing else takes room', () => {
  const text = jsonReport(result);
  expect(text.split('\n').length).toBeLessThan(Object.keys(result).length + result.intervals.length + 6);
  expect(text.length).toBeLessThan(1.01 * JSON.stringify(result).length);
  expect(text).toMatch(/^"verdict": "pass",$/m);
});

test('what is left out of a result has no line', () => {
  const { little: _, ...rest } = result;
  expect(jsonReport({ ...rest, little: undefined } as unknown as typeof result)).not.toContain('little');
});
