import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countTokens, pieces } from '../../../src/core/wire/tokens.ts';

const seeded = { seed: 20261009, numRuns: 3000 };
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Pieces that begin inside a grapheme; empty is what we want. */
function broken(text: string): string[] {
  const boundaries = new Set(Array.from(segmenter.segment(text), ({ index }) => index));
  let at = 0;
  return pieces(text).filter(piece => {
    const inside = !boundaries.has(at);
    at += piece.length;
    return inside;
  });
}

function expectWhole(text: string): void {
  const list = pieces(text);
  expect(list.join('')).toBe(text);
  expect(list).not.toContain('');
  expect(countTokens(text)).toBe(list.length);
}

test.each(['grapheme', 'grapheme-composite', 'binary', 'binary-ascii'] as const)(
  'joined the pieces of any text (%s) give the text, and there are as many as are counted',
  unit => {
    fc.assert(fc.property(fc.string({ unit }), expectWhole), seeded);
  },
);

test('lone halves of surrogate pairs neither hang nor get lost', () => {
  const unit = fc.constantFrom('\ud83d', '\ude00', '\ud83c', '\udde9', '\u200d', '\ufe0f', 'a', ' ', '好');
  fc.assert(fc.property(fc.string({ unit }), expectWhole), seeded);
  expect(pieces('\ud83d')).toEqual(['\ud83d']);
});

test('no piece begins inside a grapheme', () => {
  const unit = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }),
    fc.constantFrom(
      '👩‍👩‍👧‍👦',
      '👍🏽',
      '🇩🇪',
      '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
      '1️⃣',
      'e\u0301',
      'が',
      'か\u3099',
      '한',
      '\u1112\u1161\u11ab',
      'क्ष',
      'น้ำ',
      ' ',
      '你',
      'word',
      '\r\n',
    ),
  );
  const property = fc.property(fc.array(unit, { maxLength: 12 }), parts => {
    expect(broken(parts.join(''))).toEqual([]);
  });
  fc.assert(property, seeded);
});

test.each([
  ['Chinese with a variation selector', '葛\u{e0100}飾区の辻\u{e0101}さん'],
  ['families', '👨‍👩‍👧‍👦👩🏽‍💻🧑‍🤝‍🧑🏳️‍🌈'],
  ['flags', '🇩🇪🇫🇷🇨🇳a🇯🇵🇰🇷'],
  ['flags of regions, made of tags', '🏴󠁧󠁢󠁥󠁮󠁧󠁿🏴󠁧󠁢󠁳󠁣󠁴󠁿'],
  ['skin tones', '👍🏻👍🏿 a👋🏽'],
  ['keycaps', '1️⃣2️⃣#️⃣ 12️⃣'],
  ['accents spelt out', 'Café crème, naïve façade'.normalize('NFD')],
  ['Vietnamese spelt out', 'Tiếng Việt rất thú vị'.normalize('NFD')],
  ['Devanagari', 'नमस्ते दुनिया, यह क्षेत्र और विद्यार्थी का प्रश्न है'],
  ['Thai', 'สวัสดีครับ น้ำตาลทำให้อ้วน'],
  ['Korean', '안녕하세요 세계'],
  ['Korean spelt out', '안녕하세요 세계'.normalize('NFD')],
  ['Japanese spelt out', 'ガギグがぎぐ'.normalize('NFD')],
  ['Arabic and Hebrew with points', 'السَّلَامُ عَلَيْكُمْ שָׁלוֹם'],
  ['Tamil, Bengali and Malayalam', 'வணக்கம் বাংলা ক্ষ മലയാളം'],
  ['line ends', 'a\r\nb\r\n\r\n  c'],
])('%s: every piece is whole', (_, text) => {
  expect(broken(text)).toEqual([]);
  expectWhole(text);
});

test.each([
  ['Say hello in 5 words', ['Say', ' hello', ' in', ' ', '5', ' words']],
  ['你好', ['你好']],
  ['', []],
  ['   ', ['   ']],
  ['a  b', ['a', ' ', ' b']],
  ['1234567', ['123', '456', '7']],
  ['{"a":1}', ['{', '"', 'a', '"', ':', '1', '}']],
])('%j is cut into %j', (text, expected) => {
  expect(pieces(text)).toEqual(expected);
});

test('technical English has about as many characters per token as was measured, 3.3 to 3.45', () => {
  const text = `You are a careful reviewer of load test reports. Answer in English, at most 200 words, as a list.

## Rules

- Latency runs from the intended start of a request, so a stalled server cannot hide its own delays.
- Retry code 1302 with exponential backoff and jitter; never retry 1113, because nobody has paid.
- A stream ends with \`data: [DONE]\`; token usage is only on the final chunk.
- Quote figures as they are written, for example "p99 was 3.8 s at 2,000 open streams".

When the report has no percentiles, say so and stop. Do not invent numbers, and do not repeat the prompt.
`;
  const ratio = text.length / countTokens(text);
  expect(ratio).toBeGreaterThan(3);
  expect(ratio).toBeLessThan(4.5);
});

test('Chinese has one to two characters per token', () => {
  const text =
    '大型语言模型的推理服务需要同时考虑吞吐量和延迟。当并发请求数超过系统容量时，排队时间会迅速增加，用户看到的首个字符延迟也随之变长。因此在上线之前，应当用真实的请求分布进行压力测试，并且记录每一次调用的完整时间。';
  const ratio = text.length / countTokens(text);
  expect(ratio).toBeGreaterThan(1.2);
  expect(ratio).toBeLessThan(1.9);
});

test('a prompt of four megabytes is counted, and its count is the sum of its parts', () => {
  const part = 'The quick brown fox jumps over the lazy dog. 你好，世界！\n';
  const times = Math.ceil(4_000_000 / part.length);
  expect(countTokens(part.repeat(times))).toBe(times * countTokens(part));
});

test.each([
  ['a mark', 'a\u0301'],
  ['a joiner', '👩\u200d'],
  ['an initial', '\u1112'],
])('a hundred thousand times %s is read once, not again and again', (_, text) => {
  expect(pieces(text.repeat(100_000)).join('')).toHaveLength(text.length * 100_000);
});
