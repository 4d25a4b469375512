import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AnswerHead, AnswerParser } from '../../../src/loadtest/drivers/socket/answer-parser.ts';

interface Read {
  readonly end: 'complete' | 'not_http' | 'more';
  /** Whether a FIN at the end completes it. */
  readonly byFin: boolean;
  readonly keepAlive: boolean;
  readonly head: AnswerHead | undefined;
  readonly body: string;
}

/** Feeds pieces through one buffer that is overwritten after each, as the socket's is. */
function read(pieces: readonly Buffer[]): Read {
  let head: AnswerHead | undefined;
  let body = '';
  const parser = new AnswerParser({
    head: seen => {
      head = seen;
    },
    body: (bytes, from, to) => {
      body += bytes.toString('latin1', from, to);
    },
  });
  const shared = Buffer.alloc(Math.max(...pieces.map(piece => piece.length)) + 50);
  let end: Read['end'] = 'more';
  for (const piece of pieces) {
    shared.fill('0\r\n\r\n');
    piece.copy(shared, 3);
    if (end === 'more') end = parser.feed(shared, 3, 3 + piece.length, 0);
  }
  const byFin = end === 'more' && parser.finish();
  return { end, byFin, keepAlive: end === 'complete' && parser.keepAlive, head, body };
}

const latin1 = (text: string) => Buffer.from(text, 'latin1');

/** Whole, at every split, and a byte at a time. */
const readings = (text: string): Read[] => {
  const all = latin1(text);
  const bytes = Array.from(all, byte => Buffer.from([byte]));
  return [[all], bytes, ...bytes.map((_, at) => [all.subarray(0, at), all.subarray(at)])].map(read);
};

const ok = 'HTTP/1.1 200 OK\r\n';
const lf = (text: string) => text.replaceAll('\r\n', '\n');
const chunked = `${ok}transfer-encoding: chunked\r\n\r\n`;

