/** The verdict table for people. */
import { formatDuration } from '../../core/duration.ts';
import { type CheckResult, plainWords } from '../verdict.ts';

const columns = [
  ['check', result => result.check],
  ['verdict', result => (result.reason === null ? 'good' : 'BAD')],
  ['reason', result => result.reason ?? '-'],
  ['fault', result => result.fault_domain ?? '-'],
  ['dns', result => time(result.timing.dns_ms)],
  ['tcp', result => time(result.timing.tcp_ms)],
  ['tls', result => time(result.timing.tls_ms)],
  ['head', result => time(result.timing.head_ms)],
  ['ttft', result => time(result.timing.ttft_ms)],
  ['visible', result => time(result.timing.first_visible_token_ms)],
  ['max gap', result => time(result.timing.max_gap_ms)],
  ['total', result => time(result.timing.total_ms)],
] as const satisfies readonly (readonly [string, (result: CheckResult) => string])[];

const time = (ms: number | null) => (ms === null ? '-' : formatDuration(ms));

/** A heading, one line per check, and one line in plain words for each bad one. */
export function textReport(results: readonly CheckResult[]): string {
  const rows = [
    columns.map(([title]) => title as string),
    ...results.map(result => columns.map(([, of]) => of(result))),
  ];
  const widths = columns.map((_, at) => Math.max(...rows.map(row => (row[at] ?? '').length)));
  const lines = rows.map(row =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const words = results.flatMap(result => {
    const sentence = plainWords(result);
    return sentence === null ? [] : [`${result.check}: ${sentence}${support(result)}`];
  });
  return `${[title(results), '', ...lines, ...(words.length > 0 ? ['', ...words] : [])].join('\n')}\n`;
}

const title = ([first]: readonly CheckResult[]) => (first === undefined ? '' : `${first.target}  ${first.model}`);

const support = ({ log_id: id }: CheckResult) => (id === null ? '' : ` Log id for the vendor: ${id}.`);
