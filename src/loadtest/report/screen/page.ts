/** What all parts of the screen need: its size, its colours, and lines with a label in front. */
import type { LoadResult } from '../../result.ts';
import { crop, fold, type Paint, padEnd } from '../terminal.ts';

export interface Page {
  readonly result: LoadResult;
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

export const isEndless = ({ rows }: Pick<Page, 'rows'>) => rows === Number.POSITIVE_INFINITY;

export const indent = 9;

export type Aside = 'longest' | 'whole';

/** Bounds stand beside the figures, and most sentences have one line. */
export const isWide = ({ columns }: Pick<Page, 'columns'>) => columns >= 98;

/** Lines of a fact that is one line where there is room. */
export const folds = (page: Page) => (isWide(page) ? 1 : 2);

/** A dim label in front, the text folded behind it. */
export function labelled(page: Page, label: string, text: string, atMost: number): string[] {
  const { columns, paint } = page;
  const lines = shortened(page, text, columns - indent, atMost);
  return lines.map((line, i) => paint('dim', padEnd(i === 0 ? label : '', indent)) + line);
}

export function shortened(page: Page, text: string, columns: number, atMost: number): string[] {
  const lines = fold(text, columns);
  const isTooLong = lines.length > atMost && !isEndless(page);
  const kept = isTooLong ? [...lines.slice(0, atMost - 1), lines.slice(atMost - 1).join(' ')] : lines;
  return kept.map(line => cut(page, line, columns));
}

/** A log is as wide as what stands in it. */
export const cut = (page: Page, text: string, columns: number) => (isEndless(page) ? text : crop(text, columns));
