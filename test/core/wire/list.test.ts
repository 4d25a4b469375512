import { expect, test } from 'vitest';
import { z } from 'zod';
import { list } from '../../../src/core/wire/list.ts';

const numbers = z.object({ n: list(z.number()) });

test('a list of good items is read whole', () => {
  expect(numbers.parse({ n: [1, 2, 3] })).toEqual({ n: [1, 2, 3] });
});

test('the first wrong item ends the reading, with its place', () => {
  const { error } = numbers.safeParse({ n: [1, 'two', 'three', 'four'] });
  expect(error?.issues.map(issue => issue.path)).toEqual([['n', 1]]);
});

test('two million wrong items are one complaint', () => {
  expect(numbers.safeParse({ n: Array(2_000_000).fill('x') }).error?.issues.length).toBe(1);
});
