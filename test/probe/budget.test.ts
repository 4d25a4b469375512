import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createManualClock } from '../../src/core/clock.ts';
import { type Budgeted, createBudget, worstOf } from '../../src/probe/budget.ts';
import type { ProbeFile } from '../../src/probe/config.ts';
import { dayOf } from '../../src/probe/days.ts';
import { openHistory } from '../../src/probe/history.ts';
import { fileOf, planFor, scratch } from '../support/probe.ts';
import { runAt } from '../support/probe-runs.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

const noon = Date.UTC(2026, 10, 28, 12);
const day = 86_400_000;
type Checks = ProbeFile['checks'];

async function ledger() {
  const folder = scratch();
  const history = await openHistory(join(folder.path, 'state.db'));
  cleanups.push(folder.remove, history.close);
  return history;
}

/** `tokens` a day for checks that can take 112 each: twice 40 for the question, 32 for the answer. */
async function planWith(tokens: number, checks: Checks = [{ kind: 'chat' }], more: object = {}) {
  const credentials = { main: { key: { env: 'KEY' }, budget: { tokens_per_day: tokens, timezone: 'UTC', ...more } } };
  return planFor(
    fileOf('http://127.0.0.1:9/v4', checks, {
      credentials,
      defaults: { model: 'glm-4.6', max_tokens: 32, confirm: { runs: 0 } },
      prices: { 'glm-4.6': { input: 4, output: 16 } },
    }),
  );
}

const start = async (plan: Budgeted, wallMs = noon) => {
  const clock = createManualClock(wallMs);
  const history = await ledger();
  return { clock, history, budget: createBudget(plan, history, clock), check: plan.checks[0]! };
};

test('the worst case is charged before, and what was not needed is given back after', async () => {
  const { budget, check, history } = await start(await planWith(1000));
  expect(worstOf(check)).toEqual({ tokens: 112, cost: (80 * 4 + 32 * 16) / 1e6 });
  const reservation = budget.reserve(check);
  expect(history.spent({ credential: 'main', day: '2026-11-28' }).tokens).toBe(112);
  if (reservation.kind === 'granted') reservation.settle([runAt(noon)]);
  expect(history.spent({ credential: 'main', day: '2026-11-28' }).tokens).toBe(52);
  expect(budget.remaining('main')).toEqual({ tokens: 1 - 52 / 1000 });
});

test('a crash loop stops at the limit: every life charges before it calls', async () => {
  const plan = await planWith(1000);
  const history = await ledger();
  let calls = 0;
  for (let life = 0; life < 50; life++) {
    const budget = createBudget(plan, history, createManualClock(noon + life));
    if (budget.reserve(plan.checks[0]!).kind === 'granted') calls++; // and dies
  }
  expect(calls).toBe(8);
  expect(history.spent({ credential: 'main', day: '2026-11-28' }).tokens).toBe(896);
});

test('a refusal names what is spent and what was needed', async () => {
  const { budget, check } = await start(await planWith(200));
  budget.reserve(check);
  expect(budget.reserve(check)).toEqual({
    kind: 'refused',
    detail: 'credential main on 2026-11-28: 112 of 200 tokens are spent and a run may need 112',
  });
});

test('money is a limit of its own', async () => {
  const plan = await planWith(1_000_000, [{ kind: 'chat' }], { cost_per_day: 0.001 });
  const { budget, check } = await start(plan);
  expect(budget.reserve(check).kind).toBe('granted');
  expect(budget.reserve(check)).toMatchObject({
    kind: 'refused',
    detail: expect.stringContaining('0.000832 of 0.001 CNY'),
  });
  expect(budget.remaining('main').cost).toBeCloseTo(1 - 0.832, 6);
});

test('without a limit everything is granted, and nothing is said to remain', async () => {
  const plan = await planFor(fileOf('http://127.0.0.1:9/v4', [{ kind: 'chat' }]));
  const { budget, check } = await start(plan);
  expect(budget.reserve(check).kind).toBe('granted');
  expect(budget.remaining('main')).toEqual({});
});

test.each([
  ['refused by the service', { reason: 'rate_limited', http_status: 429, usage: null }, 0],
  ['never connected', { reason: 'tcp', http_status: null, usage: null }, 0],
  ['no answer in time', { reason: 'timeout_first_byte', http_status: null, usage: null }, 112],
  ['cut in the middle', { reason: 'truncated', http_status: 200, usage: null }, 112],
  ['not made', { calls: 0, state: 'skipped', usage: null }, 0],
] as const)('a run that was %s costs what it may have cost', async (_, more, tokens) => {
  const { budget, check, history } = await start(await planWith(1000));
  const reservation = budget.reserve(check);
  if (reservation.kind === 'granted') reservation.settle([runAt(noon, more)]);
  expect(history.spent({ credential: 'main', day: '2026-11-28' }).tokens).toBe(tokens);
});

