import { expect, test } from 'vitest';
import type { MockOptions } from '../../src/mock-server/index.ts';
import { base, createTestEngine, noon } from '../support/mock-engine.ts';

const body = { model: 'glm-4.6', messages: [{ role: 'user', content: 'hi' }] };
type LimitOptions = NonNullable<MockOptions['limits']>;

/** Opens a request and leaves it running; `end` settles it. */
async function begin({ engine, key, clock }: ReturnType<typeof createTestEngine>, model = 'glm-4.6', own = key) {
  const exchange = await engine.handle({
    method: 'POST',
    path: `${base}/chat/completions`,
    headers: { authorization: `Bearer ${own}` },
    body: JSON.stringify({ ...body, model }),
    arrivedMs: clock.now(),
  });
  const end = () => exchange.settle({ ending: 'complete', headSent: true, beats: 1, bytes: 1, worstLatenessMs: 0 });
  return { status: exchange.plan.head?.status, end };
}

test('a request over the concurrency of its key and model is refused at once; the others are not affected', async () => {
  const mock = createTestEngine({ limits: { concurrency: 2 }, keys: ['a.b', 'c.d'] });
  const first = await begin(mock);
  const second = await begin(mock);
  expect((await begin(mock)).status).toBe(429);
  expect((await mock.chat('hi')).code).toBe('1302');
  expect((await begin(mock, 'glm-4.5')).status).toBe(200);
  expect((await begin(mock, 'glm-4.6', 'c.d')).status).toBe(200);
  first.end();
  expect((await begin(mock)).status).toBe(200);
  second.end();
});

test('a refused request takes no room', async () => {
  const mock = createTestEngine({ limits: { concurrency: 1 } });
  const running = await begin(mock);
  for (let i = 0; i < 3; i++) (await begin(mock)).end();
  expect(mock.engine.control.state().in_flight).toMatchObject([{ model: 'glm-4.6', count: 1 }]);
  running.end();
  expect(mock.engine.control.state().in_flight).toEqual([]);
});

test('neither Retry-After nor rate headers are sent, unless asked for', async () => {
  const silent = createTestEngine({ limits: { requestsPerMinute: 1 } });
  await silent.chat('hi');
  const told = await silent.chat('hi');
  expect(told.status).toBe(429);
  expect(told.header('retry-after')).toBeUndefined();
  const loud = createTestEngine({ limits: { requestsPerMinute: 1, retryAfter: true } });
  await loud.chat('hi');
  loud.clock.advance(15_000);
  expect((await loud.chat('hi')).header('retry-after')).toBe('45');
});

test.each([
  ['requestsPerMinute', { requestsPerMinute: 2 }, '1302', 60_000],
  ['planRequests', { planRequests: 2, planWindow: '5h' }, '1308', 5 * 3_600_000],
  ['weeklyRequests', { weeklyRequests: 2 }, '1310', 7 * 86_400_000],
] as [string, LimitOptions, string, number][])(
  '%s opens again when its window is over, in no time at all',
  async (_, limits, code, windowMs) => {
    const { chat, clock } = createTestEngine({ limits });
    const codes = [(await chat('hi')).code, (await chat('hi')).code, (await chat('hi')).code];
    expect(codes).toEqual([undefined, undefined, code]);
    clock.advance(windowMs - 1);
    expect((await chat('hi')).code).toBe(code);
    clock.advance(1);
    expect((await chat('hi')).code).toBeUndefined();
  },
);

