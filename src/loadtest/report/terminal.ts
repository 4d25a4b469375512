/** Text for a terminal: cut and filled to a width, what of it is safe, and its colours. */
import { oneLine } from '../../core/one-line.ts';
import { cells, styles, widthOf } from '../../core/width.ts';

const sgr = { good: 32, bad: 31, warn: 33, calm: 36, dim: 2, strong: 1 } as const;

export type Paint = (style: keyof typeof sgr, text: string) => string;

/** Colours text, or leaves it alone. */
export const painter =
  (color: boolean): Paint =>
  (style, text) =>
    color && text !== '' ? `\x1b[${sgr[style]}m${text}\x1b[0m` : text;

/** What a model's name or an error's text may hold must not move the cursor. */
export const safe = oneLine;

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
