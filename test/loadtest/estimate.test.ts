import { expect, test } from 'vitest';
import { estimateText } from '../../src/loadtest/estimate.ts';
import { closed, planOf } from './plan.ts';

test('what an answer is at most is not a mean, which stands beside it', () => {
  const estimate = { requests: undefined, promptTokens: 9, answerTokens: 92, longestAnswer: 128 };
  expect(estimateText(estimate, planOf(closed(3, 1000)))).toMatch(
    /^about 9 prompt and at most 128 \(92 on average\) answer tokens a request;/,
  );
  expect(estimateText({ ...estimate, answerTokens: 128 }, planOf(closed(3, 1000)))).toContain(
    'at most 128 answer tokens',
  );
});
