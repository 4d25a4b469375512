import { expect, test } from 'vitest';
import { createPrompts } from '../../src/loadtest/prompts.ts';
import { planOf } from './plan.ts';

const contentOf = (body: string): string => JSON.parse(body).messages[0].content;

test('every request has a salt of its own, the same for the same seed', () => {
  const one = createPrompts(planOf());
  const again = createPrompts(planOf());
  const other = createPrompts(planOf({ seed: 8 }));
  const contents = Array.from({ length: 1000 }, (_, n) => contentOf(one(n)));
  expect(new Set(contents).size).toBe(1000);
  expect([999, 0, 5].map(again)).toEqual([999, 0, 5].map(one));
  expect(other(0)).not.toBe(one(0));
  expect(contents[0]).toMatch(/^\[[0-9a-z]{7}\] hi$/);
});

test('the same prompt is a choice', () => {
  const prompts = createPrompts(planOf({ samePrompt: true }));
  expect(prompts(0)).toBe(prompts(1));
  expect(contentOf(prompts(0))).toBe('hi');
});

test('the body asks for what the plan says', () => {
  const body = JSON.parse(createPrompts(planOf({ stream: false, maxTokens: 9 }))(0));
  expect(body).toMatchObject({ model: 'glm-4.6', stream: false, max_tokens: 9, thinking: { type: 'disabled' } });
  expect(JSON.parse(createPrompts(planOf({ model: 'glm-5.3' }))(0)).thinking).toBeUndefined();
});
