import type { LoadSummary } from '../summary.ts';

/** The stable form for programs. */
export const jsonReport = (summary: LoadSummary) => `${JSON.stringify(summary, null, 2)}\n`;
