import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { afterAll, expect, test } from 'vitest';
import { signedBy } from '../src/core/wire/auth.ts';
import { createMock } from '../src/mock-server/index.ts';
import { command } from '../src/token.ts';
import { run } from './support/io.ts';
import { launch } from './support/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'glm-test-'));
afterAll(() => rmSync(folder, { recursive: true }));
const env = { GLM_API_KEY: 'my-id.canary-secret' };
const mint = async (...argv: string[]) => (await run(command, ['token', 'mint', ...argv], { env })).out.trim();
const inspect = (jwt: string, ...argv: string[]) => run(command, ['token', 'inspect', jwt, ...argv]);
const jwt = (payload: object, header: object = {}) =>
  new SignJWT({ api_key: 'my-id', timestamp: Date.now(), ...payload })
    .setProtectedHeader({ alg: 'HS256', sign_type: 'SIGN', ...header })
    .sign(new TextEncoder().encode('canary-secret'));

test('a minted token has the documented header and payload, and is signed with the secret', async () => {
  const before = Date.now();
  const token = await mint();
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', sign_type: 'SIGN' });
  const { api_key, timestamp, exp } = decodeJwt<{ timestamp: number }>(token);
  expect(api_key).toBe('my-id');
  expect(timestamp).toBeGreaterThanOrEqual(before);
  expect((exp ?? 0) - timestamp).toBe(210_000);
  expect(await signedBy(token, { id: 'my-id', secret: 'canary-secret' })).toBe(true);
});

test('lifetime, typ and the key’s file can be chosen', async () => {
  const keyFile = join(folder, 'key.txt');
  writeFileSync(keyFile, 'other-id.other-secret\n');
  const token = await mint('--ttl', '30m', '--typ', '--api-key-file', keyFile);
  expect(decodeProtectedHeader(token).typ).toBe('JWT');
  const { api_key, timestamp, exp } = decodeJwt<{ timestamp: number }>(token);
  expect([api_key, (exp ?? 0) - timestamp]).toEqual(['other-id', 1_800_000]);
});

test.each(['0', '0ms', '1us'])('a lifetime of %s is refused, for the API would refuse the token', async ttl => {
  const { code, out, err } = await run(command, ['token', 'mint', '--ttl', ttl], { env });
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('--ttl: must be at least 1ms: the API refuses an expired token, found');
});

test('a minted token opens the mock and has nothing odd', async () => {
  const token = await mint();
  const mock = await createMock({ keys: ['my-id.canary-secret'] });
  const answer = await fetch(`${mock.baseUrl}/models`, { headers: { authorization: `Bearer ${token}` } });
  await mock.close();
  expect(answer.status).toBe(200);
  const { code, out, err } = await inspect(token);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(
    /^header {2}\{"alg":"HS256","sign_type":"SIGN"\}\npayload \{"api_key":"my-id",.*\}\nexpires \S+Z \(.* left\)\nnothing odd\n$/,
  );
  expect(out).not.toContain('canary');
});

test('mint and inspect are joined by a pipe, with the word Bearer or without', async () => {
  for (const [stdin, argv] of [
    [await mint(), []],
    [`Bearer ${await mint()}\n`, ['-']],
  ] as const) {
    const inspected = launch(['token', 'inspect', '--json', ...argv], { stdin });
    expect(await inspected.ended).toBe(0);
    expect(JSON.parse(inspected.out())).toMatchObject({
      header: { alg: 'HS256' },
      payload: { api_key: 'my-id' },
      findings: [],
    });
    expect(inspected.err()).toBe('');
  }
});

test('the process mints from the environment and shows no secret', async () => {
  const minted = launch(['token', 'mint'], { env });
  expect(await minted.ended).toBe(0);
  expect(minted.out()).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  expect(minted.out() + minted.err()).not.toContain('canary');
});

test.each<[string, () => Promise<string>, RegExp]>([
  ['an expired one', () => jwt({ exp: Date.now() - 5000 }), /\nexpired \S+Z\nodd: expired 5 s ago\n$/],
  ['seconds', () => jwt({ exp: Math.floor(Date.now() / 1000) + 60 }), /odd: payload\.exp is in seconds/],
  ['microseconds', () => jwt({ exp: Date.now() * 1000 }), /odd: payload\.exp is more than 1000 years ahead/],
  ['an expiry later than any date', () => jwt({ exp: 1e20 }), /later than any date\nodd: /],
  ['no expiry', () => jwt({}), /odd: payload\.exp is missing/],
  ['no timestamp', () => jwt({ exp: Date.now() + 9e4, timestamp: undefined }), /odd: payload\.timestamp is missing/],
  ['no api_key', () => jwt({ exp: Date.now() + 9e4, api_key: undefined }), /odd: payload\.api_key is missing/],
  [
    'no sign_type',
    () => jwt({ exp: Date.now() + 9e4 }, { sign_type: undefined }),
    /odd: header\.sign_type is undefined/,
  ],
  ['another algorithm', () => jwt({ exp: Date.now() + 9e4 }, { alg: 'HS512' }), /odd: header\.alg is "HS512"/],
])('inspect says of %s what is odd, and ends with 1', async (_, token, said) => {
  const { code, out, err } = await inspect(await token());
  expect({ code, err }).toEqual({ code: 1, err: '' });
  expect(out).toMatch(said);
});

test.each<[string, string[], Record<string, string>, RegExp]>([
  ['no key', ['mint'], {}, /no API key: none of GLM_API_KEY, ZHIPUAI_API_KEY, ZAI_API_KEY is set/],
  ['a key without a dot', ['mint'], { GLM_API_KEY: 'canary' }, /the API key is not of the form id\.secret/],
  ['a bad lifetime', ['mint', '--ttl', 'long'], env, /--ttl: "long" is not a duration/],
  ['a file that is not there', ['mint', '--api-key-file', 'none.txt'], env, /none\.txt: no such file/],
  ['no JWT', ['inspect', 'canary'], {}, /the text is not a JWT/],
])('%s is a usage error', async (_, argv, given, said) => {
  const { code, out, err } = await run(command, ['token', ...argv], { env: given });
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(said);
  expect(err).not.toContain('canary');
});
