/** Who is let in and how the others are refused; glm-api.md §5.4, §6. */
import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import type { MockOptions } from '../../src/mock-server/config.ts';
import { base, key, openDesk, recording } from '../support/engine.ts';

const nowMs = Date.parse('2026-10-09T04:00:00Z');
const [id = '', secret = ''] = key.split('.');

const token = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}, signer = secret) =>
  new SignJWT({ api_key: id, exp: nowMs + 210_000, timestamp: nowMs, ...claims })
    .setProtectedHeader({ alg: 'HS256', sign_type: 'SIGN', ...header })
    .sign(new TextEncoder().encode(signer));

async function knock(authorization: string | undefined, options: MockOptions = {}) {
  const warnings: string[] = [];
  const desk = openDesk(options, { warn: sentence => warnings.push(sentence) });
  const { status, text } = await desk.ask({ method: 'GET', path: `${base}/models`, headers: { authorization } });
  return { status, text, warnings };
}

const codeOf = ({ text }: { text: string }) => /"code":"(\w+)"/.exec(text)?.[1] ?? 'none';

test.each([
  ['with Bearer', `Bearer ${key}`],
  ['with bearer in lower case', `bearer ${key}`],
  ['without Bearer', key],
])('a raw key is accepted %s', async (_, authorization) => {
  expect((await knock(authorization)).status).toBe(200);
});

test.each(['Bearer ', ''])('a JWT is accepted after %j', async prefix => {
  expect((await knock(`${prefix}${await token()}`)).status).toBe(200);
});

test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
  ['typ in its header', {}, { typ: 'JWT' }],
  ['no sign_type', {}, { sign_type: undefined }],
  ['iat and other claims', { iat: 1_791_518_400, more: true }, {}],
  ['exp and timestamp in microseconds', { exp: nowMs * 1000, timestamp: nowMs * 1000 }, {}],
  ['a timestamp of tomorrow', { timestamp: nowMs + 86_400_000 }, {}],
  ['a lifetime of a day', { exp: nowMs + 86_400_000 }, {}],
])('a JWT with %s is accepted', async (_, claims, header) => {
  expect((await knock(await token(claims, header))).status).toBe(200);
});

test('no Authorization header is 401 with 1001, as recorded', async () => {
  const { status, text } = await knock(undefined);
  expect([status, text]).toEqual([401, recording('e1-1001-no-authorization.golden.json')]);
  expect(codeOf(await knock('Bearer '))).toBe('1001');
});

test.each(['other-id.test-secret', 'test-id.other-secret'])(
  'the well-formed but wrong key %s is 401 with 1000, as recorded',
  async wrong => {
    const { status, text } = await knock(`Bearer ${wrong}`);
    expect([status, text]).toEqual([401, recording('e1-1000-unknown-key.golden.json')]);
  },
);

test.each(['sk-cp-0123456789', 'plain', 'a.b.c.d', 'a.b.c'])(
  'the text %s is no key: 401 with code 401',
  async wrong => {
    const { status, text } = await knock(`Bearer ${wrong}`);
    expect([status, text]).toEqual([401, '{"error":{"code":"401","message":"令牌已过期或验证不正确"}}']);
    expect((await knock(wrong, { profile: 'intl' })).text).toContain('"token expired or incorrect"');
  },
);

test('a JWT counts as expired from its exp on, to the millisecond: 401 with 1003', async () => {
  expect((await knock(await token({ exp: nowMs + 1 }))).status).toBe(200);
  const { status, text } = await knock(await token({ exp: nowMs }));
  expect([status, text]).toEqual([
    401,
    '{"error":{"code":"1003","message":"Authentication Token 已过期，请重新生成/获取"}}',
  ]);
});

test('a JWT that was good once is refused when it expires', async () => {
  const desk = openDesk();
  const authorization = await token({ exp: nowMs + 5000 });
  const status = async () =>
    (await desk.ask({ method: 'GET', path: `${base}/models`, headers: { authorization } })).status;
  expect(await status()).toBe(200);
  desk.clock.advance(5000);
  expect(await status()).toBe(401);
});

test.each(['1000', '1002', '1004'] as const)('a wrong signature is 401 with wire.jwtSignatureCode %s', async code => {
  const wrong = await token({}, {}, 'another-secret');
  const { status, text } = await knock(wrong, { wire: { jwtSignatureCode: code } });
  expect([status, codeOf({ text })]).toEqual([401, code]);
});

test('a wrong signature, a JWT of an unknown key and one without exp are 1000 by default', async () => {
  expect(codeOf(await knock(await token({}, {}, 'another-secret')))).toBe('1000');
  expect(codeOf(await knock(await token({ api_key: 'other-id' })))).toBe('1000');
  expect(codeOf(await knock(await token({ exp: undefined })))).toBe('1000');
});

test('exp in seconds is understood and warned about, or expired with wire.jwtExpUnit ms-only', async () => {
  const seconds = await token({ exp: Math.floor(nowMs / 1000) + 180 });
  const lenient = await knock(seconds);
  expect(lenient.status).toBe(200);
  expect(lenient.warnings.join()).toContain('exp in seconds');
  expect(lenient.warnings.join()).not.toContain(secret);
  expect(codeOf(await knock(seconds, { wire: { jwtExpUnit: 'ms-only' } }))).toBe('1003');
  expect(codeOf(await knock(await token({ exp: Math.floor(nowMs / 1000) - 1 })))).toBe('1003');
});

test('with anyKey every well-formed key is let in, but a known one still needs its secret', async () => {
  expect((await knock('Bearer some.key', { anyKey: true })).status).toBe(200);
  expect((await knock(await token({ api_key: 'other-id' }, {}, 'x'), { anyKey: true })).status).toBe(200);
  expect(codeOf(await knock(`Bearer ${id}.wrong`, { anyKey: true }))).toBe('1000');
  expect(codeOf(await knock('Bearer sk-cp-0', { anyKey: true }))).toBe('401');
});
