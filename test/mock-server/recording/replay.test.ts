import { expect, test } from 'vitest';
import type { RecordedExchange } from '../../../src/core/cassette/cassette.ts';
import { createManualClock } from '../../../src/core/clock.ts';
import { type Asked, find, planOf, startReplay } from '../../../src/mock-server/recording/replay.ts';
import { until } from '../../support/until.ts';
import { recorded } from './recorded.ts';
import { base, call, closing, hello, key } from './tools.ts';

const keep = closing();

const asked = (body: unknown, more: Partial<Asked> = {}): Asked => ({
  method: 'POST',
  path: `${base}/chat/completions`,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  ...more,
});

const numberOf = (exchanges: readonly RecordedExchange[], request: Asked, nth?: number) => {
  const found = find(exchanges, request, nth);
  return found.kind === 'found' ? found.exchange.n : found.message;
};

test('a request is found by what it asks, whatever its order of keys and the ids of the call', () => {
  const exchanges = [
    recorded({ n: 1, body: hello('one') }),
    recorded({ n: 2, body: hello('two', { request_id: 'a' }) }),
  ];
  const { model, messages, stream } = hello('two');
  expect(numberOf(exchanges, asked({ stream, user_id: 'someone', messages, request_id: 'other', model }))).toBe(2);
  expect(numberOf(exchanges, asked(hello('one')))).toBe(1);
});

test('repetitions come in their order, then the last one again', () => {
  const exchanges = [recorded({ n: 1 }), recorded({ n: 2, body: hello('other') }), recorded({ n: 3 })];
  expect([0, 1, 2, 7].map(nth => numberOf(exchanges, asked(hello()), nth))).toEqual([1, 3, 3, 3]);
});

test('a dummy key that is an ordinary word spoils no match', () => {
  const exchanges = [recorded({ n: 1, body: hello('keep it secret') })];
  expect(
    numberOf(exchanges, asked(hello('keep it secret'), { headers: { authorization: 'Bearer my-id.secret' } })),
  ).toBe(1);
});

test.each([
  [
    'another prompt',
    asked(hello('canary prompt')),
    /nearest came 2026-10-09T04:00:00\.000Z \(n 1\) and differs in messages\[0\]\.content$/,
  ],
  ['one field more', asked({ ...hello(), top_p: 0.5 }), /differs in top_p$/],
  ['a body that is no JSON', asked('{"canary'), /differs in the text of the body, model, .*more|differs in/],
  [
    'another path',
    asked('', { method: 'GET', path: `${base}/models` }),
    /^nothing is recorded for GET \/api\/paas\/v4\/models; the recording has POST \/api\/paas\/v4\/chat\/completions$/,
  ],
  ['a path with a key', asked('', { path: `/x/${key}` }), /^nothing is recorded for POST \/x\/\*\*\*;/],
])('%s is not found, and the nearest is named without what was said', (_, request, message) => {
  const found = numberOf(
    [recorded(), recorded({ n: 2, body: { other: 1, fields: 2, than: 3, the: 4, first: 5 } })],
    request,
  );
  expect(found).toMatch(message);
  expect(found).not.toContain('canary');
});

test('an empty recording says so', () => {
  expect(numberOf([], asked(''))).toMatch(/the recording is empty$/);
});

test.each([
  [1, [100, 120, 150]],
  [10, [10, 12, 15]],
  [0, [0, 0, 0]],
])('at speed %d the head, a chunk and the end have their times', (speed, times) => {
  const plan = planOf(recorded({ response: { ending: 'fin' } }), speed);
  expect([plan.head?.at, ...Array.from(plan.beats, ({ at }) => at)]).toEqual(times);
  expect([...plan.beats]).toEqual([
    { at: times[1], send: Buffer.from('data: 1\n\n') },
    { at: times[2], end: 'fin' },
  ]);
});

test('a plan ends as the recording did', () => {
  const endOf = (ending: RecordedExchange['response']['ending']) =>
    Array.from(planOf(recorded({ response: { ending } }), 1).beats, beat => ('end' in beat ? beat.end : 'send'));
  expect(endOf('complete')).toEqual(['send']);
  expect(endOf('reset')).toEqual(['send', 'reset']);
  expect(endOf('aborted')).toEqual(['send', 'hang']);
});

test('the server plays on the clock that is passed in', async () => {
  const clock = createManualClock();
  const texts = ['one', 'two'];
  const chunks = texts.map((text, i) => ({ atMs: 1000 * (i + 1), text }));
  const exchanges = [recorded({ response: { headMs: 500, chunks, endMs: 2000 } })];
  const replay = keep(await startReplay({ exchanges, speed: 0.5, clock }));
  const seen: string[] = [];
  const heard = call(replay.baseUrl, hello(), { onChunk: chunk => seen.push(`${chunk} ${clock.now()}`) });
  let over = false;
  heard.then(() => {
    over = true;
  });
  await until('the end', () => {
    if (!over) clock.advance(250);
    return over;
  });
  expect(seen.map(text => text.split(' ')[0])).toEqual(texts);
  const [first = 0, second = 0] = seen.map(text => Number(text.split(' ')[1]));
  expect(first).toBeGreaterThanOrEqual(2000);
  expect(second).toBeGreaterThanOrEqual(4000);
});

test('a request that is not in the recording is answered with 418 that nobody retries', async () => {
  const said: string[] = [];
  const replay = keep(await startReplay({ exchanges: [recorded()], speed: 0, warn: text => said.push(text) }));
  const answer = await fetch(`${replay.baseUrl}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify(hello('canary')),
  });
  expect([answer.status, answer.headers.get('x-should-retry')]).toEqual([418, 'false']);
  const { error } = (await answer.json()) as { error: { code: string; message: string } };
  expect(error).toEqual({
    code: 'mock_no_recording',
    message: expect.stringMatching(/differs in messages\[0\]\.content/),
  });
  expect([replay.unmatched(), said]).toEqual([1, [error.message]]);
});

test('a served request that is repeated walks through the recorded ones', async () => {
  const exchanges = ['a', 'b'].map((text, i) => recorded({ n: i + 1, response: { chunks: [{ atMs: 1, text }] } }));
  const replay = keep(await startReplay({ exchanges, speed: 0 }));
  const heard = [];
  for (let i = 0; i < 3; i++) heard.push(String((await call(replay.baseUrl, hello())).chunks[0]));
  expect(heard).toEqual(['a', 'b', 'b']);
});

test('a body nested beyond all reason is an ordinary miss', async () => {
  const replay = keep(await startReplay({ exchanges: [recorded()] }));
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  expect((await call(replay.baseUrl, deep)).status).toBe(418);
});
