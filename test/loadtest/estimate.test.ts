import { expect, test } from 'vitest';
import { estimateOf, estimateText, refuseSmallBudget } from '../../src/loadtest/estimate.ts';
import { type LoadPlan, momentsOf } from '../../src/loadtest/plan.ts';
import { workloadSchema } from '../../src/loadtest/workload/spec.ts';
import { closed, open, planOf } from './plan.ts';

test('what an answer is at most is not a mean, which stands beside it', () => {
  const estimate = {
    requests: undefined,
    promptTokens: 9,
    answerTokens: 92,
    longestAnswer: 128,
    smallest: { input: 12, output: 128 },
  };
  expect(estimateText(estimate, planOf(closed(3, 1000)))).toMatch(
    /^about 9 prompt and at most 128 \(92 on average\) answer tokens a request;/,
  );
  expect(estimateText({ ...estimate, answerTokens: 128 }, planOf(closed(3, 1000)))).toContain(
    'at most 128 answer tokens',
  );
});

const endless = Number.POSITIVE_INFINITY;
const price = { input: 1000, output: 4000 };

test.each<[string, Partial<LoadPlan['budget']>, number, string | undefined]>([
  ['no budget', {}, 4, undefined],
  ['room for one', { maxTokens: 18 }, 1, undefined],
  [
    'room for none',
    { maxTokens: 17 },
    1,
    '--max-tokens-total 17 has no room for the worst case of a single request, 18 tokens: raise it, or lower --max-tokens',
  ],
  ['room for one each', { maxTokens: 72 }, 4, undefined],
  [
    'room for three, dealt to four',
    { maxTokens: 71 },
    4,
    '--max-tokens-total 71 gives each of 4 processes 17, and the worst case of a single request is 18 tokens: raise it, lower --max-tokens, or take fewer processes',
  ],
  [
    'too little money',
    { maxCost: 0.06, price },
    1,
    '--max-cost 0.06 has no room for the worst case of a single request, 0.066 CNY: raise it, or lower --max-tokens',
  ],
  ['money enough', { maxCost: 0.07, price }, 1, undefined],
])('a budget with %s', (_, budget, parts, mistake) => {
  const plan = planOf({
    budget: { maxTokens: endless, maxCost: endless, price: undefined, ...budget },
    currency: 'CNY',
  });
  const estimate = { ...estimateOf(plan), smallest: { input: 2, output: 16 } };
  const refuse = () => refuseSmallBudget(estimate, plan, parts);
  if (mistake === undefined) expect(refuse).not.toThrow();
  else expect(refuse).toThrow(expect.objectContaining({ code: 'small_budget', message: mistake }));
});

test('the smallest request of a mixed load is what has to fit', () => {
  const { smallest } = estimateOf(planOf());
  expect(smallest.output).toBe(16);
  expect(smallest.input).toBeGreaterThan(0);
});

test.each([1, 2, 3, 5, 8])(
  'at a rate the requests are those that seed %d has drawn, and not the mean of the law',
  seed => {
    const plan = planOf({ ...open(20, 6000, 'poisson'), seed });
    expect(estimateOf(plan).requests).toBe(momentsOf(plan).length);
    expect(estimateOf({ ...plan, maxRequests: 9 }).requests).toBe(9);
  },
);

test('seeds at one rate do not all make as many requests', () => {
  const counts = [1, 2, 3, 5, 8].map(seed => estimateOf(planOf({ ...open(20, 6000, 'poisson'), seed })).requests);
  expect(new Set(counts).size).toBeGreaterThan(1);
});

const said = {
  requests: 100,
  promptTokens: 18,
  answerTokens: 128,
  longestAnswer: 128,
  smallest: { input: 9, output: 9 },
};

test.each([
  [{}, { input: 0.6, output: 2.2 }, 'at most 14600 tokens, at most 0.030 USD'],
  [{ requests: 20 }, { input: 0.6, output: 2.2 }, 'at most 2920 tokens, at most 0.0059 USD'],
  [{}, { input: 60, output: 220 }, 'at most 14600 tokens, at most 2.93 USD'],
  [{}, { input: 0, output: 0 }, 'at most 14600 tokens, at most 0.00 USD'],
  [{ longestAnswer: 200 }, undefined, ': at most 14600 tokens'],
  [{ longestAnswer: 200, requests: 101 }, undefined, ': about 14746 tokens'],
])('what a run of %o may cost is never rounded down', (more, price, text) => {
  const plan = planOf({ budget: { maxTokens: endless, maxCost: endless, price }, currency: 'USD' });
  expect(estimateText({ ...said, ...more }, plan).endsWith(text)).toBe(true);
});

test('lines that ask for something else than the run are told before it begins', () => {
  const { workload } = planOf();
  const file = { ...planOf(), workload: workloadSchema.parse({ kind: 'jsonl', file: 'a', stream: true }) };
  const lines = '{"model":"glm-5","messages":[{"role":"user","content":"hi"}]}';
  expect(estimateText(said, { ...file, lines })).toMatch(
    /^prompts: 1 line asked for another model or way to answer, and all go to glm-4.6 for streamed answers; about 18 prompt/,
  );
  expect(estimateText(said, planOf({ workload }))).toMatch(/^about 18/);
});
