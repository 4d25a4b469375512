/** What a real Prometheus answers to every query of a dashboard, and whether a person would see anything. */
import {
  type Dashboard,
  filled,
  legendLabels,
  type Panel,
  panelsOf,
  type Span,
  stepOf,
  type Target,
} from './panels.ts';
import type { Prometheus, Series } from './prometheus.ts';

export interface Answer {
  readonly panel: Panel;
  readonly target: Target;
  readonly expr: string;
  readonly series: readonly Series[];
}

/** Chooses what the variables offer, and asks everything. */
export async function askBoard(prometheus: Prometheus, dashboard: Dashboard, span: Span): Promise<Answer[]> {
  const variables = await variablesOf(prometheus, dashboard);
  const asked = panelsOf(dashboard).flatMap(panel => (panel.targets ?? []).map(target => ({ panel, target })));
  return Promise.all(asked.map(({ panel, target }) => askTarget(prometheus, panel, target, variables, span)));
}

export async function askTarget(
  prometheus: Prometheus,
  panel: Panel,
  target: Target,
  variables: ReadonlyMap<string, string>,
  span: Span,
): Promise<Answer> {
  const expr = filled(target, variables, span);
  const step = stepOf(target, span);
  // As Grafana does: points lie on multiples of the step.
  const from = Math.floor(span.from / step) * step;
  const series = target.instant
    ? await prometheus.query(expr, span.to)
    : await prometheus.range(expr, from, Math.ceil(span.to / step) * step, step);
  return { panel, target, expr, series };
}

/** All values of every variable, as a person chooses who marks them one by one. @throws when there is none */
export async function variablesOf(prometheus: Prometheus, { templating }: Dashboard): Promise<Map<string, string>> {
  const variables = new Map<string, string>();
  for (const { name, type, query } of templating.list) {
    if (type !== 'query') continue;
    const text = typeof query === 'string' ? query : query.query;
    const [, match = '', label = ''] =
      /^label_values\((.+), (\w+)\)$/.exec(filled({ expr: text }, variables, nowhere)) ?? [];
    const values = await prometheus.labelValues(label, match);
    if (values.length === 0) throw new Error(`variable ${name} has nothing to choose from: ${text}`);
    variables.set(name, values.length === 1 ? String(values[0]) : `(${values.map(escaped).join('|')})`);
  }
  return variables;
}

const nowhere: Span = { from: 0, to: 0, points: 1, scrape: 1 };
/** Of a regular expression inside a quoted string. */
const escaped = (value: string) => value.replace(/[.*+?^${}()|[\]]/g, String.raw`\\$&`);

/** Why a person would see nothing, or a legend with a hole in it; undefined when all is well. */
export function emptiness({ target, series }: Pick<Answer, 'target' | 'series'>): string | undefined {
  if (series.length === 0) return 'no series';
  if (!series.some(({ values }) => values.some(([, value]) => Number.isFinite(value)))) return 'no finite value';
  const missing = legendLabels(target).filter(label => series.some(({ metric }) => (metric[label] ?? '') === ''));
  return missing.length > 0 ? `no label ${missing.join(', ')}` : undefined;
}
