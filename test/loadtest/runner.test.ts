import { expect, test } from 'vitest';
import { type CallRecord, newDraft } from '../../src/core/call/record.ts';
import { createManualClock, type ManualClock } from '../../src/core/clock.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import type { Usage } from '../../src/core/wire/chat.ts';
import { partsOf } from '../../src/loadtest/cluster/share.ts';
import type { Driver } from '../../src/loadtest/drivers/driver.ts';
import type { Interval } from '../../src/loadtest/interval.ts';
import { measure } from '../../src/loadtest/load.ts';
import { measuredOf } from '../../src/loadtest/measured.ts';
import { createLoadMetrics } from '../../src/loadtest/metrics.ts';
import { createPacer } from '../../src/loadtest/pacer.ts';
import { type LoadPlan, momentsOf, scheduleFor } from '../../src/loadtest/plan.ts';
import type { Finished } from '../../src/loadtest/request.ts';
import { type RunEnd, runLoad } from '../../src/loadtest/runner.ts';
import { type Shard, seatsOf } from '../../src/loadtest/shard.ts';
import { littleOf } from '../../src/loadtest/stats/little.ts';
import { totalOf } from '../../src/loadtest/total.ts';
import { closed, open, planOf } from './plan.ts';

const usage = { prompt_tokens: 5, completion_tokens: 10, total_tokens: 15 };

interface Answers {
  /** How long the answer to a request takes. */
  readonly ms: (number: number) => number;
  readonly outcomeOf?: (number: number) => Outcome;
  readonly usageOf?: (number: number) => Usage;
}

/** An endpoint in the manual clock's world; remembers when each request came and how many were there at once. */
function endpoint(clock: ManualClock, { ms, outcomeOf = () => ({ kind: 'ok' }), usageOf = () => usage }: Answers) {
  const seen = { sentAt: [] as number[], open: 0, most: 0 };
  const driver: Driver = {
    send: (_body, { signal, onSent, onGap }) =>
      new Promise(resolve => {
        const number = seen.sentAt.push(clock.now()) - 1;
        seen.most = Math.max(seen.most, ++seen.open);
        const draft = { ...newDraft(clock.now(), clock.now()), sentMs: clock.now(), usage: usageOf(number) };
        onSent?.();
        onSent?.(); // a connection that was dead takes it twice
        const end = (outcome: Outcome) => {
          seen.open--;
          const code = outcome.kind === 'balance_exhausted' ? '1113' : undefined;
          resolve({ ...draft, endMs: clock.now(), outcome, code } as CallRecord);
        };
        const cancel = clock.at(clock.now() + ms(number), () => {
          draft.firstTokenMs = draft.firstVisibleMs = draft.startMs + ms(number) / 2;
          draft.lastTokenMs = clock.now();
          onGap?.(ms(number) / 2);
          end(outcomeOf(number));
        });
        signal.addEventListener('abort', () => {
          cancel();
          end({ kind: 'cancelled' });
        });
      }),
    close: async () => {},
  };
  return { driver, seen };
}

interface Run extends Partial<Answers> {
  readonly plan?: Partial<LoadPlan>;
  /** When Ctrl-C comes; below 0: before the run begins. */
  readonly stopAt?: number;
  readonly shard?: Shard;
}

async function run({ plan, ms = () => 100, outcomeOf, usageOf, stopAt, shard }: Run) {
  const clock = createManualClock();
  const stop = new AbortController();
  const intervals: Interval[] = [];
  const finished: Finished[] = [];
  const { driver, seen } = endpoint(clock, { ms, ...(outcomeOf && { outcomeOf }), ...(usageOf && { usageOf }) });
  if (stopAt !== undefined && stopAt < 0) stop.abort();
  else if (stopAt !== undefined) clock.at(stopAt, () => stop.abort());
  let end: RunEnd | undefined;
  const ended = runLoad(planOf(plan), {
    driver,
    clock,
    stop: stop.signal,
    startMs: 0,
    pacer: createPacer({ clock, spinMs: 0 }),
    onInterval: interval => intervals.push(interval),
    onFinished: one => finished.push(one),
    ...(shard && { shard }),
  }).then(value => {
    end = value;
  });
  for (let i = 0; i < 100_000 && end === undefined; i++) {
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
    clock.advance(1);
  }
  await ended;
  return { intervals, total: totalOf(intervals), end: end as RunEnd | undefined, finished, seen };
}