test('a used-up plan window says in words and in UTC+8 when it opens again', async () => {
  const { chat } = createTestEngine({ limits: { planRequests: 1 } });
  await chat('hi');
  const reset = new Date(noon + 13 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
  expect((await chat('hi')).message).toBe(`已达到 5 小时 的使用上限。您的限额将在 ${reset} 重置`);
});

test('tokens are counted, read and written', async () => {
  const { chat } = createTestEngine({ limits: { tokensPerMinute: 30 }, replyTokens: 50, thinkingTokens: 0 });
  expect((await chat('hi')).status).toBe(200);
  expect((await chat('hi')).code).toBe('1302');
});

test('a spent balance is overdue for good', async () => {
  const { chat, clock } = createTestEngine({ limits: { balance: 10 } });
  expect((await chat('hi')).status).toBe(200);
  clock.advance(30 * 86_400_000);
  expect((await chat('hi')).code).toBe('1113');
});

test('overload is a share of requests under the seed', async () => {
  const { chat } = createTestEngine({ limits: { overloadRate: 0.5 } });
  const codes = await Promise.all(Array.from({ length: 200 }, async () => (await chat('hi')).code));
  const refused = codes.filter(code => code === '1305').length;
  expect(refused).toBeGreaterThan(70);
  expect(refused).toBeLessThan(130);
});

test('what is wrong with a request is said before what is over a limit', async () => {
  const { chat } = createTestEngine({ limits: { balance: 0 } });
  expect((await chat({ model: 'nope', messages: body.messages })).code).toBe('1211');
  expect((await chat({ ...body, max_tokens: 0 })).code).toBe('1210');
  expect((await chat(body)).code).toBe('1113');
});

test('limits change while the mock runs', async () => {
  const { chat, engine } = createTestEngine();
  expect((await chat('hi')).status).toBe(200);
  engine.control.apply({ kind: 'limits', limits: { balance: 0 } });
  expect((await chat('hi')).code).toBe('1113');
  engine.control.apply({ kind: 'limits', limits: { balance: null } });
  expect((await chat('hi')).status).toBe(200);
});

test('who waits for an answer that never comes is under way, and may be one too many', async () => {
  const mock = createTestEngine({ limits: { concurrency: 1 }, faults: ['hang'] });
  const waiting = await begin(mock);
  expect(waiting.status).toBeUndefined();
  expect(mock.engine.control.state().in_flight).toMatchObject([{ model: 'glm-4.6', count: 1 }]);
  expect((await begin(mock)).status).toBe(429);
  waiting.end();
  expect(mock.engine.control.state().in_flight).toEqual([]);
});

test('a reset brings back the limits of the start, and all that was counted is forgotten', async () => {
  const { chat, engine } = createTestEngine({ limits: { planRequests: 1 } });
  engine.control.apply({ kind: 'limits', limits: { balance: 0 } });
  expect((await chat('hi')).code).toBe('1113');
  engine.control.apply({ kind: 'reset' });
  expect(engine.control.state().limits).toMatchObject({ plan_requests: 1 });
  expect([(await chat('hi')).code, (await chat('hi')).code]).toEqual([undefined, '1308']);
});

test('a reset of one key opens the windows of that key alone', async () => {
  const mock = createTestEngine({ limits: { planRequests: 1 }, keys: ['a.b', 'c.d'] });
  const both = async () => [(await begin(mock, 'glm-4.6', 'a.b')).status, (await begin(mock, 'glm-4.6', 'c.d')).status];
  expect(await both()).toEqual([200, 200]);
  mock.engine.control.apply({ kind: 'reset', key: 'a' });
  expect(await both()).toEqual([200, 429]);
});

test('requests in flight are listed without any limit too, and none stays behind when limits come and go', async () => {
  const mock = createTestEngine();
  const [first, second] = [await begin(mock), await begin(mock)];
  const state = () => mock.engine.control.state().in_flight;
  expect(state()).toMatchObject([{ model: 'glm-4.6', count: 2 }]);
  mock.engine.control.apply({ kind: 'limits', limits: { concurrency: 2 } });
  expect((await begin(mock)).status).toBe(429);
  first.end();
  mock.engine.control.apply({ kind: 'limits', limits: { concurrency: null } });
  second.end();
  expect(state()).toEqual([]);
});
