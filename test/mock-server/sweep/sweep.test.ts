/** A sound client passes the whole sweep; one flaw each is found, at the smallest position that shows it. */
import { expect, test, vi } from 'vitest';
import { createRandom } from '../../../src/core/random.ts';
import {
  assertSweep,
  type SweepCall,
  type SweepOptions,
  sweep,
  toolReply,
} from '../../../src/mock-server/sweep/index.ts';
import { createLeash } from '../../../src/mock-server/sweep/leash.ts';
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
  expect(report.text()).toMatch(
    /^fault sweep: \d+ calls on an answer of \d+ frames, all fine \(.* in .*\)\nnothing to change for: .*\n$/,
  );
  expect(report.spared).toEqual(['tool-arguments-broken', 'tool-chunk-odd', 'silent-search']);
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
  const options = { scenarios: ['truncated', 'cut', 'no-done'], mock: { seed: 7 }, limit: '2m' };
  const { failures, frames } = await sweep(clientWith({ flaw: 'accepts truncated' }), options);
  expect(failures).toHaveLength(1);
  const [{ fault, position = 0, alsoAt, says, repro }] = failures as [(typeof failures)[0]];
  expect(fault).toBe(`truncated,after=${position}`);
  expect(position).toBeGreaterThan(1); // role and thinking come first: an empty answer is refused
  expect(alsoAt).toEqual(Array.from({ length: frames - 3 - position }, (_, i) => position + 1 + i));
  expect(says).toMatch(/^took a bad answer for a good one \(truncated: .*\): returned .* in place of /);
  expect(repro).toBe(
    `await assertSweep(client, { scenarios: ['truncated'], positions: [${position}], limit: "2m", mock: {"seed":7} })`,
  );
  await expect(
    assertSweep(clientWith({ flaw: 'accepts truncated' }), { scenarios: ['F4'], positions: [position] }),
  ).rejects.toThrow(`FAIL truncated,after=${position}: took a bad answer`);
});

test.each<[string, SweepOptions<Said>]>([
  ['a reply of its own', { reply: { content: 'one two three "four"\nfive' } }],
  ['several replies', { reply: [{ content: 'one two three four' }] }],
  ['a setting of the mock', { reply: { content: '茶 and more of it' }, mock: { seed: 9, timing: 'ttft=2ms,itl=2ms' } }],
])('the line to see a failure again repeats it with %s', async (_, given) => {
  const client = clientWith({ flaw: 'accepts truncated' });
  const [failure] = (await sweep(client, { ...given, scenarios: ['truncated'] })).failures;
  const again = new Function('assertSweep', 'client', `return async () => ${failure?.repro}`);
  const error = await again(assertSweep, client)().catch((thrown: Error) => thrown);
  expect(error.message).toContain(`FAIL ${failure?.fault}: ${failure?.says}`);
});

test('the line names what only the caller has', async () => {
  const own = { same: () => true, expect: () => 'never good', mayCrash: true, scenarios: ['reset'], reply: toolReply };
  const [failure] = (await sweep(clientWith(), own)).failures;
  expect(failure?.repro).toBe(
    "await assertSweep(client, { scenarios: ['reset'], reply: toolReply, mayCrash: true, same, expect })",
  );
});

/** One client object for all calls, as a module keeps it. */
const keeping = (kept: readonly ('baseUrl' | 'apiKey')[]) => {
  let first: SweepCall | undefined;
  return (call: SweepCall) => {
    first ??= call;
    return clientWith()({ ...call, ...Object.fromEntries(kept.map(name => [name, first?.[name] ?? ''])) });
  };
};

test.each([[['baseUrl', 'apiKey']], [['baseUrl']], [['apiKey']]] as const)(
  'a client that keeps the %j of its first call is tested against nothing, and the sweep says so',
  { timeout: budgetMs },
  async kept => {
    const { failures, cases } = await sweep(keeping(kept), { positions: [3] });
    expect(failures).toMatchObject([{ kind: 'no_request' }]);
    expect(failures[0]?.says).toMatch(
      /^no request came to the base URL and with the key of this call, so nothing was tested/,
    );
    expect(failures[0]?.says).toContain(`so in ${cases - 1} other cases`);
    await expect(assertSweep(keeping(kept), { scenarios: ['reset'] })).rejects.toThrow(
      'FAIL no_request reset: no request came',
    );
  },
);