const summed = (counts: object) => Object.values(counts).reduce((sum: number, count: number) => sum + count, 0);

test('a closed loop keeps its level and finishes what it started', async () => {
  const { total, seen, end } = await run({ plan: closed(4, 1000) });
  expect(total.planned).toBe(40);
  expect(total.ended).toEqual({ ok: 40 });
  expect(seen.most).toBe(4);
  expect(total.inFlightArea / 1000).toBeCloseTo(4, 0);
  expect(total.histograms.e2e_ms?.quantile(0.5)).toBeCloseTo(100, 0);
  expect(total.histograms.ttft_any_ms?.quantile(0.5)).toBeCloseTo(50, 0);
  expect(total.histograms.itl_ms?.count).toBe(40);
  expect(end).toMatchObject({ offeredMs: 1000, halted: undefined });
});

test('what was in flight is its rate times its latency, over a whole run with its warm-up and its end', async () => {
  for (const load of [closed(4, 1000), open(30, 1000)]) {
    const { intervals } = await run({ plan: { ...load, warmupMs: 300 }, ms: n => 50 + 20 * (n % 7) });
    expect(littleOf(intervals)?.disagreement).toBeLessThan(0.01); // a bucket is 0.2 % wide, the clock 1 ms coarse
  }
});

test('an attempt is sent in the second in which it leaves, not in that in which it ends', async () => {
  const { intervals } = await run({ plan: closed(4, 1000), ms: () => 2500 });
  expect(intervals.map(({ sent }) => sent)[0]).toBe(4);
  expect(summed(intervals.map(({ sent }) => sent))).toBe(4);
});

test('stages raise and lower the level, and a seat that is no longer wanted ends after its request', async () => {
  const stages = [
    { durationMs: 1000, from: 0, to: 10 },
    { durationMs: 1000, from: 10, to: 10 },
    { durationMs: 1000, from: 10, to: 0 },
  ];
  const { intervals, seen } = await run({
    plan: { arrivals: { kind: 'closed', stages }, concurrency: 10 },
    ms: () => 50,
  });
  const mean = intervals.slice(0, 3).map(({ inFlightArea, fromMs, toMs }) => inFlightArea / (toMs - fromMs));
  expect(mean[0]).toBeCloseTo(5, 0);
  expect(mean[1]).toBeCloseTo(10, 0);
  expect(mean[2]).toBeGreaterThan(4);
  expect(mean[2]).toBeLessThan(7);
  expect(seen.most).toBe(10);
});

test('an open loop starts every request at its moment, whatever became of those before', async () => {
  const { seen, total } = await run({ plan: open(10, 2000), ms: () => 5000 });
  expect(seen.sentAt).toHaveLength(20);
  seen.sentAt.forEach((at, i) => {
    expect(at).toBeCloseTo(50 + i * 100, -1);
  });
  expect(total.planned).toBe(20);
});

test('latency counts from the moment that was planned, and from the send beside it', async () => {
  const { total } = await run({ plan: open(10, 1000) });
  const { e2e_ms: planned, e2e_from_send_ms: sent, send_delay_ms: delay } = total.histograms;
  expect(planned?.count).toBe(10);
  expect(planned?.quantile(0.5)).toBeGreaterThanOrEqual(sent?.quantile(0.5) ?? Number.NaN);
  expect(delay?.quantile(0.99)).toBeLessThan(2);
});

