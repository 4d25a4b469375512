/** A comparison for people: a table for a terminal, and Markdown for a step summary of GitHub. */
import type { Comparison } from '../compare.ts';
import type { ComparisonRow } from '../comparison-row.ts';
import { measures } from '../measures.ts';
import { rate, share, time } from '../numbers.ts';
import { code, table, text } from './markdown.ts';
import { fold, padEnd, padStart, painter, safe } from './terminal.ts';

export interface ComparisonTextOptions {
  /** Columns; default 100, at least 80. */
  readonly width?: number;
  /** Default false. */
  readonly color?: boolean;
}

const moods = { regression: 'bad', improvement: 'good', same: 'good', inconclusive: 'warn' } as const satisfies Record<
  Comparison['verdict'],
  'good' | 'bad' | 'warn'
>;

const known =
  'Bounds are 95 % for all rows together. They know the noise within these runs, not that between hours or machines.';

const rule =
  'SAME needs no figure that differs and every measure clear at one level; other levels and rates may stay inconclusive.';

/** What it can tell, and what it cannot. */
const reachOf = ({ verdict }: Comparison) =>
  verdict === 'same' || verdict === 'inconclusive' ? `${known} ${rule}` : known;

/** Verdict, what was compared, a row per figure, and warnings; each line ended by a newline. */
export function comparisonText(
  comparison: Comparison,
  { width = 100, color = false }: ComparisonTextOptions = {},
): string {
  const columns = Math.max(80, width);
  const paint = painter(color);
  const folded = (said: string) => fold(safe(said), columns);
  const lines = [
    ...folded(`${comparison.verdict.toUpperCase()}  ${comparison.why}`),
    ...(['a', 'b'] as const).map(name => `${paint('dim', name)}  ${safe(runOf(comparison, name))}`),
    '',
    paint('dim', lineOf(heads)),
    ...comparison.rows.map(row => {
      const cells = cellsOf(row);
      return lineOf([...cells.slice(0, -1), row.verdict === 'same' ? 'same' : paint(moods[row.verdict], row.verdict)]);
    }),
    ...unjudged(comparison).flatMap(folded),
    '',
    ...folded(reachOf(comparison)).map(line => paint('dim', line)),
    ...comparison.warnings.flatMap(warning => folded(`warning: ${warning}`)).map(line => paint('warn', line)),
  ];
  lines[0] = paint(moods[comparison.verdict], lines[0] ?? '');
  return `${lines.join('\n')}\n`;
}

const glyphs = { regression: '❌', improvement: '✅', same: '✅', inconclusive: '⚠️' } as const;

/** GitHub-flavoured Markdown; whatever a setting or an identity says is shown as text. */
export function comparisonMarkdown(comparison: Comparison): string {
  const { verdict, why, warnings, rows } = comparison;
  const blocks = [
    `### ${glyphs[verdict]} ${verdict}: ${text(why)}`,
    (['a', 'b'] as const).map(name => `- ${code(name)} ${text(runOf(comparison, name))}`).join('\n'),
    table(heads, 'right', rows.map(markdownCells)),
    unjudged(comparison).map(text).join('\n\n'),
    `<sub>${text(reachOf(comparison))}</sub>`,
    warnings.map(warning => `- ⚠️ ${text(warning)}`).join('\n'),
  ];
  return `${blocks.filter(block => block !== '').join('\n\n')}\n`;
}

const markdownCells = (row: ComparisonRow) => {
  const { verdict } = row;
  return cellsOf(row).map((cell, i, { length }) => (i < length - 1 ? text(cell) : `${glyphs[verdict]} ${cell}`));
};

function runOf(comparison: Comparison, name: 'a' | 'b'): string {
  const { run_id, started_at, validity, seconds } = comparison[name];
  const part = comparison.window === 'steady' ? 'steady' : 'whole run';
  return `run ${run_id}, ${started_at}, ${validity}, ${rate(seconds)} s of it (${part})`;
}

const heads = ['figure', 'a', 'b', 'change', '95 % bounds', 'noise', 'verdict'] as const;

function cellsOf(row: ComparisonRow): string[] {
  const { a, b, unit, difference, ci, noise, verdict } = row;
  const bounds = ci === null ? '–' : `${changeOf(row, ci[0])} … ${changeOf(row, ci[1])}`;
  const floor = noise === null ? '–' : changeOf(row, noise).replace('+', '');
  return [nameOf(row), values[unit](a), values[unit](b), changeOf(row, difference), bounds, floor, verdict];
}

const rateTitles = {
  requests_per_second: 'requests/s',
  output_tokens_per_second: 'tokens/s',
  error_rate: 'failed',
} as const;

function nameOf({ name, level }: ComparisonRow): string {
  if (name === 'requests_per_second' || name === 'output_tokens_per_second' || name === 'error_rate')
    return rateTitles[name];
  const { title, from } = measures[name];
  return `${title}${from === 'send' ? ' from send' : ''} ${level}`;
}

const values = { ms: time, per_second: rate, share } as const satisfies Record<
  ComparisonRow['unit'],
  (n: number) => string
>;

/** Relative to a where that can be; else in the figure's own unit. */
function changeOf({ a, unit }: ComparisonRow, amount: number): string {
  const sign = amount > 0 ? '+' : amount < 0 ? '−' : '';
  const size = Math.abs(amount);
  if (unit === 'share') return `${sign}${share(size)}`;
  return a > 0 ? `${sign}${share(size / a)}` : `${sign}${values[unit](size)}`;
}

const widths = [20, 10, 10, 9, 19, 8];

const lineOf = (cells: readonly string[]) =>
  cells
    .map((cell, i) => (i === 0 ? padEnd(cell, 20) : i < widths.length ? padStart(cell, widths[i]!) : `  ${cell}`))
    .join('');

/** Why figures could not be judged, each reason once; what is the reason for all of them was said at the top. */
function unjudged({ rows, why: overall }: Comparison): string[] {
  const reasons = Map.groupBy(
    rows.filter(({ ci, why }) => ci === null && !overall.includes(why)),
    ({ why }) => why,
  );
  return [...reasons].map(([why, all]) => `${all.map(nameOf).join(', ')}: ${why}`);
}
