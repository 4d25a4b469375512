import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { createRandom } from '../../../src/core/random.ts';
import {
  expiryOf,
  inspectToken,
  mintToken,
  parseKey,
  readToken,
  signedBy,
  testKey,
} from '../../../src/core/wire/auth.ts';

const key = { id: '0123456789abcdef0123456789abcdef', secret: 'canarySecret0042' };
const nowMs = 1_791_482_096_123;

const decoded = (part: string | undefined): unknown => JSON.parse(Buffer.from(part ?? '', 'base64url').toString());

/** A token by hand, signed with the secret of `key`. */
function signed(
  payload: Readonly<Record<string, unknown>>,
  header: object = { alg: 'HS256', sign_type: 'SIGN' },
): string {
  const text = [header, payload].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${createHmac('sha256', key.secret).update(text).digest('base64url')}`;
}

test.each([
  ['id.secret', { id: 'id', secret: 'secret' }],
  ['idsecret', undefined],
  ['.secret', undefined],
  ['id.', undefined],
  ['a.b.c', undefined],
  ['sk-cp-abc', undefined],
  ['', undefined],
])('the key %j is read as %j', (text, expected) => {
  expect(parseKey(text)).toEqual(expected);
});

test('a minted token holds exactly what the vendor’s SDKs send, in milliseconds', async () => {
  const token = await mintToken(key, { nowMs });
  const [header, payload] = token.split('.').map((part, i) => (i < 2 ? decoded(part) : part));
  expect(header).toEqual({ alg: 'HS256', sign_type: 'SIGN' });
  expect(payload).toEqual({ api_key: key.id, exp: nowMs + 210_000, timestamp: nowMs });
});

test('lifetime and typ can be asked for', async () => {
  const token = await mintToken(key, { nowMs, ttlMs: 1000, typ: true });
  const [header, payload] = token.split('.');
  expect(decoded(header)).toEqual({ alg: 'HS256', sign_type: 'SIGN', typ: 'JWT' });
  expect(decoded(payload)).toMatchObject({ exp: nowMs + 1000 });
});

test('the signature is HMAC-SHA256 with the secret as UTF-8', async () => {
  const token = await mintToken(key, { nowMs });
  const end = token.lastIndexOf('.');
  const mac = createHmac('sha256', Buffer.from(key.secret, 'utf8')).update(token.slice(0, end)).digest('base64url');
  expect(token.slice(end + 1)).toBe(mac);
});

test('a token is signed by the key whose secret signed it, and by no other', async () => {
  const token = await mintToken(key, { nowMs });
  expect(await signedBy(token, key)).toBe(true);
  expect(await signedBy(signed({ iat: 1 }, { alg: 'HS256' }), key)).toBe(true);
  expect(await signedBy(token, { ...key, secret: 'canarySecret0043' })).toBe(false);
  expect(await signedBy(`${token.slice(0, -2)}xx`, key)).toBe(false);
  expect(await signedBy(token.replace(/\.[^.]+\./, '.e30.'), key)).toBe(false);
  expect(await signedBy(signed({ exp: 1 }, { alg: 'none' }), key)).toBe(false);
  for (const garbage of ['', 'a.b', 'a.b.c', key.secret]) expect(await signedBy(garbage, key)).toBe(false);
});

test.each(['', 'x', 'a.b.c', '..', 'e30.W10.x', 'e30.bm90IGpzb24.x', 'a.b.c.d.e', '令牌.令牌.令牌', key.secret])(
  '%j is no token',
  text => {
    expect(readToken(text)).toBeUndefined();
  },
);

test('a token is read without verifying it', () => {
  const token = signed({ api_key: key.id, exp: 5, timestamp: 4, iat: 3 });
  expect(readToken(token)).toEqual({
    header: { alg: 'HS256', sign_type: 'SIGN' },
    payload: { api_key: key.id, exp: 5, timestamp: 4, iat: 3 },
    apiKey: key.id,
    exp: 5,
  });
  expect(readToken(signed({ api_key: 7, exp: '5' }))).toMatchObject({ apiKey: undefined, exp: undefined });
});

test.each([
  [nowMs, 'ms-only', { ms: nowMs, seconds: false }],
  [nowMs, 'lenient', { ms: nowMs, seconds: false }],
  [1_791_482_096, 'ms-only', { ms: 1_791_482_096, seconds: false }],
  [1_791_482_096, 'lenient', { ms: 1_791_482_096_000, seconds: true }],
  [nowMs * 1000, 'lenient', { ms: nowMs * 1000, seconds: false }],
  [1e11 - 1, 'lenient', { ms: 1e14 - 1000, seconds: true }],
  [1e11, 'lenient', { ms: 1e11, seconds: false }],
] as const)('the expiry %d read %s is %j', (exp, unit, expected) => {
  expect(expiryOf(exp, unit)).toEqual(expected);
});

const good = { api_key: key.id, exp: nowMs + 1000, timestamp: nowMs };
const header = { alg: 'HS256', sign_type: 'SIGN' };

test.each<[string, Record<string, unknown>, Record<string, unknown>, string[]]>([
  ['a good token', good, header, []],
  ['a good token with typ and iat', { ...good, iat: 1 }, { ...header, typ: 'JWT' }, []],
  ['another algorithm', good, { ...header, alg: 'HS512' }, ['header.alg is "HS512"; the API expects "HS256"']],
  ['no sign_type', good, { alg: 'HS256' }, ['header.sign_type is undefined; the API expects "SIGN"']],
  [
    'no api_key',
    { exp: nowMs + 1, timestamp: nowMs },
    header,
    ['payload.api_key is missing; it must hold the part of the key before the dot'],
  ],
  [
    'no timestamp',
    { api_key: key.id, exp: nowMs + 1 },
    header,
    ['payload.timestamp is missing; it must hold the current time in milliseconds'],
  ],
  [
    'no exp',
    { api_key: key.id, timestamp: nowMs },
    header,
    ['payload.exp is missing; it must hold the expiry in milliseconds'],
  ],
  [
    'exp in seconds',
    { ...good, exp: 1_791_482_276 },
    header,
    ['payload.exp is in seconds; the API documents milliseconds (multiply by 1000)'],
  ],
  [
    'exp in microseconds',
    { ...good, exp: nowMs * 1000 },
    header,
    ['payload.exp is more than 1000 years ahead; it looks like microseconds'],
  ],
  ['an expired token', { ...good, exp: nowMs - 5000 }, header, ['expired 5 s ago']],
  ['a token that expires now', { ...good, exp: nowMs }, header, ['expired 0 s ago']],
])('%s is inspected', (_, payload, head, findings) => {
  expect(inspectToken(signed(payload, head), nowMs).findings).toEqual(findings);
});

test('no finding and no error text holds the secret or the signature', () => {
  const token = signed({ exp: 1 }, { alg: 'none' });
  const { claims, findings } = inspectToken(token, nowMs);
  const told = JSON.stringify([claims, findings]);
  expect(findings.length).toBeGreaterThan(3);
  expect(told).not.toContain(key.secret);
  expect(told).not.toContain(token.split('.')[2]);
  for (const wrong of [`${key.id}.${key.secret}`, `a.b.${key.secret}`])
    expect(() => inspectToken(wrong, nowMs)).toThrow(
      expect.objectContaining({
        code: 'not_a_jwt',
        message: 'the text is not a JWT: expected three base64url parts joined by dots',
      }),
    );
});

test('a key for tests has the usual shape, can be parsed, and is the same for the same chance', () => {
  for (let seed = 0; seed < 100; seed++) {
    const text = testKey(createRandom(seed));
    expect(text).toMatch(/^[0-9a-f]{32}\.[0-9A-Za-z]{16}$/);
    expect(parseKey(text)).toBeDefined();
    expect(testKey(createRandom(seed))).toBe(text);
  }
});
