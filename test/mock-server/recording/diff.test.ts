import { expect, test } from 'vitest';
import { openCassette, readCassette } from '../../../src/core/cassette/cassette.ts';
import { createMock } from '../../../src/mock-server/create-mock.ts';
import { type DiffResult, diff, estimate, samplesOf } from '../../../src/mock-server/recording/diff.ts';
import { compare } from '../../../src/mock-server/recording/difference.ts';
import { startRecorder } from '../../../src/mock-server/recording/recorder.ts';
import { shapeOf } from '../../../src/mock-server/recording/shape.ts';
import { createFakeGlm, hang, refusedUrl } from '../../support/fake-glm.ts';
import { recorded } from './recorded.ts';
import { call, closing, hello, key, scratch } from './tools.ts';

const file = scratch();
const keep = closing();

async function session() {
  const mock = keep(await createMock({ keys: [key], replyTokens: 8, thinkingTokens: 0 }));
  const path = file('session.jsonl');
  const recorder = keep(await startRecorder({ upstream: mock.baseUrl, cassette: openCassette(path) }));
  const auth = { headers: { authorization: `Bearer ${mock.apiKey}` } };
  for (const body of [hello('hi', { request_id: 'only-once-1' }), { ...hello(), stream: false }, { model: 'nope' }])
    await call(recorder.baseUrl, body, auth);
  await recorder.close();
  return { mock, exchanges: readCassette(path).exchanges };
}

async function all(results: AsyncIterable<DiffResult>): Promise<DiffResult[]> {
  const list: DiffResult[] = [];
  for await (const result of results) list.push(result);
  return list;
}

test('the endpoint that was recorded has the same shape, and its ids are not asked twice', async () => {
  const { mock, exchanges } = await session();
  const { samples, skipped } = samplesOf(exchanges);
  expect([samples.length, skipped]).toEqual([3, 0]);
  const results = await all(diff(samples, { upstream: mock.baseUrl, key: mock.apiKey }));
  expect(results.map(({ differences, failure }) => ({ differences, failure }))).toEqual(
    samples.map(() => ({ differences: [], failure: undefined })),
  );
});

test('the other host’s answers differ in their headers only', async () => {
  const { exchanges } = await session();
  const other = keep(await createMock({ keys: [key], profile: 'intl', replyTokens: 8, thinkingTokens: 0 }));
  const results = await all(diff(samplesOf(exchanges).samples, { upstream: other.baseUrl, key }));
  const found = results.flatMap(({ differences }) => differences);
  expect(new Set(found.map(({ severity }) => severity))).toEqual(new Set(['info']));
  expect(found.map(({ what }) => what)).toContain('header set-cookie');
});

test('what costs tokens is estimated from the recording', async () => {
  const { exchanges } = await session();
  const told = estimate(samplesOf(exchanges).samples);
  expect(told).toMatchObject({ requests: 3, completionTokens: 16 });
  expect(told.promptTokens).toBeGreaterThan(5);
});

test('exchanges that did not end well and tasks that are gone are left out', () => {
  const exchanges = [
    recorded({ response: { ending: 'aborted' } }),
    recorded({ response: { ending: 'fin' } }),
    recorded({ method: 'GET', path: '/async-result/1' }),
    ...[401, 403, 429, 500, 502].map(status => recorded({ response: { status } })),
    recorded(),
  ];
  expect(samplesOf(exchanges)).toMatchObject({ skipped: 8, samples: [{ path: '/chat/completions' }] });
});

test('an endpoint that is not there or says nothing is a failure, not a difference', async () => {
  const { samples } = samplesOf([recorded()]);
  const silent = keep(await createFakeGlm(hang));
  const [gone] = await all(diff(samples, { upstream: await refusedUrl(), key: 'a.b' }));
  const [mute] = await all(diff(samples, { upstream: silent.url, key: 'a.b', timeoutMs: 20 }));
  expect([gone?.failure, mute?.failure]).toEqual(['cannot be reached (ECONNREFUSED)', 'no end within 20 ms']);
});

test('a run that is stopped ends at once', async () => {
  const silent = keep(await createFakeGlm(hang));
  const stop = new AbortController();
  const results = all(diff(samplesOf([recorded()]).samples, { upstream: silent.url, key: 'a.b', signal: stop.signal }));
  stop.abort();
  expect(await results).toEqual([]);
});

const shape = (json: unknown, status = 200) =>
  shapeOf({
    status,
    headers: ['content-type', 'application/json'],
    body: Buffer.from(JSON.stringify(json)),
    ending: 'complete',
  });
const events = (...lines: string[]) =>
  shapeOf({
    ...{ status: 200, headers: ['Content-Type', 'text/event-stream;charset=UTF-8'], ending: 'complete' },
    body: Buffer.from(lines.map(line => `data: ${line}\n\n`).join('')),
  });

test.each([
  ['other values', shape({ a: 1, b: ['x'] }), shape({ a: 2, b: ['y', 'z'] }), []],
  ['another status', shape({}), shape({}, 400), ['breaking status']],
  ['another code', shape({ error: { code: '1211' } }), shape({ error: { code: '1214' } }), ['breaking error code']],
  ['a field gone', shape({ a: 1, b: 2 }), shape({ a: 1 }), ['breaking b']],
  ['a field of another type', shape({ a: 1 }), shape({ a: '1' }), ['breaking a']],
  ['a new field', shape({ a: 1 }), shape({ a: 1, b: [{ c: 1 }] }), ['info b', 'info b[]', 'info b[].c']],
  [
    'a part of the message that was not said this time',
    shape({ choices: [{ message: { content: 'x', reasoning_content: 'y' } }] }),
    shape({ choices: [{ message: { content: 'x' } }] }),
    ['notable choices[].message.reasoning_content'],
  ],
  ['a stream without its end', events('{}', '[DONE]'), events('{}'), ['breaking [DONE] at the end']],
  [
    'another finish and a delta less',
    events('{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}'),
    events('{"choices":[{"delta":{},"finish_reason":"length"}]}'),
    [
      'notable choices[].delta.content',
      'notable delta content',
      'notable finish reason stop',
      'info finish reason length',
    ],
  ],
  ['a page instead', events('[DONE]'), shape('x'), ['breaking content type', 'breaking [DONE] at the end']],
])('%s', (_, before, now, told) => {
  expect(compare(before, now).map(({ severity, what }) => `${severity} ${what}`)).toEqual(told);
});
