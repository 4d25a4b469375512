/**
 * Text cut into token-like pieces. The real tokenizer is not public; this one follows what was measured (glm-api.md §8.2):
 * about 3.4 ASCII characters or 1.5 Chinese characters a token, an English word with its leading space as one piece.
 * A piece never splits a grapheme, and `countTokens(text) === pieces(text).length`, so usage adds up.
 */

/** The pieces of a text in order; joined they give the text again. */
export function pieces(text: string): string[] {
  const list: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = pieceEnd(text, at);
    list.push(text.slice(at, end));
    at = end;
  }
  return list;
}

/** Number of pieces, without cutting: linear, about 10 ns a character. */
export function countTokens(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; count++) at = pieceEnd(text, at);
  return count;
}

const wholeWord = 9;
const partOfWord = 5;

function pieceEnd(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (isCjk(first)) return cjkEnd(text, start, first);
  if (first > 0x7f) return otherEnd(text, start);
  let at = start;
  if (first === 0x20 && isLetter(text.charCodeAt(start + 1))) at++;
  if (isLetter(text.charCodeAt(at))) return wordEnd(text, at);
  if (isDigit(first)) return runEnd(text, start, isDigit, 3);
  if (isSpace(first)) return spaceEnd(text, start);
  return withMarks(text, start + 1);
}

const isLetter = (c: number) => (c >= 97 && c <= 122) || (c >= 65 && c <= 90);
const isDigit = (c: number) => c >= 48 && c <= 57;
const isSpace = (c: number) => c === 0x20 || (c >= 9 && c <= 13);
const isCjk = (c: number) =>
  (c >= 0x4e00 && c <= 0x9fff) ||
  (c >= 0x3040 && c <= 0x30ff) ||
  (c >= 0xac00 && c <= 0xd7a3) ||
  (c >= 0x3400 && c <= 0x4dbf);

function runEnd(text: string, start: number, is: (c: number) => boolean, most: number): number {
  let at = start;
  while (at < text.length && at - start < most && is(text.charCodeAt(at))) at++;
  return withMarks(text, at);
}

/** Words of up to nine letters stay whole; longer ones fall into parts of five. */
function wordEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && at - start <= wholeWord && isLetter(text.charCodeAt(at))) at++;
  return withMarks(text, at - start <= wholeWord ? at : start + partOfWord);
}

/** A run of white space is one piece, but its last blank belongs to the word that follows. */
function spaceEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && isSpace(text.charCodeAt(at))) at++;
  const lends = at - start > 1 && text.charCodeAt(at - 1) === 0x20 && isLetter(text.charCodeAt(at));
  return withMarks(text, lends ? at - 1 : at);
}

/** One or two characters, by the first one's code: 1.5 on average, and the same cut wherever the text begins. */
function cjkEnd(text: string, start: number, first: number): number {
  const two = (first & 1) === 0 && isCjk(text.charCodeAt(start + 1)) && !isMark(text.charCodeAt(start + 2));
  return withMarks(text, two ? start + 2 : start + 1);
}

/** Any other character with everything that is drawn as part of it (emoji sequences, flags, accents, conjuncts). */
const otherEnd = (text: string, start: number) => withMarks(text, characterEnd(text, start));

/** Past one code point, or past the two that make a flag. */
function characterEnd(text: string, at: number): number {
  const end = at + width(text, at);
  return isFlag(text, at) && isFlag(text, end) ? end + width(text, end) : end;
}

const width = (text: string, at: number) => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
const isFlag = (text: string, at: number) => {
  const point = text.codePointAt(at) ?? 0;
  return point >= 0x1f1e6 && point <= 0x1f1ff;
};

function withMarks(text: string, end: number): number {
  let at = end;
  while (at < text.length && isJoined(text, at)) at = characterEnd(text, at);
  return at;
}

/** Whether no grapheme can begin at `at`. Says yes too often rather than too rarely: a piece may hold several. */
function isJoined(text: string, at: number): boolean {
  const c = text.charCodeAt(at);
  const before = text.charCodeAt(at - 1);
  if (isMark(c)) return true;
  if (c < 0x483 && before < 0x600) return false;
  if (isPlain(c) && isPlain(before)) return false;
  return joinsBack.test(characterAt(text, at)) || joinsOn.test(characterBefore(text, at));
}

/** Letters, Chinese and its punctuation: most text, and none of it combines with its like. */
const isPlain = (c: number) => c < 0x300 || isCjk(c) || (c >= 0x3000 && c <= 0x3029) || (c >= 0xff01 && c <= 0xff60);

const isMark = (c: number) =>
  (c >= 0x300 && c <= 0x36f) ||
  (c >= 0xfe00 && c <= 0xfe0f) ||
  c === 0x200d ||
  (c >= 0x3099 && c <= 0x309a) ||
  (c >= 0x20d0 && c <= 0x20ff);

const characterAt = (text: string, at: number) => text.slice(at, at + width(text, at));
const characterBefore = (text: string, at: number) =>
  at > 1 && width(text, at - 2) === 2 ? text.slice(at - 2, at) : text.slice(at - 1, at);

/** Marks, skin tones, tags, Thai and Lao AM, the vowels and finals of spelt-out Korean; UAX #29, GB6–GB9a. */
const joinsBack = /^[\p{M}\p{Grapheme_Extend}\p{Emoji_Modifier}\u0e33\u0eb3\u1160-\u11ff\ud7b0-\ud7ff]$/u;

/** What holds on to the next character: joiner, Korean initials, number signs (GB9b), viramas (GB9c). */
const joinsOn = new RegExp(
  `^[${[
    '\\u200d\\u1100-\\u115f\\ua960-\\ua97c',
    '\\u0600-\\u0605\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u0d4e\\u{110bd}\\u{110cd}\\u{111c2}\\u{111c3}\\u{113d1}',
    '\\u{1193f}\\u{11941}\\u{11a84}-\\u{11a89}\\u{11d46}\\u{11f02}',
    '\\u094d\\u09cd\\u0acd\\u0b4d\\u0c4d\\u0d4d\\u1039\\u17d2\\u1a60\\u1b44\\u1bab\\ua9c0\\uaaf6\\u{10a3f}',
    '\\u{11133}\\u{113d0}\\u{1193e}\\u{11a47}\\u{11a99}\\u{11f42}',
  ].join('')}]$`,
  'u',
);
