/** The streams in test/fixtures/streams are the recorded ones of glm-api.md §4.2, without the lines left out there. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSseParser, done, frame, type SseEvent } from '../../src/core/sse.ts';

const folder = new URL('../fixtures/streams/', import.meta.url);
const seeded = { seed: 20261009, numRuns: 300 };
const encode = (text: string) => new TextEncoder().encode(text);

interface Parsed {
  readonly events: readonly SseEvent[];
  readonly lost: boolean;
}

function parse(...parts: readonly Uint8Array[]): Parsed {
  const events: SseEvent[] = [];
  const parser = createSseParser(event => events.push(event));
  for (const part of parts) parser.feed(part);
  return { events, lost: parser.reset() };
}

const dataOf = (text: string) => parse(encode(text)).events.map(event => event.data);

/** The bytes cut at the given places, in any order. */
function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const edges = [...new Set([0, ...places.map(place => place % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return edges.slice(1).map((end, i) => bytes.slice(edges[i], end));
}

const recorded = readdirSync(folder)
  .filter(name => name.endsWith('.sse'))
  .sort();

test.each(recorded)('%s gives the same events however its bytes are split', name => {
  const bytes = readFileSync(new URL(name, folder));
  const whole = parse(bytes);
  expect(whole.events.length).toBeGreaterThan(0);
  for (let at = 1; at < bytes.length; at++) expect(parse(bytes.slice(0, at), bytes.slice(at))).toEqual(whole);
  expect(parse(...Array.from(bytes, byte => Uint8Array.of(byte)))).toEqual(whole);
});

test.each(recorded)('%s holds JSON chunks, and nothing is lost unless the recording was cut', name => {
  const { events, lost } = parse(readFileSync(new URL(name, folder)));
  const chunks = events.filter(event => event.data !== '[DONE]').map(event => JSON.parse(event.data));
  expect(chunks.every(chunk => typeof chunk.id === 'string' && Array.isArray(chunk.choices))).toBe(true);
  expect(events.every(event => event.event === '' && event.id === undefined)).toBe(true);
  expect(lost).toBe(name.includes('-cut'));
});

test('the recorded Chinese text arrives as it was sent', () => {
  const read = (name: string) =>
    parse(...cutAt(readFileSync(new URL(name, folder)), [170, 171, 172, 173, 340])).events.map(event => event.data);
  expect(JSON.parse(read('st3-glm-4.5-text.sse')[0] ?? '').choices[0].delta.content).toBe('你好');
  expect(
    JSON.parse(read('st1-glm-4-plus-tool-call.sse')[0] ?? '').choices[0].delta.tool_calls[0].function.arguments,
  ).toBe('{"cityName": "南京"}');
  expect(read('st1-glm-4-plus-tool-call.sse').at(-1)).toBe('[DONE]');
});

test.each([
  ['LF', 'data: a\n\ndata: b\n\n'],
  ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n'],
  ['CR', 'data: a\r\rdata: b\r\r'],
  ['LF then CRLF', 'data: a\n\r\ndata: b\r\n\n'],
  ['CR then LF as two line ends of one blank line', 'data: a\r\n\rdata: b\r\r\n'],
])('lines may end with %s, at any split', (_, text) => {
  const bytes = encode(text);
  expect(dataOf(text)).toEqual(['a', 'b']);
  for (let at = 0; at <= bytes.length; at++)
    expect(parse(bytes.slice(0, at), bytes.slice(at)).events.map(event => event.data)).toEqual(['a', 'b']);
});

test.each([
  ['a byte order mark before the first line is skipped', '\uFEFFdata: a\n\n', ['a']],
  ['a byte order mark later on is text', 'data: a\n\ndata: \uFEFFb\n\n', ['a', '\uFEFFb']],
  ['comments are skipped', ': keep-alive\n\n:\ndata: a\n: more\n\n', ['a']],
  ['several data lines are joined with a line feed', 'data: a\ndata: b\ndata:\ndata: c\n\n', ['a\nb\n\nc']],
  ['the space after the colon may be missing', 'data:a\n\n', ['a']],
  ['only one space after the colon is taken away', 'data:  a\n\n', [' a']],
  ['empty data is an event of its own', 'data:\n\ndata\n\n', ['', '']],
  ['an event without data is none', 'event: ping\n\nid: 7\n\ndata: a\n\n', ['a']],
  ['unknown fields and a field that only begins with data are skipped', 'retry: 10\ndatum: x\ndata: a\n\n', ['a']],
  ['blank lines between events count for nothing', '\n\ndata: a\n\n\n\ndata: b\n\n', ['a', 'b']],
  ['a colon inside the data stays', 'data: {"a":1}\n\n', ['{"a":1}']],
])('%s', (_, text, expected) => {
  expect(dataOf(text)).toEqual(expected);
});

test('the event name belongs to one event, the id stays until the next', () => {
  const { events } = parse(encode('event: delta\nid: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n'));
  expect(events).toEqual([
    { event: 'delta', data: 'a', id: '1' },
    { event: '', data: 'b', id: '1' },
    { event: '', data: 'c', id: '2' },
  ]);
});

test('bytes that are no UTF-8 become replacement characters and the next event is intact', () => {
  const { events } = parse(Uint8Array.of(...encode('data: '), 0xe4, 0xbd, 10, 10, ...encode('data: 好\n\n')));
  expect(events.map(event => event.data)).toEqual(['\uFFFD', '好']);
});

test.each([
  ['data: a\n\ndata: b\n', ['a'], true],
  ['data: a\n\ndata: b', ['a'], true],
  ['data: a\n\nevent: error\n', ['a'], true],
  ['data: a\n\nda', ['a'], true],
  ['data: a\n\n', ['a'], false],
  ['data: a\r\n\r', ['a'], false],
  ['', [], false],
])(
  'of %j only what a blank line ended is an event, and reset tells whether the rest was lost',
  (text, expected, lost) => {
    const parsed = parse(encode(text));
    expect(parsed.events.map(event => event.data)).toEqual(expected);
    expect(parsed.lost).toBe(lost);
  },
);

test('after a reset the parser is as new', () => {
  const events: SseEvent[] = [];
  const parser = createSseParser(event => events.push(event));
  parser.feed(encode('id: 9\nevent: old\ndata: lost\r'));
  expect(parser.reset()).toBe(true);
  parser.feed(encode('\uFEFFdata: new\n\n'));
  expect(parser.reset()).toBe(false);
  expect(events).toEqual([{ event: '', data: 'new', id: undefined }]);
});

test('what frame writes the parser reads, whatever the text and the splits', () => {
  const line = fc.string({ unit: 'binary' }).map(text => text.toWellFormed().replace(/[\r\n]/g, ' '));
  const property = fc.property(fc.array(line), fc.array(fc.nat()), (texts, places) => {
    const bytes = encode(texts.map(frame).join('') + done);
    const { events, lost } = parse(...cutAt(bytes, places));
    expect(events.map(event => event.data)).toEqual([...texts, '[DONE]']);
    expect(lost).toBe(false);
  });
  fc.assert(property, seeded);
});

test('any stream, well-formed or not, gives the same events at any split', () => {
  const token = fc.constantFrom(
    'data',
    'event',
    'id',
    ':',
    ' ',
    '\r',
    '\n',
    '\r\n',
    '\n\n',
    '\uFEFF',
    'a',
    '好',
    '😀',
    '[DONE]',
  );
  const property = fc.property(fc.array(token, { maxLength: 40 }), fc.array(fc.nat()), (tokens, places) => {
    const bytes = encode(tokens.join(''));
    expect(parse(...cutAt(bytes, places)).events).toEqual(parse(bytes).events);
  });
  fc.assert(property, { ...seeded, numRuns: 2000 });
});
