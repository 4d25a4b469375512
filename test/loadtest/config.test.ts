import { expect, test } from 'vitest';
import { isLoopback, readLoadConfig } from '../../src/loadtest/config.ts';

const env = { GLM_API_KEY: 'a.b' };
const local = { url: 'http://127.0.0.1:8080/api/paas/v4', model: 'glm-4.6' };
const read = (more: object = {}) => readLoadConfig({ ...local, ...more }, env).plan;

test.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['[::1]', true],
  ['localhost', true],
  ['127.0.0.1.evil.example', false],
  ['localhost.evil.example', false],
  ['10.0.0.1', false],
  ['0.0.0.0', false],
  ['open.bigmodel.cn', false],
])('%s is this machine: %s', (host, expected) => {
  expect(isLoopback(new URL(`http://${host}/`).hostname)).toBe(expected);
});

test('load goes to another machine only with a yes and a limit', () => {
  const url = 'https://open.bigmodel.cn/api/paas/v4';
  const refused = /--yes-load-this-endpoint and --max-requests/;
  expect(() => read({ url })).toThrow(refused);
  expect(() => read({ url, yes_load_this_endpoint: true })).toThrow(refused);
  expect(() => read({ url, max_requests: '5' })).toThrow(refused);
  expect(read({ url, yes_load_this_endpoint: true, max_requests: '5' })).toMatchObject({ maxRequests: 5 });
});

test.each<[object, string]>([
  [{}, 'undici'],
  [{ stream: false }, 'autocannon'],
  [{ stream: false, driver: 'undici' }, 'undici'],
  [{ stream: false, url: 'https://127.0.0.1/v4' }, 'undici'],
])('options %j choose driver %s', (more, driver) => {
  expect(read(more).driver).toBe(driver);
});

test.each<[object, RegExp]>([
  [{ driver: 'autocannon' }, /cannot measure streams/],
  [{ driver: 'autocannon', stream: false, url: 'https://127.0.0.1/v4' }, /does not verify certificates/],
  [{ driver: 'curl' }, /driver: knows only undici, autocannon/],
  [{ concurrency: 'many' }, /concurrency: must be a whole number/],
  [{ concurrency: '0' }, /concurrency/],
  [{ duration: '10' }, /duration: "10" is not a duration/],
  [{ url: 'ftp://127.0.0.1/' }, /url: is not an http\(s\) URL/],
  [{ url: 'http://u:canary@127.0.0.1/v4' }, /url: must hold no user, password or query/],
  [{ colour: 'red' }, /unknown key --colour/],
])('options %j are refused', (more, message) => {
  expect(() => read(more)).toThrow(message);
});

test('a run without a seed gets one', () => {
  expect(read().seed).toEqual(expect.any(Number));
  expect(read({ seed: '42' }).seed).toBe(42);
});
