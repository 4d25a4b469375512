import type { LoadResult } from '../result.ts';

/** The stable form for programs. */
export const jsonReport = (result: LoadResult) => `${JSON.stringify(result, null, 2)}\n`;
