import { expect, test } from 'vitest';
import { createCountdown } from '../../src/core/countdown.ts';

/** Whether it has resolved by the time that everything due has happened. */
async function isOver(promise: Promise<void>): Promise<boolean> {
  let over = false;
  void promise.then(() => {
    over = true;
  });
  await new Promise(setImmediate);
  return over;
}

test('where nothing began nothing is waited for', async () => {
  expect(await isOver(createCountdown().none())).toBe(true);
});

test('it waits for the last that began, also for what began while it waited', async () => {
  const countdown = createCountdown();
  countdown.begin();
  const none = countdown.none();
  countdown.begin();
  countdown.end();
  expect(await isOver(none)).toBe(false);
  countdown.end();
  expect(await isOver(none)).toBe(true);
});

test('it can be waited for again', async () => {
  const countdown = createCountdown();
  countdown.begin();
  countdown.end();
  expect(await isOver(countdown.none())).toBe(true);
  countdown.begin();
  expect(await isOver(countdown.none())).toBe(false);
});
