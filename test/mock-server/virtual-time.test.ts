/** Time that jumps: in process, over a socket and over MSW. */
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { setupServer } from 'msw/node';
import OpenAI from 'openai';
import { Agent, fetch as undiciFetch } from 'undici';
import { afterEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { createMock, type TestMock } from '../../src/mock-server/index.ts';
import { glmHandlers } from '../../src/mock-server/msw.ts';
import { inVirtualTime } from '../../src/mock-server/virtual-time.ts';

const realNow = () => Number(process.hrtime.bigint()) / 1e6;
const hour = 3_600_000;

/** Virtual and real milliseconds of something. */
async function timed(run: () => Promise<unknown>): Promise<{ virtualMs: number; realMs: number }> {
  const start = realNow();
  const virtualMs = await inVirtualTime(async time => {
    await run();
    return time.elapsedMs();
  });
  return { virtualMs, realMs: realNow() - start };
}

let mock: TestMock | undefined;
afterEach(async () => {
  await mock?.close({ graceMs: 0 });
  mock = undefined;
});

const ask = (stream = true) => ({
  method: 'POST',
  headers: { authorization: `Bearer ${mock?.apiKey}`, 'content-type': 'application/json' },
  body: JSON.stringify({ model: 'glm-4.6', stream, messages: [{ role: 'user', content: 'tea?' }] }),
});
const under = (fault: string) => `${mock?.url}/~${fault}/api/paas/v4`;
const chat = (fault: string) => `${under(fault)}/chat/completions`;

test('five hours pass in milliseconds, in order, on every clock', async () => {
  const seen: string[] = [];
  const dates: number[] = [];
  const { virtualMs, realMs } = await timed(async () => {
    dates.push(Date.now(), Date.parse(new Date().toISOString()));
    setTimeout(() => seen.push('hour'), hour);
    const every = setInterval(() => seen.push('two hours'), 2 * hour);
    await Promise.all([sleep(5 * hour), systemClock.sleep(3 * hour).then(() => seen.push('three'))]);
    clearInterval(every);
    dates.push(Date.now(), Date.parse(new Date().toISOString()));
  });
  expect(seen).toEqual(['hour', 'two hours', 'three', 'two hours']);
  expect(virtualMs).toBe(5 * hour);
  expect(dates.map(at => at - (dates[0] ?? 0))).toEqual([0, 0, 5 * hour, 5 * hour]);
  expect(realMs).toBeLessThan(500);
});

test('a stall of two minutes over a socket takes milliseconds and loses nothing', async () => {
  mock = await createMock({ timing: 'ttft=300ms,itl=20ms', replyTokens: 20 });
  const sound = await (await fetch(`${mock.baseUrl}/chat/completions`, ask())).text();
  const { virtualMs, realMs } = await timed(async () => {
    const text = await (await fetch(chat('stall,after=5,for=120s'), ask())).text();
    expect(text.length).toBe(sound.length);
  });
  expect(virtualMs).toBeGreaterThan(120_000);
  expect(virtualMs).toBeLessThan(123_000);
  expect(realMs).toBeLessThan(2000);
});

test('a stall under MSW takes milliseconds', async () => {
  const glm = glmHandlers({ timing: 'ttft=300ms,itl=20ms', replyTokens: 20 });
  const server = setupServer(...glm);
  server.listen();
  try {
    const { virtualMs, realMs } = await timed(async () => {
      const init = { ...ask(), headers: { authorization: `Bearer ${glm.apiKey}`, 'x-glm-fault': 'stall,for=60s' } };
      const reply = await fetch('https://open.bigmodel.cn/api/paas/v4/chat/completions', init);
      expect(await reply.text()).toContain('[DONE]');
    });
    expect(virtualMs).toBeGreaterThan(60_000);
    expect(virtualMs).toBeLessThan(63_000);
    expect(realMs).toBeLessThan(2000);
  } finally {
    server.close();
  }
});

test('a plan window of five hours opens again in milliseconds', async () => {
  mock = await createMock({ limits: { planRequests: 1, planWindow: '5h' } });
  const status = async () => (await fetch(`${mock?.baseUrl}/chat/completions`, ask(false))).status;
  const { realMs } = await timed(async () => {
    expect([await status(), await status()]).toEqual([200, 429]);
    await sleep(5 * hour - 60_000);
    expect(await status()).toBe(429);
    await sleep(60_000);
    expect(await status()).toBe(200);
  });
  expect(realMs).toBeLessThan(3000);
});

const withController = async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('too slow')), 30_000);
  await fetch(chat('hang'), { ...ask(), signal: controller.signal });
};
const withSignal = () => fetch(chat('hang'), { ...ask(), signal: AbortSignal.timeout(45_000) });
const withHeadersTimeout = () =>
  undiciFetch(chat('hang'), { ...ask(), dispatcher: new Agent({ headersTimeout: 20_000 }) });
