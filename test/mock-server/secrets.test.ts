import { expect, test } from 'vitest';
import { mintToken } from '../../src/core/wire/auth.ts';
import { createMock } from '../../src/mock-server/index.ts';
import { createTestEngine, noon } from '../support/mock-engine.ts';

const canary = 'canary5ecret';
const prompt = 'canaryprompt';
const message = { role: 'user', content: `${prompt} and more` };
const hello = { model: 'glm-4.6', messages: [message] };
const call = { id: canary, type: 'function', function: { name: canary, arguments: canary } };

const jwt = (id: string, secret: string) => mintToken({ id, secret }, { nowMs: noon });

const knocks: readonly (readonly [string, () => string | Promise<string>])[] = [
  ['the key', () => `Bearer known.${canary}`],
  ['a wrong secret', () => `Bearer known.${canary}x`],
  ['an unknown key', () => `Bearer nobody.${canary}`],
  ['a key without a dot', () => `Bearer ${canary}`],
  ['a key with two dots', () => `Bearer a.b.${canary}`],
  ['another scheme', () => `Basic ${canary}`],
  ['a token', () => jwt('known', canary)],
  ['a token that holds the whole key', () => jwt(`nobody.${canary}`, canary)],
];

const requests: readonly (readonly [string, string, string, unknown])[] = [
  ['a completion', 'POST', '/chat/completions', hello],
  ['a stream', 'POST', '/chat/completions', { ...hello, stream: true }],
  ['a task', 'POST', '/async/chat/completions', hello],
  ['an unknown task', 'GET', '/async-result/none', ''],
  ['embeddings', 'POST', '/embeddings', { model: 'embedding-3', input: canary }],
  ['the tokenizer', 'POST', '/tokenizer', { ...hello, user_id: canary }],
  ['a bad role', 'POST', '/chat/completions', { ...hello, messages: [{ role: canary, content: canary }] }],
  ['a bad part', 'POST', '/chat/completions', { ...hello, messages: [{ role: 'user', content: [{ type: canary }] }] }],
  [
    'a bad image',
    'POST',
    '/chat/completions',
    {
      ...hello,
      model: 'glm-4.5v',
      messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: canary } }] }],
    },
  ],
  ['bad types', 'POST', '/chat/completions', { ...hello, stream: canary, temperature: canary }],
  ['a bad tool', 'POST', '/chat/completions', { ...hello, tools: [{ type: canary, function: { name: canary } }] }],
  ['a broken body', 'POST', '/chat/completions', `{"key":"${canary}"`],
  ['an unknown path', 'GET', '/nowhere', ''],
];

test.each(knocks)('%s shows in no error, journal, metric or warning', async (_, authorization) => {
  for (const options of [{}, { anyKey: true }, { strict: true }]) {
    const warnings: string[] = [];
    const { ask, engine, meter } = createTestEngine(
      { keys: [`known.${canary}`], ...options },
      { warn: text => warnings.push(text) },
    );
    for (const [, method, path, body] of requests) {
      const told = await ask({ method, path, body, headers: { authorization: await authorization() } });
      if (told.status !== 200) expect(told.text).not.toContain(canary);
      expect(JSON.stringify(told.head)).not.toContain(canary);
    }
    const kept = JSON.stringify([engine.journal.entries(), warnings]) + (await meter.metrics.text());
    expect(kept).not.toContain(canary);
    expect(kept).not.toContain(prompt);
  }
});

test.each(requests)('what is in %s stays out of journal and metrics', async (_, method, path, body) => {
  const { ask, engine, meter } = createTestEngine({ strict: true });
  const secretive = typeof body === 'object' ? { ...body, tool_calls: [call], request_id: `id-${canary}` } : body;
  await ask({ method, path, body: secretive, headers: { cookie: canary, 'x-api-key': canary, 'user-agent': canary } });
  const kept = JSON.stringify(engine.journal.entries()) + (await meter.metrics.text());
  expect(kept).not.toContain(canary);
  expect(kept).not.toContain(prompt);
});

test('a model’s name is no label unless the mock knows it', async () => {
  const { chat, meter } = createTestEngine();
  await chat({ ...hello, model: canary });
  await chat(hello);
  const text = await meter.metrics.text();
  expect(text).not.toContain(canary);
  expect(text).toContain('model="glm-4.6"');
});

test('the same holds for the routes of a running mock', async () => {
  const mock = await createMock({ keys: [`known.${canary}`] });
  try {
    for (const [, authorization] of knocks)
      await fetch(`${mock.baseUrl}/chat/completions?key=${canary}`, {
        method: 'POST',
        headers: { authorization: await authorization() },
        body: JSON.stringify(hello),
      });
    for (const path of ['/__admin/journal', '/metrics', '/healthz']) {
      const text = await (await fetch(mock.url + path)).text();
      expect(text).not.toContain(canary);
      expect(text).not.toContain(prompt);
    }
  } finally {
    await mock.close();
  }
});
