import { expect, test } from 'vitest';
import { type Completion, createTestEngine } from '../../support/mock-engine.ts';

const fn = (name: string, description: string, properties: object = { city: { type: 'string' } }) => ({
  type: 'function',
  function: { name, description, parameters: { type: 'object', properties, required: Object.keys(properties) } },
});
const weather = fn('get_weather', 'Get the weather of a city 查询城市天气');
const stocks = fn('get_stock_price', 'price of a share', { symbol: { type: 'string' } });

async function calls(text: string, more: object = {}, tools: readonly object[] = [weather]): Promise<Completion> {
  const { chat } = createTestEngine();
  return (await chat({ messages: [{ role: 'user', content: text }], tools, ...more })).completion();
}
const cities = ({ calls: made }: Completion) => made.map(call => JSON.parse(call.function.arguments).city);

test.each([
  ['What is the weather in Paris?', ['Paris']],
  ['What is the weather in Beijing and Paris?', ['Beijing', 'Paris']],
  ['Beijing and Paris weather', ['Beijing', 'Paris']],
  ['Compare Beijing and Shanghai', ['Beijing', 'Shanghai']],
  ['New York, London and Paris please', ['New York', 'London', 'Paris']],
  ["I'm in Paris", ['Paris']],
  ['北京和上海天气', ['北京', '上海']],
])('%j calls once for each thing', async (text, wanted) => {
  const { calls: made, ...rest } = await calls(text);
  expect(cities({ calls: made, ...rest })).toEqual(wanted);
  expect(rest).toMatchObject({ content: '', finish: 'tool_calls' });
  expect(new Set(made.map(call => call.id)).size).toBe(wanted.length);
  expect(made.map(call => call.index)).toEqual(wanted.map((_, i) => i));
});

test.each([
  ['by its name’s words', 'what is the stock price of ACME', 'get_stock_price'],
  ['by its description', '今天天气怎么样', 'get_weather'],
  ['by its whole name', 'call get_stock_price now', 'get_stock_price'],
  ['as the first, when nothing fits', 'qwertz', 'get_weather'],
])('the function is chosen %s', async (_, text, name) => {
  expect((await calls(text, {}, [weather, stocks])).calls[0]?.function.name).toBe(name);
});

test('several functions named in one message are all called', async () => {
  const made = (await calls('use get_weather and get_stock_price', {}, [weather, stocks])).calls;
  expect(made.map(call => call.function.name).sort()).toEqual(['get_stock_price', 'get_weather']);
});

test.each([
  ['tool_choice none', 'weather in Paris', { tool_choice: 'none' }, [weather]],
  ['a greeting', 'hi', {}, [weather]],
  ['tools of other types', 'weather in Paris', {}, [{ type: 'web_search', web_search: { enable: true } }]],
  ['an empty list', 'weather in Paris', {}, []],
])('%s calls nothing', async (_, text, more, tools) => {
  const { calls: made, finish, content } = await calls(text, more, tools);
  expect({ made, finish }).toEqual({ made: [], finish: 'stop' });
  expect(content).not.toBe('');
});

test.each(['auto', 'required', { type: 'function', function: { name: 'get_weather' } }, null])(
  'tool_choice %j counts as auto',
  async choice => {
    expect(cities(await calls('weather in Paris', { tool_choice: choice }))).toEqual(['Paris']);
  },
);

test('a tool’s result is worked into the answer, and nothing is called again', async () => {
  const { chat } = createTestEngine();
  const question = { role: 'user', content: 'What is the weather in Paris?' };
  const first = (await chat({ messages: [question], tools: [weather] })).completion();
  const [call] = first.calls;
  const messages = [
    question,
    { role: 'assistant', content: '', tool_calls: [{ ...call, type: 'function' }] },
    { role: 'tool', tool_call_id: call?.id, content: '{"sky":"clear","celsius":21}' },
  ];
  const second = (await chat({ messages, tools: [weather] })).completion();
  expect(second).toMatchObject({ calls: [], finish: 'stop' });
  expect(second.content).toContain('get_weather: {"sky":"clear","celsius":21}');
  const third = (
    await chat({
      messages: [...messages, { role: 'assistant', content: 'clear' }, { role: 'user', content: 'And in Rome?' }],
      tools: [weather],
    })
  ).completion();
  expect(cities(third)).toEqual(['Rome']);
});

test.each(['nothing', 'id_and_type', 'everything'] as const)(
  'a streamed call is whole when %s is repeated',
  async repeats => {
    const { chat } = createTestEngine({ wire: { toolStreamRepeats: repeats } });
    const body = {
      messages: [{ role: 'user', content: 'weather in Beijing and Paris' }],
      tools: [weather],
      stream: true,
      tool_stream: true,
    };
    const told = await chat(body);
    const fragments = [...told.text.matchAll(/"tool_calls":\[(\{.*?\})\]\}/g)].map(
      match =>
        JSON.parse(match[1] ?? '') as { id?: string; index: number; function: { name?: string; arguments: string } },
    );
    const joined = [0, 1].map(index =>
      fragments
        .filter(f => f.index === index)
        .map(f => f.function.arguments)
        .join(''),
    );
    expect(joined.map(text => JSON.parse(text))).toEqual([{ city: 'Beijing' }, { city: 'Paris' }]);
    const later = fragments.filter(f => f.function.arguments !== '');
    expect(later.every(f => (f.id !== undefined) === (repeats !== 'nothing'))).toBe(true);
    expect(later.every(f => (f.function.name !== undefined) === (repeats === 'everything'))).toBe(true);
  },
);

test('a budget that ends inside a call cuts its arguments', async () => {
  const whole = await calls('weather in Paris', { thinking: { type: 'disabled' } });
  const {
    finish,
    calls: made,
    usage,
  } = await calls('weather in Paris', { thinking: { type: 'disabled' }, max_tokens: 6 });
  expect({ finish, spent: usage.completion_tokens }).toEqual({ finish: 'length', spent: 6 });
  expect(whole.calls[0]?.function.arguments.startsWith(made[0]?.function.arguments ?? '?')).toBe(true);
});
