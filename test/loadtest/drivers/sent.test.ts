/** Every driver tells when a request leaves, long before its answer ends. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { driverNames, drivers } from '../../../src/loadtest/drivers/index.ts';
import { completion } from '../../support/fake-glm.ts';
import { planOf } from '../plan.ts';

/** Called when a request has come; it is answered after that. */
let onCome = () => {};
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    onCome();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(completion({ content: '海' })));
  });
});
beforeAll(() => new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise(resolve => server.close(resolve)));

const send = async (name: (typeof driverNames)[number], port: number, onSent: () => void) => {
  const baseUrl = `http://127.0.0.1:${port}/v4`;
  const driver = drivers[name](planOf({ baseUrl, stream: false, concurrency: 1 }), systemClock);
  const signal = new AbortController().signal;
  const body = JSON.stringify({ model: 'glm-4.6', messages: [{ role: 'user', content: 'a' }] });
  const records = [await driver.send(body, { signal, onSent }), await driver.send(body, { signal, onSent })];
  await driver.close();
  return records.map(({ outcome: { kind } }) => kind);
};

test.each(driverNames)('%s tells of a first and of a kept connection before the answer comes', async name => {
  const told: string[] = [];
  onCome = () => void told.push('came');
  const kinds = await send(name, (server.address() as AddressInfo).port, () => void told.push('sent'));
  expect(kinds).toEqual(['ok', 'ok']);
  expect(told).toEqual(['sent', 'came', 'sent', 'came']);
});

test.each(driverNames)('%s does not tell of what nobody took', async name => {
  const told: string[] = [];
  const closed = createServer();
  await new Promise<void>(resolve => void closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise(resolve => closed.close(resolve));
  expect(await send(name, port, () => void told.push('sent'))).toEqual(['tcp', 'tcp']);
  expect(told).toEqual([]);
});
