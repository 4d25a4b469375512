import { expect, test } from 'vitest';
import { createTestEngine } from '../support/mock-engine.ts';

const system = { role: 'system', content: 'You know everything about trains and say it briefly. '.repeat(60) };
const turn = (content: string, model = 'glm-4.6') => ({ model, messages: [system, { role: 'user', content }] });
const two = { keys: ['first.secret', 'second.secret'] };

const cached = async (desk: ReturnType<typeof createTestEngine>, fields: object, headers = {}) => {
  const { usage } = (await desk.chat({ ...fields }, headers)).completion();
  return { all: usage.prompt_tokens, cached: usage.prompt_tokens_details?.cached_tokens };
};

test('a paid model reports blocks of 64 tokens of a prompt that was seen before', async () => {
  const desk = createTestEngine();
  expect(await cached(desk, turn('hi'))).toMatchObject({ cached: 0 });
  const again = await cached(desk, turn('hi'));
  expect(again.cached).toBe(Math.floor(again.all / 64) * 64);
});

test('a free model reports all but two tokens', async () => {
  const desk = createTestEngine();
  await cached(desk, turn('hi', 'glm-4.5-flash'));
  const again = await cached(desk, turn('hi', 'glm-4.5-flash'));
  expect(again.cached).toBe(again.all - 2);
});

test('a shared beginning is enough, and no more than it counts', async () => {
  const desk = createTestEngine();
  await cached(desk, turn('hi'));
  const other = await cached(
    desk,
    turn('something quite different, and long enough to fill more than one block of tokens '.repeat(20)),
  );
  expect(other.cached).toBeGreaterThan(0);
  expect(other.cached).toBeLessThan(other.all - 200);
  expect((other.cached ?? 1) % 64).toBe(0);
});

test.each([
  ['another key', turn('hi'), { authorization: 'Bearer second.secret' }],
  ['another model', turn('hi', 'glm-5.1'), {}],
  [
    'another system message',
    {
      messages: [
        { ...system, content: `!${system.content}` },
        { role: 'user', content: 'hi' },
      ],
    },
    {},
  ],
])('%s shares nothing', async (_, fields, headers) => {
  const desk = createTestEngine(two);
  await cached(desk, turn('hi'));
  expect(await cached(desk, fields, headers)).toMatchObject({ cached: 0 });
});

test('a prompt becomes known after the delay, counted from when it was first seen', async () => {
  const desk = createTestEngine({ cacheDelay: '1m' });
  const seen: (number | undefined)[] = [];
  for (const wait of [0, 59_999, 1]) {
    desk.clock.advance(wait);
    seen.push((await cached(desk, turn('hi'))).cached);
  }
  expect(seen.map(count => (count ?? 0) > 0)).toEqual([false, false, true]);
});

test('tools and switches are part of the prompt', async () => {
  const desk = createTestEngine();
  await cached(desk, turn('hi'));
  const tools = [{ type: 'function', function: { name: 'f', parameters: {} } }];
  expect(await cached(desk, { ...turn('hi'), tools })).toMatchObject({ cached: 0 });
});
