import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CallRecord, newDraft } from '../../src/core/call/record.ts';
import { createBudget } from '../../src/loadtest/budget.ts';

const answered = (prompt: number, completion: number) => ({
  ...newDraft(0, 0),
  usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
});
const unsent = newDraft(0, 0);
const sent = { ...unsent, sentMs: 0 };
const refused = { ...sent, status: 429, code: '1302' };
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
  expect(budget.settle(wanted, refused)).toEqual({ input: 0, output: 0 });
  expect(budget.spentTokens).toBe(30);
});

test.each<[string, Partial<CallRecord>, number]>([
  ['what never left', { ...unsent, outcome: { kind: 'tcp' } }, 0],
  ['a refusal of the account', { status: 401, code: '1000' }, 0],
  ['a refusal by a gateway', { status: 429 }, 0],
  ['silence until the deadline', { outcome: { kind: 'timeout_first_byte' } }, 200],
  ['a stream that broke off early', { status: 200, firstEventMs: 1, chunks: 7, visibleChars: 30 }, 200],
  ['an error inside a stream', { status: 200, code: '1234', outcome: { kind: 'error_in_stream' } }, 200],
  ['a gateway that gave up waiting', { status: 504 }, 200],
  ['a request that timed out by the server', { status: 408 }, 200],
  ['a server that goes on beyond what was asked for', { status: 200, chunks: 350 }, 100 + 350],
])('without usage, %s is booked with what it may have taken', (_, what, tokens) => {
  const budget = createBudget(limits(1000));
  budget.reserve(wanted);
  const { input, output } = budget.settle(wanted, { ...sent, ...what });
  expect([input + output, budget.spentTokens]).toEqual([tokens, tokens]);
});

test.each<[string, Partial<CallRecord>, { input: number; output: number }]>([
  [
    'nothing for a stream',
    { ...answered(0, 0), firstTokenMs: 3, visibleChars: 8, chunks: 4 },
    { input: 100, output: 100 },
  ],
  ['nothing for a thought', { ...answered(0, 0), firstTokenMs: 3, chunks: 150 }, { input: 100, output: 150 }],
  ['nothing for a unary answer', { ...answered(0, 0), visibleChars: 8 }, { input: 100, output: 100 }],
  ['no answer for one that spoke', { ...answered(20, 0), visibleChars: 8 }, { input: 20, output: 100 }],
  ['no prompt', { ...answered(0, 10), visibleChars: 8 }, { input: 100, output: 10 }],
  ['no answer for one that is empty', answered(20, 0), { input: 20, output: 0 }],
])('a usage that counts %s has not told it', (_, what, booked) => {
  const budget = createBudget(limits(1000));
  budget.reserve(wanted);
  expect(budget.settle(wanted, { ...sent, status: 200, ...what } as CallRecord)).toEqual(booked);
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

test('until an answer tells what a prompt takes, who can wait goes only beside what may take far more', () => {
  const budget = createBudget(limits(17_000));
  const careful = () => budget.reserve(wanted, true);
  expect([careful(), careful(), careful()]).toEqual(['held', 'held', 'later']); // twice 200 + 8192
  expect(budget.reserve(wanted)).toBe('held'); // one that cannot wait is not kept from its moment
  budget.settle(wanted, unsent as CallRecord);
  expect(careful()).toBe('later'); // nothing was told
  budget.settle(wanted, answered(20, 10));
  expect([careful(), careful(), careful(), careful()]).toEqual(Array(4).fill('held'));
});

test.each<[string, boolean, Partial<CallRecord>]>([
  ['an answer without usage', true, { status: 200, firstTokenMs: 3, visibleChars: 8 }],
  ['a whole answer without usage', true, { status: 200, visibleChars: 8 }],
  ['an answer with a usage of zeros', true, { ...answered(0, 0), status: 200, visibleChars: 8 }],
  ['a refusal', false, { status: 429, code: '1302' }],
  ['an error of the server', false, { status: 500 }],
  ['silence', false, { status: 200, outcome: { kind: 'timeout_first_token' } }],
])('%s ends the care of those who can wait: %s', (_, told, record) => {
  const budget = createBudget(limits(17_000));
  const careful = () => budget.reserve(wanted, true);
  careful();
  budget.settle(wanted, { ...sent, ...record });
  expect(budget.told).toBe(told);
  expect([careful(), careful(), careful()]).toEqual(['held', 'held', told ? 'held' : 'later']);
});

test('a search goes at once: its level has to be under way', () => {
  const budget = createBudget({ ...limits(450), careful: false });
  expect([budget.reserve(wanted, true), budget.reserve(wanted, true)]).toEqual(['held', 'held']);
});

test('a budget that is smaller than what may come besides lets one go alone', () => {
  const budget = createBudget(limits(450));
  expect([budget.reserve(wanted, true), budget.reserve(wanted, true)]).toEqual(['held', 'later']);
});

test.each([
  ['prompt', answered(1100, 10)],
  ['answer', answered(10, 1100)],
])('what one %s took beyond its worst case is set aside for each that follows', (_, record) => {
  const budget = createBudget(limits(6000));
  budget.reserve(wanted);
  budget.settle(wanted, record as CallRecord); // 1000 more than set aside
  const all = Array.from({ length: 5 }, () => budget.reserve(wanted));
  expect(all).toEqual(['held', 'held', 'held', 'held', 'later']); // 1110 are spent, and each may take 1200
  for (let i = 0; i < 4; i++) budget.settle(wanted, record as CallRecord);
  expect([budget.spentTokens, budget.reserve(wanted)]).toEqual([5550, 'never']);
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
