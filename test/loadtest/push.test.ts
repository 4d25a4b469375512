import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { pushMetrics } from '../../src/loadtest/push.ts';
import { freePort } from '../support/free-port.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function gateway(status: number) {
  const got: { path: string | undefined; headers: IncomingHttpHeaders; text: string }[] = [];
  const server = createServer(async (request, response) => {
    const text = (await request.toArray()).join('');
    got.push({ path: request.url, headers: request.headers, text });
    response.writeHead(status).end('said the gateway');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise(resolve => server.close(resolve)));
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, got };
}

const run = { scenario: 'closed', model: 'glm/4.6' };

test('metrics go to the group of the scenario and the model', async () => {
  const { host, got } = await gateway(200);
  expect(await pushMetrics({ url: `http://${host}/`, ...run }, 'a 1\n')).toBeUndefined();
  expect(got).toMatchObject([
    { path: '/metrics/job/glm_load/scenario@base64/Y2xvc2Vk/model@base64/Z2xtLzQuNg', text: 'a 1\n' },
  ]);
  expect(got[0]?.headers.authorization).toBeUndefined();
});

test.each([
  ['ann:canary', 'ann:canary'],
  ['ann:can%61ry%40', 'ann:canary@'],
  ['ann:100%canary', 'ann:100%canary'],
])('the user and password %s of a gateway are sent and not shown', async (written, sent) => {
  const { host, got } = await gateway(401);
  const failure = await pushMetrics({ url: `http://${written}@${host}/base`, ...run }, 'a 1\n');
  expect(got[0]?.path).toMatch(/^\/base\/metrics\/job/);
  expect(got[0]?.headers.authorization).toBe(`Basic ${Buffer.from(sent).toString('base64')}`);
  expect(failure).toBe(`http://${host}/base answered 401: said the gateway`);
  const nobody = `127.0.0.1:${await freePort()}`;
  const unreached = await pushMetrics({ url: `http://${written}@${nobody}`, ...run }, 'a 1\n');
  expect(unreached).toMatch(/could not be reached/);
  expect(unreached).not.toMatch(/can(a|%61)ry|ann/);
});
