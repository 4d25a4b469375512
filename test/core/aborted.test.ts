import { expect, test, vi } from 'vitest';
import { onAbort, onceAborted } from '../../src/core/aborted.ts';

test('an abort that is still to come is told once', () => {
  const stop = new AbortController();
  const told = vi.fn();
  onAbort(stop.signal, told);
  expect(told).not.toHaveBeenCalled();
  stop.abort();
  stop.abort();
  expect(told).toHaveBeenCalledTimes(1);
});

test('an abort that has come already is told at once', async () => {
  const told = vi.fn();
  onAbort(AbortSignal.abort(), told);
  expect(told).toHaveBeenCalledTimes(1);
  await onceAborted(AbortSignal.abort());
});

test('who has forgotten it is told nothing', () => {
  const stop = new AbortController();
  const told = vi.fn();
  onAbort(stop.signal, told)();
  stop.abort();
  expect(told).not.toHaveBeenCalled();
});
