import { expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../../src/core/clock.ts';
import { domainOf, type Reason } from '../../src/core/outcome.ts';
import { confirm, standingOf } from '../../src/probe/confirm.ts';
import type { ProbeRun } from '../../src/probe/run.ts';
import { checkFor, doorFor } from '../support/probe.ts';
import { runAt } from '../support/probe-runs.ts';

type Fault = Exclude<Reason, 'ok'>;
const check = await checkFor('http://127.0.0.1:1/v4', 'chat_stream');
const runOf = (reason: Fault | null): ProbeRun => runAt(0, { reason });
const seen = (...reasons: (Fault | null)[]) =>
  reasons.map(reason => ({ started_at_ms: 0, reason, fault_domain: reason && domainOf(reason) }));

test.each<[string, Fault | null, (Fault | null)[], string]>([
  ['a good run', null, [], 'clear'],
  ['an account’s fault pages nobody', 'rate_limited', [], 'clear'],
  ['a failure waits', 'stalled', [], 'pending'],
  ['a failure that came again waits once more', 'stalled', ['reset'], 'pending'],
  ['a failure that came three times', 'stalled', ['reset', 'stalled'], 'confirmed'],
  ['a failure that went away', 'stalled', [null], 'refuted'],
  ['a failure that went away at last', 'stalled', ['stalled', null], 'refuted'],
  ['a repetition that blames the account', 'stalled', ['stalled', 'rate_limited'], 'refuted'],
  ['a repetition of which nothing is known', 'stalled', ['internal'], 'refuted'],
])('%s: %s then %j is %s', (_name, first, repeats, standing) => {
  expect(standingOf(runOf(first), seen(...repeats), 2)).toBe(standing);
});

test('without confirmations a failure stands at once', () => {
  expect(standingOf(runOf('stalled'), [], 0)).toBe('confirmed');
});

/** Lets promises settle, then time pass, until the promise is there. */
async function inTime<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let done = false;
  promise.finally(() => {
    done = true;
  });
  for (let i = 0; i < 1000 && !done; i++) {
    await new Promise(resolve => setImmediate(resolve));
    clock.advance(1000);
  }
  return promise;
}

test('the first failure keeps its place and time, and its repetitions are runs of their own', async () => {
  const clock = createManualClock(1000);
  const look = async () => ({ ...runOf('reset'), started_at_ms: clock.wall() });
  const first = runOf('stalled');
  const { run, repeats, standing } = await inTime(clock, confirm(check, first, doorFor({ clock }), look));
  expect(standing).toBe('confirmed');
  expect(repeats).toHaveLength(2);
  expect({ ...run, confirmations: [] }).toEqual(first);
  expect(run.confirmations.map(({ reason }) => reason)).toEqual(['reset', 'reset']);
  const [one, two] = run.confirmations.map(({ started_at_ms }) => started_at_ms) as [number, number];
  expect([one >= 6000, two - one >= 5000]).toEqual([true, true]);
});

test('a good run costs nothing, and the first good repetition is the last', async () => {
  const clock = createManualClock();
  let looks = 0;
  const look = async () => {
    looks++;
    return runOf(null);
  };
  expect((await confirm(check, runOf(null), doorFor({ clock }), look)).standing).toBe('clear');
  expect((await inTime(clock, confirm(check, runOf('stalled'), doorFor({ clock }), look))).standing).toBe('refuted');
  expect(looks).toBe(1);
});

test('told to stop, it looks no more and leaves the failure pending', async () => {
  const stop = new AbortController();
  const waiting = confirm(
    check,
    runOf('stalled'),
    doorFor({ clock: createManualClock(), stop: stop.signal }),
    async () => runOf(null),
  );
  stop.abort();
  expect(await waiting).toMatchObject({ standing: 'pending', repeats: [] });
});
