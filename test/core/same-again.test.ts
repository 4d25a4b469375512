import { expect, test } from 'vitest';
import { sameAgain } from '../../src/core/same-again.ts';

const counted = () => {
  let calls = 0;
  const doubled = sameAgain((n: number) => {
    calls++;
    return n * 2;
  });
  return { doubled, calls: () => calls };
};

test('a function asks once while the question stays the same', () => {
  const { doubled, calls } = counted();
  expect([doubled(2), doubled(2), doubled(2)]).toEqual([4, 4, 4]);
  expect(calls()).toBe(1);
});

test('it asks anew when it changes, and when it changes back', () => {
  const { doubled, calls } = counted();
  expect([doubled(2), doubled(3), doubled(2)]).toEqual([4, 6, 4]);
  expect(calls()).toBe(3);
});

test('it takes undefined for a question like any other', () => {
  const told = sameAgain((given: string | undefined) => ({ given }));
  expect(told(undefined)).toBe(told(undefined));
  expect(told('a')).toEqual({ given: 'a' });
});

test('it tells equal lists apart, for they are not the same', () => {
  const joined = sameAgain((list: string[]) => list.join());
  const list = ['a'];
  expect(joined(list)).toBe('a');
  list.push('b');
  expect([joined(list), joined([...list])]).toEqual(['a', 'a,b']);
});

test('it keeps nothing of a question that could not be answered', () => {
  let broken = true;
  const made = sameAgain((n: number) => {
    if (broken) throw new Error('not yet');
    return n;
  });
  expect(() => made(1)).toThrow('not yet');
  broken = false;
  expect(made(1)).toBe(1);
});
