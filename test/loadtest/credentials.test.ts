import { expect, test } from 'vitest';
import { type CallRecord, newDraft } from '../../src/core/call/record.ts';
import { createManualClock } from '../../src/core/clock.ts';
import { createRandom } from '../../src/core/random.ts';
import { parseKey, readToken, signedBy } from '../../src/core/wire/auth.ts';
import { createBudget } from '../../src/loadtest/budget.ts';
import { type Credentials, createCredentials } from '../../src/loadtest/credentials.ts';
import { workloadFor } from '../../src/loadtest/plan.ts';
import { createPolicy } from '../../src/loadtest/policy.ts';
import { makeRequest } from '../../src/loadtest/request.ts';
import { createTally } from '../../src/loadtest/tally.ts';

import { planOf } from './plan.ts';

const keys = ['first.canary-secret', 'second.canary-secret'];
const tokenOf = (credentials: Credentials, n: number) => credentials.authorization(n).replace('Bearer ', '');

test('several keys take turns as tokens, each signed with its own secret', async () => {
  const clock = createManualClock();
  const credentials = await createCredentials({ keys, jwt: true, clock });
  const tokens = [0, 1, 2, 3].map(n => tokenOf(credentials, n));
  credentials.close();
  expect(tokens.map(token => readToken(token)?.apiKey)).toEqual(['first', 'second', 'first', 'second']);
  for (const [n, key] of keys.entries())
    expect(await signedBy(tokens[n] ?? '', parseKey(key) ?? { id: '', secret: '' })).toBe(true);
});

test('no token is used in its last minute, however long the run', async () => {
  const clock = createManualClock();
  const credentials = await createCredentials({ keys, jwt: true, clock });
  for (let renewal = 0; renewal < 5; renewal++) {
    const before = [0, 1].map(n => tokenOf(credentials, n));
    clock.advance(119_000);
    for (const token of before) expect((readToken(token)?.exp ?? 0) - clock.wall()).toBeGreaterThan(60_000);
    expect([0, 1].map(n => tokenOf(credentials, n))).toEqual(before);
    clock.advance(1000);
    await expect.poll(() => [0, 1].filter(n => tokenOf(credentials, n) === before[n])).toEqual([]);
  }
  credentials.close();
});

test('every attempt carries the token of its own moment', async () => {
  const clock = createManualClock();
  const sent: (string | undefined)[] = [];
  let minted = 0;
  const never = new AbortController().signal;
  const plan = planOf();
  const made = makeRequest(
    { n: 0, intendedMs: 0, measured: true },
    {
      driver: {
        send: async (_body, { authorization }) => {
          const outcome = sent.push(authorization) < 3 ? { kind: 'rate_limited' } : { kind: 'ok' };
          return {
            ...newDraft(clock.now(), clock.now()),
            endMs: clock.now(),
            retryAfterMs: 1000,
            outcome,
          } as CallRecord;
        },
        close: async () => {},
      },
      clock,
      tally: createTally(0),
      workload: workloadFor(plan),
      credentials: { authorization: n => `Bearer ${n}-${++minted}`, close: () => {} },
      blot: record => record,
      budget: createBudget(plan.budget),
      policy: createPolicy({ ...plan.policy, onLimit: 'backoff' }),
      random: createRandom(1),
      slo: [],
      cut: never,
      stop: never,
      over: never,
      halt: () => {},
    },
  );
  for (let second = 0; second < 5; second++) {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    clock.advance(1000);
  }
  await made;
  expect(sent).toEqual(['Bearer 0-1', 'Bearer 0-2', 'Bearer 0-3']);
});
