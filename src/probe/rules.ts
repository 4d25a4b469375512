/** The alert rules for one config: links that lead somewhere, a rule for every check that has to be there, and how soon they tell. */
import { stringify } from 'yaml';
import { formatDuration } from '../core/duration.ts';
import { type Burn, detectionOf, downAfterMs, fastBurn, slowBurn } from './detection.ts';
import { longestGapMs } from './grid.ts';
import type { ProbeCheck } from './plan.ts';
import { figures } from './report/validation.ts';

/** Files beside the package's own code. */
export const ruleFiles = ['slo.yml', 'probe.yml', 'prober.yml', 'load.yml', 'mock.yml'] as const;

/** Where the paragraph of every alert is. */
export const runbooks = 'dashboards/README.md';

/** @param base where you keep the paragraphs */
export const withRunbooks = (text: string, base: string): string => text.replaceAll(`${runbooks}#`, `${base}#`);

/** What the rules need to know of a check. */
export type Ruled = Pick<ProbeCheck, 'id' | 'target' | 'check' | 'model' | 'schedule' | 'slo'>;

/** A rule file that misses a check which is configured and not measured: the other rules can only speak of what is there. */
export function checksFile(checks: readonly Ruled[], nowMs: number): string {
  const table = detectionTable(checks, nowMs).trimEnd().split('\n');
  const heading = ['How soon an outage is told:', '', ...table].map(line => `# ${line}`.trimEnd()).join('\n');
  const rules = checks.map(missing);
  return `${heading}\n${stringify({ groups: [{ name: 'glm_probe_checks', rules }] }, { lineWidth: 0 })}`;
}

function missing({ target, check, model }: Ruled) {
  const labels = Object.entries({ target, check, model }).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return {
    alert: 'GlmProbeCheckMissing',
    expr: `absent(glm_probe_interval_seconds{${labels.join(',')}})`,
    for: '10m',
    // absent() gives the names anyway; without them promtool takes two such rules for one.
    labels: { severity: 'ticket', target, check, model: literal(model) },
    annotations: {
      summary: '{{ $labels.target }} {{ $labels.check }} ({{ $labels.model }}) is configured, and no prober runs it',
      runbook_url: `${runbooks}#glmprobecheckmissing`,
    },
  };
}

/** A label of a rule is a template of Go's, and a model may have any name; a string of JSON is one of Go's as well. */
const literal = (text: string) => (text.includes('{{') ? `{{ ${JSON.stringify(text)} }}` : text);

const titles = ['check', 'every', 'down', 'objective', 'page', 'of failures', 'ticket', 'of failures'];

/** For every check and objective: until GlmProbeDown, a fast burn and a slow burn fire in a total outage, and how many failures the burns need. */
export function detectionTable(checks: readonly Ruled[], nowMs: number): string {
  return figures([titles, ...checks.flatMap(check => rows(check, longestGapMs(check, nowMs)))]);
}

function rows({ id, slo }: Ruled, everyMs: number): string[][] {
  const start = [id, formatDuration(everyMs), formatDuration(downAfterMs(everyMs))];
  if (slo.length === 0) return [[...start, 'none', '-', '-', '-', '-']];
  return slo.map(({ sli, objective }) => [
    ...start,
    `${sli} ${+(100 * objective).toFixed(4)}%`,
    ...cells(objective, everyMs, fastBurn),
    ...cells(objective, everyMs, slowBurn),
  ]);
}

function cells(objective: number, everyMs: number, burn: Burn): [string, string] {
  const { failures, afterMs } = detectionOf(objective, everyMs, burn);
  return afterMs === null ? ['never', '-'] : [formatDuration(afterMs), String(failures)];
}
