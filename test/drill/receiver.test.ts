import { expect, test } from 'vitest';
import { createManualClock, systemClock } from '../../src/core/clock.ts';
import { createLedger, type Message, startReceiver } from '../../src/drill/receiver.ts';

const alert = (status: 'firing' | 'resolved', alertname = 'GlmProbeDown', fingerprint = alertname) => ({
  ...{ status, fingerprint },
  labels: { alertname, target: 'overloaded' },
});
const message = (alerts: Message['alerts'], receiver = 'pager'): Message => ({ receiver, alerts });

test('an alert begins with its first message and ends with the first that says so, whatever is repeated', () => {
  const { take, told } = createLedger();
  take(message([alert('firing')]), 10);
  take(message([alert('firing'), alert('firing', 'Other')]), 20);
  take(message([alert('resolved'), alert('firing', 'Other')]), 30);
  take(message([alert('resolved')]), 40);
  expect(told()).toEqual([
    {
      ...{ alert: 'GlmProbeDown', receiver: 'pager', atMs: 10, clearedMs: 30 },
      labels: { alertname: 'GlmProbeDown', target: 'overloaded' },
    },
    { alert: 'Other', receiver: 'pager', atMs: 20, labels: { alertname: 'Other', target: 'overloaded' } },
  ]);
});

test('what comes again after its end is there twice, and the same alert of two receivers as well', () => {
  const { take, told } = createLedger();
  take(message([alert('firing')]), 1);
  take(message([alert('firing')], 'tickets'), 2);
  take(message([alert('resolved')]), 3);
  take(message([alert('firing')]), 4);
  expect(told().map(({ receiver, atMs, clearedMs }) => [receiver, atMs, clearedMs])).toEqual([
    ['pager', 1, 3],
    ['tickets', 2, undefined],
    ['pager', 4, undefined],
  ]);
});

test('an end without a beginning is nothing', () => {
  const { take, told } = createLedger();
  take(message([alert('resolved')]), 1);
  expect(told()).toEqual([]);
});

test('webhooks are taken over HTTP, and who says something else hears 400', async () => {
  const clock = { ...systemClock, now: createManualClock().now };
  const { url, told, close } = await startReceiver(clock);
  const post = (body: string) => fetch(`${url}/pager`, { method: 'POST', body });
  expect((await post(JSON.stringify(message([alert('firing')])))).status).toBe(200);
  for (const body of ['', 'hello', '{}', '{"alerts":1}', 'null']) expect((await post(body)).status).toBe(400);
  expect(told().map(({ alert: name }) => name)).toEqual(['GlmProbeDown']);
  await close();
});
