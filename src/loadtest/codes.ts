/** Business codes as names to count by. What a server may invent is bounded, in length and in number. */
import { businessCode } from '../core/wire/errors.ts';

/** What every further code is counted as. */
const otherCodes = 'others';

const mostNamed = 20;
const longest = 32;

/** A server's own word, short and printable. */
export const printable = (text: string) => text.slice(0, longest).replace(/[^\x21-\x7e]/g, '?');

/** Names the codes of one run: those of the vendor's table, and the first twenty others that come. */
export function createCodes(): (code: string) => string {
  const named = new Set<string>();
  return code => {
    if (businessCode(code) !== undefined) return code;
    const name = printable(code);
    // `constructor` and its like are no keys of a plain object.
    if (name === '' || name in Object.prototype) return otherCodes;
    if (named.size < mostNamed) named.add(name);
    return named.has(name) ? name : otherCodes;
  };
}

/** The table's codes and the twenty most frequent of the others, for several processes name twenty each. */
export function boundedCodes(counts: Readonly<Record<string, number>>): Record<string, number> {
  const all = Object.entries(counts).sort((a, b) => b[1] - a[1]);
  const isKnown = ([code]: (typeof all)[number]) => businessCode(code) !== undefined;
  const strange = all.filter(entry => !isKnown(entry) && entry[0] !== otherCodes);
  const kept = [...all.filter(isKnown), ...strange.slice(0, mostNamed)];
  const rest = strange.slice(mostNamed).reduce((sum, [, n]) => sum + n, counts[otherCodes] ?? 0);
  return Object.fromEntries(rest > 0 ? [...kept, [otherCodes, rest]] : kept);
}