test.each<[string, string, Partial<Read>]>([
  ['a length', `${ok}content-length: 2\r\n\r\nhi`, { end: 'complete', body: 'hi', keepAlive: true }],
  ['a length of nothing', `${ok}content-length: 0\r\n\r\n`, { end: 'complete', body: '', keepAlive: true }],
  ['a length twice', `${ok}Content-Length: 2\r\ncontent-length:2 \r\n\r\nhi`, { end: 'complete', body: 'hi' }],
  ['a length that is not reached', `${ok}content-length: 3\r\n\r\nhi`, { end: 'more', byFin: false, body: 'hi' }],
  ['chunks', `${chunked}2\r\nhi\r\n0003\r\n yo\r\n0\r\n\r\n`, { end: 'complete', body: 'hi yo', keepAlive: true }],
  ['a chunk of 26 bytes', `${chunked}1A\r\n${'z'.repeat(26)}\r\n0\r\n\r\n`, { end: 'complete', body: 'z'.repeat(26) }],
  ['chunks with extensions', `${chunked}2;a="b;c";d\r\nhi\r\n0;e\r\n\r\n`, { end: 'complete', body: 'hi' }],
  ['chunks with spaces', `${chunked}2  \r\nhi\r\n0 \t;e\r\n\r\n`, { end: 'complete', body: 'hi' }],
  ['trailers', `${chunked}2\r\nhi\r\n0\r\nx-a: b\r\n  c\r\nx-d: e\r\n\r\n`, { end: 'complete', body: 'hi' }],
  ['chunks in capitals', `${ok}TRANSFER-ENCODING: Chunked\r\n\r\n0\r\n\r\n`, { end: 'complete', body: '' }],
  ['another coding before chunks', `${ok}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, { end: 'complete' }],
  [
    'codings in two headers',
    `${ok}transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    { end: 'complete' },
  ],
  ['chunks that break off', `${chunked}9\r\nhi`, { end: 'more', byFin: false, body: 'hi' }],
  ['chunks without the last', `${chunked}2\r\nhi\r\n`, { end: 'more', byFin: false, body: 'hi' }],
  [
    'chunks with data that look like chunks',
    `${chunked}5\r\n0\r\n\r\n\r\n0\r\n\r\n`,
    { end: 'complete', body: '0\r\n\r\n' },
  ],
  ['a body that the connection ends', `${ok}\r\nhi`, { end: 'more', byFin: true, body: 'hi', keepAlive: false }],
  ['a coding that is not chunks', `${ok}transfer-encoding: chunked, gzip\r\n\r\nhi`, { end: 'more', byFin: true }],
  ['lines that end in LF', lf(`${chunked}2\r\nhi\r\n0\r\nx: y\r\n\r\n`), { end: 'complete', body: 'hi' }],
  ['no reason', 'HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n', { end: 'complete' }],
  ['a reason in Chinese', 'HTTP/1.1 200 \xe5\xa5\xbd\r\ncontent-length: 0\r\n\r\n', { end: 'complete' }],
  ['empty lines before it', `\r\n\n\r\n${ok}content-length: 0\r\n\r\n`, { end: 'complete' }],
  ['no body by status', 'HTTP/1.1 204 No Content\r\n\r\n', { end: 'complete', body: '', keepAlive: true }],
  ['none by status, though a length is named', 'HTTP/1.1 304 X\r\ncontent-length: 9\r\n\r\n', { end: 'complete' }],
  ['100 before it', `HTTP/1.1 100 Continue\r\n\r\n${ok}content-length: 2\r\n\r\nhi`, { end: 'complete', body: 'hi' }],
  [
    '103 with headers before it',
    `HTTP/1.1 103 Early Hints\r\nx-log-id: a\r\ncontent-length: 9\r\n\r\n${ok}content-length: 0\r\n\r\n`,
    { end: 'complete', head: { status: 200, contentType: undefined, logId: undefined, retryAfter: undefined } },
  ],
  ['connection: close', `${ok}connection: close\r\ncontent-length: 0\r\n\r\n`, { end: 'complete', keepAlive: false }],
  ['close among others', `${ok}connection: X, Close\r\ncontent-length: 0\r\n\r\n`, { keepAlive: false }],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n', { end: 'complete', keepAlive: false }],
  [
    'HTTP/1.0 that stays',
    'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n',
    { end: 'complete', keepAlive: true },
  ],
  [
    'the headers that are wanted',
    `HTTP/1.1 429 X\r\nX-Log-Id: \t a b \r\nretry-after: 3\r\nretry-after: 4\r\nContent-Type: text/html\r\ncontent-length: 0\r\n\r\n`,
    { head: { status: 429, contentType: 'text/html', logId: 'a b', retryAfter: '3' } },
  ],
  [
    'a folded header',
    `${ok}x: y\r\n z\r\nx-log-id: a\r\n\tb\r\n  c\r\ncontent-length: 0\r\n\r\n`,
    { end: 'complete', head: { status: 200, contentType: undefined, logId: 'a b c', retryAfter: undefined } },
  ],
  [
    'headers that nearly have a wanted name',
    `${ok}x-log-ix: 1\r\nx-log_id: 2\r\ncontent-type2: 3\r\nretry.after: 4\r\ncontent-length: 0\r\n\r\n`,
    { head: { status: 200, contentType: undefined, logId: undefined, retryAfter: undefined } },
  ],
])('%s is read the same at every split', (_name, text, expected) => {
  for (const reading of readings(text)) expect(reading).toMatchObject(expected);
});