test('a fault that was asked for by name and can change nothing is a mistake of the test', async () => {
  const { failures, spared } = await sweep(clientWith(), { scenarios: ['tool-arguments-broken', 'reset'] });
  expect(failures).toMatchObject([{ kind: 'not_struck', scenario: 'tool-arguments-broken' }]);
  expect(spared).toEqual(['tool-arguments-broken']);
  await expect(sweep(clientWith(), { scenarios: ({ name }) => name === 'silent-search' })).resolves.toMatchObject({
    failures: [{ kind: 'not_struck' }],
  });
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
  ['no_request', (call: SweepCall) => clientWith()({ ...call, apiKey: 'my-id.my-secret' }), { mock: { anyKey: true } }],
  ['unsteady_result', async (call: never) => [await clientWith()(call), Math.random()], {}],
  ['bad_scenario', () => 1, { scenarios: ['no-such'] }],
])('%s: a sweep that could prove nothing is refused', async (code, client, options) => {
  const before = setTimeout;
  await expect(sweep(client as never, options)).rejects.toMatchObject({ code });
  expect(setTimeout).toBe(before);
});

const ask = ({ baseUrl, apiKey }: SweepCall) =>
  fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ model: 'glm-4.6', messages: [{ role: 'user', content: 'hi' }] }),
  });

test('a client that repeats at once and for ever is stopped and named', { timeout: budgetMs }, async () => {
  let requests = 0;
  const report = await sweep(
    async call => {
      for (;;) {
        requests++;
        const answer = await ask(call);
        const text = await answer.text();
        if (answer.status !== 429) return text;
      }
    },
    { scenarios: ['overloaded'], same: () => true, maxRequests: 20 },
  );
  expect(report.failures).toMatchObject([
    { fault: 'overloaded', says: 'asked 20 times in one call: it repeats without limit or pause' },
  ]);
  expect(requests).toBe(2 + 21 + 2); // sound twice, for ever, and once refused
});

test('a client that asks again at once, whatever its signal says, is named and does not stop the process', {
  timeout: budgetMs,
}, async () => {
  const stubborn = async (call: SweepCall) => {
    for (;;) {
      try {
        return await clientWith()(call);
      } catch {
        // Again: this is its flaw.
      }
    }
  };
  const { failures } = await sweep(stubborn, { scenarios: ['overloaded', 'reset', 'hang'], maxRequests: 20 });
  expect(failures.map(({ says }) => says)).toEqual([
    'asked 20 times in one call: it repeats without limit or pause',
    'asked 20 times in one call: it repeats without limit or pause',
    'did not come back within 3m',
  ]);
});

test('the signal of a call that is over says so, and lets go of a client that asks a thousand times', () => {
  const { signal, abort, isSlipped } = createLeash(3);
  expect(signal.aborted).toBe(false);
  const heard = vi.fn();
  signal.addEventListener('abort', heard);
  abort(new Error('over'));
  expect(heard).toHaveBeenCalledOnce();
  expect(() => signal.throwIfAborted()).toThrow('over');
  expect([signal.aborted, signal.aborted, signal.aborted]).toEqual([true, true, false]);
  expect(() => signal.throwIfAborted()).not.toThrow();
  expect(isSlipped()).toBe(true);
});

test('clients that wait at random are swept in seconds', { timeout: budgetMs }, async () => {
  const random = createRandom(1);
  const patient = async (call: SweepCall) => {
    for (let wait = 500; ; wait *= 2) {
      try {
        return await clientWith()(call);
      } catch (error) {
        if (wait > 2000) throw error;
        await new Promise(resolve => setTimeout(resolve, wait * (0.5 + random())));
      }
    }
  };
  const report = await assertSweep(patient, { scenarios: ['truncated', 'cut', 'error-in-stream', 'overloaded'] });
  expect(report.virtualMs).toBeGreaterThan(3_000);
  expect(report.realMs).toBeLessThan(budgetMs / 2);
});

test('a client that asks without end after a sound answer cannot be swept', { timeout: budgetMs }, async () => {
  const endless = async (call: SweepCall) => {
    for (;;) await (await ask(call)).text();
  };
  await expect(sweep(endless, { maxRequests: 5 })).rejects.toMatchObject({
    code: 'not_sound',
    message: expect.stringContaining('it asks again and again'),
  });
  await expect(sweep(endless, { maxRequests: 0 })).rejects.toMatchObject({ code: 'bad_max_requests' });
});
