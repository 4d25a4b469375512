/** Who imports `glm-testkit/probe` needs nothing else of the package. */
import { expect, test } from 'vitest';
import { createMock } from '../../src/mock-server/index.ts';
import * as probe from '../../src/probe/index.ts';

test('a check is planned, run and judged by what the library exports', async () => {
  const mock = await createMock();
  const file = probe.probeSchema.parse({
    credentials: { team: { key: { env: 'KEY' } } },
    targets: { mock: { url: mock.baseUrl } },
    defaults: { model: 'glm-4.6' },
    checks: [{ kind: 'chat' }],
  });
  const plan = await probe.planOf(file, probe.systemReaders({ KEY: mock.apiKey }));
  const [check] = plan.checks;
  const random = probe.createRandom(probe.freshSeed());
  const stop = new AbortController().signal;
  const run = await probe.runCheck(check as probe.ProbeCheck, { clock: probe.systemClock, stop, random });
  expect(run).toMatchObject({ state: 'good', reason: null });
  await mock.close();
});
