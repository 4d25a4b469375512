import { expect, test } from 'vitest';
import { mintToken } from '../../src/core/wire/auth.ts';
import { presentedBy } from '../../src/mock-server/credentials.ts';

const nowMs = 1_800_000_000_000;
const token = (secret: string, at: number) => mintToken({ id: 'id', secret }, { nowMs: at });
const counter = () => {
  const keys = new Map<string, string>();
  return (header: string | undefined) => presentedBy(header, keys, nowMs).credential;
};

test('credentials are counted from 1 in order of first sight, whatever comes before them in the header; none is 0', () => {
  const number = counter();
  const headers = ['a.b', undefined, 'sk-x', '', 'Bearer a.b', 'bearer  sk-x', '密钥', 'a.c', 'Bearer'];
  expect(headers.map(number)).toEqual([1, 0, 2, 0, 1, 2, 3, 4, 5]);
});

test('each mock counts on its own', () => {
  expect([counter(), counter()].map(number => number('a.b'))).toEqual([1, 1]);
});

test('tokens minted anew by one key are one credential, and a fresh one after an expired one is another', async () => {
  const number = counter();
  const tokens = await Promise.all([
    token('s', nowMs - 300_000),
    token('s', nowMs - 250_000),
    token('s', nowMs),
    token('s', nowMs + 1000),
    mintToken({ id: 'other', secret: 's' }, { nowMs }),
  ]);
  expect(tokens.map(number)).toEqual([1, 2, 3, 3, 4]);
});

test('each text is a token of its own, and a token that comes again is the same', async () => {
  const keys = new Map<string, string>();
  const fresh = await Promise.all([token('s', nowMs), token('s', nowMs + 1000)]);
  const headers = [...fresh, undefined, fresh[0], 'a.b', fresh[1]];
  expect(headers.map(header => presentedBy(header, keys, nowMs).token)).toEqual([1, 2, 0, 1, 3, 2]);
});

test('memory is bounded: what was not seen for thousands of others is counted anew, the latest are not', () => {
  const number = counter();
  number('a.b');
  number('a.c');
  for (let i = 0; i < 5000; i++) number(`k.${i}`);
  expect(number('k.4999')).toBe(5002);
  expect(number('a.b')).toBe(5003);
});
