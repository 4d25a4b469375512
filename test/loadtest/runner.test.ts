import { expect, test } from 'vitest';
import { type CallRecord, newDraft } from '../../src/core/call/record.ts';
import { createManualClock, type ManualClock } from '../../src/core/clock.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import type { LoadPlan } from '../../src/loadtest/config.ts';
import type { Driver } from '../../src/loadtest/drivers/driver.ts';
import { runLoad } from '../../src/loadtest/runner.ts';
import { type ledgerOf, summarise } from '../../src/loadtest/summary.ts';
import { createTally } from '../../src/loadtest/tally.ts';
import { planOf } from './plan.ts';

const usage = { prompt_tokens: 5, completion_tokens: 10, total_tokens: 15 };

/** Answers every request after the same time, in the manual clock's world. */
function steadyDriver(clock: ManualClock, ms: number, outcomeOf: (number: number) => Outcome = () => ({ kind: 'ok' })) {
  let sent = 0;
  const driver: Driver = {
    send: (_body, { signal, onGap }) =>
      new Promise(resolve => {
        const number = sent++;
        const draft = { ...newDraft(clock.now(), clock.now()), usage };
        const end = (outcome: Outcome) => resolve({ ...draft, endMs: clock.now(), outcome } as CallRecord);
        const cancel = clock.at(clock.now() + ms, () => {
          draft.firstTokenMs = draft.firstVisibleMs = draft.startMs + ms / 2;
          draft.lastTokenMs = clock.now();
          onGap?.(ms / 2);
          end(outcomeOf(number));
        });
        signal.addEventListener('abort', () => {
          cancel();
          end({ kind: 'cancelled' });
        });
      }),
    close: async () => {},
  };
  return driver;
}

interface Run {
  readonly plan: Partial<LoadPlan>;
  readonly answerMs: number;
  readonly outcomeOf?: (number: number) => Outcome;
  /** When Ctrl-C comes. */
  readonly stopAt?: number;
}

async function run({ plan: more, answerMs, outcomeOf, stopAt }: Run) {
  const clock = createManualClock();
  const stop = new AbortController();
  const plan = planOf(more);
  const tally = createTally();
  if (stopAt !== undefined) clock.at(stopAt, () => stop.abort());
  const context = { driver: steadyDriver(clock, answerMs, outcomeOf), clock, stop: stop.signal, tally };
  let window: Awaited<ReturnType<typeof runLoad>> | undefined;
  const finished = runLoad(plan, context).then(value => {
    window = value;
  });
  for (let i = 0; i < 10_000 && window === undefined; i++) {
    clock.advance(1);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }
  await finished;
  if (window === undefined) throw new Error('the run did not end');
  return { summary: summarise(plan, tally, window), tally };
}

const sum = ({ planned: _, ...rest }: ReturnType<typeof ledgerOf>) =>
  Object.values(rest).reduce((total, count) => total + count, 0);

test('a closed loop keeps its concurrency and finishes what it started', async () => {
  const { summary } = await run({ plan: { concurrency: 4, durationMs: 1000 }, answerMs: 100 });
  expect(summary.ledger).toEqual({ planned: 40, ok: 40, censored: 0, warmup: 0 });
  expect(summary.throughput).toMatchObject({ duration_s: 1 });
  expect(summary.throughput.in_flight_mean).toBeCloseTo(4, 0);
  expect(summary.metrics.e2e_ms).toMatchObject({ count: 40 });
  expect(summary.metrics.e2e_ms.p50).toBeCloseTo(100, 0);
  expect(summary.metrics.ttft_any_ms.p50).toBeCloseTo(50, 0);
  expect(summary.metrics.tpot_ms.p50).toBeCloseTo(50 / 9, 1);
  expect(summary.metrics.itl_ms).toMatchObject({ count: 40 });
});

test.each<[string, Run]>([
  [
    'a run of mixed endings',
    { plan: { durationMs: 500 }, answerMs: 30, outcomeOf: n => ({ kind: kinds[n % 5] ?? 'ok' }) },
  ],
  ['a run cut after the grace', { plan: { durationMs: 500, graceMs: 50 }, answerMs: 400 }],
  ['a run that was stopped', { plan: { durationMs: 500, graceMs: 50 }, answerMs: 70, stopAt: 200 }],
  ['a run with a limit of requests', { plan: { maxRequests: 13 }, answerMs: 30 }],
  ['a run with a warm-up', { plan: { durationMs: 300, warmupMs: 200 }, answerMs: 30 }],
  ['a run stopped in its warm-up', { plan: { warmupMs: 200 }, answerMs: 30, stopAt: 100 }],
  ['a run against nothing', { plan: { durationMs: 500 }, answerMs: 1, outcomeOf: () => ({ kind: 'tcp' }) }],
])('every request of %s is in exactly one class', async (_name, options) => {
  const { summary } = await run(options);
  expect(summary.ledger.planned).toBeGreaterThan(0);
  expect(sum(summary.ledger)).toBe(summary.ledger.planned);
});

const kinds = ['ok', 'rate_limited', 'truncated', 'unknown_code', 'ok'] as const;

test('requests still under way after the grace are censored, not lost and not failed', async () => {
  const { summary } = await run({ plan: { concurrency: 3, durationMs: 100, graceMs: 50 }, answerMs: 1000 });
  expect(summary.ledger).toEqual({ planned: 3, ok: 0, censored: 3, warmup: 0 });
});

test('after Ctrl-C nothing is started, and what is under way may finish', async () => {
  const { summary } = await run({ plan: { concurrency: 2 }, answerMs: 100, stopAt: 250 });
  expect(summary.ledger).toEqual({ planned: 6, ok: 6, censored: 0, warmup: 0 });
  expect(summary.throughput.duration_s).toBeCloseTo(0.25, 2);
});

test('a limit of requests is kept, and the window ends with the last answer', async () => {
  const { summary } = await run({ plan: { concurrency: 4, maxRequests: 10 }, answerMs: 100 });
  expect(summary.ledger).toMatchObject({ planned: 10, ok: 10 });
  expect(summary.throughput.duration_s).toBeCloseTo(0.3, 2);
});

test('what was started in the warm-up is made and not measured', async () => {
  const { summary } = await run({ plan: { concurrency: 1, warmupMs: 200, durationMs: 300 }, answerMs: 50 });
  expect(summary.ledger.warmup).toBeGreaterThanOrEqual(4);
  expect(summary.metrics.e2e_ms.count).toBe(summary.ledger.ok);
  expect(summary.metrics.itl_ms.count).toBe(summary.ledger.ok);
  expect(summary.throughput.duration_s).toBeCloseTo(0.3, 2);
});

test('failures do not enter the latencies', async () => {
  const outcomeOf = (n: number): Outcome => ({ kind: n % 2 === 0 ? 'ok' : 'server_error' });
  const { summary } = await run({ plan: { durationMs: 500 }, answerMs: 50, outcomeOf });
  expect(summary.ledger.server_error).toBeGreaterThan(0);
  expect(summary.metrics.e2e_ms.count).toBe(summary.ledger.ok);
});

test('a connection that cannot be made is not tried again at once', async () => {
  const outcomeOf = (): Outcome => ({ kind: 'tcp' });
  const { summary } = await run({ plan: { concurrency: 1, durationMs: 1000 }, answerMs: 1, outcomeOf });
  expect(summary.ledger.planned).toBeLessThanOrEqual(10);
});
