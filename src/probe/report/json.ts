import type { CheckResult } from '../verdict.ts';

/** The stable form for programs. */
export const jsonReport = (results: readonly CheckResult[]) => `${JSON.stringify({ results }, null, 2)}\n`;