test.each<[string, Run]>([
  ['mixed endings', { plan: closed(4, 500), ms: () => 30, outcomeOf: n => ({ kind: kinds[n % 5] ?? 'ok' }) }],
  ['a grace that is too short', { plan: { ...closed(4, 500), graceMs: 50 }, ms: () => 400 }],
  ['Ctrl-C in a closed loop', { plan: { ...closed(4, 500), graceMs: 50 }, ms: () => 70, stopAt: 200 }],
  ['Ctrl-C in an open loop', { plan: open(100, 1000), ms: () => 70, stopAt: 300 }],
  ['a limit of requests', { plan: { maxRequests: 13 }, ms: () => 30 }],
  ['a limit of requests at a rate', { plan: { ...open(100, 1000), maxRequests: 13 }, ms: () => 30 }],
  ['a warm-up', { plan: { ...closed(4, 500), warmupMs: 200 }, ms: () => 30 }],
  ['Ctrl-C in the warm-up', { plan: { ...closed(4, 500), warmupMs: 200 }, stopAt: 100 }],
  ['nothing that answers', { plan: closed(4, 500), ms: () => 1, outcomeOf: () => ({ kind: 'tcp' }) }],
  ['too few connections for the rate', { plan: { ...open(100, 1000), concurrency: 3 }, ms: () => 300 }],
  ['too little money', { plan: { ...closed(4, 500), budget: budgetOf(300) }, ms: () => 30 }],
  ['money that ends an open loop', { plan: { ...open(50, 1000), budget: budgetOf(300) }, ms: () => 30 }],
  ['one shard of three', { plan: open(100, 1000), ms: () => 30, shard: { index: 1, count: 3 } }],
  [
    'a retried refusal',
    {
      plan: { ...closed(2, 500), policy: { onLimit: 'backoff', mostRetries: 2, baseMs: 20, capMs: 100 } },
      ms: () => 10,
      outcomeOf: n => ({ kind: n % 3 === 0 ? 'overloaded' : 'ok' }),
    },
  ],
])('with %s every request is in exactly one class', async (_name, options) => {
  const { total } = await run(options);
  expect(total.planned).toBeGreaterThan(0);
  expect(summed(total.ended)).toBe(total.planned);
});

const kinds = ['ok', 'rate_limited', 'truncated', 'unknown_code', 'ok'] as const;

function budgetOf(maxTokens: number): LoadPlan['budget'] {
  return { maxTokens, maxCost: Number.POSITIVE_INFINITY, price: undefined };
}

test('what is still under way after the grace is censored', async () => {
  const { total } = await run({ plan: { ...closed(3, 100), graceMs: 50 }, ms: () => 1000 });
  expect(total.ended).toEqual({ censored: 3 });
});

test('Ctrl-C while only the last answers are waited for cuts them off', async () => {
  const { total, intervals } = await run({
    plan: { ...closed(3, 100), graceMs: 60_000 },
    ms: () => 30_000,
    stopAt: 500,
  });
  expect(total.ended).toEqual({ censored: 3 });
  expect(intervals.at(-1)?.toMs).toBeLessThan(600);
});

test('what no connection was left for is shed, and sent later by nobody', async () => {
  const { total, seen } = await run({ plan: { ...open(100, 1000), concurrency: 3 }, ms: () => 10_000 });
  expect(seen.sentAt).toHaveLength(3);
  expect(total.ended).toMatchObject({ shed: 97 });
});

test.each<[string, Partial<LoadPlan>]>([
  ['has ended', open(10, 10_000)],
  ['was shed', { ...open(10, 10_000), concurrency: 1 }],
  ['was shed in the warm-up', { ...open(10, 10_000), concurrency: 1, warmupMs: 5000 }],
])('a limit of requests ends an open run when its last one %s', async (_, plan) => {
  const { total, end } = await run({ plan: { ...plan, maxRequests: 3 }, ms: () => 500 });
  expect([total.planned, end?.halted]).toEqual([3, undefined]);
  expect(end?.offeredMs).toBeLessThan(400);
});

test.each<[string, Partial<LoadPlan>, number]>([
  ['closed loop', closed(4, 1000), 0],
  ['rate', open(100, 1000), 100],
])('a run of a %s that was stopped before it began sends nothing and adds up', async (_kind, plan, planned) => {
  const { total, seen, end } = await run({ plan, stopAt: -1 });
  expect(seen.sentAt).toEqual([]);
  expect([total.planned, total.ended.unsent ?? 0]).toEqual([planned, planned]);
  expect(end).toMatchObject({ halted: { reason: 'stopped' } });
});

