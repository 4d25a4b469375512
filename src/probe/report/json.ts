import type { ProbeRun } from '../run.ts';

/** The stable form for programs. */
export const jsonReport = (results: readonly ProbeRun[]) => `${JSON.stringify({ results }, null, 2)}\n`;
