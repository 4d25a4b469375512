import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setupServer } from 'msw/node';
import { afterEach, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../../src/core/clock.ts';
import { createMock, UsageError } from '../../src/mock-server/index.ts';
import { glmHandlers, type HandlerOptions, playAsResponse, vendorHosts } from '../../src/mock-server/msw.ts';
import { chunksOf, completionOf, createTestEngine, noon } from '../support/mock-engine.ts';
import { until } from '../support/until.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const host = 'https://open.bigmodel.cn';
const chat = '/api/paas/v4/chat/completions';
const hello = { model: 'glm-4.6', messages: [{ role: 'user', content: 'Tell me about trains' }] };
const stream = { ...hello, stream: true };
const paced = { timing: 'ttft=1s,itl=1s', replyTokens: 5, thinkingTokens: 0 } as const;

function listen(options: HandlerOptions = {}) {
  const glm = glmHandlers({ keys: ['my-id.my-secret'], ...options });
  const server = setupServer(...glm);
  server.listen({ onUnhandledFrame: 'error' });
  cleanups.push(() => server.close());
  return glm;
}

const send = (body: unknown, init: RequestInit = {}, url = host + chat) =>
  fetch(url, {
    method: 'POST',
    headers: { authorization: 'Bearer my-id.my-secret' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
  });

/** Moves time on whenever nothing is left to do at once, until the promise is settled. */
async function inNoTime<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let settled = false;
  promise.then(
    () => {
      settled = true;
    },
    () => {
      settled = true;
    },
  );
  await until('the end of time', async () => {
    for (let i = 0; i < 50 && !settled; i++) {
      clock.advance(1000);
      await new Promise(resolve => setImmediate(resolve));
    }
    return settled;
  });
  return promise;
}

interface Case {
  readonly method?: string;
  readonly path?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
interface Seen {
  readonly status: number;
  readonly headers: readonly string[];
  readonly bytes: string;
}

/** Node's own client: MSW answers it as it answers fetch, and it shows every header as it came. */
const ask = (origin: string, { method = 'POST', path = '/chat/completions', body, headers = {} }: Case) =>
  new Promise<Seen>((resolve, reject) => {
    const url = new URL(origin + (path.startsWith('/api') ? path : `/api/paas/v4${path}`));
    const req = http.request(
      url,
      { method, headers: { authorization: 'Bearer my-id.my-secret', 'content-type': 'application/json', ...headers } },
      res => {
        const parts: Buffer[] = [];
        res.on('data', part => parts.push(part));
        res.on('error', reject);
        res.on('end', () => {
          const pairs = res.rawHeaders.flatMap((name, i) =>
            i % 2 === 0 ? [`${name.toLowerCase()}: ${res.rawHeaders[i + 1]}`] : [],
          );
          const own = pairs.filter(pair => !/^(date|connection|keep-alive|transfer-encoding):/.test(pair));
          resolve({ status: res.statusCode ?? 0, headers: own.sort(), bytes: Buffer.concat(parts).toString('base64') });
        });
      },
    );
    req.on('error', reject);
    req.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
  });

const tool = {
  type: 'function',
  function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};
const weather = { ...hello, tools: [tool], messages: [{ role: 'user', content: 'weather in Beijing and Paris' }] };
const cases: readonly (readonly [string, Case])[] = [
  ['a completion', { body: hello }],
  ['a stream', { body: stream }],
  ['a Chinese completion', { body: { ...hello, messages: [{ role: 'user', content: '说说火车' }] } }],
  ['a Chinese stream', { body: { ...stream, messages: [{ role: 'user', content: '说说火车 🚂' }] } }],
  ['a compressed completion', { body: hello, headers: { 'accept-encoding': 'gzip' } }],
  ['tool calls', { body: weather }],
  ['streamed tool calls', { body: { ...weather, stream: true } }],
  ['streamed arguments', { body: { ...weather, stream: true, tool_stream: true } }],
  ['JSON mode', { body: { ...hello, response_format: { type: 'json_object' } } }],
  ['the coding base', { path: `/api/coding/paas/v4/chat/completions`, body: hello }],
  ['an asynchronous task', { path: '/async/chat/completions', body: hello }],
  ['an unknown task', { method: 'GET', path: '/async-result/none' }],
  [
    'an unknown task in English',
    { method: 'GET', path: '/async-result/none', headers: { 'accept-language': 'en-US,en' } },
  ],
  ['the models', { method: 'GET', path: '/models' }],
  ['the models with a query', { method: 'GET', path: '/models?a=1' }],
  ['HEAD of the models', { method: 'HEAD', path: '/models' }],
  ['the tokenizer', { path: '/tokenizer', body: hello }],
  ['embeddings', { path: '/embeddings', body: { model: 'embedding-3', input: ['a', 'b'], dimensions: 256 } }],
  ['a refused embedding', { path: '/embeddings', body: { model: 'embedding-9', input: 'a' } }],
  ['no key', { body: hello, headers: { authorization: '' } }],
  ['a wrong key', { body: hello, headers: { authorization: 'Bearer a.b' } }],
  ['a wrong key in English', { body: hello, headers: { authorization: 'Bearer a.b', 'accept-language': 'en' } }],
  ['an unknown model', { body: { ...hello, model: 'nope' } }],
  ['an unknown model, streamed', { body: { ...stream, model: 'nope' } }],
  ['an unknown model in English', { body: { ...hello, model: 'nope' }, headers: { 'accept-language': 'en-US,en' } }],
  ['a range', { body: { ...hello, max_tokens: 0 } }],
  ['no messages', { body: { ...hello, messages: [] } }],
  ['an empty prompt', { body: { ...hello, messages: [{ role: 'user', content: '' }] } }],
  [
    'a long prompt',
    { body: { ...hello, model: 'glm-4v-flash', messages: [{ role: 'user', content: 'word '.repeat(17_000) }] } },
  ],
  ['no JSON', { body: '{' }],
  ['no body', {}],
  ['a byte order mark', { body: `\ufeff${JSON.stringify(hello)}` }],
  ['a body that is too large', { body: { ...hello, x: 'y'.repeat(200_000) } }],
  ['an unknown path', { method: 'GET', path: '/nowhere' }],
  ['a doubled version', { path: '/v1/chat/completions', body: hello }],
  ['a wrong method', { method: 'GET', path: '/chat/completions' }],
];

test.each(cases)('%s is the same over a socket and through the handlers', async (_, what) => {
  for (const profile of ['cn', 'intl'] as const) {
    const options = { keys: ['my-id.my-secret'], profile, maxBodyBytes: 150_000, seed: 4 };
    const mock = await createMock({ ...options, clock: createManualClock(noon) });
    const overSocket = await ask(mock.url, what).finally(() => mock.close({ graceMs: 0 }));
    const server = setupServer(
      ...glmHandlers({ ...options, clock: createManualClock(noon), origin: 'http://127.0.0.1:59998' }),
    );
    server.listen();
    const inProcess = await ask('http://127.0.0.1:59998', what).finally(() => server.close());
    expect(inProcess).toEqual(overSocket);
  }
});

test.each([...vendorHosts, 'http://127.0.0.1:59998'])('%s can be answered for', async origin => {
  const glm = listen({ origin: [...vendorHosts, 'http://127.0.0.1:59998/'] });
  const answer = await send(hello, {}, origin + chat);
  expect(completionOf(await answer.text()).finish).toBe('stop');
  expect(glm.journal()).toMatchObject([{ ending: 'complete', status: 200, keyId: 'my-id' }]);
});

test('the vendor’s hosts are answered for by default, others are not touched', async () => {
  const glm = glmHandlers({ seed: 9 });
  const server = setupServer(...glm);
  server.listen({ onUnhandledFrame: 'bypass' });
  cleanups.push(() => server.close());
  for (const origin of vendorHosts) {
    const answer = await send(hello, { headers: { authorization: glm.apiKey } }, origin + chat);
    expect(answer.status).toBe(200);
  }
  const mock = await createMock({ seed: 9 });
  cleanups.push(() => mock.close());
  expect(
    (await send(hello, { headers: { authorization: mock.apiKey } }, `${mock.baseUrl}/chat/completions`)).status,
  ).toBe(200);
  expect([glm.journal().length, (await mock.journal()).length]).toEqual([2, 1]);
  expect(glm.apiKey).toBe(mock.apiKey);
});

test('a stream of a minute takes no time on a manual clock', async () => {
  const clock = createManualClock(noon);
  const glm = listen({ clock, timing: 'ttft=10s,itl=1s', replyTokens: 51, thinkingTokens: 0 });
  const text = await inNoTime(
    clock,
    send(stream).then(answer => answer.text()),
  );
  expect(chunksOf(text)).toHaveLength(52);
  expect(glm.journal()).toMatchObject([{ ending: 'complete', beats: 53 }]);
  expect(glm.journal()[0]?.durationMs).toBeGreaterThanOrEqual(60_000);
});

test('a body that takes a minute takes no time on a manual clock', async () => {
  const clock = createManualClock(noon);
  listen({ clock, timing: 'ttft=60s' });
  expect((await inNoTime(clock, send(hello))).status).toBe(200);
});

test('an abort before the headers ends the call and the answer', async () => {
  const clock = createManualClock(noon);
  const glm = listen({ clock, timing: 'ttft=60s' });
  const abort = new AbortController();
  const answer = send(hello, { signal: abort.signal });
  await until('the request', () => glm.journal().length === 1);
  abort.abort();
  await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
  expect(glm.journal()).toMatchObject([{ ending: 'client_gone', beats: 0 }]);
});

test('an abort in the middle of a stream ends the reading and the generating', async () => {
  const clock = createManualClock(noon);
  const glm = listen({ clock, ...paced });
  const abort = new AbortController();
  const answer = await send(stream, { signal: abort.signal });
  const reader = answer.body?.getReader();
  clock.advance(1000);
  await inNoTime(clock, reader?.read() ?? Promise.reject());
  const rest = reader?.read();
  abort.abort();
  await expect(rest).rejects.toMatchObject({ name: 'AbortError' });
  const [entry] = glm.journal();
  expect(entry).toMatchObject({ ending: 'client_gone', status: 200 });
  expect(entry?.beats).toBeLessThan(7);
});

test.each(['itself', 'a reason of its own'])('an aborted call is rejected with %s', async how => {
  const glm = listen({ timing: 'ttft=1h' });
  const abort = new AbortController();
  const reason = how === 'itself' ? undefined : new Error('enough');
  abort.abort(reason);
  await expect(send(hello, { signal: abort.signal })).rejects.toBe(abort.signal.reason);
  expect(glm.journal().every(entry => entry.ending !== 'open')).toBe(true);
});

test('AbortSignal.timeout ends a stream that is too slow', async () => {
  const glm = listen({ timing: 'ttft=1ms,itl=10m', replyTokens: 5, thinkingTokens: 0 });
  const answer = await send(stream, { signal: AbortSignal.timeout(300) });
  await expect(answer.text()).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(glm.journal()).toMatchObject([{ ending: 'client_gone' }]);
});

test('AbortSignal.timeout ends a call whose headers do not come', async () => {
  const glm = listen({ timing: 'ttft=10m' });
  await expect(send(hello, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(glm.journal()).toMatchObject([{ ending: 'client_gone' }]);
});

test('a reader that cancels ends the generating', async () => {
  const clock = createManualClock(noon);
  const glm = listen({ clock, ...paced });
  const reader = (await send(stream)).body?.getReader();
  clock.advance(1000);
  await inNoTime(clock, reader?.read() ?? Promise.reject());
  await reader?.cancel();
  await until('the end', () => glm.journal()[0]?.ending === 'client_gone');
  const beats = glm.journal()[0]?.beats;
  clock.advance(1e6);
  expect(glm.journal()[0]?.beats).toBe(beats);
});

test('a stream’s head arrives before its first token', async () => {
  const clock = createManualClock(noon);
  const glm = listen({ clock, ...paced });
  const answer = await send(stream);
  expect([answer.status, glm.journal()[0]?.beats, clock.now()]).toEqual([200, 0, 0]);
  await answer.body?.cancel();
});

test('nothing is generated ahead of a reader that does not read', async () => {
  const { engine, clock, key } = createTestEngine({ replyTokens: 20_000 });
  const asked = {
    method: 'POST',
    path: chat,
    headers: { authorization: key },
    body: JSON.stringify(stream),
    arrivedMs: 0,
  };
  const answer = await playAsResponse(await engine.handle(asked), 0, new AbortController().signal, clock);
  const reader = answer.body?.getReader();
  for (let i = 0; i < 3; i++) await reader?.read();
  for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve));
  await reader?.cancel();
  expect(engine.journal.entries()[0]).toMatchObject({ ending: 'client_gone' });
  expect(engine.journal.entries()[0]?.beats).toBeLessThan(6);
});

test.each([
  ['reset', undefined, []],
  ['fin', undefined, []],
  ['reset', { at: 0, status: 200, headers: ['x-a', '1'] }, [{ at: 0, send: 'abc' }]],
  ['fin', { at: 0, status: 200, headers: ['x-a', '1'] }, [{ at: 0, send: 'abc' }]],
] as const)('a plan that ends with %s breaks the answer off (head %o)', async (end, head, beats) => {
  const settled: unknown[] = [];
  const plan = { ...(head && { head }), beats: [...beats, { at: 5, end }] };
  const clock = createManualClock(noon);
  const playing = playAsResponse(
    { plan, settle: played => settled.push(played) },
    0,
    new AbortController().signal,
    clock,
  );
  if (head === undefined) {
    clock.advance(5);
    expect((await playing).type).toBe('error');
  } else {
    const text = (await playing).text();
    const broken = expect(text).rejects.toMatchObject({ message: 'terminated' });
    await inNoTime(
      clock,
      text.catch(() => ''),
    );
    await broken;
  }
  expect(settled).toMatchObject([{ ending: 'cut', headSent: head !== undefined, beats: beats.length }]);
});

test('a wrong option is refused by name', () => {
  const wrong = { replyTokens: -1, era: '1999', prot: 1 } as unknown as HandlerOptions;
  expect(() => glmHandlers(wrong)).toThrow(UsageError);
  expect(() => glmHandlers(wrong)).toThrow(/replyTokens.*\n?.*/);
});

test('prepared answers are given in process too, and what they do not fit is refused when asked so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'glm-msw-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'tea.json');
  writeFileSync(file, JSON.stringify({ fixtures: [{ match: { last_user: 'tea' }, reply: { content: 'Oolong' } }] }));
  const glm = listen({ fixtures: [file], unmatched: 'error' });
  const tea = { ...hello, messages: [{ role: 'user', content: 'tea?' }] };
  expect(completionOf(await (await send(tea)).text()).content).toBe('Oolong');
  const refused = await send(hello);
  expect(refused.status).toBe(418);
  expect((await refused.json()).error.code).toBe('mock_no_fixture');
  expect(glm.state().fixtures.fixtures).toMatchObject([{ fixture: 'tea.json#0', hits: 1 }]);
});

test('a fault is asked for by the path in process too', async () => {
  const glm = listen();
  const answer = await send(hello, {}, `${host}/~overloaded,first=1${chat}`);
  expect(answer.status).toBe(429);
  expect((await send(hello, {}, `${host}/~overloaded,first=1${chat}`)).status).toBe(200);
  expect(glm.journal().map(({ faults }) => faults)).toEqual([['overloaded'], []]);
});
