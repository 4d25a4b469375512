import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createManualClock } from '../../src/core/clock.ts';
import { type NotificationConfig, probeSchema } from '../../src/probe/config.ts';
import { createJournal } from '../../src/probe/journal.ts';
import { createProbeMetrics } from '../../src/probe/metrics.ts';
import { type Alert, alertOf, reaches, renewed } from '../../src/probe/notify/alert.ts';
import { fieldsOf, postOf, templateFields, titleOf } from '../../src/probe/notify/bodies.ts';
import { createNotifier, type Owed } from '../../src/probe/notify/notifier.ts';
import { createOpenAlerts } from '../../src/probe/notify/open-alerts.ts';
import { createSendPost } from '../../src/probe/notify/post.ts';
import type { Notification } from '../../src/probe/plan.ts';
import { createSecret } from '../../src/probe/secret.ts';
import { newStatus, type Status } from '../../src/probe/status.ts';

const noon = Date.UTC(2026, 10, 28, 12);
const subject = {
  ...{ id: 'home/chat/glm-4.6', target: 'home', check: 'chat', model: 'glm-4.6', vantage: 'here' },
  severity: 'page',
} as const;

const statusOf = (more: Partial<Status>): Status => ({ ...newStatus(noon), detail: null, ...more });
const down = statusOf({
  state: 'down',
  reason: 'stalled',
  domain: 'provider',
  detail: 'silent for 15 s',
  runId: 'run-7',
});
const up = statusOf({ state: 'up', sinceMs: noon + 60_000 });
const degraded = statusOf({ state: 'degraded', detail: 'the certificate ends in 3.0 days' });
const broke = statusOf({ state: 'unknown', reason: 'balance_exhausted', domain: 'account' });
const window = statusOf({ state: 'maintenance', skipped: 'maintenance' });
const blind = statusOf({ state: 'unknown', detail: 'no run since then' });
const spent = statusOf({
  state: 'unknown',
  skipped: 'budget',
  detail: 'credential main on 2026-11-28: 9 of 9 tokens are spent',
});
const open = (status: Status) => alertOf(undefined, status, subject);

test.each([
  ['nothing, and it is up', undefined, up, undefined],
  ['nothing, and it is down', undefined, down, ['down', 'page']],
  ['that it is down, and it is', open(down), down, undefined],
  ['that it is down, and it is for another reason', open(down), { ...down, reason: 'overloaded' }, undefined],
  ['that it is down, and now by another’s fault', open(down), { ...down, domain: 'network' }, ['down', 'page']],
  ['that it is down, and it is up', open(down), up, ['recovered', 'page']],
  ['that it is down, and it limps', open(down), degraded, ['degraded', 'page']],
  ['that it is down, and nobody looks', open(down), blind, undefined],
  ['that it is down, and it is maintained', open(down), window, undefined],
  ['that it limps after it was down, and it is up', alertOf(open(down), degraded, subject), up, ['recovered', 'page']],
  ['nothing, and it limps', undefined, degraded, ['degraded', 'info']],
  ['nothing, and there is no money', undefined, broke, ['blocked', 'ticket']],
  ['that there is no money, and the key is wrong', open(broke), { ...broke, reason: 'auth' }, undefined],
  ['nothing, and the budget is spent', undefined, spent, ['blocked', 'ticket']],
  ['nothing, and nobody looks', undefined, blind, undefined],
] as const)('people know %s', (_, known, status, expected) => {
  const alert = alertOf(known, status, subject);
  expect(alert && [alert.kind, alert.severity]).toEqual(expected);
});

test('each fault of an outage is told once, however often it comes back', () => {
  const told: string[] = [];
  const alerts = createOpenAlerts(
    { resume: () => {}, tell: ({ kind, domain }) => void told.push(`${kind} ${domain}`) },
    () => undefined,
  );
  const check = { ...subject, severity: 'page' } as Parameters<typeof alerts.tell>[0];
  const network = { ...down, reason: 'reset', domain: 'network' } as const;
  for (const status of [down, network, down, network, up, network, down]) alerts.tell(check, status);
  expect(told).toEqual(['down provider', 'down network', 'recovered null', 'down network', 'down provider']);
});

