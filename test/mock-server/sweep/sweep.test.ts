/** A sound client passes the whole sweep; one flaw each is found, at the smallest position that shows it. */
import { expect, test } from 'vitest';
import { assertSweep, type SweepOptions, sweep, toolReply } from '../../../src/mock-server/sweep/index.ts';
import { clientWith, type Flaw, type Said } from './clients.ts';

/** For whole sweeps on a machine that is busy with other tests. */
const budgetMs = 60_000;

const failed = async (flaw: Flaw, options?: SweepOptions<Said>) =>
  (await sweep(clientWith({ flaw }), options)).failures.map(({ fault }) => fault);

test('a sound client passes every fault at every position, in seconds', { timeout: budgetMs }, async () => {
  const report = await assertSweep(clientWith());
  expect(report.frames).toBeGreaterThan(18);
  expect(report.cases).toBeGreaterThan(500);
  expect(report.virtualMs).toBeGreaterThanOrEqual(30_000);
  expect(report.realMs).toBeLessThan(budgetMs / 2);
  expect(report.text()).toMatch(/^fault sweep: \d+ calls on an answer of \d+ frames, all fine \(.* in .*\)\n$/);
});

test('a sound client that repeats a call passes too', { timeout: budgetMs }, async () => {
  await assertSweep(clientWith({ tries: 3 }), { positions: [0, 1, 7] });
});

test('a sound client passes before, inside and after tool arguments', { timeout: budgetMs }, async () => {
  const report = await assertSweep(clientWith({ tools: true }), { reply: toolReply });
  expect(report.frames).toBeGreaterThan(18);
});

/** Every scenario, and positions before the answer, in its text and behind it. */
const positions = [0, 3, 12, 30];

test.each([
  ['accepts truncated', ['truncated,after=3']],
  ['ignores finish_reason', ['network-error-finish,after=3', 'sensitive-finish,after=3', 'context-finish,after=3']],
  ['no time-out', ['hang-after-headers', 'hang']],
  ['splits by reads', ['split-utf8', 'drip']],
  ['searches for data:', ['sse-in-content', 'one-chunk', 'comments']],
] as const)('a client with a flaw, "%s", is found out', { timeout: budgetMs }, async (flaw, expected) => {
  expect(await failed(flaw, { positions, limit: '3m' })).toEqual(expected);
});

test('a failure is shrunk to the smallest position, with one line to see it again', { timeout: budgetMs }, async () => {
  const options = { scenarios: ['truncated', 'cut', 'no-done'], mock: { seed: 7 } };
  const { failures, frames } = await sweep(clientWith({ flaw: 'accepts truncated' }), options);
  expect(failures).toHaveLength(1);
  const [{ fault, position = 0, alsoAt, says, repro }] = failures as [(typeof failures)[0]];
  expect(fault).toBe(`truncated,after=${position}`);
  expect(position).toBeGreaterThan(1); // role and thinking come first: an empty answer is refused
  expect(alsoAt).toEqual(Array.from({ length: frames - 3 - position }, (_, i) => position + 1 + i));
  expect(says).toMatch(/^took a bad answer for a good one \(truncated: .*\): returned .* in place of /);
  expect(repro).toBe(
    `glm-testkit mock --seed 7 --port 4010, base URL http://127.0.0.1:4010/~truncated,after=${position}/api/paas/v4; ` +
      `in code: await assertSweep(client, { scenarios: ['truncated'], positions: [${position}] })`,
  );
  await expect(
    assertSweep(clientWith({ flaw: 'accepts truncated' }), { scenarios: ['F4'], positions: [position] }),
  ).rejects.toThrow(`FAIL truncated,after=${position}: took a bad answer`);
});

test('what a client may do can be said otherwise', async () => {
  const scenarios = ['truncated'];
  const judge = { scenarios, positions: [9], expect: () => 'never good enough' };
  expect((await sweep(clientWith(), judge)).failures).toMatchObject([{ scenario: 'truncated', says: judge.expect() }]);
  const crash = async (call: Parameters<ReturnType<typeof clientWith>>[0]) => {
    const said = await clientWith({ flaw: 'accepts truncated' })(call);
    return said.content.endsWith('!') ? 'fine' : (undefined as unknown as { length: number }).length;
  };
  const [failure] = (await sweep(crash, { scenarios, positions: [15] })).failures;
  expect(failure?.says).toMatch(/^crashed with TypeError: Cannot read properties of undefined/);
  expect((await sweep(crash, { scenarios, positions: [15], mayCrash: true })).failures).toEqual([]);
});

test.each([
  ['not_sound', () => Promise.reject(new Error('no')), {}],
  ['not_sound', () => new Promise(() => {}), {}],
  ['no_request', () => 1, {}],
  ['unsteady_result', async (call: never) => [await clientWith()(call), Math.random()], {}],
  ['bad_scenario', () => 1, { scenarios: ['no-such'] }],
])('%s: a sweep that could prove nothing is refused', async (code, client, options) => {
  const before = setTimeout;
  await expect(sweep(client as never, options)).rejects.toMatchObject({ code });
  expect(setTimeout).toBe(before);
});
