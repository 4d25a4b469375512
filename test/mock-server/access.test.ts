import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { mintToken } from '../../src/core/wire/auth.ts';
import { createTestEngine, noon } from '../support/mock-engine.ts';

const key = { id: 'test-id', secret: 'test-secret' };
const raw = `${key.id}.${key.secret}`;
const options = { keys: [raw] };
const body = { model: 'glm-4.6', messages: [{ role: 'user', content: 'hi' }] };

const knock = (authorization: string | undefined, more: object = {}) =>
  createTestEngine({ ...options, ...more }).ask({ body, headers: { authorization } });

const jwt = (payload: object, header: object = {}, secret = key.secret) =>
  new SignJWT({ api_key: key.id, exp: noon + 60_000, timestamp: noon, ...payload })
    .setProtectedHeader({ alg: 'HS256', sign_type: 'SIGN', ...header })
    .sign(new TextEncoder().encode(secret));

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const unsigned = (alg: string) =>
  `${base64({ alg, sign_type: 'SIGN' })}.${base64({ api_key: key.id, exp: noon + 1e6 })}.`;

test.each<[string, () => string | Promise<string>]>([
  ['the raw key', () => `Bearer ${raw}`],
  ['the raw key without Bearer', () => raw],
  ['bearer in lower case', () => `bearer ${raw}`],
  ['BEARER and several blanks', () => `  BEARER   ${raw}  `],
  ['a minted token', async () => `Bearer ${await mintToken(key, { nowMs: noon })}`],
  ['a minted token without Bearer', () => mintToken(key, { nowMs: noon })],
  ['a token with typ', async () => `Bearer ${await mintToken(key, { nowMs: noon, typ: true })}`],
  ['a token with iat and other claims', async () => `Bearer ${await jwt({ iat: 1, sub: 'x' })}`],
  ['a token without timestamp', () => jwt({ timestamp: undefined })],
  ['a token in microseconds', () => jwt({ exp: noon * 1000, timestamp: noon * 1000 })],
  ['a token that expires in a millisecond', () => jwt({ exp: noon + 1 })],
  ['a token in seconds', () => jwt({ exp: noon / 1000 + 180 })],
  ['a token from the future', () => jwt({ exp: noon + 1e9, timestamp: noon + 9e8 })],
])('%s opens', async (_, authorization) => {
  const told = await knock(await authorization());
  expect({ status: told.status, keyId: told.entry.keyId }).toEqual({ status: 200, keyId: key.id });
});

test.each<[string, () => string | undefined | Promise<string>, string, object?]>([
  ['no header', () => undefined, '1001'],
  ['an empty header', () => '', '1001'],
  ['Bearer and nothing', () => 'Bearer ', '1001'],
  ['Bearer without a blank', () => 'Bearer', '1001'],
  ['a key of another account', () => 'Bearer other-id.test-secret', '1000'],
  ['a wrong secret', () => 'Bearer test-id.wrong', '1000'],
  ['a key without a dot', () => 'Bearer sk-cp-abcdef', '401'],
  ['a key without a secret', () => 'Bearer test-id.', '401'],
  ['a key without an id', () => 'Bearer .test-secret', '401'],
  ['three parts that are no token', () => 'Bearer a.b.c', '401'],
  ['four parts', () => 'Bearer a.b.c.d', '401'],
  ['two dots', () => 'Bearer ..', '401'],
  ['another scheme', () => 'Basic dGVzdDp0ZXN0', '401'],
  ['a token of an unknown id', () => jwt({ api_key: 'nobody' }), '1000'],
  ['a token without an id', () => jwt({ api_key: undefined }), '1000'],
  ['a token whose id is a number', () => jwt({ api_key: 7 }), '1000'],
  ['a token whose id is the whole key', () => jwt({ api_key: raw }), '1000'],
  ['a token without expiry', () => jwt({ exp: undefined }), '1000'],
  ['an expired token', () => jwt({ exp: noon - 1 }), '1003'],
  ['a token that expires now', () => jwt({ exp: noon }), '1003'],
  ['an expired token in seconds', () => jwt({ exp: noon / 1000 - 1 }), '1003'],
  [
    'a token in seconds, where only milliseconds count',
    () => jwt({ exp: noon / 1000 + 180 }),
    '1003',
    { jwtExpUnit: 'ms-only' },
  ],
  ['a wrong signature', () => jwt({}, {}, 'wrong'), '1000'],
  ['a wrong signature, called 1002', () => jwt({}, {}, 'wrong'), '1002', { jwtSignatureCode: '1002' }],
  ['a wrong signature, called 1004', () => jwt({}, {}, 'wrong'), '1004', { jwtSignatureCode: '1004' }],
  ['an expired token with a wrong signature', () => jwt({ exp: 1 }, {}, 'wrong'), '1000'],
  ['a token signed with HS512', () => jwt({}, { alg: 'HS512' }), '1000'],
  ['alg none', () => unsigned('none'), '1000'],
  ['alg HS256 without a signature', () => unsigned('HS256'), '1000'],
])('%s is a 401', async (_, authorization, code, wire = {}) => {
  const told = await knock(await authorization(), { wire });
  expect({ status: told.status, code: told.code, keyId: told.entry.keyId }).toEqual({
    status: 401,
    code,
    keyId: undefined,
  });
});

test.each<[string, () => string | Promise<string>, number]>([
  ['any well-formed key', () => 'Bearer some.body', 200],
  ['a token of any key', () => jwt({ api_key: 'somebody' }, {}, 'their secret'), 200],
  ['an expired token of any key', () => jwt({ api_key: 'somebody', exp: 1e12 }, {}, 'their secret'), 401],
  ['the known id with a wrong secret', () => 'Bearer test-id.wrong', 401],
  ['a token of the known id with a wrong secret', () => jwt({}, {}, 'wrong'), 401],
  ['a whole key inside a token', () => jwt({ api_key: 'somebody.their-secret' }, {}, 'their-secret'), 401],
  ['a key without a dot', () => 'Bearer sk-cp-abcdef', 401],
])('with any key allowed, %s is judged', async (_, authorization, status) => {
  expect((await knock(await authorization(), { anyKey: true })).status).toBe(status);
});

test('a token that was good expires when its time has come', async () => {
  const { ask, clock } = createTestEngine(options);
  const authorization = `Bearer ${await mintToken(key, { nowMs: noon, ttlMs: 1000 })}`;
  const codes: (string | undefined)[] = [];
  for (const wait of [0, 999, 1]) {
    clock.advance(wait);
    codes.push((await ask({ body, headers: { authorization } })).code);
  }
  expect(codes).toEqual([undefined, undefined, '1003']);
});

test('a token in seconds is warned about, without a secret', async () => {
  const sentences: string[] = [];
  const { ask } = createTestEngine(options, { warn: sentence => sentences.push(sentence) });
  const authorization = await jwt({ exp: noon / 1000 + 180 });
  await ask({ body, headers: { authorization } });
  expect(sentences).toEqual(['a JWT of key test-id has exp in seconds; the API documents milliseconds']);
});

test('who may call is asked before what is called for, but after where', async () => {
  const { ask } = createTestEngine(options);
  const headers = { authorization: undefined };
  expect((await ask({ body: '{', headers })).code).toBe('1001');
  expect((await ask({ path: '/models', method: 'GET', headers })).code).toBe('1001');
  expect((await ask({ path: '/nowhere', headers })).status).toBe(404);
  expect((await ask({ path: '/models', headers })).status).toBe(405);
});
