/** JSON strings as bytes: where one ends if it is sound, and how many characters it has. */

const QUOTE = 34;
const BACKSLASH = 92;
const SPACE = 32;
const LETTER_U = 117;

/** Which bytes may follow a backslash. */
const escapes = Uint8Array.from({ length: 256 }, (_, byte) =>
  '"\\/bfnrtu'.includes(String.fromCharCode(byte)) ? 1 : 0,
);
const isHex = Uint8Array.from({ length: 256 }, (_, byte) => (/[\da-f]/i.test(String.fromCharCode(byte)) ? 1 : 0));

/**
 * @param from behind the opening quote
 * @returns where the closing quote is; -1 when it has not come, or the bytes are not a JSON string in UTF-8
 */
export function stringEnd(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to) {
    const byte = bytes[at]!;
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at += escapeLength(bytes, at);
    else if (byte < SPACE) return -1;
    else at += byte < 0x80 ? 1 : sequenceLength(bytes, at, byte);
    if (Number.isNaN(at)) return -1;
  }
  return -1;
}

/** How many UTF-16 units a sound string has: what `length` of the parsed text would be. */
export function charsIn(bytes: Buffer, from: number, to: number): number {
  let chars = 0;
  for (let at = from; at < to; chars++) {
    const byte = bytes[at]!;
    if (byte === BACKSLASH) at += bytes[at + 1] === LETTER_U ? 6 : 2;
    else if (byte < 0x80) at++;
    else if (byte < 0xe0) at += 2;
    else if (byte < 0xf0) at += 3;
    else {
      at += 4;
      chars++; // a pair of surrogates
    }
  }
  return chars;
}

/** NaN when it is no escape. A sequence that `to` cuts is not sound either: what lies behind it is another read's. */
function escapeLength(bytes: Buffer, at: number): number {
  const letter = bytes[at + 1]!;
  if (escapes[letter] !== 1) return Number.NaN;
  if (letter !== LETTER_U) return 2;
  for (let i = at + 2; i < at + 6; i++) if (isHex[bytes[i]!] !== 1) return Number.NaN;
  return 6;
}

/** Of a character of several bytes; NaN when it is none: overlong, a surrogate, or beyond Unicode (RFC 3629 §4). */
function sequenceLength(bytes: Buffer, at: number, lead: number): number {
  const second = bytes[at + 1]!;
  if (lead >= 0xc2 && lead < 0xe0) return isNext(second) ? 2 : Number.NaN;
  if (lead >= 0xe0 && lead < 0xf0) {
    const sound = isNext(second) && !(lead === 0xe0 && second < 0xa0) && !(lead === 0xed && second >= 0xa0);
    return sound && isNext(bytes[at + 2]!) ? 3 : Number.NaN;
  }
  if (lead < 0xf0 || lead > 0xf4) return Number.NaN;
  const sound = isNext(second) && !(lead === 0xf0 && second < 0x90) && !(lead === 0xf4 && second >= 0x90);
  return sound && isNext(bytes[at + 2]!) && isNext(bytes[at + 3]!) ? 4 : Number.NaN;
}

const isNext = (byte: number) => (byte & 0xc0) === 0x80;
