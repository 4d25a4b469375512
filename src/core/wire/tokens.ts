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
  const second = text.charCodeAt(start + 1);
  const two = (first & 1) === 0 && isCjk(second) && !isMark(text.charCodeAt(start + 2));
  return withMarks(text, two ? start + 2 : start + 1);
}

/** Any other character with everything that is drawn as part of it (emoji sequences, flags, accents). */
function otherEnd(text: string, start: number): number {
  let at = start;
  for (;;) {
    const flag = isFlag(text, at);
    at += width(text, at);
    if (flag && isFlag(text, at)) at += width(text, at);
    at = withMarks(text, at);
    if (text.charCodeAt(at - 1) !== 0x200d || at >= text.length) return at;
  }
}

const width = (text: string, at: number) => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
const isFlag = (text: string, at: number) => {
  const point = text.codePointAt(at) ?? 0;
  return point >= 0x1f1e6 && point <= 0x1f1ff;
};

function withMarks(text: string, end: number): number {
  let at = end;
  while (at < text.length && isMarkAt(text, at)) at += width(text, at);
  return at;
}

const isMark = (c: number) =>
  (c >= 0x300 && c <= 0x36f) ||
  (c >= 0xfe00 && c <= 0xfe0f) ||
  c === 0x200d ||
  (c >= 0x3099 && c <= 0x309a) ||
  (c >= 0x20d0 && c <= 0x20ff);

function isMarkAt(text: string, at: number): boolean {
  const c = text.charCodeAt(at);
  if (c < 0x300) return false;
  if (isMark(c)) return true;
  const point = text.codePointAt(at) ?? 0;
  if (point >= 0x1f3fb && point <= 0x1f3ff) return true;
  return c > 0x36f && anyMark.test(String.fromCodePoint(point));
}

const anyMark = /^\p{M}$/u;
