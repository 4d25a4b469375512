import { expect, test } from 'vitest';
import { openDesk } from '../support/engine.ts';

const messages = [
  { role: 'user', content: 'hi' },
  { role: 'assistant', content: 'yo', reasoning_content: 'word '.repeat(100) },
  { role: 'user', content: 'What is 2 + 3?' },
];

test.each([
  ['/api/paas/v4', {}, false],
  ['/api/paas/v4', { clear_thinking: true }, false],
  ['/api/paas/v4', { clear_thinking: false }, true],
  ['/api/coding/paas/v4', {}, true],
  ['/api/coding/paas/v4', { clear_thinking: true }, false],
] as const)('on %s with thinking %j earlier thinking counts: %s', async (base, thinking, counts) => {
  const body = { model: 'glm-4.6', thinking, messages };
  const heard = await openDesk().ask({ path: `${base}/chat/completions`, body });
  const { usage } = heard.json as { usage: { prompt_tokens: number } };
  expect(usage.prompt_tokens > 100).toBe(counts);
});

test.each([[{ messages: [] }], [{ messages: undefined }], [{ messages: [{ role: 'user', content: 5 }] }]])(
  'a range is judged before the shape of the messages: %j',
  async body => {
    const heard = await openDesk().chat({ ...body, max_tokens: 1e9 });
    expect(heard.text).toContain('"code":"1210"');
  },
);