test.each([
  ['still down, for another reason', down, { ...down, reason: 'gateway_error', detail: 'HTTP 502', runId: 'run-9' }],
  ['still blocked, by something else', broke, { ...broke, reason: 'plan_expired', runId: 'run-9' }],
] as const)('what was told is renewed: %s', (_, before, now) => {
  const told = open(before) as Alert;
  const { reason, runId } = now;
  expect(renewed(told, now)).toEqual({ ...told, reason, runId, words: open(now)?.words });
});

test.each([
  ['down', down, up],
  ['down', down, window],
  ['blocked', broke, down],
] as const)('what was told and is over is not renewed: %s', (_, before, now) => {
  expect(renewed(open(before) as Alert, now)).toBeUndefined();
});

test('how long it lasted counts from the beginning of the outage, whatever was told in between', () => {
  const outage = { ...down, outageMs: noon - 600_000, sinceMs: noon };
  expect(open(outage)?.sinceMs).toBe(noon - 600_000);
  const blocked = alertOf(open(outage), { ...broke, outageMs: noon - 600_000 }, subject);
  expect(alertOf(blocked, up, subject)).toMatchObject({ kind: 'recovered', sinceMs: noon - 600_000 });
});

test('a channel gets what is at least as severe as it wants', () => {
  expect(reaches('page', 'ticket')).toBe(true);
  expect(reaches('ticket', 'ticket')).toBe(true);
  expect(reaches('info', 'ticket')).toBe(false);
});

const alert = open(down) as Alert;
const nasty: Alert = { ...alert, words: 'a "quote"\nand <b>&</b> \\ 断流' };
const bodyOf = (kind: NotificationConfig['kind'], about = alert, more: object = {}) =>
  postOf(about, {
    kind,
    url: 'https://a.example/hook?x=1',
    secret: undefined,
    template: undefined,
    nowMs: noon + 90_000,
    ...more,
  });

test('a title says what, where, why and whose fault', () => {
  expect(titleOf(alert)).toBe('DOWN home/chat/glm-4.6: stalled (provider)');
  expect(titleOf({ ...alert, kind: 'recovered', reason: null, domain: null })).toBe('RECOVERED home/chat/glm-4.6');
  expect(titleOf({ ...alert, reminder: 2 })).toMatch(/, reminder 2$/);
});

test('the generic webhook gets every field', () => {
  const { url, body } = bodyOf('webhook');
  expect(url).toBe('https://a.example/hook?x=1');
  expect(JSON.parse(body)).toEqual({
    ...alert,
    title: titleOf(alert),
    since: '2026-11-28T12:00:00.000Z',
    lasted: '1m30s',
    at: '2026-11-28T12:01:30.000Z',
  });
});

test('a template is filled without breaking its JSON', () => {
  const template = '{"text":"{{title}}: {{ words }}","nothing":"{{nosuch}}"}';
  expect(JSON.parse(bodyOf('webhook', nasty, { template }).body)).toEqual({
    text: `${titleOf(nasty)}: ${nasty.words}`,
    nothing: '',
  });
});

test('Slack gets its three characters escaped', () => {
  const body = JSON.parse(bodyOf('slack', nasty).body);
  expect(body.text).toBe(titleOf(nasty));
  expect(body.attachments[0].blocks[0].text.text).toContain('and &lt;b&gt;&amp;&lt;/b&gt;');
  expect(body.attachments[0].color).toBe('#c8372d');
});

test('Feishu is signed with time and secret as the key, over nothing', () => {
  const body = JSON.parse(bodyOf('feishu', alert, { secret: 'hush' }).body);
  const timestamp = String((noon + 90_000) / 1000);
  expect(body).toMatchObject({ timestamp, sign: createHmac('sha256', `${timestamp}\nhush`).digest('base64') });
  expect(body.card.header.title.content).toBe(titleOf(alert));
  expect(JSON.parse(bodyOf('feishu').body)).not.toHaveProperty('sign');
});

test('DingTalk is signed in its URL, with the secret as the key', () => {
  const { url, body } = bodyOf('dingtalk', alert, { secret: 'hush' });
  const timestamp = String(noon + 90_000);
  const sign = createHmac('sha256', 'hush').update(`${timestamp}\nhush`).digest('base64');
  expect(url).toBe(`https://a.example/hook?x=1&timestamp=${timestamp}&sign=${encodeURIComponent(sign)}`);
  expect(JSON.parse(body)).toMatchObject({ msgtype: 'markdown', markdown: { title: titleOf(alert) } });
  expect(bodyOf('dingtalk').url).toBe('https://a.example/hook?x=1');
});

