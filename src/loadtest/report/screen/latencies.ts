/** The table of latencies: percentiles with their bounds, from the schedule and from the send. */
import { counted } from '../../../core/counted.ts';
import { widthOf } from '../../../core/width.ts';
import { measures } from '../../measures.ts';
import { count, share, time } from '../../numbers.ts';
import type { Figure } from '../../result.ts';
import { padEnd, padStart } from '../terminal.ts';
import { type Aside, isWide, labelled, type Page } from './page.ts';

const lines = [
  { name: 'ttft_any_ms', sent: 'ttft_any_from_send_ms' },
  { name: 'ttft_content_ms', sent: 'ttft_content_from_send_ms' },
  { name: 'itl_ms', sent: undefined },
  { name: 'tpot_ms', sent: undefined },
  { name: 'e2e_ms', sent: 'e2e_from_send_ms' },
] as const;

const levels = ['p50', 'p90', 'p99'] as const;

interface Columns {
  readonly title: number;
  readonly cell: number;
  readonly sent: number;
}

export function table(page: Page, without: readonly Aside[]): string[] {
  const { metrics } = page.result;
  const measured = lines.filter(({ name }) => (metrics[name]?.count ?? 0) > 0);
  if (measured.length === 0) return labelled(page, 'latency', 'no good answer, so no latency', 1);
  const size = isWide(page) ? { title: 14, cell: 14, sent: 11 } : { title: 12, cell: 10, sent: 10 };
  return [
    ...heads(page, size),
    ...measured.map(line => row(page, line, size)),
    ...atOnce(page),
    ...(without.includes('longest') ? [] : longest(page, measured)),
  ];
}

/** A server or a proxy that streams nothing would else be seen only by a row that is missing. */
function atOnce(page: Page): string[] {
  const { ttft_any_ms: first, max_gap_ms: gap } = page.result.metrics;
  const all = first?.count ?? 0;
  const whole = all - (gap?.count ?? 0);
  if (whole <= all / 2) return [];
  const text = `${share(whole / all)} of ${counted(all, 'answer')} came in one read: no gaps and no TPOT`;
  return labelled(page, 'streams', text, 1);
}

/** What a percentile hides: the longest of a figure, where it is far from the highest level that is shown. */
function longest(page: Page, measured: readonly (typeof lines)[number][]): string[] {
  const far = measured.flatMap(({ name }) => {
    const figure = page.result.metrics[name];
    const shown = levels.findLast(level => figure?.needs[level] === undefined);
    if (figure === undefined || shown === undefined || figure.max < 3 * figure[shown]) return [];
    return [`${titleOf(name)} ${time(figure.max)} (${shown} ${time(figure[shown])})`];
  });
  return far.length === 0 ? [] : labelled(page, 'longest', far.join(' · '), 1);
}

const titleOf = (name: (typeof lines)[number]['name']) => measures[name].title.replace(' token', '');

function heads({ paint, result, columns }: Page, { title, cell, sent }: Columns): string[] {
  const understates = isWide({ columns }) ? 'latency (closed loop understates)' : 'closed loop understates';
  const name = result.load.kind === 'closed' ? understates : 'latency';
  const over = `${name}${padStart('from schedule', title + cell * 3 - widthOf(name))}${padStart('from send', sent * 3)}`;
  const names = [cell, sent].flatMap(width => levels.map(level => padStart(level, width))).join('');
  return [paint('dim', over), paint('dim', `${' '.repeat(title)}${names}${padStart('n', 8)}`)];
}

function row(
  { result: { metrics }, columns, paint }: Page,
  { name, sent }: (typeof lines)[number],
  size: Columns,
): string {
  const [user, server] = [metrics[name], sent === undefined ? undefined : metrics[sent]];
  const cells = (figure: Figure | undefined, width: number, bounds: boolean) =>
    levels.map(level => padStart(figure === undefined ? '' : cellOf(figure, level, bounds), width)).join('');
  return (
    padEnd(titleOf(name), size.title) +
    cells(user, size.cell, isWide({ columns })) +
    paint('dim', cells(server, size.sent, false)) +
    padStart(count(user?.count ?? 0), 8)
  );
}

/** `412 ms ±3%`, or what is missing to say it. */
function cellOf(figure: Figure, level: (typeof levels)[number], bounds: boolean): string {
  const needed = figure.needs[level];
  if (needed !== undefined) return `needs ${needed}`;
  const interval = figure.ci[level];
  if (!bounds || interval === undefined || !(figure[level] > 0)) return time(figure[level]);
  const half = Math.max(interval[1] - figure[level], figure[level] - interval[0]) / figure[level];
  return `${time(figure[level])} ±${Math.min(999, Math.max(1, Math.ceil(half * 100)))}%`;
}
