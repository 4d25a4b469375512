import type { LoadResult } from '../result.ts';

/** The stable form for programs: a key of the result to a line, and a line to each second, so that hours stay small. */
export function jsonReport(result: LoadResult): string {
  const lines = Object.entries(result)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${JSON.stringify(key)}: ${key === 'intervals' ? listOf(value) : JSON.stringify(value)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

const listOf = (intervals: LoadResult['intervals']) => `[\n${intervals.map(one => JSON.stringify(one)).join(',\n')}\n]`;
