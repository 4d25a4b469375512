import { expect, test } from 'vitest';
import { lookAtUrl } from '../../src/mock-server/key-in-url.ts';
import { base, createTestEngine } from '../support/mock-engine.ts';

const vendor = '0123456789abcdef0123456789abcdef.Canary5ecret4242';
const keys = new Map([['my-id', 'my-secret']]);
const chat = '/api/paas/v4/chat/completions';

test.each<[string, string, string, string, boolean]>([
  ['nothing', chat, '', chat, false],
  ['a key of the usual shape', `/${vendor}${chat}`, '', `/***${chat}`, true],
  ['a key of this mock', `/my-id.my-secret${chat}`, '', `/***${chat}`, true],
  ['an escaped key of this mock', `/my-id%2Emy-secret${chat}`, '', `/***${chat}`, true],
  ['a broken escape', `/%E0%A4%A${chat}`, '', `/%E0%A4%A${chat}`, false],
  ['another secret of a known id', `/my-id.other${chat}`, '', `/my-id.other${chat}`, false],
  ['a version', '/api/paas/v4.1/x', '', '/api/paas/v4.1/x', false],
  ['a JWT', `/eyJhbGciOiJIUzI1NiJ9.e30.x${chat}`, '', `/***${chat}`, true],
  ['a key under an innocent name', chat, `q=${vendor}`, chat, true],
  ['a key of this mock under an innocent name', chat, 'page=1&q=my-id.my-secret', chat, true],
  ['a key for a name', chat, 'my-id.my-secret', chat, true],
  ['a parameter named so', chat, 'api_key=x', chat, true],
  ['a list named so', chat, 'token[]=x', chat, true],
  ['an empty parameter named so', chat, 'api_key=&key', chat, false],
  ['a parameter that only begins so', chat, 'keyword=x&tokens=3', chat, false],
])('%s in a URL', (_, path, query, kept, keyInUrl) => {
  expect(lookAtUrl(path, query, keys)).toEqual({ path: kept, keyInUrl });
});

test('a secret in front of the path is in no entry of the journal', async () => {
  const { ask, key } = createTestEngine({ keys: ['my-id.canary-secret'] });
  const { entry } = await ask({ at: `/${key}${base}/chat/completions`, body: {} });
  expect(entry).toMatchObject({ path: `/***${base}/chat/completions`, keyInUrl: true });
  expect(JSON.stringify(entry)).not.toContain('canary');
});
