/** Files of JSON lines: every bad line is named at once, by its number and never by what it says. */
import { UsageError } from '../core/errors.ts';

/** A value and where it stood; `undefined` is what was not JSON. */
export interface Item {
  readonly place: string;
  readonly value: unknown;
}

/** What became of an item; `mistake` continues its place: `is not JSON`. */
export type Read<T> = { readonly value: T } | { readonly mistake: string };

const mostNamed = 20;
const byteOrderMark = 0xfeff;

/** The lines of a text; blank ones are skipped, but counted. */
export const linesOf = (text: string): Item[] =>
  withoutMark(text)
    .split('\n')
    .map((line, i) => ({ place: `line ${i + 1}`, line: line.trim() }))
    .filter(({ line }) => line !== '')
    .map(({ place, line }) => ({ place, value: fromJson(line) }));

export const withoutMark = (text: string): string => (text.charCodeAt(0) === byteOrderMark ? text.slice(1) : text);

/** The value of a JSON text; undefined when it is none. */
export function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // JSON.parse says what it found, which may be somebody's prompt; the caller says where.
    return undefined;
  }
}

/**
 * @param source the file's name, for messages
 * @throws {UsageError} `code` with every mistake, or when there is nothing
 */
export function readItems<T>(
  items: readonly Item[],
  { source, code, read }: { source: string; code: string; read: (value: unknown) => Read<T> },
): T[] {
  if (items.length === 0) throw new UsageError(code, `${source}: is empty; it needs one JSON object a line`);
  const values: T[] = [];
  const mistakes: string[] = [];
  for (const { place, value } of items) {
    const result = value === undefined ? { mistake: 'is not JSON' } : read(value);
    if ('mistake' in result) mistakes.push(`  ${place}: ${result.mistake}`);
    else values.push(result.value);
  }
  if (mistakes.length > 0) throw new UsageError(code, `${source}:\n${shortened(mistakes).join('\n')}`);
  return values;
}

const shortened = (mistakes: readonly string[]) =>
  mistakes.length <= mostNamed
    ? mistakes
    : [...mistakes.slice(0, mostNamed), `  … and ${mistakes.length - mostNamed} more`];
