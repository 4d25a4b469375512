/** Text for a terminal: how wide it is there, what of it is safe, and its colours. */
import { oneLine } from '../../core/one-line.ts';

const sgr = { good: 32, bad: 31, warn: 33, calm: 36, dim: 2, strong: 1 } as const;

export type Paint = (style: keyof typeof sgr, text: string) => string;

/** Colours text, or leaves it alone. */
export const painter =
  (color: boolean): Paint =>
  (style, text) =>
    color && text !== '' ? `\x1b[${sgr[style]}m${text}\x1b[0m` : text;

/** What a model's name or an error's text may hold must not move the cursor. */
export const safe = oneLine;

// biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for the colours that `painter` wrote
const styles = /(\x1b\[\d+m)/;
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u;
const none = /\p{Mn}|\p{Me}|\p{Cf}/u;

/** Most are Latin or blocks of a drawing; the expressions cost ten times as much. */
const isPlain = (character: string) => character < '\u0300' || (character >= '\u2500' && character < '\u2600');

const cells = (character: string) => (isPlain(character) ? 1 : wide.test(character) ? 2 : none.test(character) ? 0 : 1);

/** Columns that a text takes: CJK two each, colours none. */
export const widthOf = (text: string) =>
  text.split(styles).reduce((sum, part, i) => sum + (i % 2 ? 0 : [...part].reduce((n, c) => n + cells(c), 0)), 0);

/** Filled with spaces behind, or in front. */
export const padEnd = (text: string, columns: number) => text + ' '.repeat(Math.max(0, columns - widthOf(text)));
export const padStart = (text: string, columns: number) => ' '.repeat(Math.max(0, columns - widthOf(text))) + text;

/** At most `columns` wide; what was cut off shows as `…`. Colours stay closed. */
export function crop(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let left = columns - 1;
  let cut = '';
  for (const [i, part] of text.split(styles).entries()) {
    if (i % 2) cut += part;
    else
      for (const character of part) {
        left -= cells(character);
        if (left < 0) break;
        cut += character;
      }
  }
  return columns > 0 ? `${cut}…` : '';
}

/** Broken between words into lines of at most `columns`. */
export function fold(text: string, columns: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    const line = last === '' ? word : `${last} ${word}`;
    if (last === '' || widthOf(line) <= columns) lines[lines.length - 1] = line;
    else lines.push(word);
  }
  return lines;
}
