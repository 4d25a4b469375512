import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { createTruthTeller, type TruthPace, truthOf } from '../../../src/loadtest/calibration/truth-teller.ts';
import { createSocketCaller } from '../../../src/loadtest/drivers/socket.ts';
import { dial, post } from '../../support/raw.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function tell(pace: TruthPace): Promise<string> {
  const teller = await createTruthTeller(pace);
  cleanups.push(() => teller.close());
  return teller.baseUrl;
}

async function ask(baseUrl: string, stream: boolean) {
  const options = { baseUrl, key: 'a.b', connections: 1, deadlines: {}, clock: systemClock };
  const driver = createSocketCaller({ ...options, stream });
  cleanups.push(() => driver.close());
  const gaps: number[] = [];
  const signal = new AbortController().signal;
  const record = await driver.send(JSON.stringify({ stream }), { signal, onGap: ms => gaps.push(ms) });
  return { record, gaps };
}

const nowUs = () => Number(process.hrtime.bigint()) / 1000;

test('a stream tells when each of its events was written, and that is when it came', async () => {
  const baseUrl = await tell({ ttftMs: 30, gapMs: 5, events: 8 });
  const beforeUs = nowUs();
  const { record } = await ask(baseUrl, true);
  const { firstUs, gapsUs } = truthOf(record.id) ?? { firstUs: 0, gapsUs: [] };
  expect(record).toMatchObject({ outcome: { kind: 'ok' }, chunks: 9, usage: { completion_tokens: 8 }, done: true });
  expect(firstUs).toBeGreaterThan(beforeUs + 30_000);
  expect(gapsUs).toHaveLength(7);
  const lastUs = gapsUs.reduce((sum, gap) => sum + gap, firstUs);
  expect(lastUs).toBeGreaterThan(beforeUs + 30_000 + 7 * 5000);
  expect(lastUs).toBeLessThan(nowUs());
});

test('a unary answer tells when it was written', async () => {
  const beforeUs = nowUs();
  const { record } = await ask(await tell({ ttftMs: 20, gapMs: 0, events: 1 }), false);
  const truth = truthOf(record.id);
  expect(record).toMatchObject({ outcome: { kind: 'ok' }, usage: { completion_tokens: 4 } });
  expect(truth?.gapsUs).toEqual([]);
  expect(truth?.firstUs).toBeGreaterThan(beforeUs + 20_000);
  expect(truth?.firstUs).toBeLessThan(nowUs());
});

test('a request that comes in pieces is answered once, and the next one on the same connection too', async () => {
  const baseUrl = await tell({ ttftMs: 0, gapMs: 0, events: 1 });
  const client = await dial(baseUrl);
  const request = post('/v4/chat/completions', 'a.b', { stream: false, text: '海' });
  for (const piece of [request.slice(0, 20), request.slice(20, -3), request.slice(-3)]) {
    client.socket.write(piece);
    await new Promise(setImmediate);
  }
  await client.hears(/So it is/);
  client.socket.write(request);
  await client.hears(/So it is.*So it is/s);
  expect(client.heard().match(/HTTP\/1.1 200/g)).toHaveLength(2);
  client.socket.destroy();
});

test.each<[string | undefined, unknown]>([
  ['truth:5', { firstUs: 5, gapsUs: [] }],
  ['truth:5000000000000,20,30', { firstUs: 5_000_000_000_000, gapsUs: [20, 30] }],
  ['truth', undefined],
  ['truth:', undefined],
  ['truth:5,', undefined],
  ['truth:5,x', undefined],
  ['chatcmpl-5', undefined],
  [undefined, undefined],
])('the id %j says %j', (id, truth) => {
  expect(truthOf(id)).toEqual(truth);
});

test('as a process it prints where it is, and ends with whoever started it', async () => {
  const program = fileURLToPath(new URL('../../../src/loadtest/calibration/truth-server.ts', import.meta.url));
  const child = spawn(process.execPath, [program, '--ttft=0', '--gap=1', '--events=3'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { record } = await ask(line, true);
  expect(truthOf(record.id)?.gapsUs).toHaveLength(2);
  child.stdin.end();
  expect(await once(child, 'exit')).toEqual([0, null]);
});
