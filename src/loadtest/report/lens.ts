/** Another tool's figures as a table. */
import { formatDuration } from '../../core/duration.ts';
import type { Summary } from '../../core/histogram.ts';
import type { LensResult } from '../lens.ts';

const levels = ['mean', 'p50', 'p90', 'p95', 'p99'] as const satisfies readonly (keyof Summary)[];

export function lensText({ as, says, requests, successes, unsaid, figures }: LensResult): string {
  if (unsaid !== undefined) return `as ${as} would say it: nothing (${unsaid})`;
  const row = (title: string, cells: readonly string[]) =>
    `${title.padEnd(28)}${cells.map(cell => cell.padStart(10)).join('')}`;
  const rows = Object.entries(figures).map(([name, summary]) => {
    const times = levels.map(level => (summary.count === 0 ? '–' : formatDuration(summary[level])));
    return row(name, [...times, String(summary.count)]);
  });
  return [
    `as ${as} would say it: ${successes} of ${requests} requests succeeded`,
    `  (${says})`,
    row('', [...levels, 'n']),
    ...rows,
  ].join('\n');
}