test('what was not due yet when the run was stopped was never sent', async () => {
  const { total, end } = await run({ plan: open(100, 1000), ms: () => 10, stopAt: 505 });
  expect(total.planned).toBe(100);
  expect(total.ended.unsent).toBeGreaterThanOrEqual(48);
  expect(end).toMatchObject({ halted: { reason: 'stopped' } });
});

test('a moment at the very end of the run is kept, and what a late loop has not come to by then is late', async () => {
  const trace = (offsetsMs: number[]) => ({ arrivals: { kind: 'trace' as const, offsetsMs }, concurrency: 10 });
  const { total, seen } = await run({ plan: trace([0, 499.9, 500]), ms: () => 10 });
  expect(total.ended).toEqual({ ok: 3 });
  expect(seen.sentAt).toHaveLength(3);
});

test('the warm-up is made and not measured, and hands over without a pause', async () => {
  const { total, intervals, seen } = await run({ plan: { ...closed(2, 500), warmupMs: 200 }, ms: () => 50 });
  expect(total.ended.warmup).toBeGreaterThanOrEqual(8);
  expect(total.histograms.e2e_ms?.count).toBe(total.ended.ok);
  expect(total.histograms.itl_ms?.count).toBe(total.ended.ok);
  expect(intervals.some(({ toMs }) => Math.abs(toMs - 200) < 2)).toBe(true);
  const pauses = seen.sentAt.map((at, i) => at - (seen.sentAt[i - 1] ?? at));
  expect(Math.max(...pauses)).toBeLessThanOrEqual(52);
});

test('a retry is part of its request: its wait is the user’s, its attempt its own', async () => {
  const { total, finished } = await run({
    plan: { ...closed(1, 400), policy: { onLimit: 'backoff', mostRetries: 3, baseMs: 100, capMs: 1000 } },
    ms: () => 10,
    outcomeOf: n => ({ kind: n === 0 ? 'overloaded' : 'ok' }),
  });
  expect(finished[0]).toMatchObject({ ledgerClass: 'ok', attempts: 2 });
  expect(total.retries).toBe(1);
  expect(total.ended.overloaded).toBeUndefined();
  expect(total.histograms.e2e_ms?.summary().max).toBeGreaterThan(total.histograms.e2e_from_send_ms?.summary().max ?? 0);
});

test.each([
  { ...usage, prompt_tokens: -5 },
  { ...usage, completion_tokens: 1e308 },
  { ...usage, completion_tokens: 0.5 },
  { ...usage, total_tokens: Number.NaN },
  { ...usage, prompt_tokens_details: { cached_tokens: -1 } },
  { ...usage, completion_tokens_details: { reasoning_tokens: Number.POSITIVE_INFINITY } },
])('an answer that says it took %j is a class of its own, and counts as nothing but its worst case', async hostile => {
  const { total, intervals } = await run({
    plan: { ...closed(1, 60_000), maxRequests: 3 },
    usageOf: n => (n === 1 ? hostile : usage),
  });
  expect(total.ended).toEqual({ ok: 2, contract: 1 });
  expect([total.inputTokens, total.outputTokens]).toEqual([10, 20]);
  expect(total.bookedOutputTokens).toBe(20 + 16);
  const metrics = createLoadMetrics({ scenario: 'closed', model: 'glm-4.6' });
  for (const interval of intervals) metrics.add(interval);
  expect(await metrics.text()).toMatch(/glm_load_output_tokens_total\{.*\} 20$/m);
});

test.each([
  ['backoff', undefined],
  ['record', expect.any(Number)],
] as const)(
  'with %s, requests of which some waited for an attempt that never came fit no law',
  async (onLimit, fits) => {
    const plan = {
      ...closed(2, 1000),
      graceMs: 100,
      policy: { onLimit, mostRetries: 3, baseMs: 60_000, capMs: 60_000 },
    };
    const outcomeOf = (n: number): Outcome => ({ kind: n === 2 ? 'rate_limited' : 'ok' });
    const { intervals, total } = await run({ plan, ms: () => 10, outcomeOf });
    expect([total.retries, total.ended.rate_limited]).toEqual([0, 1]);
    const facts = { intervals, offeredMs: 1000, before: null, after: null };
    expect(measuredOf(planOf(plan), facts).little?.disagreement).toEqual(fits);
  },
);

