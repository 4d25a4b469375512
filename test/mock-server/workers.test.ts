import { request } from 'node:http';
import { afterAll, expect, test } from 'vitest';
import type { JournalEntry } from '../../src/mock-server/index.ts';
import { launch } from '../support/process.ts';
import { dial, post } from '../support/raw.ts';
import { until } from '../support/until.ts';

const mock = launch([
  'mock',
  '--port',
  '0',
  '--workers',
  '2',
  '--reply-tokens',
  '10',
  '--thinking-tokens',
  '0',
  '--task-time',
  '0',
  '--timing',
  'ttft=2ms,itl=1ms',
]);
afterAll(async () => {
  mock.child.kill('SIGKILL');
  await mock.ended;
});
const [, baseUrl = ''] = await mock.says(/base URL {2}(\S+)/);
const [, key = ''] = await mock.says(/test key {2}(\S+)/);
const { origin } = new URL(baseUrl);

/** Every call on a connection of its own, so that the workers take turns. */
const call = (path: string, body?: object) =>
  new Promise<string>((resolve, reject) => {
    const req = request(
      origin + path,
      { method: body ? 'POST' : 'GET', agent: false, headers: { authorization: key } },
      res => {
        let text = '';
        res.setEncoding('utf8').on('data', part => {
          text += part;
        });
        res.on('end', () => resolve(text)).on('error', reject);
      },
    );
    req.on('error', reject).end(body && JSON.stringify(body));
  });

const hello = { model: 'glm-4.6', messages: [{ role: 'user', content: 'trains' }] };
const v4 = '/api/paas/v4';
const journal = async () => (JSON.parse(await call('/__admin/journal')) as { requests: JournalEntry[] }).requests;
const total = async (name: string) =>
  [...(await call('/metrics')).matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))].reduce(
    (sum, match) => sum + Number(match[1]),
    0,
  );

test('a task submitted to one process is found by all, however often it is asked for', async () => {
  for (let round = 0; round < 20; round++) {
    const { id } = JSON.parse(await call(`${v4}/async/chat/completions`, hello)) as { id: string };
    const states = await Promise.all(Array.from({ length: 10 }, () => call(`${v4}/async-result/${id}`)));
    for (const text of states) expect(text).toMatch(/"task_status":"(PROCESSING|SUCCESS)"/);
    expect(
      await until('the result', async () => {
        const text = await call(`${v4}/async-result/${id}`);
        return text.includes('SUCCESS') && text;
      }),
    ).toContain(id);
  }
  expect(await call(`${v4}/async-result/none`)).toContain('1233');
});

test('metrics and journal add up all processes exactly', async () => {
  const before = {
    requests: await total('glm_mock_requests_total'),
    chunks: await total('glm_mock_chunk_lateness_seconds_count'),
    entries: (await journal()).length,
  };
  const bodies = await Promise.all(
    Array.from({ length: 60 }, (_, i) => call(`${v4}/chat/completions`, { ...hello, stream: i % 3 === 0 })),
  );
  const ids = new Set(bodies.map(text => /"id":"(\w+)"/.exec(text)?.[1]));
  expect(ids.size).toBe(60);
  await until('all to be settled', async () => (await total('glm_mock_in_flight_requests')) === 0);
  expect(await total('glm_mock_requests_total')).toBe(before.requests + 60);
  expect(await total('glm_mock_chunk_lateness_seconds_count')).toBe(before.chunks + 20 * 12 + 40);
  const entries = await journal();
  expect(entries).toHaveLength(before.entries + 60);
  expect(entries.map(entry => entry.at)).toEqual(entries.map(entry => entry.at).sort((a, b) => a - b));
  // Both processes took part.
  expect(new Set(entries.map(entry => entry.n)).size).toBeLessThan(entries.length);
  expect(await call('/metrics')).toMatch(/^glm_mock_build_info\{.*\} 1$/m);
});

test('Ctrl-C lets the streams of all processes end', async () => {
  const clients = await Promise.all(Array.from({ length: 6 }, () => dial(origin)));
  for (const client of clients)
    client.socket.write(post(`${v4}/chat/completions`, key, { ...hello, stream: true }, 'Connection: close'));
  await Promise.all(clients.map(client => client.hears(/200 OK/)));
  mock.child.kill('SIGINT');
  await Promise.all(clients.map(client => client.closed));
  for (const client of clients) expect(client.heard()).toMatch(/\[DONE\]\n\n\r\n0\r\n\r\n$/);
  expect(await mock.ended).toBe(0);
  expect(mock.err()).toBe('closing: running answers have 10s to end\n');
});
