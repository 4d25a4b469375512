import { request } from 'node:http';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMock } from '../../src/mock-server/index.ts';
import { completionOf, createTestEngine } from '../support/mock-engine.ts';

const strings = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\ud800', '\udfff', '__proto__', 'constructor', '', ' ', '\0', '你好', 'glm-4.6'),
);
const anyValue = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  strings,
  fc.double(),
  fc.constantFrom<unknown>(1e308, -1e308, 2 ** 53, -0, null, [], {}, [[]], [null], true),
);
const part = fc.record(
  {
    type: fc.constantFrom('text', 'image_url', 'video_url', 'file', 'x'),
    text: anyValue,
    image_url: fc.oneof(anyValue, fc.record({ url: anyValue })),
  },
  { requiredKeys: [], noNullPrototype: true },
);
const message = fc.record(
  {
    role: fc.oneof({ weight: 5, arbitrary: fc.constantFrom('user', 'system', 'assistant', 'tool') }, anyValue),
    content: fc.oneof({ weight: 5, arbitrary: strings }, fc.array(part, { maxLength: 3 }), anyValue),
    tool_calls: fc.oneof(
      fc.array(
        fc.record(
          {
            id: strings,
            type: fc.constant('function'),
            function: fc.record({ name: strings, arguments: strings }, { noNullPrototype: true }),
          },
          { noNullPrototype: true },
        ),
        { maxLength: 2 },
      ),
      anyValue,
    ),
    tool_call_id: fc.oneof(strings, anyValue),
    reasoning_content: anyValue,
  },
  { requiredKeys: ['role', 'content'], noNullPrototype: true },
);
const tool = fc.record(
  {
    type: fc.constantFrom('function', 'web_search', 'x'),
    function: fc.oneof(
      anyValue,
      fc.record(
        { name: fc.constantFrom('f', 'get_weather', ''), parameters: anyValue, description: anyValue },
        { noNullPrototype: true },
      ),
    ),
  },
  { requiredKeys: ['type'], noNullPrototype: true },
);
const likely = fc.record(
  {
    model: fc.oneof(
      {
        weight: 8,
        arbitrary: fc.constantFrom('glm-4.6', 'glm-5.3', 'glm-4.5v', 'glm-4-flash', 'glm-4.5-flash', 'embedding-3'),
      },
      anyValue,
    ),
    messages: fc.oneof(
      { weight: 6, arbitrary: fc.array(message, { maxLength: 4 }) },
      { weight: 6, arbitrary: strings.map(content => [{ role: 'user', content }]) },
      anyValue,
    ),
    input: anyValue,
    stream: fc.oneof({ weight: 4, arbitrary: fc.boolean() }, anyValue),
    thinking: fc.oneof(fc.constantFrom({ type: 'disabled' }, { type: 'enabled' }), anyValue),
    max_tokens: fc.oneof(fc.integer({ min: -1, max: 200_000 }), anyValue),
    temperature: anyValue,
    stop: fc.oneof(strings, fc.array(strings, { maxLength: 3 }), anyValue),
    tools: fc.oneof(fc.array(tool, { maxLength: 3 }), anyValue),
    tool_choice: anyValue,
    response_format: fc.oneof(fc.constant({ type: 'json_object' }), anyValue),
    request_id: anyValue,
    ['__proto__']: anyValue,
  },
  { requiredKeys: ['model', 'messages'], noNullPrototype: true },
);
const bodies = fc.oneof(
  { weight: 6, arbitrary: likely.map(value => JSON.stringify(value)) },
  { weight: 2, arbitrary: fc.json() },
  { weight: 1, arbitrary: strings },
  // A request that lost, doubled or changed a few characters on its way.
  {
    weight: 2,
    arbitrary: fc.tuple(likely, fc.nat(), fc.nat(20), strings).map(([value, at, length, put]) => {
      const text = JSON.stringify(value);
      return text.slice(0, at % text.length) + put + text.slice((at % text.length) + length);
    }),
  },
);
const paths = fc.constantFrom(
  '/chat/completions',
  '/chat/completions',
  '/chat/completions',
  '/async/chat/completions',
  '/tokenizer',
  '/embeddings',
);

/** A completion, a stream that ends, another endpoint's body, or E1. */
function expectDocumented(status: number, type: string | undefined, text: string): void {
  if (status !== 200) {
    expect([400, 413]).toContain(status);
    expect(JSON.parse(text)).toEqual({
      error: { code: expect.stringMatching(/^\d+$/), message: expect.stringMatching(/./) },
    });
  } else if (type?.startsWith('text/event-stream')) {
    expect(completionOf(text).finish).toMatch(/^(stop|length|tool_calls|model_context_window_exceeded)$/);
  } else {
    const body: Record<string, unknown> = JSON.parse(text);
    if ('choices' in body) expect(completionOf(text).usage.total_tokens).toBeGreaterThan(0);
    else expect(['task_status', 'usage'].some(key => key in body)).toBe(true);
  }
}

test('any body gets a documented answer', async () => {
  for (const strict of [false, true]) {
    const { ask } = createTestEngine({ strict, models: ['*'] });
    await fc.assert(
      fc.asyncProperty(paths, bodies, async (path, body) => {
        const told = await ask({ path, body });
        expectDocumented(told.status, told.header('content-type'), told.text);
      }),
      { seed: 5, numRuns: 1500 },
    );
  }
});

test.each([
  ['lists', '['.repeat(200_000)],
  ['closed lists', '['.repeat(100_000) + ']'.repeat(100_000)],
  ['objects', '{"a":'.repeat(100_000)],
  [
    'parameters of a tool',
    `{"model":"glm-4.6","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":${'{"items":'.repeat(50_000)}{}${'}'.repeat(50_000)}}}]}`,
  ],
  [
    'an unknown field',
    `{"model":"glm-4.6","messages":[{"role":"user","content":"x"}],"x":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
  ],
])('%s nested past every stack are 1210', async (_, body) => {
  for (const path of ['/chat/completions', '/embeddings', '/tokenizer', '/async/chat/completions'])
    expect((await createTestEngine().ask({ path, body })).code).toBe('1210');
});

test('brackets in a text are no nesting', async () => {
  const content = `${'[{'.repeat(5000)} \\" ${'"['.repeat(3000)}`;
  const told = await createTestEngine().ask({ body: { model: 'glm-4.6', messages: [{ role: 'user', content }] } });
  expect(told.status).toBe(200);
});

test('any bytes over a socket get a documented answer, and the server lives on', async () => {
  const mock = await createMock();
  try {
    const post = (path: string, body: Uint8Array | string) =>
      new Promise<{ status: number; type: string | undefined; text: string }>((resolve, reject) => {
        const req = request(
          `${mock.baseUrl}${path}`,
          { method: 'POST', headers: { authorization: mock.apiKey } },
          res => {
            const parts: Buffer[] = [];
            res.on('data', one => parts.push(one));
            res.on('end', () =>
              resolve({
                status: res.statusCode ?? 0,
                type: res.headers['content-type'],
                text: Buffer.concat(parts).toString(),
              }),
            );
            res.on('error', reject);
          },
        );
        req.on('error', reject).end(body);
      });
    await fc.assert(
      fc.asyncProperty(paths, fc.oneof(bodies, fc.uint8Array({ maxLength: 200 })), async (path, body) => {
        const { status, type, text } = await post(path, body);
        expectDocumented(status, type, text);
      }),
      { seed: 6, numRuns: 300 },
    );
    const open = (await mock.journal()).filter(entry => entry.ending !== 'complete');
    expect(open).toEqual([]);
  } finally {
    await mock.close();
  }
});