test('Ctrl-C does not wait for another attempt', async () => {
  const { total, finished } = await run({
    plan: { ...closed(1, 60_000), policy: { onLimit: 'backoff', mostRetries: 3, baseMs: 30_000, capMs: 60_000 } },
    ms: () => 10,
    outcomeOf: () => ({ kind: 'rate_limited' }),
    stopAt: 20,
  });
  expect(total.ended).toEqual({ rate_limited: 1 });
  expect(total.toMs).toBeLessThan(30);
  expect(finished).toMatchObject([{ attempts: 1 }]);
});

test('a refusal that no retry can help ends the run', async () => {
  const { end, total } = await run({
    plan: { ...closed(4, 10_000), policy: { onLimit: 'backoff', mostRetries: 3, baseMs: 100, capMs: 1000 } },
    outcomeOf: n => ({ kind: n >= 8 ? 'balance_exhausted' : 'ok' }),
  });
  expect(end?.halted).toEqual({ reason: 'balance_exhausted', code: '1113', atMs: 300 });
  expect(total.ended).toEqual({ ok: 8, balance_exhausted: 4 });
});

test('a budget ends the run before it is overshot', async () => {
  const { end, total } = await run({ plan: { ...closed(4, 10_000), budget: budgetOf(200) } });
  expect(end?.halted?.reason).toBe('budget');
  expect(total.inputTokens + total.outputTokens).toBeLessThanOrEqual(200);
});

test('a closed loop waits for what settles before it gives up, and the wait is nobody’s latency', async () => {
  // One request may take from 30 to 34 tokens and takes 15. The first goes alone, for nobody knows yet what a prompt takes;
  // then two fit at once, and one more after them and after that.
  const { end, total, seen } = await run({ plan: { ...closed(4, 10_000), budget: budgetOf(100) } });
  expect([seen.most, seen.sentAt, end?.halted?.reason]).toEqual([2, [0, 100, 100, 200, 300], 'budget']);
  expect(total.ended).toEqual({ ok: 5, unsent: 3 });
  expect(total.inputTokens + total.outputTokens).toBe(75);
  expect(total.budgetWaits).toBe(5);
  expect(total.histograms.send_delay_ms?.summary().max).toBe(0);
});

test.each([
  ['a prompt of its own', 20_000, { ...usage, prompt_tokens: 5000 }],
  ['far more answer', 20_000, { ...usage, completion_tokens: 9000 }],
  ['a tenth more than a quarter', 600, { ...usage, prompt_tokens: 14 }],
])('a server that counts %s takes a closed loop no further than its budget', async (_name, most, told) => {
  const { end, total } = await run({ plan: { ...closed(40, 10_000), budget: budgetOf(most) }, usageOf: () => told });
  expect(end?.halted?.reason).toBe('budget');
  const spent = total.inputTokens + total.outputTokens;
  expect(spent).toBeLessThanOrEqual(most);
  expect(spent).toBeGreaterThan(most / 2);
});

test('a budget that is no matter holds nothing back at the start', async () => {
  const { seen } = await run({ plan: { ...closed(40, 500), budget: budgetOf(1_000_000) } });
  expect(seen.sentAt.filter(at => at === 0)).toHaveLength(40);
});

test('in a ramp that is cut short nobody waits for a budget that has room', async () => {
  const stages = [{ durationMs: 10_000, from: 0, to: 10 }];
  const plan = { arrivals: { kind: 'closed' as const, stages }, concurrency: 10, budget: budgetOf(10_000) };
  const { total, seen } = await run({ plan: { ...plan, maxRequests: 12 } });
  expect([total.planned, total.budgetWaits]).toEqual([12, 0]);
  expect(seen.most).toBeLessThan(10);
});

test('an open loop leaves out what the budget has no room for at its time, and goes on when it has', async () => {
  const { end, total, finished } = await run({ plan: { ...open(10, 1000), budget: budgetOf(70) }, ms: () => 350 });
  expect(end?.halted?.reason).toBe('budget');
  expect(total.ended.unsent).toBeGreaterThan(0);
  expect(Math.max(...finished.map(({ n }) => n))).toBeGreaterThan(finished.length - 1);
  expect(total.histograms.send_delay_ms?.summary().max).toBe(0);
});

