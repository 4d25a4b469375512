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
    'characters as wide as two',
    [
      ['😀', 'b'],
      ['cc', 'd'],
    ],
    [],
    ['😀  b', 'cc  d'],
  ],
  [
    'Chinese names',
    [
      ['智谱-轻', '1'],
      ['glm-4.6', '20'],
    ],
    [1],
    ['智谱-轻   1', 'glm-4.6  20'],
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
