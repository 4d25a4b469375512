import { expect, test } from 'vitest';
import { createRecent } from '../../src/core/recent.ts';

test('the most recent entries are kept and the oldest go', () => {
  const recent = createRecent<number>(100);
  for (let i = 0; i < 1000; i++) recent.set(`k${i}`, i);
  expect([recent.get('k0'), recent.get('k799'), recent.get('k901'), recent.get('k999')]).toEqual([
    undefined,
    undefined,
    901,
    999,
  ]);
});

test('setting a key again keeps its newest value', () => {
  const recent = createRecent<number>(10);
  recent.set('a', 1);
  recent.set('a', 2);
  expect(recent.get('a')).toBe(2);
});

test('clear forgets both generations', () => {
  const recent = createRecent<number>(2);
  for (const key of ['a', 'b', 'c']) recent.set(key, 1);
  recent.clear();
  expect(['a', 'b', 'c'].map(recent.get)).toEqual([undefined, undefined, undefined]);
});