test('Ctrl-C while requests wait for the budget leaves them unsent', async () => {
  const { end, total } = await run({
    plan: { ...closed(4, 10_000), budget: budgetOf(40) },
    ms: () => 500,
    stopAt: 100,
  });
  expect([end?.halted?.reason, total.ended.unsent]).toEqual(['stopped', total.planned - (total.ended.ok ?? 0)]);
});

test('a connection that cannot be made is not tried thousands of times', async () => {
  const { seen } = await run({ plan: closed(1, 1000), ms: () => 0, outcomeOf: () => ({ kind: 'tcp' }) });
  expect(seen.sentAt.length).toBeLessThanOrEqual(11);
});

test.each<[Outcome['kind'], number, number]>([
  ['rate_limited', 5, 10],
  ['rate_limited', 250, 4],
  ['overloaded', 5, 10],
  ['auth', 5, 4],
  ['balance_exhausted', 5, 4],
  ['quota_exhausted', 5, 4],
  ['bad_request', 5, 4],
  ['server_error', 5, 10],
  ['gateway_error', 5, 10],
  ['error_in_stream', 5, 10],
  ['truncated', 5, 10],
  ['unknown_code', 5, 10],
  ['contract', 5, 10],
  ['internal', 5, 10],
  ['server_error', 250, 4],
  ['usage_missing', 5, 200],
  ['reasoning_only', 5, 200],
  ['ok', 5, 200],
])('a seat that gets %s after %d ms asks %d times a second', async (kind, tookMs, times) => {
  const { seen } = await run({ plan: closed(1, 1000), ms: () => tookMs, outcomeOf: () => ({ kind }) });
  expect(seen.sentAt).toHaveLength(times);
});

test('a seat that is served now and then is no slower for what was refused before', async () => {
  const outcomeOf = (n: number): Outcome => ({ kind: n % 2 === 0 ? 'auth' : 'ok' });
  const { seen } = await run({ plan: closed(1, 1000), ms: () => 10, outcomeOf });
  expect(seen.sentAt.length).toBeGreaterThan(15);
});

test('nobody rests after the last of so many requests', async () => {
  const { end } = await run({
    plan: { ...closed(1, 9000), maxRequests: 2 },
    ms: () => 5,
    outcomeOf: () => ({ kind: 'auth' }),
  });
  expect(end?.offeredMs).toBeLessThan(110);
});

test('the moments of a run are drawn before it begins, so that they make none of its requests late', async () => {
  const clock = createManualClock();
  const order: string[] = [];
  const arrivals = {
    ...open(1000, 1000).arrivals,
    get law() {
      order.push('drawn');
      return 'constant' as const;
    },
  };
  await measure(planOf({ arrivals: arrivals as LoadPlan['arrivals'] }), {
    clock,
    stop: AbortSignal.abort(),
    createDriver: () => endpoint(clock, { ms: () => 1 }).driver,
    ready: async () => void order.push('begins'),
  });
  expect(order).toContain('drawn');
  expect(order.at(-1)).toBe('begins');
});

test('the moments of a plan are drawn once, and anew for another seed', () => {
  const plan = planOf(open(1000, 1000, 'poisson'));
  const drawn = scheduleFor(plan);
  expect(scheduleFor({ ...plan })).toBe(drawn);
  expect(momentsOf({ ...plan, maxRequests: 3 })).toEqual(drawn.slice(0, 3));
  expect(scheduleFor({ ...plan, seed: 8 })[0]).not.toBe(drawn[0]);
  expect(scheduleFor(plan)).toEqual(drawn);
});

test('shards of a plan add up to it', async () => {
  const parts = await Promise.all([0, 1, 2].map(index => run({ plan: open(50, 2000), shard: { index, count: 3 } })));
  expect(parts.reduce((sum, { total }) => sum + total.planned, 0)).toBe(100);
  const numbers = parts.flatMap(({ finished }) => finished.map(({ n }) => n)).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: 100 }, (_, n) => n));
});

