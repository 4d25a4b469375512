import { expect, test } from 'vitest';
import type { Match, RecordedExchange } from '../../../src/core/cassette/cassette.ts';
import { createManualClock } from '../../../src/core/clock.ts';
import { type Asked, type FindOptions, find, planOf, startReplay } from '../../../src/mock-server/recording/replay.ts';
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

const numberOf = (exchanges: readonly RecordedExchange[], request: Asked, options?: FindOptions) => {
  const found = find(exchanges, request, options);
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
  expect(played(exchanges, [hello(), hello(), hello(), hello()])).toEqual([1, 3, 3, 3]);
});

/** The numbers of what is played to bodies asked one after the other. */
function played(exchanges: readonly RecordedExchange[], bodies: readonly object[], match?: Match) {
  const before = new Set<RecordedExchange>();
  return bodies.map(body => {
    const found = find(exchanges, asked(body), { match, played: before });
    if (found.kind === 'missing') return undefined;
    before.add(found.exchange);
    return found.exchange.n;
  });
}

const two = [recorded({ n: 1, body: hello('one') }), recorded({ n: 2, body: hello('two') })];
const unary = hello('new', { stream: false });

test.each<[string, Match | undefined, object[], (number | undefined)[]]>([
  ['nothing said: the body decides', undefined, [hello('new'), hello('two')], [undefined, 2]],
  ['body', 'body', [hello('new'), hello('two')], [undefined, 2]],
  ['shape: other prompts in the order of the file', 'shape', [hello('a'), hello('b'), hello('c')], [1, 2, 2]],
  ['shape: another model and another field', 'shape', [{ model: 'glm-5', stream: true, top_p: 1 }], [1]],
  ['shape: the exact one first, the rest in order', 'shape', [hello('two'), hello('a'), hello('b')], [2, 1, 2]],
  ['shape: no stream is asked for', 'shape', [unary, { model: 'glm-4.6' }], [undefined, undefined]],
  ['path: no stream is asked for', 'path', [unary, hello('b'), hello('one')], [1, 2, 1]],
])('%s', (_, match, bodies, numbers) => {
  expect(played(two, bodies, match)).toEqual(numbers);
});

test.each<[Match, Asked]>([
  ['shape', asked(hello(), { path: '/api/paas/v4/embeddings' })],
  ['path', asked(hello(), { path: '/api/paas/v4/embeddings' })],
  ['path', asked('', { method: 'GET' })],
])('by %s another path or method is still missing', (match, request) => {
  expect(numberOf(two, request, { match })).toMatch(/^nothing is recorded for /);
});

test('false, absent and a body that is no JSON are all no stream', () => {
  const exchanges = [recorded({ body: { model: 'glm-4.6' } })];
  for (const body of ['{"stream":false}', '{"stream":"true"}', 'null', '[true]', '{"str', ''])
    expect(numberOf(exchanges, asked(body), { match: 'shape' })).toBe(1);
});

test('an exchange says itself how it may be found, and the option overrules it', () => {
  const [strict, loose] = two as [RecordedExchange, RecordedExchange];
  const exchanges = [strict, { ...loose, match: 'shape' as const }];
  expect(played(exchanges, [hello('new'), hello('one'), hello('new')])).toEqual([2, 1, 2]);
  expect(played(exchanges, [hello('new')], 'body')).toEqual([undefined]);
  expect(played(exchanges, [unary], 'path')).toEqual([1]);
});

test('a miss names the place that a match by shape looks at, however much differs, and the flag that lets it through', () => {
  const many = { ...unary, a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 };
  expect(numberOf(two, asked(many), { match: 'shape' })).toMatch(
    /differs in stream, .* and \d more; --match path would let it through$/,
  );
  expect(numberOf(two, asked(hello('new')))).toMatch(/; --match shape would let it through$/);
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
    /nearest came 2026-10-09T04:00:00\.000Z \(n 1\) and differs in messages\[0\]\.content; --match shape/,
  ],
  ['one field more', asked({ ...hello(), top_p: 0.5 }), /differs in top_p; --match shape would let it through$/],
  ['a body that is no JSON', asked('{"canary'), /differs in stream, the text of the body, model, .*; --match shape/],
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
