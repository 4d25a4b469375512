import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { createHangUps } from '../../../src/loadtest/drivers/socket/hang-ups.ts';

test('everyone who still waits is told once, with one listener for all', () => {
  const hangUps = createHangUps();
  const [first, second] = [new AbortController(), new AbortController()];
  const told: string[] = [];
  const fns = ['a', 'b', 'c'].map(name => () => void told.push(name));
  for (const fn of fns) hangUps.on(first.signal, fn);
  hangUps.on(second.signal, () => told.push('other'));
  hangUps.forget(first.signal, fns[1]!);
  expect(getEventListeners(first.signal, 'abort')).toHaveLength(1);
  first.abort();
  expect(told).toEqual(['a', 'c']);
});

test('one may leave while the others are being told', () => {
  const hangUps = createHangUps();
  const stop = new AbortController();
  const told: string[] = [];
  const last = () => void told.push('last');
  hangUps.on(stop.signal, () => {
    told.push('first');
    hangUps.forget(stop.signal, last);
  });
  hangUps.on(stop.signal, last);
  stop.abort();
  expect(told).toEqual(['first']);
});