const withOpenAi = () =>
  new OpenAI({ baseURL: under('hang'), apiKey: mock?.apiKey, timeout: 25_000, maxRetries: 0 }).chat.completions.create({
    model: 'glm-4.6',
    messages: [{ role: 'user', content: 'tea?' }],
  });
const withFetchAlone = () => fetch(chat('hang'), ask());
const withNodeHttp = () =>
  new Promise((_, reject) => {
    const { body, ...rest } = ask();
    const sent = request(chat('hang'), { ...rest, timeout: 15_000 });
    sent.on('timeout', () => sent.destroy(new Error('timeout')));
    sent.on('error', reject).end(body);
  });

test.each([
  ['setTimeout and AbortController', withController, 30_000, 0],
  ['AbortSignal.timeout', withSignal, 45_000, 0],
  ['undici headersTimeout', withHeadersTimeout, 20_000, 1500],
  ['the openai client', withOpenAi, 25_000, 0],
  ['fetch alone, after its own five minutes', withFetchAlone, 300_000, 1500],
  ['node:http', withNodeHttp, 15_000, 50],
])('%s gives up when it would in real time', async (_, call, afterMs, coarseMs) => {
  mock = await createMock();
  const { virtualMs, realMs } = await timed(() => expect(call()).rejects.toThrow());
  expect(virtualMs).toBeGreaterThanOrEqual(afterMs - coarseMs - 1);
  expect(virtualMs).toBeLessThanOrEqual(afterMs + coarseMs);
  expect(realMs).toBeLessThan(6000);
});

test('everything is put back, also after a failure, and timers that are left go on in real time', async () => {
  const before = [setTimeout, setInterval, Date, AbortSignal.timeout, performance.now];
  let late = false;
  let timer: NodeJS.Timeout | undefined;
  const run = inVirtualTime(async () => {
    timer = setTimeout(() => {
      late = true;
    }, 20);
    throw new Error('no');
  });
  await expect(run).rejects.toThrow('no');
  expect([setTimeout, setInterval, Date, AbortSignal.timeout, performance.now]).toEqual(before);
  await sleep(40);
  expect(late).toBe(true);
  expect(timer?.refresh()).toBe(timer);
  clearTimeout(timer);
});

test('the schedule of the mock goes on in real time afterwards', async () => {
  await inVirtualTime(async () => {
    systemClock.at(systemClock.now() + hour, () => {});
    await sleep(5 * hour);
    systemClock.at(systemClock.now() + hour, () => {});
  });
  const start = realNow();
  await systemClock.sleep(20);
  expect(realNow() - start).toBeGreaterThan(15);
  expect(realNow() - start).toBeLessThan(1000);
});

test('a timer that is cleared, closed or refreshed behaves as in Node', async () => {
  const fired: string[] = [];
  await inVirtualTime(async () => {
    const cleared = setTimeout(() => fired.push('cleared'), 10);
    clearTimeout(cleared);
    setTimeout(() => fired.push('closed'), 10).close();
    const byNumber = setTimeout(() => fired.push('number'), 10);
    clearTimeout(Number(byNumber));
    const pushed = setTimeout(() => fired.push('pushed'), 100);
    setTimeout(() => pushed.refresh(), 90);
    setTimeout((word: string) => fired.push(word), 150, 'between');
    await sleep(1000);
    pushed.refresh();
    await sleep(99);
    expect(fired).toEqual(['between', 'pushed']);
    await sleep(1);
  });
  expect(fired).toEqual(['between', 'pushed', 'pushed']);
});

test('several at once share one time, and the last one gives it back', async () => {
  const real = setTimeout;
  const outer = inVirtualTime(async time => {
    await inVirtualTime(() => sleep(hour));
    expect(setTimeout).not.toBe(real);
    await sleep(hour);
    return time.elapsedMs();
  });
  expect(await outer).toBe(2 * hour);
  expect(setTimeout).toBe(real);
});

test('other fake timers are refused, both ways', async () => {
  vi.useFakeTimers();
  await expect(inVirtualTime(() => {})).rejects.toMatchObject({ code: 'fake_timers' });
  vi.useRealTimers();
  await inVirtualTime(() => expect(() => vi.useFakeTimers()).toThrow(/fake timers/));
  vi.useRealTimers();
});

test('bodies are not packed while time is virtual, because nobody sees when a thread has unpacked them', async () => {
  mock = await createMock();
  const encoding = async () =>
    (await fetch(`${mock?.baseUrl}/chat/completions`, ask(false))).headers.get('content-encoding');
  expect(await encoding()).toBe('gzip');
  expect(await inVirtualTime(encoding)).toBeNull();
});
