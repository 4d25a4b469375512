import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Take } from '../../../src/core/cassette/take.ts';
import { mostBytes } from '../../../src/mock-server/recording/server.ts';
import { unfitness, unpacked } from '../../../src/mock-server/recording/unpacked.ts';

const said = Buffer.from('{"choices":[]}');

/** An answer in one piece. */
const answer = (encoding: string, bytes: Uint8Array): Take => ({
  n: 1,
  wallMs: 0,
  base: '/v4',
  method: 'POST',
  path: '/v4/chat/completions',
  query: '',
  headers: [],
  body: '{}',
  head: { atMs: 1, status: 200, headers: ['Content-Encoding', encoding, 'X-Log-Id', '7'] },
  parts: [{ atMs: 5, bytes }],
  bytes: bytes.length,
});

test.each([
  ['gzip', gzipSync(said)],
  ['GZIP', gzipSync(said)],
  ['deflate', deflateSync(said)],
  ['br', brotliCompressSync(said)],
])('what came as %s is kept as it was meant', (encoding, bytes) => {
  const take = unpacked(answer(encoding, bytes));
  expect(take.parts).toEqual([{ atMs: 5, bytes: said }]);
  expect(take.head?.headers).toEqual(['X-Log-Id', '7']);
  expect(unfitness(take)).toBeUndefined();
});

test.each([
  ['zstd', said],
  ['gzip, br', gzipSync(said)],
  ['gzip', said],
  ['gzip', gzipSync(said).subarray(0, 12)],
  ['gzip', gzipSync(Buffer.alloc(mostBytes + 1))],
  ['constructor', gzipSync(said)],
  ['__proto__', gzipSync(said)],
  ['toString', gzipSync(said)],
])('what came as %s and cannot be unpacked is not kept', (encoding, bytes) => {
  expect(unfitness(unpacked(answer(encoding, bytes)))).toMatch(/^its answer is compressed \(/);
});
