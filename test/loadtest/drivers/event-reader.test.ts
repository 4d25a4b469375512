/** The reader in place against the reader that parses every event: the same bytes leave the same record. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { createStreamReader } from '../../../src/core/call/reader.ts';
import { type Draft, newDraft } from '../../../src/core/call/record.ts';
import { EventReader } from '../../../src/loadtest/drivers/socket/event-reader.ts';
import * as fake from '../../support/fake-glm.ts';

const { word, thought, last, done, chunk } = fake;

interface Seen {
  readonly draft: Draft;
  readonly gaps: readonly number[];
  readonly complete: boolean;
  readonly outcome: unknown;
}

/** The same for all streams, as on a kept connection. */
const reader = new EventReader();

/** Reads pieces, 10 ms apart, from a buffer that is full of another event's bytes and is overwritten after each. */
function inPlace(pieces: readonly Buffer[]): Seen {
  const draft = newDraft(0, 0);
  const gaps: number[] = [];
  reader.begin(draft, ms => gaps.push(ms));
  const shared = Buffer.alloc(Math.max(...pieces.map(piece => piece.length)) + 100);
  pieces.forEach((piece, i) => {
    shared.fill(leftOver);
    piece.copy(shared, i % 7);
    reader.feed(shared, i % 7, (i % 7) + piece.length, i * 10);
  });
  return { draft, gaps, complete: reader.complete, outcome: reader.end() };
}

const leftOver = Buffer.from(word('left over'));

function byParsing(pieces: readonly Buffer[]): Seen {
  const draft = newDraft(0, 0);
  const gaps: number[] = [];
  const reader = createStreamReader(draft, { onGap: ms => gaps.push(ms) });
  pieces.forEach((piece, i) => {
    reader.feed(piece, i * 10);
  });
  return { draft, gaps, complete: reader.complete, outcome: reader.end() };
}

const bytes = (...frames: string[]) => Buffer.from(frames.join(''));
const changed = (frame: string, from: string | RegExp, to: string) => frame.replace(from, to);

const hostile = [
  ...[
    '"finish_reason":"stop"',
    '{"error":{"code":"1302"}}',
    '[DONE]',
    'data: [DONE]\n\n',
    '\n\n',
    '\\"content\\":\\"x',
  ],
  ...['', ' ', '\n', '海', '😀', '\ud83d', '"', '\\', '"}}]}', '\u0000', '\u2028', 'a'.repeat(3000)],
];

/** Events that a server may send, and some that none should. */
const events: readonly string[] = [
  ...hostile.flatMap(text => [word(text), thought(text)]),
  chunk({ content: 'a', reasoning_content: 'b' }),
  chunk({ content: '', reasoning_content: 'b' }),
  chunk({ content: 'a', reasoning_content: null }),
  chunk({ content: 'a', tool_calls: [{ function: { arguments: '{}' } }] }),
  chunk({ tool_calls: [{ function: { name: 'content', arguments: '"content":"x"' } }] }),
  chunk({ content: 'a', tool_calls: [] }),
  chunk({ content: 7 }),
  chunk({}),
  last(),
  last('length', null),
  chunk({ content: 'more' }, { usage: fake.usage }),
  chunk({ content: 'more' }, { finish_reason: 'sensitive' }),
  changed(word('x'), '"id":"2026', '"id":"other2026'),
  changed(word('x'), '"model":"glm-4.6"', '"model":"other"'),
  changed(word('x'), /"id":"[^"]*"/, '"id":7'),
  changed(word('x'), '"choices":[', '"choices":[{"delta":{"content":"first"}},'),
  changed(word('x'), '"choices":[', '"choices":[],"old":['),
  changed(word('x'), '{"index"', '[],{"index"'),
  changed(word('x'), /"choices":\[(.*)\]/, '"choices":{"0":$1}'),
  changed(word('x'), '"content":"x"', '"content":"x","content":"y"'),
  changed(word('x'), '"content":"x"', '"content":"x","content":""'),
  changed(word('x'), '"content":"x"', '"content": "x"'),
  changed(word('x'), '"content":"x"', '"content":"\\u6d77\\n\\t\\"\\ud83d"'),
  changed(word('x'), '"content":"x"', '"content":"\\x"'),
  changed(word('x'), '"content":"x"', '"content":"a\tb"'),
  changed(word('x'), '"content":', '"\\u0063ontent":'),
  changed(word('x'), '}\n\n', ',"error":null}\n\n'),
  changed(word('x'), '}\n\n', ',"error":{"code":"1234"}}\n\n'),
  changed(word('x'), 'data: ', 'data:'),
  changed(word('x'), 'data: ', 'data:  '),
  changed(word('x'), 'data: ', '\ufeffdata: '),
  changed(word('x'), 'data: ', 'event: error\ndata: '),
  changed(word('x'), 'data: ', ': comment\ndata: '),
  changed(word('x'), 'data: ', 'id: 5\ndata: '),
  changed(word('x'), ',"choices"', '\ndata: ,"choices"'),
  changed(word('x'), '\n\n', '\nretry: 5\n\n'),
  changed(word('x'), '\n\n', '\n"x":1}\n\n'),
  ...[word('x'), thought('x'), last()].flatMap(frame => ['\r\n', '\r'].map(end => frame.replaceAll('\n', end))),
  ': keep-alive\n\n',
  '\n',
  '\r',
  'data\n\n',
  'data: \n\n',
  'data: 7\n\n',
  'data: null\n\n',
  'data: {"error":{"code":1302}}\n\n',
  'data: {"choices":[{"delta"\n\n',
  'data: {"choices":[{"delta":null}]}\n\n',
  'data: {"choices":[{"delta":"content"}]}\n\n',
  done,
  'x'.repeat(50),
];

