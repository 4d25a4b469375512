import { afterEach, expect, test } from 'vitest';
import { launch } from './support/process.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

test.each([
  ['while the probe looks', /── 2\. /],
  ['while the load runs', /── 3\. /],
])('Ctrl-C %s ends the demo with one sentence, and with it the mock', async (_, moment) => {
  const demo = launch(['demo', '-d', '60s']);
  cleanups.push(() => demo.child.kill('SIGKILL'));
  const [, url = ''] = await demo.says(/metrics +(\S+)/);
  await demo.says(moment);
  demo.child.kill('SIGINT');
  expect(await demo.ended).toBe(1);
  expect(demo.out() + demo.err()).toMatch(/the demo was stopped before its end/);
  expect(demo.out() + demo.err()).not.toMatch(/fetch failed|^\s+at /m);
  await expect(fetch(url)).rejects.toThrow();
});