const tokens = (prompt_tokens: number, completion_tokens: number, total_tokens: number) => ({
  usage: { prompt_tokens, completion_tokens, total_tokens },
});

test.each([
  ['negative tokens', tokens(-5, -5, -10), 112],
  ['no number', tokens(Number.NaN, 1, 2), 112],
  ['endless tokens', tokens(1, 1, Number.POSITIVE_INFINITY), 112],
  ['a total below its parts', tokens(40, 12, 0), 52],
  ['negative cost', { ...tokens(40, 12, 52), cost: { amount: -1, currency: 'CNY' } }, 112],
] as const)('a run that reports %s gives nothing back that it may have spent', async (_, more, spent) => {
  const { budget, check, history } = await start(await planWith(1000));
  const reservation = budget.reserve(check);
  if (reservation.kind === 'granted') reservation.settle([runAt(noon, more)]);
  expect(history.spent({ credential: 'main', day: '2026-11-28' }).tokens).toBe(spent);
});

test('a day begins at midnight of the budget’s zone', () => {
  expect(dayOf(Date.UTC(2026, 10, 28, 15, 59, 59), 'Asia/Shanghai')).toBe('2026-11-28');
  expect(dayOf(Date.UTC(2026, 10, 28, 16), 'Asia/Shanghai')).toBe('2026-11-29');
});

test('a new day is a new budget; a clock that jumps there is not', async () => {
  const plan = await planWith(120);
  const { budget, check, clock, history } = await start(plan);
  budget.reserve(check);
  expect(budget.reserve(check).kind).toBe('refused');
  clock.advance(day);
  expect(budget.reserve(check).kind).toBe('granted');

  const jumping = createBudget(plan, history, createManualClock(noon + day));
  jumping.reserve(check);
  const shift = { ...createManualClock(noon + day), wall: () => noon + (shifted ? 2 : 1) * day };
  let shifted = false;
  const stepped = createBudget(plan, history, shift);
  stepped.reserve(check);
  shifted = true;
  stepped.stepped();
  expect(stepped.reserve(check).kind).toBe('refused');
});

test('whoever asks first after the clock was set notices it, before anybody is told', async () => {
  const plan = await planWith(300);
  const history = await ledger();
  let wallMs = noon;
  const budget = createBudget(plan, history, { ...createManualClock(noon), wall: () => wallMs });
  budget.reserve(plan.checks[0]!);
  budget.reserve(plan.checks[0]!);
  wallMs += 30 * 3_600_000;
  expect(budget.remaining('main').tokens).toBeCloseTo(1 - 224 / 300, 9);
  budget.stepped();
  expect(budget.reserve(plan.checks[0]!).kind).toBe('refused');
  wallMs -= 30 * 3_600_000;
  expect(budget.reserve(plan.checks[0]!).kind).toBe('refused');
});

test('near the end a check may only have its share', async () => {
  const checks: Checks = [
    { kind: 'chat', name: 'greedy', budget_weight: 1 },
    { kind: 'chat', name: 'modest', budget_weight: 1 },
  ];
  const plan = await planWith(1120, checks);
  const { budget } = await start(plan);
  const [greedy, modest] = plan.checks as [(typeof plan.checks)[0], (typeof plan.checks)[0]];
  const granted = Array.from({ length: 20 }, () => budget.reserve(greedy)).filter(({ kind }) => kind === 'granted');
  expect(granted).toHaveLength(8);
  expect(budget.reserve(modest).kind).toBe('granted');
  expect(budget.reserve(modest).kind).toBe('granted');
  expect(budget.reserve(modest).kind).toBe('refused');
});

test('what cannot be written down is not spent', async () => {
  const plan = await planWith(1000);
  const broken = { charge: () => 'unwritable' as const, spent: () => ({ tokens: 0, cost: 0 }), carry: () => {} };
  const budget = createBudget(plan, broken, createManualClock(noon));
  expect(budget.reserve(plan.checks[0]!)).toMatchObject({
    kind: 'refused',
    detail: expect.stringMatching(/cannot be written/),
  });
});
