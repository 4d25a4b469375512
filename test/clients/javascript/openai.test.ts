/** The npm `openai` client: base URL and key are all that changes. */
import OpenAI, { AuthenticationError, BadRequestError } from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMock, type Mock } from '../../../src/mock-server/index.ts';

let mock: Mock;
let client: OpenAI;
beforeAll(async () => {
  mock = await createMock();
  client = new OpenAI({ baseURL: mock.baseUrl, apiKey: mock.apiKey });
});
afterAll(() => mock.close());

const model = 'glm-4.6';
const poem = { role: 'user', content: '写一首关于春天的诗' } as const;
const weather = { role: 'user', content: '北京今天天气怎么样？' } as const;
const tools: OpenAI.ChatCompletionTool[] = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: '获取指定城市的天气',
      parameters: {
        type: 'object',
        properties: { city: { type: 'string' }, unit: { type: 'string', enum: ['celsius', 'fahrenheit'] } },
        required: ['city'],
        additionalProperties: false,
      },
    },
  },
];
/** What GLM adds to the client's types. */
const thinkingOf = (said: object | undefined) =>
  (said as { reasoning_content?: string } | undefined)?.reasoning_content;

function expectUsage(usage: OpenAI.CompletionUsage | null | undefined) {
  expect(usage?.prompt_tokens).toBeGreaterThan(0);
  expect(usage?.completion_tokens).toBeGreaterThan(0);
  expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
}

function expectWeatherCall(call: OpenAI.ChatCompletionMessageToolCall | undefined) {
  if (call?.type !== 'function') throw new Error(`expected a function call, got ${JSON.stringify(call)}`);
  expect(call.id).toMatch(/^call_/);
  expect(call.function.name).toBe('get_weather');
  expect(JSON.parse(call.function.arguments)).toMatchObject({ city: '北京' });
}

test('an answer has text, thinking, finish_reason and usage', async () => {
  const completion = await client.chat.completions.create({ model, messages: [poem] });
  const choice = completion.choices[0]!;
  expect(choice.finish_reason).toBe('stop');
  expect(choice.message.content).toContain('春天');
  expect(thinkingOf(choice.message)).toMatch(/./);
  expect(completion.object).toBe('chat.completion');
  expectUsage(completion.usage);
});

test('a stream says what the answer says, and ends with finish_reason and usage', async () => {
  const whole = await client.chat.completions.create({ model, messages: [poem] });
  const stream = await client.chat.completions.create({
    model,
    messages: [poem],
    stream: true,
    stream_options: { include_usage: true },
  });
  let content = '';
  let thinking = '';
  let last: OpenAI.ChatCompletionChunk | undefined;
  for await (const chunk of stream) {
    last = chunk;
    content += chunk.choices[0]?.delta.content ?? '';
    thinking += thinkingOf(chunk.choices[0]?.delta) ?? '';
  }
  expect(content).toBe(whole.choices[0]?.message.content);
  expect(thinking).toBe(thinkingOf(whole.choices[0]?.message));
  expect(last?.choices[0]?.finish_reason).toBe('stop');
  expectUsage(last?.usage);
});

test('the client’s own stream helper puts the answer together', async () => {
  const stream = client.chat.completions.stream({ model, messages: [poem] });
  const completion = await stream.finalChatCompletion();
  expect(completion.choices[0]?.message.content).toContain('春天');
  expect(completion.choices[0]?.finish_reason).toBe('stop');
});

test('a function is called, and its result is used', async () => {
  const first = await client.chat.completions.create({ model, messages: [weather], tools, tool_choice: 'auto' });
  const { finish_reason, message } = first.choices[0]!;
  expect(finish_reason).toBe('tool_calls');
  expectWeatherCall(message.tool_calls?.[0]);
  const result = { role: 'tool', tool_call_id: message.tool_calls![0]!.id, content: '{"temperature": 21}' } as const;
  const second = await client.chat.completions.create({ model, messages: [weather, message, result], tools });
  expect(second.choices[0]?.finish_reason).toBe('stop');
  expect(second.choices[0]?.message.content).toContain('21');
});

test.each([false, true])('a streamed call is put together by the client, tool_stream %s', async toolStream => {
  const stream = client.chat.completions.stream({
    model,
    messages: [weather],
    tools,
    ...(toolStream && { tool_stream: true }),
  });
  const completion = await stream.finalChatCompletion();
  expect(completion.choices[0]?.finish_reason).toBe('tool_calls');
  expectWeatherCall(completion.choices[0]?.message.tool_calls?.[0]);
});

test('the client’s tool runner goes all the way', async () => {
  const asked: unknown[] = [];
  const runner = client.chat.completions.runTools({
    model,
    messages: [weather],
    tools: [
      {
        type: 'function',
        function: {
          name: 'get_weather',
          description: '获取指定城市的天气',
          parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
          parse: JSON.parse,
          function: (parameters: object) => {
            asked.push(parameters);
            return { temperature: 21 };
          },
        },
      },
    ],
  });
  expect(await runner.finalContent()).toContain('21');
  expect(asked).toEqual([{ city: '北京' }]);
});

test.each([
  ['an unknown model', { model: 'gpt-4o' }, '1211', '模型不存在'],
  ['too many tokens', { max_tokens: 999_999 }, '1210', '限制数值范围[1,131072]'],
  ['no messages', { messages: [] }, '1214', 'messages 参数非法'],
  ['an unknown model in a stream', { model: 'gpt-4o', stream: true }, '1211', '模型不存在'],
] as const)('%s is a BadRequestError with the vendor’s code', async (_, wrong, code, words) => {
  const body = { model, messages: [poem], ...wrong } as OpenAI.ChatCompletionCreateParams;
  const error = await client.chat.completions.create(body).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BadRequestError);
  expect(error).toMatchObject({ status: 400, code, message: expect.stringContaining(words) });
});

test('a wrong key is an AuthenticationError, asked once', async () => {
  const before = (await mock.journal()).length;
  const nobody = new OpenAI({ baseURL: mock.baseUrl, apiKey: '0123456789abcdef.unknownSecret' });
  const error = await nobody.chat.completions.create({ model, messages: [poem] }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AuthenticationError);
  expect(error).toMatchObject({ status: 401, code: '1000' });
  expect(await mock.journal()).toHaveLength(before + 1);
});

test('models are listed', async () => {
  const ids: string[] = [];
  for await (const { id } of client.models.list()) ids.push(id);
  expect(ids).toContain('glm-4.6');
});

test('vectors have the asked length', async () => {
  const { data } = await client.embeddings.create({ model: 'embedding-3', input: ['你好', '世界'], dimensions: 256 });
  expect(data.map(({ embedding }) => embedding.length)).toEqual([256, 256]);
});