test('what has just begun has not lasted 0ms', () => {
  const content = (nowMs: number) => JSON.parse(bodyOf('wecom', alert, { nowMs }).body).markdown.content;
  expect(content(noon + 400)).toContain('\n> Since 2026-11-28T12:00:00.000Z\n');
  expect(content(noon + 4000)).toContain('\n> For 4s, since 2026-11-28T12:00:00.000Z\n');
});

test('what the service said of a failure, and its log id, are told where there are some', () => {
  const refused = { ...down, message: '余额不足\nrecharge', logId: '2026-log' };
  const content = (about: Alert) => JSON.parse(bodyOf('wecom', about).body).markdown.content;
  const told = content(open(refused) as Alert);
  expect(told).toContain('\n> The service says: 余额不足 recharge\n');
  expect(told).toContain('Seen from here, run run-7, x-log-id 2026-log, severity page');
  for (const silent of [alert, { ...alert, message: undefined, logId: undefined }])
    expect(content(silent as Alert)).not.toMatch(/service says|x-log-id|undefined|null/);
  expect(renewed(alert, refused)).toMatchObject({ message: refused.message, logId: '2026-log' });
});

test('WeCom gets markdown', () => {
  expect(JSON.parse(bodyOf('wecom', nasty).body).markdown.content).toContain('> a "quote" and <b>&</b> \\ 断流\n');
});

test('the README names every kind of channel, and the severity that one has unless it says another', () => {
  const readme = readFileSync(new URL('../../src/probe/README.md', import.meta.url), 'utf8');
  const row = readme.split('\n').find(line => line.startsWith('| `notifications`'));
  const shape = probeSchema.shape.notifications.unwrap().element.shape;
  for (const kind of shape.kind.options) expect(row).toContain(`\`${kind}\``);
  for (const key of Object.keys(shape)) expect(row).toContain(`\`${key}\``);
  expect(row).toContain(`\`severity\` (\`${shape.severity.parse(undefined)}\`)`);
});

// ── the queue ──

const channel = (more: Partial<Notification> = {}): Notification => ({
  ...{ name: 'hook', kind: 'webhook', url: createSecret('test', 'http://a/'), secret: undefined },
  ...{ severity: 'ticket', remind: 0, timeout: 1000, ...more },
});

const settle = async () => {
  for (let i = 0; i < 10; i++) await new Promise(resolve => setImmediate(resolve));
};

/** `answers` decides what becomes of each message. */
function queue(channels: readonly Notification[], answer: (n: number) => Promise<void>, before: readonly Owed[] = []) {
  const clock = createManualClock(noon);
  const outcomes: string[] = [];
  const paid: string[] = [];
  let sends = 0;
  let renew = (told: Alert): Alert | undefined => told;
  const titles: string[] = [];
  const notifier = createNotifier(channels, {
    clock,
    send: ({ body }) => {
      titles.push(JSON.parse(body).title);
      return answer(++sends);
    },
    ledger: {
      owed: () => before,
      tell: () => {},
      payOff: ({ channel: name, alert: { kind } }) => void paid.push(`${name} ${kind}`),
    },
    renew: told => renew(told),
    done: (name, _, outcome) => outcomes.push(`${name} ${outcome}`),
  });
  const now = (next: typeof renew) => {
    renew = next;
  };
  return { clock, notifier, outcomes, paid, sends: () => sends, titles, now };
}

test('telling never waits; a channel that hangs fills up, and what it cannot hold is dropped and counted', async () => {
  const { notifier, outcomes } = queue([channel()], () => new Promise(() => {}));
  for (let i = 0; i < 150; i++) notifier.tell({ ...alert, id: `home/chat/${i}` });
  await settle();
  expect(outcomes.filter(text => text === 'hook dropped')).toHaveLength(49);
});

test('one that hangs holds up no other', async () => {
  const both = [channel(), channel({ name: 'other' })];
  const { notifier, outcomes } = queue(both, n => (n === 1 ? new Promise(() => {}) : Promise.resolve()));
  notifier.tell(alert);
  await settle();
  expect(outcomes).toEqual(['other sent']);
});

test('a refusal is tried three times', async () => {
  const { notifier, outcomes, clock, sends } = queue([channel()], () => Promise.reject(new Error('HTTP 500')));
  notifier.tell(alert);
  for (let i = 0; i < 3; i++) {
    await settle();
    clock.advance(10_000);
  }
  await settle();
  expect(outcomes).toEqual(['hook failed']);
  expect(sends()).toBe(3);
});