test.each<[string, string]>([
  ['another protocol', 'SSH-2.0-hello\r\n'],
  ['another protocol whose line never ends', 'hello'],
  ['small letters', 'http/1.1 200 OK\r\n'],
  ['two spaces', 'HTTP/1.1  200 OK\r\n'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n'],
  ['a status below 100', 'HTTP/1.1 099 OK\r\n'],
  ['a protocol that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n'],
  ['a line that is no header', `${ok}hello\r\n`],
  ['a header without a name', `${ok}: x\r\n`],
  ['a space before the colon', `${ok}content-length : 2\r\n`],
  ['a name that cannot be one', `${ok}f(x): y\r\n`],
  ['a fold of nothing', `${ok} x\r\n`],
  ['NUL in a header', `${ok}x: a\0b\r\n`],
  ['a lone CR in a header', `${ok}x: a\rb\r\n`],
  ['a control character in a folded line', `${ok}x: a\r\n b\x01\r\n`],
  ['DEL in a header', `${ok}x: \x7f\r\n`],
  ['two lengths', `${ok}content-length: 2\r\ncontent-length: 3\r\n\r\n`],
  ['two lengths in a header', `${ok}content-length: 2, 2\r\n\r\n`],
  ['a negative length', `${ok}content-length: -1\r\n\r\n`],
  ['a length that is no number', `${ok}content-length: 0x2\r\n\r\n`],
  ['no length in the header', `${ok}content-length:\r\n\r\n`],
  ['a length beyond all numbers', `${ok}content-length: 99999999999999999999\r\n\r\n`],
  ['a length and chunks', `${ok}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n`],
  ['a size that is none', `${chunked}xyz`],
  ['an empty size', `${chunked}\r\n`],
  ['a space before the size', `${chunked} 2\r\n`],
  ['a negative size', `${chunked}-2\r\n`],
  ['a size with something behind it', `${chunked}2 2\r\n`],
  ['a size beyond all numbers', `${chunked}ffffffffffffffff\r\n`],
  ['a control character in an extension', `${chunked}2;\x01\r\n`],
  ['a chunk that is longer than its size', `${chunked}2\r\nhiX`],
  ['a trailer that is none', `${chunked}0\r\nhello\r\n`],
])('%s is not HTTP, at every split', (_name, text) => {
  for (const reading of readings(text)) expect(reading).toMatchObject({ end: 'not_http', byFin: false });
});

test('what follows an answer unasked costs the connection and not the answer', () => {
  expect(read([latin1(`${ok}content-length: 2\r\n\r\nhiHTTP`)])).toMatchObject({
    end: 'complete',
    body: 'hi',
    keepAlive: false,
  });
});

test('a head has a limit, and one chunk line too, whatever pieces they come in', () => {
  const long = 'x'.repeat(70_000);
  for (const text of [`${ok}x: ${long}\r\n\r\n`, `${ok}${'x: y\r\n'.repeat(20_000)}\r\n`, `${chunked}2;${long}\r\n`]) {
    const all = latin1(text);
    const pieces = Array.from({ length: Math.ceil(all.length / 1000) }, (_, i) =>
      all.subarray(i * 1000, (i + 1) * 1000),
    );
    expect(read(pieces).end).toBe('not_http');
    expect(read([all]).end).toBe('not_http');
  }
  const many = `${chunked}${'1\r\nx\r\n'.repeat(100_000)}0\r\n\r\n`;
  expect(read([latin1(many)])).toMatchObject({ end: 'complete', body: 'x'.repeat(100_000) });
});

test('after a reset the next answer is read as if it were the first', () => {
  let body = '';
  const parser = new AnswerParser({
    head: () => {},
    body: (bytes, from, to) => {
      body += bytes.toString('latin1', from, to);
    },
  });
  const feed = (text: string) => parser.feed(latin1(text), 0, text.length, 0);
  for (const broken of ['HTTP/1.1 20', `${ok}content-len`, `${ok}content-length: 9\r\n\r\nab`, `${chunked}5`, 'junk']) {
    feed(broken);
    parser.reset();
    body = '';
    expect([feed(`${chunked}2\r\nhi\r\n0\r\n\r\n`), body, parser.keepAlive]).toEqual(['complete', 'hi', true]);
    parser.reset();
  }
});

const piece = fc.uint8Array({ minLength: 1, maxLength: 40 }).map(list => Buffer.from(list).toString('latin1'));
const size = fc.constantFrom(
  (n: number) => n.toString(16),
  (n: number) => `00${n.toString(16).toUpperCase()}`,
  (n: number) => `${n.toString(16)};x=y`,
  (n: number) => `${n.toString(16)} `,
);

test('any body in any chunks comes out whole, however it is cut', () => {
  const property = fc.property(
    fc.array(fc.tuple(piece, size), { maxLength: 8 }),
    fc.constantFrom('\r\n', '\n'),
    fc.array(fc.nat(600), { maxLength: 12 }),
    (parts, eol, places) => {
      const chunks = parts.map(([text, shown]) => `${shown(text.length)}${eol}${text}${eol}`).join('');
      const all = latin1(`HTTP/1.1 200 OK${eol}Transfer-Encoding: chunked${eol}${eol}${chunks}0${eol}${eol}`);
      const borders = [0, ...places.map(at => Math.min(at, all.length)).sort((a, b) => a - b), all.length];
      const reading = read(borders.slice(1).map((to, i) => all.subarray(borders[i], to)));
      expect(reading).toMatchObject({ end: 'complete', body: parts.map(([text]) => text).join(''), keepAlive: true });
    },
  );
  fc.assert(property, { numRuns: 2000, seed: 4 });
});

test('bytes changed anywhere give the same verdict at any split, and never an exception', () => {
  const whole = `${ok}content-type: text/html\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n3;a=b\r\nyou\r\n0\r\nx: y\r\n\r\n`;
  const property = fc.property(
    fc.array(fc.tuple(fc.nat(whole.length - 1), fc.oneof(fc.nat(255), fc.constantFrom(10, 13, 32, 48, 58, 59))), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.nat(whole.length),
    (changes, at) => {
      const all = latin1(whole);
      for (const [place, byte] of changes) all[place] = byte;
      expect(read([all.subarray(0, at), all.subarray(at)])).toEqual(read([all]));
    },
  );
  fc.assert(property, { numRuns: 5000, seed: 5 });
});
