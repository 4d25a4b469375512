/** HTML that cannot be broken out of: whatever is put into it is text, unless it is markup already. */
import { escaped } from '../../../core/escaped.ts';

export interface Markup {
  readonly markup: string;
}

type Part = string | number | Markup | undefined | readonly Part[];

/** @example markup`<td>${model}</td>` escapes `model`; nested markup and lists of it stay as they are. */
export const markup = (texts: TemplateStringsArray, ...parts: readonly Part[]): Markup => ({
  markup: texts.reduce((all, text, i) => `${all}${textOf(parts[i - 1])}${text}`),
});

/** Text that is known to be markup: constants of this package and numbers put into them. */
export const trusted = (text: string): Markup => ({ markup: text });

function textOf(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'string') return escaped(part);
  if (typeof part === 'number') return String(part);
  return 'markup' in part ? part.markup : part.map(textOf).join('');
}
