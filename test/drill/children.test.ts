import { expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { createChildren } from '../../src/drill/children.ts';

test.each([
  ['kill -9 $$', /^sick ended \(SIGKILL\): well so far$/],
  ['exit 3', /^sick ended \(exit code 3\): well so far$/],
])('of a program that ends by `%s` it is told how, beside its last words', async (end, words) => {
  const children = createChildren(systemClock);
  const child = children.start('sick', ['/bin/sh', '-c', `echo well so far; ${end}`], {});
  await expect(child.says(/never said/)).rejects.toThrow('sick did not start: well so far');
  expect(children.died()).toMatch(words);
  await children.endAll();
});
