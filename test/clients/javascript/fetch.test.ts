/** The program that users copy, run as they run it; and what else fetch must see. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMock, type Mock } from '../../../src/mock-server/index.ts';

let mock: Mock;
beforeAll(async () => {
  mock = await createMock();
});
afterAll(() => mock.close());

const post = (body: unknown, init: RequestInit = {}) =>
  fetch(`${mock.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${mock.apiKey}` },
    body: JSON.stringify(body),
    ...init,
  });
const chat = { model: 'glm-4.6', messages: [{ role: 'user', content: '你好' }] };

test('the example program passes', async () => {
  const program = fileURLToPath(new URL('fetch.mjs', import.meta.url));
  const env = { ...process.env, GLM_BASE_URL: mock.baseUrl, GLM_API_KEY: mock.apiKey };
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env });
  expect(stdout.match(/^ {2}ok: /gm)).toHaveLength(10);
});

test.each([
  ['no header', undefined, '1001'],
  ['an unknown key', 'Bearer 0123456789abcdef.unknownSecret', '1000'],
  ['no key at all', 'Bearer sk-something', '401'],
])('%s is refused with 401 and a code', async (_, authorization, code) => {
  const response = await post(chat, { headers: authorization === undefined ? {} : { authorization } });
  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ error: { code } });
});

test('a compressed body is unpacked without anyone noticing', async () => {
  const response = await post(chat);
  expect(response.headers.get('content-encoding')).toBe('gzip');
  expect(await response.json()).toMatchObject({ model: 'glm-4.6' });
});

test('a reader that leaves a stream early is noted as gone', async () => {
  const slow = await createMock({ timing: 'ttft=0ms,itl=50ms' });
  const controller = new AbortController();
  const response = await fetch(`${slow.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${slow.apiKey}` },
    body: JSON.stringify({ ...chat, stream: true }),
    signal: controller.signal,
  });
  await response.body?.getReader().read();
  controller.abort();
  await expect.poll(async () => (await slow.journal())[0]?.ending).toBe('client_gone');
  expect((await slow.journal())[0]?.beats).toBeGreaterThan(0);
  await slow.close();
});
