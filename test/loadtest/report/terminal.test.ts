import { expect, test } from 'vitest';
import { widthOf } from '../../../src/core/width.ts';
import { crop, fold, padEnd, padStart, painter, safe } from '../../../src/loadtest/report/terminal.ts';

const red = painter(true);

test('text is cropped by columns, colours stay closed', () => {
  expect(crop('abcdef', 4)).toBe('abc…');
  expect(crop('abc', 3)).toBe('abc');
  expect(crop('智谱清言', 6)).toBe('智谱…');
  expect(crop(red('bad', 'abcdef'), 4)).toBe('\x1b[31mabc\x1b[0m…');
  expect(crop('abc', 0)).toBe('');
});

test('no cropped text is wider than its place', () => {
  for (const text of ['智谱清言 chat', red('good', '智a谱b清c言'), 'e\u0301a\u0301'])
    for (let columns = 0; columns < 15; columns++) expect(widthOf(crop(text, columns))).toBeLessThanOrEqual(columns);
});

test('padding counts columns, not characters', () => {
  expect(padEnd('智', 4)).toBe('智  ');
  expect(padStart(red('bad', 'a'), 3)).toBe('  \x1b[31ma\x1b[0m');
  expect(padEnd('too long', 3)).toBe('too long');
});

test('words are folded, and one that is too long stands alone', () => {
  expect(fold('one two three', 7)).toEqual(['one two', 'three']);
  expect(fold('a enormous-word b', 5)).toEqual(['a', 'enormous-word', 'b']);
  expect(fold('', 5)).toEqual(['']);
});

test('a name cannot move the cursor', () => {
  expect(safe('glm\x1b[2J\r\n\u009b31m\u2028x')).toBe('glm�[2J���31m�x');
});

test('without colour nothing is added', () => {
  expect(painter(false)('bad', 'abc')).toBe('abc');
  expect(red('bad', '')).toBe('');
});
