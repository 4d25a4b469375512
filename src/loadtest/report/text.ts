/** The result for people: verdict first, then how much, how fast, and what failed. */
import { formatDuration } from '../../core/duration.ts';
import type { Summary } from '../../core/histogram.ts';
import { endings } from '../../core/outcome.ts';
import { failuresOf, type LoadSummary } from '../summary.ts';

export function textReport(summary: LoadSummary): string {
  const lines = [verdict(summary), '', ...throughput(summary), '', ...latencies(summary), ...failures(summary)];
  return `${lines.join('\n')}\n`;
}

function verdict(summary: LoadSummary): string {
  const { ok, censored, warmup, planned } = summary.ledger;
  const failed = planned - ok - censored - warmup;
  const word = ok === 0 ? 'FAILED' : failed > 0 ? 'ran with failures' : 'OK';
  const rest = [
    `${ok} good`,
    `${failed} failed`,
    ...(censored > 0 ? [`${censored} cut at the end`] : []),
    ...(warmup > 0 ? [`${warmup} to warm up`] : []),
  ];
  return `${word}: ${planned} requests = ${rest.join(' + ')}  (seed ${summary.seed})`;
}

function throughput({ throughput: t }: LoadSummary): string[] {
  const tokens = t.output_tokens_per_second;
  return [
    `${t.requests_per_second.toFixed(1)} req/s   ${tokens.toFixed(1)} tokens/s   ${t.in_flight_mean.toFixed(1)} in flight   over ${formatDuration(t.duration_s * 1000)}`,
    'closed loop: a slow answer also delays the next request, so latencies are lower than under open load',
  ];
}

const titles = {
  ttft_any_ms: 'TTFT first token',
  ttft_content_ms: 'TTFT content',
  itl_ms: 'ITL between reads',
  tpot_ms: 'TPOT',
  e2e_ms: 'E2E',
} as const satisfies Record<keyof LoadSummary['metrics'], string>;

const figures = ['p50', 'p90', 'p95', 'p99', 'max'] as const satisfies readonly (keyof Summary)[];

function latencies({ metrics }: LoadSummary): string[] {
  const row = (title: string, cells: readonly string[]) =>
    `${title.padEnd(18)}${cells.map(cell => cell.padStart(10)).join('')}`;
  const names = Object.keys(titles) as (keyof typeof titles)[];
  const measured = names.filter(name => metrics[name].count > 0);
  const rows = measured.map(name => row(titles[name], [...timesOf(metrics[name]), String(metrics[name].count)]));
  return [row('', [...figures, 'n']), ...rows];
}

const timesOf = (summary: Summary) => figures.map(name => formatDuration(summary[name]));

function failures({ ledger }: LoadSummary): string[] {
  const rows = failuresOf(ledger).map(
    ({ reason, domain, count }) => `${String(count).padStart(8)}  ${reason} (${domain}): ${endings[reason].meaning}`,
  );
  return rows.length > 0 ? ['', 'failures', ...rows] : [];
}
