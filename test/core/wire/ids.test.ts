import { expect, test } from 'vitest';
import { createRandom } from '../../../src/core/random.ts';
import {
  chinaTime,
  completionId,
  decimalId,
  stamp,
  type ToolIdStyle,
  toolCallIds,
} from '../../../src/core/wire/ids.ts';

test.each([
  ['2026-10-08T17:54:56.000Z', '20261009015456'],
  ['2026-12-31T15:59:59.999Z', '20261231235959'],
  ['2026-12-31T16:00:00.000Z', '20270101000000'],
  ['2028-02-28T16:00:00.000Z', '20280229000000'],
  ['2027-02-28T16:00:00.000Z', '20270301000000'],
  ['1970-01-01T00:00:00.000Z', '19700101080000'],
])('%s is stamped %s, in China’s time', (utc, expected) => {
  expect(stamp(Date.parse(utc))).toBe(expected);
  expect(chinaTime(Date.parse(utc)).replace(/\D/g, '')).toBe(expected);
});

test('a fraction of a millisecond does not change the stamp', () => {
  expect(stamp(Date.parse('2026-12-31T15:59:59.999Z') + 0.75)).toBe('20261231235959');
});

test('a reset time is written with blanks and without a zone', () => {
  expect(chinaTime(Date.parse('2026-01-15T22:12:24Z'))).toBe('2026-01-16 06:12:24');
});

test('a completion id is the stamp and 16 hexadecimal digits, 30 characters in all', () => {
  const random = createRandom('ids');
  const wall = Date.parse('2026-10-08T17:54:56Z');
  const ids = Array.from({ length: 500 }, () => completionId(wall, random));
  for (const id of ids) expect(id).toMatch(/^20261009015456[0-9a-f]{16}$/);
  expect(ids.every(id => id.length === 30 && /^\d{14}[0-9a-f]{16}$/.test(id))).toBe(true);
  expect(new Set(ids).size).toBe(500);
});

test('an id of 2024 is 19 decimal digits and fits into a signed 64-bit number', () => {
  const random = createRandom('decimal');
  for (let i = 0; i < 1000; i++) {
    const id = decimalId(random);
    expect(id).toMatch(/^8\d{18}$/);
    expect(BigInt.asIntN(64, BigInt(id))).toBe(BigInt(id));
  }
  expect(decimalId(Object.assign(() => 0, { fork: () => random }))).toHaveLength(19);
});

test('signed64 ids are consecutive as in the recorded body, negative, and fit into 64 bits', () => {
  const recorded = ['call_-7263702910662343394', 'call_-7263702910662343393', 'call_-7263702910662343392'];
  const steps = (ids: readonly string[]) =>
    ids.slice(1).map((id, i) => BigInt(id.slice(5)) - BigInt((ids[i] ?? '').slice(5)));
  expect(steps(recorded)).toEqual([1n, 1n]);
  for (let seed = 0; seed < 200; seed++) {
    const ids = toolCallIds('signed64', 3, 'x', createRandom(seed));
    expect(steps(ids)).toEqual([1n, 1n]);
    for (const id of ids) {
      const value = BigInt(id.slice(5));
      expect(BigInt.asIntN(64, value)).toBe(value);
      expect(value).toBeLessThan(0n);
    }
  }
});

test.each<[ToolIdStyle, RegExp]>([
  ['signed64', /^call_-\d{1,19}$/],
  ['positive64', /^call_\d{1,19}$/],
  ['base62', /^call_[0-9A-Za-z]{22}$/],
  ['completion', /^call_2025030119050107f2aa800e544259_[0-3]$/],
])('tool call ids in the style %s look as recorded and are distinct', (style, shape) => {
  const ids = toolCallIds(style, 4, '2025030119050107f2aa800e544259', createRandom(style));
  for (const id of ids) expect(id).toMatch(shape);
  expect(new Set(ids).size).toBe(4);
  expect(toolCallIds(style, 0, 'x', createRandom(style))).toEqual([]);
});

test('completion style counts from 0', () => {
  expect(toolCallIds('completion', 2, 'abc', createRandom(1))).toEqual(['call_abc_0', 'call_abc_1']);
});

test('the same chance gives the same ids', () => {
  const make = () => [
    completionId(0, createRandom('a')),
    decimalId(createRandom('a')),
    ...toolCallIds('signed64', 2, 'x', createRandom('a')),
  ];
  expect(make()).toEqual(make());
});
