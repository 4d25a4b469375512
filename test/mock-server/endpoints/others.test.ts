import { expect, test } from 'vitest';
import { createTestEngine } from '../../support/mock-engine.ts';

interface Vectors {
  readonly data: readonly { readonly embedding: readonly number[]; readonly index: number; readonly object: string }[];
  readonly model: string;
  readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number };
}

const embed = (body: object | string) => createTestEngine().ask({ path: '/embeddings', body });
const vectors = async (body: object) => (await embed(body)).json<Vectors>();

test.each([
  ['embedding-2', {}, 1024],
  ['embedding-2', { dimensions: 1024 }, 1024],
  ['embedding-3', {}, 2048],
  ['embedding-3', { dimensions: null }, 2048],
  ['embedding-3', { dimensions: 256 }, 256],
  ['embedding-3', { dimensions: 512 }, 512],
])('%s with %j gives unit vectors of %i numbers', async (model, more, size) => {
  const { data, usage } = await vectors({ model, input: ['trains', '火车'], ...more });
  expect(data.map(({ embedding, index, object }) => [embedding.length, index, object])).toEqual([
    [size, 0, 'embedding'],
    [size, 1, 'embedding'],
  ]);
  for (const { embedding } of data) expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
  expect(usage).toMatchObject({ prompt_tokens: usage.total_tokens });
});

test('equal texts have equal vectors, others nearly at right angles', async () => {
  const { data } = await vectors({ model: 'embedding-3', input: ['a train', 'a boat', 'a train'] });
  const [a = [], b = [], c = []] = data.map(({ embedding }) => embedding);
  expect(a).toEqual(c);
  expect(Math.abs(a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0))).toBeLessThan(0.15);
  expect((await vectors({ model: 'embedding-3', input: 'a train' })).data[0]?.embedding).toEqual(a);
});

test.each([
  ['no JSON', '{', '1210'],
  ['an unknown model', { model: 'glm-4.6', input: 'x' }, '1211'],
  ['no input', { model: 'embedding-3' }, '1214'],
  ['a number', { model: 'embedding-3', input: 7 }, '1214'],
  ['an empty text', { model: 'embedding-3', input: '' }, '1214'],
  ['an empty list', { model: 'embedding-3', input: [] }, '1214'],
  ['65 texts', { model: 'embedding-3', input: Array(65).fill('x') }, '1214'],
  ['a size nobody offers', { model: 'embedding-3', input: 'x', dimensions: 7 }, '1214'],
  ['a size of the other model', { model: 'embedding-2', input: 'x', dimensions: 256 }, '1214'],
  ['a text that is too long', { model: 'embedding-2', input: 'word '.repeat(600) }, '1261'],
])('embedding %s is refused', async (_, body, code) => {
  const told = await embed(body);
  expect({ status: told.status, code: told.code }).toEqual({ status: 400, code });
});

test('the tokenizer counts what a completion of the same prompt is charged', async () => {
  const { ask } = createTestEngine();
  const body = { model: 'glm-4.6', messages: [{ role: 'user', content: '说说 trains' }], request_id: 'mine-0001' };
  const counted = (await ask({ path: '/tokenizer', body })).json<{ usage: Record<string, number>; id: string }>();
  const { prompt_tokens } = (await ask({ body })).completion().usage;
  expect(counted).toMatchObject({
    request_id: 'mine-0001',
    id: expect.stringMatching(/^20261009120000[0-9a-f]{16}$/),
    usage: { prompt_tokens, total_tokens: prompt_tokens, image_tokens: 0, video_tokens: 0 },
  });
  expect((await ask({ path: '/tokenizer', body: { ...body, model: 'nope' } })).code).toBe('1211');
});

test('the list of models is that of the day, and the user’s own', async () => {
  const ids = async (options: object, forward = 0) => {
    const { ask, clock } = createTestEngine(options);
    clock.advance(forward);
    const { data } = (await ask({ method: 'GET', path: '/models' })).json<{
      data: { id: string; owned_by: string }[];
    }>();
    return data.map(({ id }) => id);
  };
  expect(await ids({})).toContain('glm-5.3');
  expect(await ids({})).not.toContain('glm-4.5-flash');
  expect(await ids({ models: ['my-model', '*'] })).toContain('my-model');
  expect(await ids({ models: ['my-model', '*'] })).not.toContain('*');
});

test.each([
  [[], 'my-model', '1211'],
  [['my-model'], 'my-model', undefined],
  [['*'], 'my-model', undefined],
  [['*'], '', undefined],
  [['my-model'], 'MY-MODEL', '1211'],
])('with models %j, %j answers %s', async (models, model, code) => {
  const { chat } = createTestEngine({ models });
  expect((await chat({ model, messages: [{ role: 'user', content: 'hi' }] })).code).toBe(code);
});
