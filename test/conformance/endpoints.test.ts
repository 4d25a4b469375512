/** The endpoints beside chat: models, asynchronous tasks, tokenizer, embeddings; glm-api.md §1.2, §9. */
import { expect, test } from 'vitest';
import { completionBody } from '../../src/mock-server/render/completion.ts';
import { createTaskStore } from '../../src/mock-server/tasks.ts';
import { answer, dialect } from '../support/answer.ts';
import { base, leastRequest, openDesk, recording } from '../support/engine.ts';

const get = (path: string) => ({ method: 'GET', path: `${base}${path}` });
const submit = (more = {}) => ({ path: `${base}/async/chat/completions`, body: { ...leastRequest, ...more } });

test('the model list of 2026-07-10 is written byte for byte', async () => {
  const { status, text } = await openDesk({}, { at: '2026-07-10T23:00:14Z' }).ask(get('/models'));
  expect([status, text]).toEqual([200, recording('models-2026-07-10.golden.json')]);
});

test('api.z.ai lists the same models', async () => {
  const { text } = await openDesk({ profile: 'intl' }, { at: '2026-07-10T23:00:14Z' }).ask(get('/models'));
  expect(text).toBe(recording('models-2026-07-10.golden.json'));
});

test('by 2026-10-08 three models of the 5.3 family have been added at the end', async () => {
  const { json } = await openDesk({}, { at: '2026-10-08T00:00:00Z' }).ask(get('/models'));
  const ids = (json as { data: { id: string }[] }).data.map(({ id }) => id);
  expect(ids).toHaveLength(11);
  expect(ids.slice(8)).toEqual(['glm-5.3', 'glm-5.3-flash', 'glm-5.3-flashx']);
});

test('free flash models answer but are not listed, and no entry names a limit', async () => {
  const { text } = await openDesk().ask(get('/models'));
  expect(text).not.toContain('glm-4.5-flash');
  expect(text).not.toMatch(/context|max_|limit/);
});

test('GET /models/{id} is no endpoint', async () => {
  expect((await openDesk().ask(get('/models/glm-5'))).status).toBe(404);
});

test('the answer to a submitted task is written byte for byte, with the recorded id in place of the mock’s own', async () => {
  const desk = openDesk({}, { at: '2026-10-09T16:57:22Z' });
  const { status, text, json } = await desk.ask(submit({ model: 'glm-4.5-flash' }));
  const { id } = json as { id: string };
  expect(status).toBe(200);
  expect(id).toMatch(/^20261010005722[0-9a-f]{16}$/);
  expect(text.replaceAll(id, '20261010005722dd102476a1894c3f')).toBe(recording('async-submitted.golden.json'));
});

test('the state of a running task is written byte for byte, without model', async () => {
  const id = '20261010005722dd102476a1894c3f';
  const tasks = createTaskStore();
  tasks.add({ id, requestId: id, owner: 'test-id', readyMs: Number.POSITIVE_INFINITY, result: '' });
  const { status, text } = await openDesk({}, { tasks }).ask(get(`/async-result/${id}`));
  expect([status, text]).toEqual([200, recording('async-processing.golden.json')]);
});

test('an unknown task is refused byte for byte as recorded', async () => {
  const { status, text } = await openDesk().ask(get('/async-result/202610100059289eaf12897ff84528'));
  expect([status, text]).toEqual([400, recording('e1-1233-unknown-task.golden.json')]);
});

test('a task of another account is as unknown', async () => {
  const desk = openDesk({ keys: ['test-id.test-secret', 'other-id.other-secret'] });
  const { id } = (await desk.ask(submit())).json as { id: string };
  const headers = { authorization: 'Bearer other-id.other-secret' };
  expect(await desk.ask({ ...get(`/async-result/${id}`), headers })).toMatchObject({
    status: 400,
    json: { error: { code: '1233', message: `任务：${id}不存在。` } },
  });
  expect((await desk.ask(get(`/async-result/${id}`))).status).toBe(200);
});

