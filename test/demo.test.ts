import { afterEach, expect, test } from 'vitest';
import { launch } from './support/process.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

test.each([
  ['Ctrl-C while the probe looks', /── 2\. /, 'SIGINT'],
  ['Ctrl-C while the load runs', /── 3\. /, 'SIGINT'],
  ['a terminal that is closed', /── 3\. /, 'SIGHUP'],
] as const)('%s ends the demo with one sentence, and with it the mock', async (_, moment, signal) => {
  const demo = launch(['demo', '-d', '60s']);
  cleanups.push(() => demo.child.kill('SIGKILL'));
  const [, url = ''] = await demo.says(/metrics +(\S+)/);
  await demo.says(moment);
  demo.child.kill(signal);
  expect(await demo.ended).toBe(1);
  expect(demo.out() + demo.err()).toMatch(/the demo was stopped before its end/);
  expect(demo.out() + demo.err()).not.toMatch(/fetch failed|^\s+at /m);
  await expect(fetch(url)).rejects.toThrow();
});