test.each([
  { level: 1, workers: 2, maxRequests: 10, parts: 1 },
  { level: 2, workers: 8, maxRequests: 10, parts: 2 },
  { level: 3, workers: 2, maxRequests: 10, parts: 2 },
  { level: 10, workers: 4, maxRequests: 2, parts: 4 },
  { level: 10, workers: 4, maxRequests: 0, parts: 4 },
])('$workers processes of $level at a time make all of $maxRequests requests, and none waits for more', async row => {
  const { level, workers, maxRequests } = row;
  const plan = { ...closed(level, 60_000), maxRequests };
  const parts = partsOf(planOf(plan), { index: 0, count: 1 }, workers);
  expect(parts).toHaveLength(row.parts);
  const ran = await Promise.all(parts.map(shard => run({ plan, shard })));
  expect(ran.reduce((sum, { total }) => sum + total.planned, 0)).toBe(maxRequests);
  expect(Math.max(...ran.map(({ end }) => end?.offeredMs ?? Number.NaN))).toBeLessThan(2000);
});

test('every process of every agent has a seat, and what is not of a closed loop has no seats', () => {
  const stages = [{ durationMs: 10, from: 0, to: 7 }];
  const plan = { arrivals: { kind: 'closed' as const, stages } };
  for (const count of [1, 2, 3, 5, 7])
    for (const workers of [1, 2, 4, 9])
      for (let index = 0; index < count; index++)
        for (const part of partsOf(plan, { index, count }, workers)) expect(seatsOf(7, part)).toBeGreaterThan(0);
  expect(partsOf(open(1, 1000), { index: 2, count: 3 }, 2)).toEqual([
    { index: 2, count: 6 },
    { index: 5, count: 6 },
  ]);
});

test.each<[string, number[], number, Partial<LoadPlan>]>([
  ['5 seats', [3, 3], 6, { ...closed(5, 60_000), maxRequests: 6 }],
  ['3 seats', [2, 2], 2, { ...closed(3, 60_000), maxRequests: 2 }],
  ['7 seats', [1, 4, 2], 40, { ...closed(7, 60_000), maxRequests: 40 }],
  ['2 seats', [9, 9], 9, { ...closed(2, 60_000), maxRequests: 9 }],
  ['a rate', [3, 3], 60, open(60, 1000)],
  ['a rate', [2, 3, 1], 60, open(60, 1000)],
])('at %s agents with %j processes make all %d requests once', async (_, workers, all, plan) => {
  const shards = workers.map((_, index) => ({ index, count: workers.length }));
  const parts = shards.flatMap((shard, i) => partsOf(planOf(plan), shard, workers[i]!));
  const ran = await Promise.all(parts.map(shard => run({ plan, shard })));
  const numbers = ran.flatMap(({ finished }) => finished.map(({ n }) => n)).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: all }, (_, n) => n));
});

test('parts of unlike agents have all seats between them, at every level of a ramp', () => {
  const arrivals = closed(7, 1000).arrivals!;
  const parts = [4, 1, 9].flatMap((workers, index) => partsOf({ arrivals }, { index, count: 3 }, workers));
  for (let level = 0; level <= 7; level++)
    expect(parts.reduce((sum, part) => sum + seatsOf(level, part), 0)).toBe(level);
});

test.each([0, 1, 7, 10, 1001])('%d seats are shared out exactly', level => {
  for (const count of [1, 2, 3, 8])
    expect(
      Array.from({ length: count }, (_, index) => seatsOf(level, { index, count })).reduce(
        (sum, part) => sum + part,
        0,
      ),
    ).toBe(level);
});

test('an answer to a request of the warm-up is an answer of the second in which it ends, with its tokens', async () => {
  const { intervals } = await run({ plan: { ...closed(4, 10_000), warmupMs: 3000 }, ms: () => 2500 });
  const total = totalOf(intervals);
  const { ok = 0, warmup = 0 } = total.ended;
  expect({ ok, warmup }).toEqual({ ok: 8, warmup: 8 });
  expect(total).toMatchObject({ answered: 16, reads: 16, readsEnded: 16, tokensRead: 160 });
  const after = totalOf(intervals.filter(({ fromMs }) => fromMs >= 3000));
  expect(after).toMatchObject({ answered: 12, tokensRead: 120 });
});
