import { expect, test } from 'vitest';
import type { Stage } from '../../src/loadtest/arrivals.ts';
import { parseStages } from '../../src/loadtest/stages.ts';

const stage = (durationMs: number, from: number, to: number): Stage => ({ durationMs, from, to });

test.each<[string, Stage[]]>([
  ['30s:10', [stage(30_000, 0, 10)]],
  ['30s:10,2m:50,30s:0', [stage(30_000, 0, 10), stage(120_000, 10, 50), stage(30_000, 50, 0)]],
  [' 30s : 10 , 1m30s:10 ', [stage(30_000, 0, 10), stage(90_000, 10, 10)]],
  ['10,30s:50', [stage(30_000, 10, 50)]],
  ['0s:20,1m:20,0:5,1m:5', [stage(60_000, 20, 20), stage(60_000, 5, 5)]],
  ['1s:0.5', [stage(1000, 0, 0.5)]],
  ['10', [stage(9000, 10, 10)]],
])('stages %s', (text, stages) => {
  expect(parseStages(text, 9000)).toEqual(stages);
});

test.each<[string, RegExp]>([
  ['', /"" is not DURATION:LEVEL; write a level such as 10, or DURATION:LEVEL parts such as 30s:10,2m:50,30s:0/],
  ['fast', /"fast" is not DURATION:LEVEL/],
  ['30s:10,20', /"20" is not DURATION:LEVEL/],
  ['30s:10,', /"" is not DURATION:LEVEL/],
  ['30s:10:5', /"30s:10:5" is not DURATION:LEVEL/],
  ['30:10', /"30" is not a duration/],
  ['30s:-1', /"-1" is not a level from 0 to 1,000,000/],
  ['30s:1e3', /"1e3" is not a level/],
  ['30s:Infinity', /"Infinity" is not a level/],
  ['30s:1000001', /"1000001" is not a level/],
  ['-5', /"-5" is not a level/],
  ['10s:0,5s:0', /never leave 0/],
  ['0s:10', /take no time at all/],
  ['２０s:10', /"２０s" is not a duration/],
])('stages "%s" are refused', (text, message) => {
  expect(() => parseStages(text, 9000)).toThrow(message);
});

test('all mistakes are told at once', () => {
  expect(() => parseStages('1x:2,30s:many,5')).toThrow(
    /"1x" is not a duration; "many" is not a level from 0 to 1,000,000; "5" is not DURATION:LEVEL/,
  );
  expect(() => parseStages('1x:many')).toThrow(/"1x" is not a duration; "many" is not a level/);
});

test('a bare level needs the time of the run', () => {
  expect(() => parseStages('10')).toThrow(/a bare level needs the duration of the run/);
});
