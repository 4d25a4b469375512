import { expect, test } from 'vitest';
import { aligned } from '../../src/core/aligned.ts';

test.each<[string, string[][], number[], string[]]>([
  ['nothing', [], [], []],
  ['one cell', [['a']], [], ['a']],
  [
    'texts',
    [
      ['name', 'n'],
      ['a', 'long one'],
    ],
    [],
    ['name  n', 'a     long one'],
  ],
  [
    'numbers at the right',
    [
      ['name', 'n'],
      ['a', '10'],
    ],
    [1],
    ['name   n', 'a     10'],
  ],
  ['a long row', [['a'], ['c', 'd']], [], ['a', 'c  d']],
  ['a short row', [['a', 'b'], ['c']], [], ['a  b', 'c']],
  [
    'an empty cell at the end',
    [
      ['a', 'b'],
      ['c', ''],
    ],
    [],
    ['a  b', 'c'],
  ],
  [
    'an empty cell at the right',
    [
      ['a', 'bb'],
      ['c', ''],
    ],
    [1],
    ['a  bb', 'c'],
  ],
  [
    'characters of two units',
    [
      ['😀', 'b'],
      ['cc', 'd'],
    ],
    [],
    ['😀   b', 'cc  d'],
  ],
])('%s', (_, rows, right, lines) => {
  expect(aligned(rows, column => right.includes(column))).toEqual(lines);
});

test('texts are at the left unless somebody says otherwise', () => {
  expect(
    aligned([
      ['aa', 'b'],
      ['c', 'dd'],
    ]),
  ).toEqual(['aa  b', 'c   dd']);
});
