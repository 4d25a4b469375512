import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { duration, formatDuration, parseDuration } from '../../src/core/duration.ts';
import { UsageError } from '../../src/core/errors.ts';

test.each([
  ['250us', 0.25],
  ['300ms', 300],
  ['1.5s', 1500],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['1d', 86_400_000],
  ['1m30s', 90_000],
  ['1h0m0.5s', 3_600_500],
  [' 20ms ', 20],
  ['0', 0],
  ['0s', 0],
])('%j is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  '',
  '10',
  '1.5',
  's',
  '-5s',
  '1 s',
  '5sec',
  '1e3ms',
  '.5s',
  '1,5s',
  '1m 30s',
  'ms5',
  '10ms!',
  'Infinity',
  '9'.repeat(400).concat('h'),
])('%j is refused with the remedy', text => {
  expect(() => parseDuration(text)).toThrow(
    expect.objectContaining({ code: 'bad_duration', message: expect.stringContaining('write for example 300ms') }),
  );
  expect(() => parseDuration(text)).toThrow(UsageError);
});

test('a text that is far too long is not repeated in full', () => {
  expect(() => parseDuration('x'.repeat(10_000))).toThrow(/^"x{40}" is not a duration/);
});

test.each([
  [0, '0ms'],
  [0.25, '0.25ms'],
  [20, '20ms'],
  [12.34, '12.3ms'],
  [999, '999ms'],
  [1000, '1s'],
  [1500, '1.5s'],
  [59_000, '59s'],
  [60_000, '1m'],
  [90_000, '1m30s'],
  [61_500, '61.5s'],
])('%d ms reads %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('what is written is read back within one percent, whole seconds exactly', () => {
  const any = fc.double({ min: 0.5, max: 1e8, noNaN: true });
  fc.assert(
    fc.property(any, ms => {
      expect(Math.abs(parseDuration(formatDuration(ms)) - ms)).toBeLessThanOrEqual(ms * 0.01);
    }),
    { seed: 3, numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.nat(1_000_000), seconds => {
      expect(parseDuration(formatDuration(seconds * 1000))).toBe(seconds * 1000);
    }),
    { seed: 3, numRuns: 500 },
  );
});

test('as a config value it becomes milliseconds, or the schema says what is wrong', () => {
  const schema = z.strictObject({ every: duration });
  expect(schema.parse({ every: '30s' })).toEqual({ every: 30_000 });
  expect(schema.safeParse({ every: '30' }).error?.issues).toMatchObject([
    { path: ['every'], message: '"30" is not a duration; write for example 300ms, 1.5s or 2m' },
  ]);
});
