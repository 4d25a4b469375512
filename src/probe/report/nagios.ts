/** One line as monitoring plugins print it: a word, a sentence, and figures behind a bar. */
import { oneLine } from '../../core/one-line.ts';
import { gradeOf, nagios } from '../exit.ts';
import { isDegraded, type ProbeRun } from '../run.ts';

export function nagiosReport(runs: readonly ProbeRun[]): string {
  const told = runs.flatMap(run => (complaintOf(run) === undefined ? [] : [`${nameOf(run)}: ${complaintOf(run)}`]));
  const summary = told.length === 0 ? `${runs.length} checks good` : told.join('; ');
  return `GLM ${nagios[gradeOf(runs)].word} - ${oneLine(summary)} | ${runs.flatMap(figuresOf).join(' ')}\n`;
}

/** Nothing was looked at, because it was asked wrongly. */
export const nagiosMistake = (message: string): string =>
  `GLM ${nagios.unmeasurable.word} - ${oneLine(message.replace(/\s*\n\s*/g, ' ')).replaceAll('|', '/')}\n`;

const nameOf = ({ target, check, model }: ProbeRun) => `${target}/${check}/${model}`;

function complaintOf(run: ProbeRun): string | undefined {
  if (isDegraded(run))
    return run.warnings
      .map(({ detail }) => detail)
      .join(', ')
      .replaceAll('|', '/');
  return run.state === 'good' ? undefined : `${run.reason ?? run.state} (${run.fault_domain ?? 'nobody'})`;
}

/** Labels may hold neither quotes nor an equals sign. */
function figuresOf(run: ProbeRun): string[] {
  const label = nameOf(run).replace(/['=|\s]/g, '_');
  const figure = (name: string, ms: number | null) =>
    ms === null ? [] : [`'${label}_${name}'=${(ms / 1000).toFixed(6)}s`];
  const { total_ms, ttft_ms, max_gap_ms } = run.timing;
  return [...figure('total', total_ms), ...figure('ttft', ttft_ms), ...figure('max_gap', max_gap_ms)];
}
