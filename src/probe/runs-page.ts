/** Runs for people who want to know why: a list, and everything about one. Pure. */
import { formatDuration } from '../core/duration.ts';
import { escaped } from '../core/escaped.ts';
import type { RunLine } from './history.ts';
import { documentOf } from './page.ts';
import type { ProbeCheck } from './plan.ts';
import type { ProbeRun } from './run.ts';

/** @param runs newest first */
export function runsPage(id: string, runs: readonly RunLine[]): string {
  const title = `Runs of ${id}`;
  return documentOf(
    title,
    `<header><p><a href="/">Status</a></p><h1>${escaped(title)}</h1></header>
<main class="scroll"><table>
<thead><tr><th>began, UTC</th><th>verdict</th><th>reason</th><th>fault</th><th>latency</th><th>run</th></tr></thead>
<tbody>
${runs.map(row).join('\n')}
</tbody></table></main>`,
  );
}

function row(run: RunLine): string {
  const { runId, atMs, state, reason, domain, skipped, degraded, latencyMs, repeat, whole, detail } = run;
  const verdict = `${state === 'good' && degraded ? 'degraded' : state}${repeat ? ', repetition' : ''}`;
  const link = whole ? `<a href="/runs/${encodeURIComponent(runId)}">log</a>` : '';
  const latency = latencyMs === null ? '–' : formatDuration(latencyMs);
  const began = new Date(atMs).toISOString().slice(0, 19).replace('T', ' ');
  const cells = [
    began,
    verdict,
    reason ?? skipped ?? (state === 'unknown' ? detail : null) ?? '–',
    domain ?? '–',
    latency,
  ];
  return `<tr>${cells.map(text => `<td>${escaped(text)}</td>`).join('')}<td>${link}</td></tr>`;
}

/** Everything about one run, in parts. */
export interface RunReport {
  /** Of its check. */
  readonly id: string;
  readonly title: string;
  readonly parts: readonly { readonly name: string; readonly text: string }[];
}

/** @param metrics what it alone would export @param check undefined when it is gone from the file */
export function runReport(run: ProbeRun, metrics: string, check: ProbeCheck | undefined): RunReport {
  const { log, ...rest } = run;
  const counted = metrics.split('\n').filter(line => line !== '' && !line.startsWith('#') && !line.endsWith(' 0'));
  const asIs = check === undefined ? 'not in the file any more' : JSON.stringify(check, shown, 2);
  return {
    id: run.id,
    title: `Run ${run.run_id} of ${run.id}, ${new Date(run.started_at_ms).toISOString()}`,
    parts: [
      { name: 'Log', text: log.join('\n') },
      { name: 'Result', text: JSON.stringify(rest, null, 2) },
      { name: 'Metrics of this run alone', text: counted.join('\n') },
      { name: 'Check as it is now', text: asIs },
    ],
  };
}

/** For a terminal. */
export const runText = ({ title, parts }: RunReport): string =>
  [title, ...parts.map(({ name, text }) => `\n${name}\n${'─'.repeat(name.length)}\n${text}`), ''].join('\n');

/** For a browser: the lines break where a phone ends. */
export function runPage({ id, title, parts }: RunReport): string {
  const list = `/runs?check=${encodeURIComponent(id)}`;
  return documentOf(
    title,
    `<header><p><a href="/">Status</a> · <a href="${escaped(list)}">Runs</a></p><h1>${escaped(title)}</h1></header>
<main>
${parts.map(({ name, text }) => `<section><h2>${escaped(name)}</h2><pre>${escaped(text)}</pre></section>`).join('\n')}
</main>`,
  );
}

/** Maps are not plain data; secrets print themselves as stars. */
const shown = (_key: string, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value);
