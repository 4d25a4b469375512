/** The AI SDK with `zhipu-ai-provider`: base URL and key are all that changes. */
import { APICallError, embed, generateText, stepCountIs, streamText, tool } from 'ai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createZhipu, type ZhipuProvider } from 'zhipu-ai-provider';
import { z } from 'zod';
import { createMock, type Mock } from '../../../src/mock-server/index.ts';

let mock: Mock;
let zhipu: ZhipuProvider;
beforeAll(async () => {
  globalThis.AI_SDK_LOG_WARNINGS = false;
  mock = await createMock();
  zhipu = createZhipu({ baseURL: mock.baseUrl, apiKey: mock.apiKey });
});
afterAll(() => mock.close());

const prompt = '写一首关于春天的诗';
const question = '北京今天天气怎么样？';
const get_weather = tool({
  description: '获取指定城市的天气',
  inputSchema: z.object({ city: z.string().describe('城市名称') }),
  execute: async ({ city }) => ({ city, temperature: 21 }),
});

test('an answer has text, reasoning and usage', async () => {
  const { text, reasoningText, finishReason, usage } = await generateText({ model: zhipu('glm-4.6'), prompt });
  expect(text).toContain('春天');
  expect(reasoningText).toMatch(/./);
  expect(finishReason).toBe('stop');
  expect(usage.totalTokens).toBe((usage.inputTokens ?? 0) + (usage.outputTokens ?? 0));
});

test('thinking is switched off by the provider’s setting', async () => {
  const model = zhipu('glm-4.6', { thinking: { type: 'disabled' } });
  expect((await generateText({ model, prompt })).reasoningText).toBeUndefined();
});

test('a stream says what the answer says', async () => {
  const whole = await generateText({ model: zhipu('glm-4.6'), prompt });
  const stream = streamText({ model: zhipu('glm-4.6'), prompt });
  const pieces: string[] = [];
  for await (const piece of stream.textStream) pieces.push(piece);
  expect(pieces.length).toBeGreaterThan(5);
  expect(pieces.join('')).toBe(whole.text);
  expect(await stream.reasoningText).toBe(whole.reasoningText);
  expect(await stream.finishReason).toBe('stop');
  expect((await stream.usage).outputTokens).toBe(whole.usage.outputTokens);
});

test('a tool is called, run, and its result is used', async () => {
  const { steps, text } = await generateText({
    model: zhipu('glm-4.6'),
    prompt: question,
    tools: { get_weather },
    stopWhen: stepCountIs(3),
  });
  expect(steps[0]?.finishReason).toBe('tool-calls');
  expect(steps[0]?.toolCalls[0]).toMatchObject({ toolName: 'get_weather', input: { city: '北京' } });
  expect(steps).toHaveLength(2);
  expect(text).toContain('21');
});

test('so it is in a stream', async () => {
  const stream = streamText({
    model: zhipu('glm-4.6'),
    prompt: question,
    tools: { get_weather },
    stopWhen: stepCountIs(3),
  });
  await stream.consumeStream();
  const steps = await stream.steps;
  expect(steps[0]?.toolCalls[0]).toMatchObject({ toolName: 'get_weather', input: { city: '北京' } });
  expect(steps).toHaveLength(2);
  expect(await stream.text).toContain('21');
});

test.each([
  ['an unknown model', 'gpt-4o', {}, 400, '模型不存在'],
  ['too many tokens', 'glm-4.6', { maxOutputTokens: 999_999 }, 400, '限制数值范围[1,131072]'],
  ['thinking switched off where it cannot be', 'glm-5.3', {}, 400, '该模型始终思考'],
])('%s is an APICallError with the vendor’s sentence', async (_, id, more, statusCode, words) => {
  const model = zhipu(id, { thinking: { type: 'disabled' } });
  const error = await generateText({ model, prompt, ...more }).catch((thrown: unknown) => thrown);
  expect(APICallError.isInstance(error)).toBe(true);
  expect(error).toMatchObject({ statusCode, isRetryable: false, message: expect.stringContaining(words) });
});

test('a wrong key is told in a stream as an error part', async () => {
  const nobody = createZhipu({ baseURL: mock.baseUrl, apiKey: '0123456789abcdef.unknownSecret' });
  const errors: unknown[] = [];
  const stream = streamText({
    model: nobody('glm-4.6'),
    prompt,
    onError: ({ error }) => {
      errors.push(error);
    },
  });
  await stream.consumeStream();
  expect(errors).toEqual([expect.objectContaining({ statusCode: 401, message: '身份验证失败。' })]);
});

test('a text is turned into a vector', async () => {
  const { embedding } = await embed({
    model: zhipu.textEmbeddingModel('embedding-3', { dimensions: 256 }),
    value: '你好',
  });
  expect(embedding).toHaveLength(256);
});
