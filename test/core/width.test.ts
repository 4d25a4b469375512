import { expect, test } from 'vitest';
import { widthOf } from '../../src/core/width.ts';

test.each([
  ['', 0],
  ['abc', 3],
  ['智谱 GLM', 8],
  ['é', 1],
  ['👍', 2],
  ['\x1b[31mabc\x1b[0m', 3],
])('%j takes %i columns', (text, columns) => {
  expect(widthOf(text)).toBe(columns);
});
