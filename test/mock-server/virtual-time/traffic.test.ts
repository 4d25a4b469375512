/** What a jump of time waits for, without any patience running out. With Node's own fetch: the npm undici puts another dispatcher in its place. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type Traffic, watchTraffic } from '../../../src/mock-server/virtual-time/traffic.ts';
import { until } from '../../support/until.ts';

let server: Server | undefined;
let traffic: Traffic | undefined;
afterEach(() => {
  traffic?.stop();
  server?.closeAllConnections();
  server?.close();
});

/** A server that answers `/answer` and nothing else, and counts its connections. */
async function begin() {
  const seen = { connections: 0, requests: 0 };
  server = createServer((req, res) => {
    seen.requests++;
    if (req.url === '/answer') res.end('ok');
  }).on('connection', () => seen.connections++);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  traffic = watchTraffic(Number.POSITIVE_INFINITY);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, traffic, seen };
}

test('a request is under way until it was read, and its answer until it was', async () => {
  const { url, traffic, seen } = await begin();
  const answer = fetch(`${url}/answer`);
  while (seen.requests === 0) {
    expect(traffic.underWay()).toBe(true);
    await new Promise(setImmediate);
  }
  expect(await (await answer).text()).toBe('ok');
  await until('silence', () => !traffic.underWay());
});

test('a connection that fetch makes after an abort, and that nobody writes on, is not waited for', async () => {
  const { url, traffic, seen } = await begin();
  const [first, second] = [new AbortController(), new AbortController()];
  const answers = [first, second].map(({ signal }) => fetch(`${url}/hang`, { signal }));
  await until('both requests', () => seen.requests === 2);
  second.abort(); // the first keeps the pool of connections open
  await expect(answers[1]).rejects.toMatchObject({ name: 'AbortError' });
  await until('the spare connection', () => seen.connections === 3);
  await until('silence, before fetch closes it after four seconds', () => !traffic.underWay(), 2000);
  first.abort();
  await expect(answers[0]).rejects.toMatchObject({ name: 'AbortError' });
});

test('a request that is given up before it is sent is not waited for', async () => {
  const { url, traffic } = await begin();
  const abort = new AbortController();
  const answer = fetch(`${url}/answer`, { signal: abort.signal });
  abort.abort();
  await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
  await until('silence', () => !traffic.underWay());
});
