/** A table of texts, as a terminal shows it. */
import { widthOf } from './width.ts';

/**
 * A line for each row: columns are as wide as the widest cell in them, two blanks apart.
 * @param isRight columns whose cells end below each other, such as numbers; default: none
 */
export function aligned(
  rows: readonly (readonly string[])[],
  isRight: (column: number) => boolean = () => false,
): string[] {
  const columns = Math.max(0, ...rows.map(({ length }) => length));
  const widths = Array.from({ length: columns }, (_, at) => Math.max(...rows.map(row => widthOf(row[at] ?? ''))));
  const cell = (text: string, at: number) => {
    const blanks = ' '.repeat((widths[at] ?? 0) - widthOf(text));
    return isRight(at) ? blanks + text : text + blanks;
  };
  return rows.map(row => row.map(cell).join('  ').trimEnd());
}