test('severity and targets choose the channel', async () => {
  const wanted = [
    channel({ name: 'pager', severity: 'page' }),
    channel({ name: 'elsewhere', targets: ['other'] }),
    channel({ name: 'here', targets: ['home'] }),
  ];
  const { notifier, outcomes } = queue(wanted, () => Promise.resolve());
  notifier.tell({ ...alert, severity: 'ticket' });
  await settle();
  expect(outcomes).toEqual(['here sent']);
});

test('reminders come while it lasts, and not in maintenance', async () => {
  const { notifier, clock, sends, now } = queue([channel({ remind: 60_000 })], () => Promise.resolve());
  notifier.tell(alert);
  for (let i = 0; i < 12; i++) {
    clock.advance(15_000);
    await settle();
  }
  expect(sends()).toBe(4);
  now(() => undefined);
  clock.advance(600_000);
  await settle();
  expect(sends()).toBe(4);
});

test('a reminder gives the reason of today, and so does what a channel did not take at first', async () => {
  let isTaken = false;
  const answer = () => (isTaken ? Promise.resolve() : Promise.reject(new Error('HTTP 500')));
  const { notifier, clock, titles, now } = queue([channel({ remind: 60_000 })], answer);
  notifier.tell(alert);
  await settle();
  now(told => ({ ...told, reason: 'gateway_error' }));
  isTaken = true;
  for (let i = 0; i < 5; i++) {
    clock.advance(15_000);
    await settle();
  }
  expect(titles).toEqual([
    'DOWN home/chat/glm-4.6: stalled (provider)',
    'DOWN home/chat/glm-4.6: gateway_error (provider)',
    'DOWN home/chat/glm-4.6: gateway_error (provider), reminder 1',
  ]);
});

test('what a channel did not take is told again after five minutes, and only the last word of a check', async () => {
  let up = false;
  const answer = () => (up ? Promise.resolve() : Promise.reject(new Error('HTTP 500')));
  const { notifier, clock, outcomes, paid } = queue([channel({ remind: 60_000 })], answer);
  const pass = async (ms: number) => {
    for (let gone = 0; gone < ms; gone += 5000) {
      clock.advance(5000);
      await settle();
    }
  };
  notifier.tell(alert);
  await pass(240_000);
  expect(outcomes).toEqual(['hook failed']);
  notifier.tell({ ...alert, kind: 'recovered' });
  await pass(60_000);
  expect(outcomes).toEqual(['hook failed', 'hook failed']);
  expect(paid).toEqual([]);
  up = true;
  await pass(360_000);
  expect(outcomes).toEqual(['hook failed', 'hook failed', 'hook sent']);
  expect(paid).toEqual(['hook recovered']);
});

test('a channel that takes something again gets what is owed to it at once', async () => {
  let up = false;
  const answer = () => (up ? Promise.resolve() : Promise.reject(new Error('HTTP 500')));
  const { notifier, clock, outcomes, paid, titles } = queue([channel()], answer);
  const ids = ['home/chat/1', 'home/chat/2', 'home/chat/3'];
  for (const id of ids.slice(0, 2)) notifier.tell({ ...alert, id });
  for (let i = 0; i < 4; i++) {
    await settle();
    clock.advance(10_000);
  }
  await settle();
  expect(outcomes).toEqual(['hook failed', 'hook failed']);
  up = true;
  titles.length = 0;
  notifier.tell({ ...alert, id: 'home/chat/3' });
  await settle();
  expect(titles).toEqual(['home/chat/3', 'home/chat/1', 'home/chat/2'].map(id => titleOf({ ...alert, id })));
  expect(paid).toHaveLength(3);
});

test('a channel that takes nothing is noticed until it takes something', async () => {
  let up = false;
  const answer = () => (up ? Promise.resolve() : Promise.reject(new Error('HTTP 500')));
  const { notifier, clock } = queue([channel(), channel({ name: 'other', severity: 'page' })], answer);
  expect(notifier.failing()).toEqual([]);
  notifier.tell({ ...alert, severity: 'ticket' });
  await settle();
  expect(notifier.failing()).toEqual(['notification hook fails (HTTP 500); it is still to be told of 1 check']);
  up = true;
  clock.advance(10_000);
  await settle();
  expect(notifier.failing()).toEqual([]);
});

