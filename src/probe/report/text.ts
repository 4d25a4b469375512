/** The verdict table for people. */
import { aligned } from '../../core/aligned.ts';
import { formatDuration } from '../../core/duration.ts';
import { oneLine } from '../../core/one-line.ts';
import { isDegraded, type ProbeRun } from '../run.ts';
import { plainWords } from '../verdict.ts';

type Column = readonly [string, (run: ProbeRun) => string];

const name: Column = ['check', run => run.check];

const verdicts: readonly Column[] = [
  ['verdict', run => verdictOf(run)],
  ['reason', run => run.reason ?? run.skipped ?? '-'],
  ['fault', run => run.fault_domain ?? '-'],
];

const times: readonly Column[] = [
  ['dns', run => time(run.timing.dns_ms)],
  ['tcp', run => time(run.timing.tcp_ms)],
  ['tls', run => time(run.timing.tls_ms)],
  ['head', run => time(run.timing.head_ms)],
  ['ttft', run => time(run.timing.ttft_ms)],
  ['visible', run => time(run.timing.first_visible_token_ms)],
  ['max gap', run => time(run.timing.max_gap_ms)],
  ['total', run => time(run.timing.total_ms)],
];

const time = (ms: number | null) => (ms === null ? '-' : formatDuration(ms));

const verdictOf = (run: ProbeRun) => (isDegraded(run) ? 'degraded' : run.state === 'bad' ? 'BAD' : run.state);

export interface TextOptions {
  /** The log of every run below the table. */
  readonly timing?: boolean;
}

/** For each target and model a heading, one line per check, and what there is to say in plain words. */
export function textReport(runs: readonly ProbeRun[], { timing = false }: TextOptions = {}): string {
  const groups = Map.groupBy(runs, ({ target, model }) => `${target}  ${model}`);
  return [...groups].map(([title, own]) => group(title, own, timing)).join('\n');
}

function group(title: string, runs: readonly ProbeRun[], timing: boolean): string {
  const words = runs.flatMap(wordsOf);
  const logs = timing ? runs.flatMap(run => ['', `${run.check}:`, ...run.log]) : [];
  // What is printed here was cleaned when the run was made; a run of an older version may not have been.
  return `${[title, '', ...table(runs), ...(words.length > 0 ? ['', ...words] : []), ...logs].map(oneLine).join('\n')}\n`;
}

/** One table, or two below each other where a terminal would break its lines. */
function table(runs: readonly ProbeRun[]): string[] {
  const whole = lines([name, ...verdicts, ...times], runs);
  if (whole.every(line => line.length <= terminalColumns)) return whole;
  return [...lines([name, ...verdicts], runs), '', ...lines([name, ...times], runs)];
}

const terminalColumns = 80;

const lines = (columns: readonly Column[], runs: readonly ProbeRun[]): string[] =>
  aligned([columns.map(([title]) => title), ...runs.map(run => columns.map(([, of]) => of(run)))]);

function wordsOf(run: ProbeRun): string[] {
  const { check, warnings, readings, log_id: id, message, cassette } = run;
  const sentence = plainWords(run) ?? (run.state === 'good' ? null : run.detail);
  const support = id === null ? '' : ` For the vendor’s support: x-log-id ${id}.`;
  const told = Object.entries(readings).map(([name, value]) => `${name} ${value}`);
  return [
    ...(sentence === null ? [] : [`${check}: ${sentence}${support}`]),
    // Runs of an older version have none.
    ...(message ? [`${check}: the service says: ${message}`] : []),
    ...warnings.map(({ kind, detail }) => `${check}: warning, ${kind}: ${detail}`),
    ...(told.length === 0 ? [] : [`${check}: ${told.join(', ')}`]),
    ...(cassette === null ? [] : [`${check}: recorded in ${cassette}`]),
  ];
}
