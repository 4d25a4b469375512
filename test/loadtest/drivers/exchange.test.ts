import { expect, test } from 'vitest';
import type { Deadlines } from '../../../src/core/call.ts';
import { createManualClock } from '../../../src/core/clock.ts';
import { Exchange } from '../../../src/loadtest/drivers/socket/exchange.ts';
import * as fake from '../../support/fake-glm.ts';

const { word, last, done } = fake;

/** A request whose answer the test writes, with a timer as its lane sets it. */
function begin(deadlines: Deadlines, stream = true) {
  const clock = createManualClock();
  const ends: { kind: string; deadline: string | undefined; endMs: number; sound: boolean }[] = [];
  const gaps: number[] = [];
  const timer = clock.timer(() => {
    exchange.look();
    arm();
  });
  const arm = () => timer.set(ends.length > 0 ? Number.POSITIVE_INFINITY : exchange.dueMs());
  const exchange = new Exchange({
    stream,
    deadlines,
    clock,
    onDeadline: () => arm(),
    onEnd: ({ outcome: { kind }, deadline, endMs }, sound) => ends.push({ kind, deadline, endMs, sound }),
  });
  const draft = exchange.begin(0, ms => gaps.push(ms));
  arm();
  const say = (text: string) => exchange.body(Buffer.from(text), 0, Buffer.byteLength(text), clock.now());
  const head = (status = 200, contentType: string | undefined = 'text/event-stream') =>
    exchange.head({ status, contentType, logId: undefined, retryAfter: undefined }, clock.now());
  const sent = () => {
    draft.sentMs = clock.now();
  };
  return { clock, exchange, draft, ends, gaps, say, head, sent };
}

const all = { connect: 10, first_byte: 20, first_token: 30, idle: 15, total: 200 };

test('a deadline fires at its moment and not before', () => {
  const { clock, ends } = begin(all);
  clock.advance(9.99);
  expect(ends).toEqual([]);
  clock.advance(0.02);
  expect(ends).toEqual([{ kind: 'timeout_connect', deadline: 'connect', endMs: 10, sound: false }]);
});

test.each<[string, (call: ReturnType<typeof begin>) => void, string, number]>([
  ['nothing', () => {}, 'timeout_connect', 10],
  ['the request sent', call => call.sent(), 'timeout_first_byte', 20],
  ['a head', call => [call.sent(), call.head()], 'timeout_first_token', 30],
  ['an event without a token', call => [call.sent(), call.head(), call.say(word(''))], 'timeout_first_token', 30],
  ['a token', call => [call.sent(), call.head(), call.say(word('a'))], 'stalled', 15],
])('after %s the next deadline is due', (_name, act, kind, endMs) => {
  const call = begin(all);
  act(call);
  call.clock.advance(1000);
  expect(call.ends).toMatchObject([{ kind, endMs }]);
});

test('tokens push the idle deadline ahead of them, until the whole call is over time', () => {
  const { clock, ends, gaps, say, head, sent } = begin(all);
  sent();
  head();
  for (let i = 0; i < 30 && ends.length === 0; i++) {
    say(word('a'));
    clock.advance(10);
  }
  expect(ends).toEqual([{ kind: 'timeout_total', deadline: 'total', endMs: 200, sound: false }]);
  expect(gaps).toEqual(Array(19).fill(10));
});

test('of deadlines that are due together the most specific is named', () => {
  const { clock, ends, sent } = begin({ first_byte: 50, first_token: 50, total: 50 });
  sent();
  clock.advance(60);
  expect(ends).toMatchObject([{ kind: 'timeout_first_byte' }]);
});

test('a call without a stream has no deadline for a first token', () => {
  const { clock, ends, head, sent } = begin({ first_token: 5, total: 50 }, false);
  sent();
  head(200, 'application/json');
  clock.advance(60);
  expect(ends).toMatchObject([{ kind: 'timeout_total' }]);
});

test('no deadlines, no end', () => {
  const { clock, exchange, ends } = begin({});
  expect(exchange.dueMs()).toBe(Number.POSITIVE_INFINITY);
  clock.advance(1e9);
  expect(ends).toEqual([]);
});

test('an answer that was complete stays what it was, whatever happens to its connection', () => {
  for (const how of ['fail', 'deadline'] as const) {
    const { clock, exchange, ends, say, head, sent } = begin({ total: 50 });
    sent();
    head();
    say(`${word('a')}${last()}${done}`);
    if (how === 'fail') exchange.fail({ kind: 'reset' });
    clock.advance(100);
    expect(ends).toMatchObject([{ kind: 'ok', deadline: undefined, sound: false }]);
  }
});

test('an error in a stream ends the call at once, and a call ends once', () => {
  const { clock, exchange, draft, ends, say, head, sent } = begin({});
  sent();
  head();
  say('data: {"error":{"code":"1302"}}\n\n');
  exchange.complete(clock.now());
  exchange.fail({ kind: 'reset' });
  say(word('late'));
  expect(ends).toMatchObject([{ kind: 'error_in_stream', sound: false }]);
  expect(draft).toMatchObject({ code: '1302', visibleChars: 0 });
});

test.each<[string, boolean, string, string, string]>([
  ['a stream', true, 'text/event-stream;charset=UTF-8', `${word('a')}${last()}${done}`, 'ok'],
  ['a body', false, 'application/json', JSON.stringify(fake.completion({ content: 'a' })), 'ok'],
  [
    'a body in place of a stream',
    true,
    'application/json',
    JSON.stringify(fake.completion({ content: 'a' })),
    'contract',
  ],
  ['a stream in place of a body', false, 'text/event-stream', `${word('a')}${last()}${done}`, 'contract'],
  ['a stream without its end', true, 'text/event-stream', word('a'), 'truncated'],
])('%s is held against what was asked for', (_name, stream, type, text, kind) => {
  const { clock, exchange, ends, say, head, sent } = begin({}, stream);
  sent();
  head(200, type);
  say(text);
  exchange.complete(clock.now());
  expect(ends).toMatchObject([{ kind, sound: true }]);
});

test('a body keeps its bytes though the buffer they came in is used again', () => {
  const { exchange, draft, ends, head, sent, clock } = begin({}, false);
  const whole = Buffer.from(JSON.stringify(fake.completion({ content: '海浪' })));
  const shared = Buffer.alloc(whole.length + 3);
  sent();
  head(200, 'application/json');
  for (let at = 0; at < whole.length; at += 7) {
    const part = whole.subarray(at, at + 7);
    part.copy(shared, 3);
    exchange.body(shared, 3, 3 + part.length, clock.now());
    shared.fill(0);
  }
  exchange.complete(clock.now());
  expect(ends).toMatchObject([{ kind: 'ok' }]);
  expect(draft).toMatchObject({ visibleChars: 2, bytes: whole.length });
});

test('a body without end is cut off', () => {
  const { exchange, ends, head, sent } = begin({}, true);
  const megabyte = Buffer.alloc(1024 * 1024, ':');
  sent();
  head();
  for (let i = 0; i < 65; i++) exchange.body(megabyte, 0, megabyte.length, 0);
  expect(ends).toMatchObject([{ kind: 'malformed', sound: false }]);
});