test('a channel that takes one thing and refuses the next is left alone again', async () => {
  const { notifier, clock, sends, outcomes } = queue([channel()], n =>
    n === 7 ? Promise.resolve() : Promise.reject(new Error('HTTP 500')),
  );
  const pass = async () => {
    for (let i = 0; i < 12; i++) {
      await settle();
      clock.advance(10_000);
    }
    await settle();
  };
  for (const id of ['home/chat/1', 'home/chat/2']) notifier.tell({ ...alert, id });
  await pass();
  notifier.tell({ ...alert, id: 'home/chat/3' });
  await pass();
  expect(outcomes).toEqual(['hook failed', 'hook failed', 'hook sent', 'hook failed', 'hook failed']);
  expect(sends()).toBe(13);
});

test('what an earlier life owed is told at once, and what it owed to a channel that is gone is forgotten', async () => {
  const before = ['hook', 'gone'].map(name => ({ channel: name, alert }));
  const { outcomes, paid } = queue([channel()], () => Promise.resolve(), before);
  await settle();
  expect(outcomes).toEqual(['hook sent']);
  expect(paid).toEqual(['gone down', 'hook down']);
});

test('stopping gives up what is being retried', async () => {
  const { notifier, outcomes } = queue([channel()], () => Promise.reject(new Error('HTTP 500')));
  notifier.tell(alert);
  await settle();
  await notifier.stop();
  expect(outcomes).toEqual(['hook failed']);
  notifier.tell(alert);
  expect(outcomes).toHaveLength(1);
});

test('what was not taken is named where the failure is told', () => {
  const said: string[] = [];
  const { notified } = createJournal(createProbeMetrics([], createManualClock()), text => said.push(text));
  notified('hook', alert, 'sent');
  notified('hook', { ...alert, reminder: 2 }, 'failed', 'HTTP 500');
  expect(said).toEqual(['notification hook failed (DOWN home/chat/glm-4.6: stalled (provider), reminder 2): HTTP 500']);
});

// ── the wire ──

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function answering(status: number, text: string): Promise<string> {
  const server = createServer((req, res) => req.resume().on('end', () => res.writeHead(status).end(text)));
  servers.push(server);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=canary-token`;
}

test.each([
  ['taken', 200, 'ok', undefined],
  ['taken by Feishu', 200, '{"code":0,"msg":"success"}', undefined],
  ['refused by DingTalk', 200, '{"errcode":310000,"errmsg":"sign not match"}', 'refused with code 310000'],
  ['refused by a server', 403, 'canary-token is wrong', 'HTTP 403'],
])('a post that is %s', async (_, status, text, complaint) => {
  const sent = createSendPost({})(
    { url: await answering(status, text), body: '{}' },
    5000,
    new AbortController().signal,
  );
  if (complaint === undefined) await expect(sent).resolves.toBeUndefined();
  else await expect(sent).rejects.toThrow(complaint);
});

test('of an answer without end only the beginning is read', async () => {
  let written = 0;
  const server = createServer((req, res) => {
    req.resume();
    res.writeHead(200);
    const more = () => {
      while (!res.destroyed && res.write('x'.repeat(65_536))) written += 65_536;
      if (!res.destroyed) res.once('drain', more);
    };
    more();
  });
  servers.push(server);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await createSendPost({})({ url, body: '{}' }, 3000, new AbortController().signal);
  expect(written).toBeLessThan(16 * 1024 * 1024);
});

test('a channel that stops in the midst of its answer is told as one that is too late', async () => {
  const server = createServer((req, res) => void req.resume().on('end', () => res.writeHead(200).write('{')));
  servers.push(server);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const sent = createSendPost({})({ url, body: '{}' }, 50, new AbortController().signal);
  await expect(sent).rejects.toThrow(/^no answer in time$/);
});

test('the URL, which is a secret, is in no complaint', async () => {
  const sent = createSendPost({})(
    { url: 'http://127.0.0.1:1/canary-token', body: '{}' },
    5000,
    new AbortController().signal,
  );
  await expect(sent).rejects.toThrow(/^no connection \(ECONNREFUSED\)$/);
});

test('a template may name what there is, and nothing else', () => {
  const alert = alertOf(undefined, down, subject);
  expect(Object.keys(fieldsOf(alert as Alert, 0)).toSorted()).toEqual([...templateFields].toSorted());
});
