import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newDraft } from '../../src/core/call/record.ts';
import { createBudget } from '../../src/loadtest/budget.ts';

const answered = (prompt: number, completion: number) => ({
  ...newDraft(0, 0),
  usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
});
const refused = newDraft(0, 0);
const wanted = { promptTokens: 80, maxTokens: 100 }; // holds 100 + 100
const limits = (maxTokens: number) => ({ maxTokens, maxCost: Number.POSITIVE_INFINITY, price: undefined });

test('the worst case is set aside, so requests under way cannot overshoot', () => {
  const budget = createBudget(limits(450));
  expect([budget.reserve(wanted), budget.reserve(wanted), budget.reserve(wanted)]).toEqual(['held', 'held', 'later']);
  expect(budget.spentTokens).toBe(0);
});

test('what was not used is free again, and a refusal costs nothing', () => {
  const budget = createBudget(limits(250));
  budget.reserve(wanted);
  expect(budget.reserve(wanted)).toBe('later');
  budget.settle(wanted, answered(20, 10));
  expect(budget.spentTokens).toBe(30);
  expect(budget.reserve(wanted)).toBe('held');
  budget.settle(wanted, refused);
  expect(budget.spentTokens).toBe(30);
});

test('an answer that broke off without usage is charged by what was seen of it', () => {
  const budget = createBudget(limits(1000));
  budget.reserve(wanted);
  budget.settle(wanted, { ...refused, firstEventMs: 1, chunks: 7, visibleChars: 30 });
  expect(budget.spentTokens).toBe(100 + 30);
});

test('what does not fit beside what is spent never will, and what only has to wait is told of the next settlement', async () => {
  const budget = createBudget(limits(450));
  expect([budget.reserve({ promptTokens: 0, maxTokens: 451 }), budget.reserve(wanted)]).toEqual(['never', 'held']);
  expect([budget.reserve(wanted), budget.reserve(wanted)]).toEqual(['held', 'later']);
  const settled = budget.settled();
  budget.settle(wanted, answered(20, 10));
  await settled;
  expect(budget.reserve(wanted)).toBe('held');
  budget.settle(wanted, answered(80, 100));
  budget.settle(wanted, answered(80, 100));
  expect(budget.reserve(wanted)).toBe('never');
});

test('money is counted by the price of both directions', () => {
  const budget = createBudget({
    maxTokens: Number.POSITIVE_INFINITY,
    maxCost: 1,
    price: { input: 1000, output: 4000 },
  });
  expect(budget.reserve(wanted)).toBe('held'); // 0.1 + 0.4
  budget.settle(wanted, answered(100, 100));
  expect(budget.spentCost).toBeCloseTo(0.5);
  expect(budget.reserve(wanted)).toBe('held');
  expect(budget.reserve(wanted)).toBe('later');
});

test('whatever order requests come and end in, no more is spent than allowed', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 5000 }),
      fc.array(
        fc.record({ open: fc.boolean(), prompt: fc.nat(100), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
      ),
      (most, steps) => {
        const budget = createBudget(limits(most));
        const open: number[] = [];
        for (const { open: opens, share } of steps) {
          if (opens || open.length === 0) {
            if (budget.reserve(wanted) === 'held') open.push(1);
          } else {
            open.pop();
            budget.settle(wanted, answered(Math.floor(100 * share), Math.floor(100 * share)));
          }
        }
        return budget.spentTokens <= most;
      },
    ),
  );
});
