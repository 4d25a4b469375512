import { expect, test } from 'vitest';
import { counted } from '../../src/core/counted.ts';
import { count, moment, money, rate, share, signed, time } from '../../src/loadtest/numbers.ts';

test.each([
  [0, '0 ms'],
  [0.04, '0.04 ms'],
  [0.004, '0 ms'],
  [9.994, '9.99 ms'],
  [9.996, '10 ms'],
  [23.94, '23.9 ms'],
  [99.96, '100 ms'],
  [312.4, '312 ms'],
  [999.6, '1.00 s'],
  [1205, '1.21 s'],
  [14_210, '14.2 s'],
  [99_960, '1 m 40 s'],
  [125_400, '2 m 05 s'],
  [3_600_000, '60 m 00 s'],
  [-12.5, '-12.5 ms'],
  [-125_000, '-2 m 05 s'],
  [Number.NaN, '–'],
  [Number.POSITIVE_INFINITY, '–'],
])('%f ms reads %s', (ms, text) => {
  expect(time(ms)).toBe(text);
});

test.each([
  [0, '0%'],
  [0.000_01, '<0.01%'],
  [0.0025, '0.25%'],
  [0.41, '41%'],
  [0.0956, '9.56%'],
  [0.998_67, '99.87%'],
  [0.999_99, '>99.99%'],
  [1, '100%'],
  [1.5, '150%'],
  [Number.NaN, '–'],
])('a share of %f reads %s, and never 0%% or 100%% by rounding alone', (ratio, text) => {
  expect(share(ratio)).toBe(text);
});

test.each([
  [0, '0'],
  [0.418, '0.42'],
  [9.997, '10'],
  [19.84, '19.8'],
  [1012.4, '1,012'],
  [Number.NaN, '–'],
])('%f per second reads %s', (n, text) => {
  expect(rate(n)).toBe(text);
});

test.each([
  [{ amount: 0, currency: 'CNY' }, '0.00 CNY'],
  [{ amount: 0.000_43, currency: 'CNY' }, '0.00043 CNY'],
  [{ amount: 0.0717, currency: 'USD' }, '0.072 USD'],
  [{ amount: 12.345, currency: 'CNY' }, '12.35 CNY'],
])('%o reads %s', (sum, text) => {
  expect(money(sum)).toBe(text);
});

test.each([
  [0.04, '+0.04'],
  [-0.2, '-0.2'],
  [0.001, '±0'],
  [-0.001, '±0'],
  [15.62, '+15.6'],
])('a difference of %f reads %s', (n, text) => {
  expect(signed(n)).toBe(text);
});

test('whole numbers keep thousands apart, nouns their number, moments their hours', () => {
  expect(count(1_234_567.4)).toBe('1,234,567');
  expect(counted(1, 'request')).toBe('1 request');
  expect(counted(0, 'request')).toBe('0 requests');
  expect([0, 59.6, 605, 3661].map(moment)).toEqual(['0:00', '1:00', '10:05', '1:01:01']);
});
