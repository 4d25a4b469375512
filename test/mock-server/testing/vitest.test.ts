import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { useGlmMock } from '../../../src/mock-server/testing/vitest.ts';

const mock = useGlmMock();

const client = (maxRetries = 2) => new OpenAI({ maxRetries });
const ask = (content: string) =>
  client().chat.completions.create({ model: 'glm-4.6', messages: [{ role: 'user', content }] });

test('a client that is configured by the environment asks the mock', async () => {
  mock.on('weather', '晴');
  const { choices } = await ask('weather');
  expect(choices[0]?.message.content).toBe('晴');
  await expect(mock).toHaveReceivedChat({ times: 1, model: 'glm-4.6' });
  await expect(mock).not.toHaveAborted();
});

test('its retries can be judged', async () => {
  mock.faults('overloaded,first=1');
  await ask('hi');
  await expect(mock).toHaveRetried({ after: '1305', times: 1 });
  await expect(mock).toHaveReceivedChat({ times: 2 });
});

test('a client that does not try again is not resilient', async () => {
  mock.faults('overloaded');
  await client(0)
    .chat.completions.create({ model: 'glm-4.6', messages: [] })
    .catch(() => {});
  await client(0)
    .chat.completions.create({ model: 'glm-4.6', messages: [{ role: 'user', content: 'hi' }] })
    .catch(() => {});
  await expect(expect(mock).toBeResilient()).rejects.toThrow('FAIL');
});
