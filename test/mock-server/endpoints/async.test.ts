import { expect, test } from 'vitest';
import { createTestEngine } from '../../support/mock-engine.ts';

const body = { model: 'glm-4.5-flash', messages: [{ role: 'user', content: 'Tell me about trains' }] };
const submit = { path: '/async/chat/completions', body };
const poll = (id: string) => ({ method: 'GET', path: `/async-result/${id}` });

test('a task is PROCESSING until its time has come, then the completion', async () => {
  const { ask, clock } = createTestEngine({ taskTime: '5s' });
  const taken = (await ask(submit)).json<{ id: string }>();
  const { id } = taken;
  expect(taken).toEqual({ id, model: body.model, request_id: id, task_status: 'PROCESSING' });
  for (const wait of [0, 4999]) {
    clock.advance(wait);
    expect((await ask(poll(id))).json()).toEqual({ id, request_id: id, task_status: 'PROCESSING' });
  }
  clock.advance(1);
  const done = await ask(poll(id));
  expect(done.json()).toMatchObject({
    id,
    request_id: id,
    task_status: 'SUCCESS',
    model: body.model,
    created: Math.floor(clock.wall() / 1000),
  });
  expect(done.completion().content).toContain('rains');
  clock.advance(86_400_000);
  expect((await ask(poll(id))).text).toBe(done.text);
});

test('generating takes time before the task’s own', async () => {
  const { ask, clock } = createTestEngine({
    taskTime: '1s',
    timing: 'ttft=2s,itl=100ms',
    replyTokens: 11,
    thinkingTokens: 0,
  });
  const { id } = (await ask({ ...submit, body: { ...body, model: 'glm-4.6' } })).json<{ id: string }>();
  clock.advance(2000 + 1000 + 10 * 100 - 1);
  expect((await ask(poll(id))).text).toContain('PROCESSING');
  clock.advance(1);
  expect((await ask(poll(id))).text).toContain('SUCCESS');
});

test('the task’s answer is the one that the same question gets at once', async () => {
  const later = createTestEngine({ taskTime: '0' });
  const { id } = (await later.ask(submit)).json<{ id: string }>();
  const { content, usage } = (await later.ask(poll(id))).completion();
  expect(await createTestEngine().ask({ body })).toSatisfy(
    (told: Awaited<ReturnType<typeof later.ask>>) =>
      told.completion().content === content && told.completion().usage.total_tokens === usage.total_tokens,
  );
});

test('stream is accepted and ignored, and the caller’s request_id is kept', async () => {
  const { ask } = createTestEngine({ taskTime: '0' });
  const taken = (await ask({ ...submit, body: { ...body, stream: true, request_id: 'mine-0001' } })).json<{
    id: string;
  }>();
  expect(taken).toMatchObject({ request_id: 'mine-0001', id: expect.not.stringMatching('mine') });
  expect((await ask(poll(taken.id))).json()).toMatchObject({ request_id: 'mine-0001', task_status: 'SUCCESS' });
});

test.each([
  ['an id that never was', () => '20260101000000abcdefabcdefabcdef', undefined],
  ['another account’s task', (id: string) => id, 'Bearer second.secret'],
  ['a broken escape', () => '%zz', undefined],
  ['a very long id', () => 'x'.repeat(5000), undefined],
  ['an escaped id', () => encodeURIComponent('任务'), undefined],
  ['a name of the prototype', () => '__proto__', undefined],
])('%s is 1233', async (_, idOf, authorization) => {
  const { ask } = createTestEngine({ keys: ['first.secret', 'second.secret'] });
  const { id } = (await ask(submit)).json<{ id: string }>();
  const told = await ask({ ...poll(idOf(id)), headers: authorization === undefined ? {} : { authorization } });
  expect({ status: told.status, code: told.code }).toEqual({ status: 400, code: '1233' });
  expect(told.message).toMatch(/^任务：.{1,128}不存在。$/);
});

test('a refused request makes no task', async () => {
  const { ask } = createTestEngine();
  expect((await ask({ ...submit, body: { ...body, messages: [] } })).code).toBe('1214');
  expect((await ask({ ...submit, body: { ...body, model: 'nope' } })).code).toBe('1211');
});
