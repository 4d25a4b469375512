import { expect, test } from 'vitest';
import { newDraft } from '../../src/core/call/record.ts';
import { boundedCodes, createCodes, printable } from '../../src/loadtest/codes.ts';
import { createTally } from '../../src/loadtest/tally.ts';

const refused = (code: string) => ({ ...newDraft(0, 0), status: 429, code });

test('a server that invents a code for every answer gets twenty of them named in all, however long the run', () => {
  const tally = createTally(0);
  const seconds = Array.from({ length: 60 }, (_, second) => {
    for (let i = 0; i < 100; i++) tally.attempt(refused(`x${second}-${i}`), false);
    tally.attempt(refused('1302'), false);
    return tally.cut((second + 1) * 1000, 0, []).codes;
  });
  expect(new Set(seconds.flatMap(codes => Object.keys(codes))).size).toBe(22);
  expect(seconds.flatMap(codes => Object.values(codes)).reduce((sum, n) => sum + n, 0)).toBe(60 * 101);
  expect(seconds.at(-1)).toEqual({ '1302': 1, others: 100 });
});

test('of the codes that several processes named, the table’s and the twenty most frequent others stay', () => {
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`z${i}`, i + 1]));
  const codes = boundedCodes({ ...many, '1302': 1, others: 5 });
  expect(Object.keys(codes)).toHaveLength(22);
  expect(codes).toMatchObject({ '1302': 1, z49: 50, z30: 31, others: 5 + (30 * 31) / 2 });
  expect(boundedCodes({ '1302': 3, odd: 1 })).toEqual({ '1302': 3, odd: 1 });
});

test.each([
  ['constructor', 'others'],
  ['__proto__', 'others'],
  ['', 'others'],
  ['a\u001b[2Jb\n', 'a?[2Jb?'],
  ['限', '?'],
  ['x'.repeat(1_000_000), 'x'.repeat(32)],
  ['1302', '1302'],
])('%j is counted under a name that is short and printable', (code, name) => {
  expect(createCodes()(code)).toBe(name);
  expect(printable(code).length).toBeLessThanOrEqual(32);
});
