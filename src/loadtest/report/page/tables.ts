/** The rest of the page in tables: ledger, configuration, all numbers, every stretch of the run. */
import { type LedgerRow, ledgerRows } from '../../ledger.ts';
import { type Measure, measureNames, measures } from '../../measures.ts';
import { count, moment, rate, share, time } from '../../numbers.ts';
import type { Figure, LoadResult } from '../../result.ts';
import type { Slice } from '../../slices.ts';
import { type Markup, markup } from './markup.ts';
import { bounds, list } from './summary.ts';

/** Every planned request in exactly one class, and who is to blame for the bad ones. */
export function ledgerTable({ ledger, load, limits }: LoadResult): Markup {
  const rows = ledgerRows(ledger);
  const bar = rows.map(
    row =>
      markup`<span class="${lookOf(row)}" style="flex-grow:${row.count}" title="${row.name}: ${count(row.count)}"></span>`,
  );
  const body = rows.map(
    row =>
      markup`<tr><th scope="row"><i class="swatch ${lookOf(row)}"></i>${row.name}</th><td>${count(row.count)}</td><td>${share(row.count / ledger.planned)}</td><td>${row.domain ?? '–'}</td><td class="text">${row.meaning}</td></tr>`,
  );
  const codes = Object.entries(limits.codes)
    .sort((a, b) => b[1] - a[1])
    .map(([code, n]) => `${code} ×${count(n)}`);
  const facts: (readonly [string, string])[] = [
    ['sent', count(load.sent)],
    ['sent more than 10 ms late', count(load.late)],
    ['load delivered', load.delivered === null ? 'a closed loop has no rate to keep' : share(load.delivered)],
    ['retries', count(limits.retries)],
    ['business codes', codes.length === 0 ? 'none' : codes.join(', ')],
  ];
  return markup`<div class="bar">${bar}</div><div class="scroll"><table class="numbers"><thead><tr><th>class</th><th>requests</th><th>share</th><th>whose fault</th><th class="text">meaning</th></tr></thead><tbody>${body}</tbody><tfoot><tr><th scope="row">planned</th><td>${count(ledger.planned)}</td><td></td><td></td><td></td></tr></tfoot></table></div>${list(facts)}`;
}

const looks: Readonly<Record<string, string>> = {
  provider: 'bad',
  account: 'amber',
  network: 'pink',
  client: 'violet',
  prober: 'violet',
};

const lookOf = ({ kind, domain }: LedgerRow) =>
  kind === 'good' ? 'good' : kind === 'aside' ? 'quiet' : (looks[domain ?? ''] ?? 'bad');

export function configList({ config, environment, tool_version, schedule_hash, started_at }: LoadResult): Markup {
  const plan = Object.entries(config).map(
    ([name, value]) => [name, typeof value === 'string' ? value : (JSON.stringify(value) ?? '–')] as const,
  );
  const machine = Object.entries(environment).map(([name, value]) => [name, String(value)] as const);
  const run = [
    ['glm-testkit', tool_version],
    ['started', started_at],
    ['schedule', schedule_hash],
  ] as const;
  return markup`<div class="pair"><div><h3>Configuration</h3>${list(plan)}</div><div><h3>Environment</h3>${list([...run, ...machine])}</div></div>`;
}

const levels = ['p50', 'p90', 'p95', 'p99'] as const;

/** Every measure of the whole run, and of its steady part. */
export function allFigures({ metrics, steady }: LoadResult): Markup {
  const whole = figureTable('Whole run', metrics);
  const part =
    steady === null
      ? undefined
      : figureTable(`Steady part, from ${rate(steady.from_s)} to ${rate(steady.to_s)} s`, steady.metrics);
  return markup`${whole}${part}`;
}

function figureTable(title: string, metrics: LoadResult['metrics']): Markup {
  const measured = measureNames.filter(name => (metrics[name]?.count ?? 0) > 0);
  if (measured.length === 0) return markup`<h3>${title}</h3><p class="blank">Nothing was measured.</p>`;
  const head = ['n', 'min', 'mean', ...levels, 'max'].map(name => markup`<th>${name}</th>`);
  return markup`<h3>${title}</h3><div class="scroll"><table class="numbers"><thead><tr><th>measure</th>${head}</tr></thead><tbody>${measured.map(name => figureRow(name, metrics[name] as Figure))}</tbody></table></div>`;
}

function figureRow(name: Measure, figure: Figure): Markup {
  const { title, from, meaning } = measures[name];
  const level = (one: (typeof levels)[number]) => {
    const needed = figure.needs[one];
    return needed === undefined
      ? markup`<td>${time(figure[one])}${bounds(figure, one)}</td>`
      : markup`<td class="dim">needs ${count(needed)}</td>`;
  };
  return markup`<tr><th scope="row" title="${meaning}">${title}${from === undefined ? '' : ` from ${from}`} <code>${name}</code></th><td>${count(figure.count)}</td><td>${time(figure.min)}</td><td>${time(figure.mean)}</td>${levels.map(level)}<td>${time(figure.max)}</td></tr>`;
}

/** The run as rows, for those who read numbers rather than lines. */
export function stretches(slices: readonly Slice[]): Markup {
  const heads = [
    'time',
    'planned',
    'ok',
    'failed',
    'in flight',
    'tokens/s',
    'TTFT p50',
    'TTFT p99',
    'ITL p50',
    'ITL p99',
    'E2E p50',
    'loop busy',
    'GC',
  ];
  const body = slices.map(slice => markup`<tr>${cellsOf(slice).map(cell => markup`<td>${cell}</td>`)}</tr>`);
  return markup`<details><summary>The run in ${count(slices.length)} stretches</summary><div class="scroll tall"><table class="numbers"><thead><tr>${heads.map(name => markup`<th>${name}</th>`)}</tr></thead><tbody>${body}</tbody></table></div></details>`;
}

function cellsOf(slice: Slice): string[] {
  const [ttft, itl, e2e] = [slice.figure('ttft_content_ms'), slice.figure('itl_ms'), slice.figure('e2e_ms')];
  const of = (n: number, ms: number) => (n === 0 ? '–' : time(ms));
  return [
    moment(slice.fromMs / 1000),
    count(slice.planned),
    count(slice.ok),
    count(slice.failed),
    rate(slice.inFlightMean),
    rate(slice.seconds > 0 ? slice.outputTokens / slice.seconds : 0),
    of(ttft.count, ttft.p50),
    of(ttft.count, ttft.p99),
    of(itl.count, itl.p50),
    of(itl.count, itl.p99),
    of(e2e.count, e2e.p50),
    share(slice.elu),
    time(slice.gcMaxMs),
  ];
}
