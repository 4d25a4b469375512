import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createHealthMeter } from '../../src/loadtest/health.ts';

/** Keeps the loop from its timers for 15 ms, again and again. */
async function blockedFor(ms: number): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end; await wait(5))
    for (const until = performance.now() + 15; performance.now() < until; );
}

test('short pauses, again and again, are what one timer of twenty shows', async () => {
  const meter = createHealthMeter();
  meter.read(0);
  await blockedFor(900);
  const { lagP95Ms } = meter.read(0);
  meter.close();
  expect(lagP95Ms).toBeGreaterThan(5);
});

test('too short a time says nothing of one in twenty', () => {
  const meter = createHealthMeter();
  expect(meter.read(0)).not.toHaveProperty('lagP95Ms');
  meter.close();
});