test('a task is PROCESSING until its time has come, then a whole completion with task_status SUCCESS', async () => {
  const desk = openDesk({ taskTime: '30s', timing: 'ttft=2s,itl=0' }, { at: '2026-10-09T16:57:22Z' });
  const { id } = (await desk.ask(submit({ model: 'glm-4.6' }))).json as { id: string };
  const poll = async () => (await desk.ask(get(`/async-result/${id}`))).json;
  desk.clock.advance(31_999);
  expect(await poll()).toEqual({ id, request_id: id, task_status: 'PROCESSING' });
  desk.clock.advance(1);
  const done = await poll();
  expect(done).toMatchObject({
    id,
    request_id: id,
    model: 'glm-4.6',
    task_status: 'SUCCESS',
    created: Date.parse('2026-10-09T16:57:54Z') / 1000,
    choices: [{ finish_reason: 'stop', message: { role: 'assistant', reasoning_content: expect.any(String) } }],
    usage: { total_tokens: expect.any(Number) },
  });
  expect(await poll()).toEqual(done);
});

test('task_status stands in alphabetical order in a finished task', () => {
  const body = completionBody(answer({ content: ['a'] }), dialect('glm-5.1', '2026'), 'SUCCESS');
  expect(Object.keys(JSON.parse(body))).toEqual([
    'choices',
    'created',
    'id',
    'model',
    'object',
    'request_id',
    'task_status',
    'usage',
  ]);
});

test('a caller’s request_id names the task beside its id, in all three bodies', async () => {
  const desk = openDesk();
  const submitted = (await desk.ask(submit({ request_id: 'my-request-1' }))).json as Record<string, string>;
  expect(submitted.request_id).toBe('my-request-1');
  expect(submitted.id).not.toBe('my-request-1');
  desk.clock.advance(10);
  expect((await desk.ask(get(`/async-result/${submitted.id}`))).json).toMatchObject({
    id: submitted.id,
    request_id: 'my-request-1',
    task_status: 'SUCCESS',
  });
});

test('stream: true is accepted and ignored when a task is submitted, and so is any model list', async () => {
  const desk = openDesk();
  const { header, json } = await desk.ask(submit({ stream: true, model: 'glm-4.7-flash' }));
  expect(header('content-type')).toEqual(['application/json;charset=UTF-8']);
  expect(json).toMatchObject({ task_status: 'PROCESSING', model: 'glm-4.7-flash' });
});

test('a task is refused as a chat is, when it is submitted', async () => {
  expect(await openDesk().ask(submit({ model: 'glm-99' }))).toMatchObject({
    status: 400,
    json: { error: { code: '1211' } },
  });
});

test('the tokenizer counts a prompt as chat does, in the keys a client knows', async () => {
  const desk = openDesk({}, { at: '2026-10-09T16:57:22Z' });
  const counted = await desk.ask({ path: `${base}/tokenizer`, body: leastRequest });
  const chatted = (await desk.chat()).json as { usage: { prompt_tokens: number } };
  const { prompt_tokens } = chatted.usage;
  expect(counted.json).toEqual({
    created: 1791565042,
    id: expect.stringMatching(/^20261010005722[0-9a-f]{16}$/),
    request_id: (counted.json as { id: string }).id,
    usage: { prompt_tokens, video_tokens: 0, image_tokens: 0, total_tokens: prompt_tokens },
  });
});

test.each([
  ['embedding-2', undefined, 1024],
  ['embedding-3', undefined, 2048],
  ['embedding-3', 256, 256],
])('%s with dimensions %s gives vectors of %d', async (model, dimensions, size) => {
  const body = { model, input: ['a', 'b'], dimensions };
  const { json } = await openDesk().ask({ path: `${base}/embeddings`, body });
  expect(json).toMatchObject({
    model,
    object: 'list',
    data: [
      { index: 0, object: 'embedding' },
      { index: 1, object: 'embedding' },
    ],
    usage: { completion_tokens: 0, prompt_tokens: 2, total_tokens: 2 },
  });
  for (const { embedding } of (json as { data: { embedding: number[] }[] }).data) expect(embedding).toHaveLength(size);
});

test.each<[string, Record<string, unknown>, string]>([
  ['an unknown model', { model: 'embedding-9' }, '1211'],
  ['other dimensions', { dimensions: 100 }, '1214'],
  ['dimensions that embedding-2 does not have', { model: 'embedding-2', dimensions: 256 }, '1214'],
  ['more than 64 texts', { input: Array.from({ length: 65 }, () => 'x') }, '1214'],
  ['a text of more than 3072 tokens', { input: 'word '.repeat(4000) }, '1261'],
  ['no input', { input: undefined }, '1214'],
])('embeddings: %s is refused', async (_, body, code) => {
  const { status, json } = await openDesk().ask({
    path: `${base}/embeddings`,
    body: { model: 'embedding-3', input: 'x', ...body },
  });
  expect(status).toBe(400);
  expect(json).toHaveProperty('error.code', code);
});
