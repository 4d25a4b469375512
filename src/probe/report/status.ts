/** The overview for a terminal: bars without colour. */
import { formatDuration } from '../../core/duration.ts';
import { oneLine } from '../../core/one-line.ts';
import {
  type Bar,
  type BarState,
  barState,
  type CheckOverview,
  knownText,
  type Overview,
  percentText,
  windowNames,
} from '../overview.ts';
import { illFirst, lastingOf, summaryOf } from '../page.ts';

const blocks: Readonly<Record<BarState, string>> = { good: '█', degraded: '▆', partly: '▄', bad: '▁', unknown: '·' };
const lengths = { day: '24 h', month: '30 d', quarter: '90 d' } as const;

/** Bars that share a block, so that every line fits into 80 columns. */
const folds = { day: 2, month: 1, quarter: 3 } as const;

export function statusReport(overview: Overview): string {
  const { checks, troubles, generated_at_ms: now } = overview;
  const legend = Object.entries(blocks).map(([state, block]) => `${block} ${state}`);
  return [
    summaryOf(checks),
    ...troubles.map(text => `the prober is in trouble: ${text}`),
    ...illFirst(checks).flatMap(check => ['', ...linesOf(check, now)]),
    '',
    legend.join('  '),
    ...(checks.length > mostOnScreen ? ['', ...closing(overview)] : []),
    '',
  ]
    .map(oneLine)
    .join('\n');
}

/** More of them scroll the beginning out of a terminal of 24 lines. */
const mostOnScreen = 3;
const mostNamed = 10;

/** What the beginning says, for whoever only sees the end. */
function closing({ checks, troubles }: Overview): string[] {
  const ill = illFirst(checks).filter(({ state }) => state !== 'up');
  const rest = ill.length - mostNamed;
  return [
    ...ill.slice(0, mostNamed).map(({ id, state }) => `${shown(state).padEnd(8)}  ${id}`),
    ...(rest > 0 ? [`and ${rest} more that ${rest > 1 ? 'are' : 'is'} not up`] : []),
    ...troubles.map(text => `the prober is in trouble: ${text}`),
    summaryOf(checks),
  ];
}

const shown = (state: CheckOverview['state']) => (state === 'down' ? 'DOWN' : state);

function linesOf(check: CheckOverview, now: number): string[] {
  const { id, state, words, p50_ms: middle, p95_ms: high } = check;
  return [
    `${id}  ${shown(state)}${lastingOf(check, now)}`,
    ...(words === null ? [] : [`  ${words}`]),
    ...windowNames.map(name => {
      const { availability, known, bars } = check.windows[name];
      const row = folded(bars, folds[name]).map(state => blocks[state]);
      return `  ${lengths[name]}  ${row.join('')}  ${availability === null ? 'nothing known' : percentText(availability) + knownText(known)}`;
    }),
    ...(middle === null || high === null
      ? []
      : [`  latency  p50 ${formatDuration(middle)}, p95 ${formatDuration(high)} over 24 h`]),
  ];
}

function folded(bars: readonly Bar[], by: number): BarState[] {
  const groups = Array.from({ length: Math.ceil(bars.length / by) }, (_, at) => bars.slice(at * by, (at + 1) * by));
  return groups.map(group => {
    const sum = (key: 'good' | 'bad') => group.reduce((total, bar) => total + bar[key], 0);
    const degraded = group.filter(({ state }) => state === 'degraded').length;
    return barState({ good: sum('good'), degraded, bad: sum('bad') });
  });
}
