/** A measuring process that does not run cannot measure, and must not be believed when it goes on. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LoadResult } from '../../src/loadtest/result.ts';
import { createMock, type TestMock } from '../../src/mock-server/index.ts';
import { launch } from '../support/process.ts';
import { until } from '../support/until.ts';

let mock: TestMock;
beforeAll(async () => {
  mock = await createMock();
});
afterAll(() => mock.close({ graceMs: 0 }));

const runOf = (...more: readonly string[]) => {
  const target = ['--url', mock.baseUrl, '--model', 'glm-4.6', '--no-calibrate', '--json'];
  const gates = ['--threshold', 'error_rate<50%'];
  const load = ['--rate', '20', '-d', '6s', '--grace', '10s'];
  return launch(['load', 'run', ...target, ...gates, ...load, ...more], { env: { GLM_API_KEY: mock.apiKey } });
};

test('a run whose process is stopped for 2 s in its middle is INVALID and passes no gate', {
  timeout: 30_000,
}, async () => {
  mock.reset();
  const run = runOf();
  await until('a few requests', () => mock.requests().length > 5 || undefined, 20_000);
  run.child.kill('SIGSTOP');
  // What is stopped sends nothing by which its rest could be awaited: the rest itself is what is tested.
  await new Promise(resolve => setTimeout(resolve, 2000));
  run.child.kill('SIGCONT');
  expect(await run.ended).toBe(3);
  const { validity, verdict, doubts, thresholds, ledger, metrics } = JSON.parse(run.out()) as LoadResult;
  expect({ validity, verdict, kept: thresholds[0]?.ok }).toEqual({
    validity: 'INVALID',
    verdict: 'not_measurable',
    kept: true,
  });
  expect(doubts.join('\n')).toMatch(
    /this process stood still for \d+\.\d % of the run, up to \d+\.\d+ s at a time/, // a busy machine wakes it later
  );
  expect(ledger).toEqual({ planned: ledger.planned, ok: ledger.planned });
  expect(metrics.e2e_ms?.max).toBeGreaterThan(1500);
});
