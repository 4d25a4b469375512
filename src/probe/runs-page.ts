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

/** One run as text. @param metrics what it alone would export @param check undefined when it is gone from the file */
export function runPage(run: ProbeRun, metrics: string, check: ProbeCheck | undefined): string {
  const { log, ...rest } = run;
  const counted = metrics.split('\n').filter(line => line !== '' && !line.startsWith('#') && !line.endsWith(' 0'));
  return [
    `Run ${run.run_id} of ${run.id}, ${new Date(run.started_at_ms).toISOString()}`,
    section('Log', log.join('\n')),
    section('Result', JSON.stringify(rest, null, 2)),
    section('Metrics of this run alone', counted.join('\n')),
    section('Check as it is now', check === undefined ? 'not in the file any more' : JSON.stringify(check, shown, 2)),
    '',
  ].join('\n');
}

const section = (title: string, text: string) => `\n${title}\n${'─'.repeat(title.length)}\n${text}`;

/** Maps are not plain data; secrets print themselves as stars. */
const shown = (_key: string, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value);
