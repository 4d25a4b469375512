import { expect, test } from 'vitest';
import { isLoopback } from '../../src/core/loopback.ts';

test.each([
  ['localhost', true],
  ['LOCALHOST', true],
  ['127.0.0.1', true],
  ['127.255.255.254', true],
  ['::1', true],
  ['[::1]', true],
  ['127.0.0.1.example.com', false],
  ['127.evil.example', false],
  ['127.0.0.256', false],
  ['localhost.example.com', false],
  ['0.0.0.0', false],
  ['10.127.0.1', false],
  ['[::2]', false],
  ['', false],
])('%s: %s', (host, here) => {
  expect(isLoopback(host)).toBe(here);
});
