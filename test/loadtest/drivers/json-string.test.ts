import fc from 'fast-check';
import { expect, test } from 'vitest';
import { charsIn, stringEnd } from '../../../src/loadtest/drivers/socket/json-string.ts';

/** The place of the closing quote and the length of the text, by the reader of bytes. */
function read(bytes: Buffer) {
  const end = stringEnd(bytes, 0, bytes.length);
  return end < 0 ? undefined : { end, chars: charsIn(bytes, 0, end) };
}

/** The same by JSON.parse: the shortest beginning that is a string when it is put in quotes. */
function truth(bytes: Buffer) {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });
  for (let end = bytes.indexOf('"'); end >= 0; end = bytes.indexOf('"', end + 1)) {
    try {
      return { end, chars: JSON.parse(`"${decoder.decode(bytes.subarray(0, end))}"`).length };
    } catch {
      // That quote was escaped, or the bytes are no string; then no later quote makes them one.
    }
  }
  return undefined;
}

test.each<[string, string | number[], { end: number; chars: number } | undefined]>([
  ['nothing', '"', { end: 0, chars: 0 }],
  ['letters', 'abc"', { end: 3, chars: 3 }],
  ['what follows is not looked at', 'a"\u0000', { end: 1, chars: 1 }],
  ['escapes', '\\n\\"\\\\\\/"', { end: 8, chars: 4 }],
  ['a quote behind an escaped backslash', '\\\\"', { end: 2, chars: 1 }],
  ['escaped UTF-16, each half by itself', '\\ud83d\\uDE00"', { end: 12, chars: 2 }],
  ['two bytes', 'é"', { end: 2, chars: 1 }],
  ['Chinese', '海浪"', { end: 6, chars: 2 }],
  ['a surrogate pair', '😀"', { end: 4, chars: 2 }],
  ['no end', 'abc', undefined],
  ['an end inside an escape', 'abc\\', undefined],
  ['an end inside a character', [0xe6, 0xb5], undefined],
  ['a line break', 'a\nb"', undefined],
  ['a tab', 'a\tb"', undefined],
  ['an escape that is none', '\\x"', undefined],
  ['an escape without its digits', '\\u12"', undefined],
  ['a byte that is no UTF-8', [0xff, 0x22], undefined],
  ['a byte that continues nothing', [0x80, 0x22], undefined],
  ['an overlong slash', [0xc0, 0xaf, 0x22], undefined],
  ['an overlong three', [0xe0, 0x80, 0xaf, 0x22], undefined],
  ['a surrogate in UTF-8', [0xed, 0xa0, 0x80, 0x22], undefined],
  ['an overlong four', [0xf0, 0x80, 0x80, 0xaf, 0x22], undefined],
  ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80, 0x22], undefined],
  ['far beyond Unicode', [0xf5, 0x80, 0x80, 0x80, 0x22], undefined],
])('a JSON string: %s', (_name, text, expected) => {
  expect(read(Buffer.from(text as string))).toEqual(expected);
});

test('a string that is cut short is not finished by what an earlier read left behind it', () => {
  const bytes = Buffer.from('ab\\n海"');
  for (let to = 0; to < bytes.length; to++) expect(stringEnd(bytes, 0, to)).toBe(-1);
});

/** Bytes that like to be nearly right. */
const bytes = fc
  .array(
    fc.oneof(
      fc.constantFrom('\\', '"', 'u', 'n', '0', 'a', ' ', '\n', '海', '😀', 'é', '\\u00e9', '\ufeff'),
      fc.nat(255).map(byte => [byte]),
    ),
    { maxLength: 12 },
  )
  .map(parts => Buffer.concat([...parts.map(part => Buffer.from(part as string)), Buffer.from('"')]));

test('any bytes are judged as JSON.parse judges them', () => {
  const same = fc.property(bytes, all => {
    expect(read(all)).toEqual(truth(all));
  });
  fc.assert(same, { numRuns: 5000, seed: 1 });
});