test.each(events.map((event, i) => [i, event] as const))('event %i among good ones, split anywhere', (_, event) => {
  const before = bytes(thought('hm'), word('a'), word('b'));
  const whole = bytes(before.toString(), event, word('c'), event, last(), done);
  const step = event.length > 1000 ? 53 : 1;
  for (let at = before.length - 9; at <= before.length + event.length + 9; at += step) {
    const pieces = [whole.subarray(0, at), whole.subarray(at)];
    const [mine, theirs] = [inPlace(pieces), byParsing(pieces)];
    if (!isDeepStrictEqual(mine, theirs)) expect(mine, `split at ${at}`).toEqual(theirs);
  }
});

test('bytes that come one at a time leave the same record', () => {
  const pieces = [...bytes(thought('嗯'), word('你好'), word('😀'), last(), done)].map(byte => Buffer.from([byte]));
  expect(inPlace(pieces)).toEqual(byParsing(pieces));
});

/** Streams of a few kinds of events with many repetitions, as real ones are, now and then with a strange one. */
const stream = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.string({ unit: 'grapheme', maxLength: 6 }).map(word) },
    { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }).map(thought) },
    { weight: 3, arbitrary: fc.constantFrom(...events) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 8 }).map(list => Buffer.from(list).toString('latin1')) },
  ),
  { maxLength: 30 },
);

const cuts = fc.array(fc.nat(4000), { maxLength: 20 });

function cutAt(whole: Buffer, places: readonly number[]): Buffer[] {
  const borders = [0, ...places.map(at => Math.min(at, whole.length)).sort((a, b) => a - b), whole.length];
  return borders.slice(1).map((to, i) => whole.subarray(borders[i], to));
}

test.each(['utf8', 'latin1'] as const)('any stream in %s, split anywhere, leaves the same record', encoding => {
  const same = fc.property(stream, cuts, (frames, places) => {
    const pieces = cutAt(Buffer.from(frames.join(''), encoding), places);
    expect(inPlace(pieces)).toEqual(byParsing(pieces));
  });
  fc.assert(same, { numRuns: 3000, seed: 2 });
});

test('a stream with a byte changed anywhere leaves the same record', () => {
  const whole = bytes(thought('hm'), thought('嗯'), word('a'), word('b\n'), word('"c"'), word('d'), last(), done);
  const same = fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
    const spoilt = Buffer.from(whole);
    spoilt[at] = byte;
    expect(inPlace([spoilt])).toEqual(byParsing([spoilt]));
  });
  fc.assert(same, { numRuns: 5000, seed: 3 });
});

test('of a hundred words only the first few are parsed', () => {
  const parse = vi.spyOn(JSON, 'parse');
  const pieces = Array.from({ length: 100 }, (_, i) => Buffer.from(word(`word ${i} 海\n`)));
  expect(inPlace(pieces).draft).toMatchObject({ chunks: 100, visibleChars: 10 * 9 + 90 * 10 });
  expect(parse.mock.calls.length).toBeLessThan(5);
  parse.mockRestore();
});

test('a stream whose events all differ is not tried to be repeated for ever', () => {
  const parse = vi.spyOn(JSON, 'parse');
  const pieces = Array.from({ length: 100 }, (_, i) => Buffer.from(word('x').replace('"id":"', `"id":"${i}-`)));
  expect(inPlace(pieces).draft).toMatchObject({ chunks: 100, id: '99-20261009015456dfa744dc7c144abe' });
  expect(parse.mock.calls.length).toBeLessThan(120);
  parse.mockRestore();
});
