/** The rules of grafana/dashboard-linter, and a few stricter ones, as functions from a dashboard to complaints. */
import { parser } from '@prometheus-io/lezer-promql';
import { catalogue } from '../../src/core/metrics.ts';
import {
  type Dashboard,
  filled,
  legendLabels,
  type Panel,
  panelsOf,
  type Target,
  type Variable,
} from '../support/panels.ts';

export interface Complaint {
  readonly rule: string;
  /** Title of the panel; undefined where the whole dashboard is meant. */
  readonly panel?: string;
  readonly says: string;
}

export function lint(dashboard: Dashboard): Complaint[] {
  return [
    ...(dashboard.editable ? [{ rule: 'uneditable-dashboard', says: 'can be edited in place' }] : []),
    ...(dashboard.id === null ? [] : [{ rule: 'no-id', says: 'has a database id' }]),
    ...('__inputs' in dashboard || JSON.stringify(dashboard).includes('DS_')
      ? [{ rule: 'no-inputs', says: 'has to be imported by hand' }]
      : []),
    ...variableComplaints(dashboard.templating.list),
    ...panelsOf(dashboard).flatMap(panel => panelComplaints(panel)),
    ...twice(panelsOf(dashboard).map(({ id }) => String(id))).map(id => ({ rule: 'panel-id', says: `${id} twice` })),
  ];
}

const twice = (values: readonly string[]) => values.filter((value, at) => values.indexOf(value) !== at);

function variableComplaints(variables: readonly Variable[]): Complaint[] {
  const sources = variables.filter(({ type }) => type === 'datasource');
  const [source] = sources;
  return [
    ...(sources.length === 1 &&
    source?.name === 'datasource' &&
    source.label === 'Data source' &&
    source.query === 'prometheus'
      ? []
      : [{ rule: 'template-datasource-rule', says: 'wants exactly one, `datasource`, labelled Data source' }]),
    ...(['job', 'instance'] as const).flatMap(name => {
      const found = variables.find(each => each.name === name);
      const well =
        found?.multi === true && found.includeAll === true && found.allValue === '.+' && found.type === 'query';
      return well && found.label?.toLowerCase() === name
        ? []
        : [{ rule: `template-${name}-rule`, says: 'is missing or odd' }];
    }),
    ...variables
      .filter(({ type }) => type === 'query')
      .flatMap(({ name, refresh, datasource, query }) => [
        ...(refresh === 2 ? [] : [{ rule: 'template-on-time-change-reload-rule', says: `${name} stays as it was` }]),
        ...(datasource?.uid === sourceUid
          ? []
          : [{ rule: 'template-datasource-rule', says: `${name} asks elsewhere` }]),
        ...labelValuesComplaints(name, typeof query === 'string' ? query : query.query),
      ]),
  ];
}

const sourceUid = `\${datasource}`;

function labelValuesComplaints(name: string, query: string): Complaint[] {
  const [, selected = ''] = /^label_values\((.+), \w+\)$/.exec(query) ?? [];
  const fine = selected !== '' && isPromQl(filled({ expr: selected }, anything, span));
  return fine ? [] : [{ rule: 'template-label-promql-rule', says: `${name}: ${query}` }];
}

function panelComplaints(panel: Panel): Complaint[] {
  const { title, description = '', datasource, targets = [], fieldConfig } = panel;
  const say = (rule: string, says: string) => [{ rule, panel: title, says }];
  return [
    ...(title.trim() === '' || description.trim().length < 20
      ? say('panel-title-description-rule', 'says too little')
      : []),
    ...(datasource?.uid === sourceUid ? [] : say('panel-datasource-rule', 'asks elsewhere')),
    ...(units.has(fieldConfig?.defaults.unit ?? '')
      ? []
      : say('panel-units-rule', `unit ${fieldConfig?.defaults.unit}`)),
    ...(targets.length > 0 ? [] : say('panel-no-targets-rule', 'asks nothing')),
    ...targets.flatMap(target => targetComplaints(target).map(each => ({ ...each, panel: title }))),
  ];
}

/** Those of Grafana's units that we use; a misspelt one is shown as a suffix. */
const units: ReadonlySet<string> = new Set(['none', 'short', 'percentunit', 's', 'bytes', 'reqps']);

function targetComplaints(target: Target): Complaint[] {
  const expr = filled(target, anything, span);
  const say = (rule: string, says: string) => [{ rule, says }];
  if (!isPromQl(expr)) return say('target-promql-rule', expr);
  const selected = selectorsOf(expr);
  const ranges = [...target.expr.matchAll(/\[([^\]]+)\]/g)].map(([, range = '']) => range);
  return [
    ...(target.datasource?.uid === sourceUid ? [] : say('panel-datasource-rule', 'a target asks elsewhere')),
    ...ranges
      .filter(range => range !== '$__rate_interval')
      .flatMap(range => say('target-rate-interval-rule', `[${range}]`)),
    ...(['job', 'instance'] as const).flatMap(label =>
      selected.some(({ matchers }) => !matchers.includes(`${label}=~"any ${label}"`))
        ? say(`target-${label}-rule`, expr)
        : [],
    ),
    ...selected
      .filter(({ metric, inside }) => metric.endsWith('_total') && !/^(?:rate|irate|increase)$/.test(inside))
      .flatMap(({ metric }) => say('target-counter-agg-rule', metric)),
    ...selected.filter(({ metric }) => !isKnown(metric)).flatMap(({ metric }) => say('known-metric', metric)),
    ...legendLabels(target)
      .filter(label => label !== 'le' && !new RegExp(`\\bby \\([^)]*\\b${label}\\b`).test(expr))
      .flatMap(label => say('legend', `${label} is not in the result`)),
  ];
}

/** Every variable as something that can be told apart from what stands in the text. */
const anything: ReadonlyMap<string, string> = new Map(
  ['job', 'instance', 'target', 'check', 'model', 'scenario'].map(name => [name, `any ${name}`]),
);
const span = { from: 0, to: 3600, points: 100, scrape: 15 };

/** Nothing that the grammar does not know, and nothing that was left to fill in. */
export function isPromQl(expr: string): boolean {
  let sound = !expr.includes('$');
  parser.parse(expr).iterate({
    enter: node => {
      if (node.type.isError) sound = false;
    },
  });
  return sound;
}

interface Selected {
  readonly metric: string;
  readonly matchers: readonly string[];
  /** The function that is called on it directly; empty when there is none. */
  readonly inside: string;
}

export function selectorsOf(expr: string): Selected[] {
  const found: Selected[] = [];
  parser.parse(expr).iterate({
    enter: ({ name, node }) => {
      if (name !== 'VectorSelector') return;
      const text = ({ from, to }: { from: number; to: number }) => expr.slice(from, to);
      const metric = node.getChild('Identifier');
      const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
      const call = node.parent?.name === 'MatrixSelector' ? node.parent.parent?.parent : null;
      const called = call?.getChild('FunctionIdentifier');
      found.push({
        metric: metric ? text(metric) : '',
        matchers: matchers.map(text),
        inside: called ? text(called) : '',
      });
    },
  });
  return found;
}

/** Ours by the catalogue; of others, those that every prom-client and every scrape has. */
const isKnown = (metric: string) =>
  Object.hasOwn(catalogue, metric.replace(/_(?:bucket|sum|count)$/, '')) ||
  Object.hasOwn(catalogue, metric) ||
  foreign.has(metric);

const foreign: ReadonlySet<string> = new Set([
  'nodejs_eventloop_lag_p99_seconds',
  'nodejs_eventloop_lag_p50_seconds',
  'process_resident_memory_bytes',
  'process_cpu_seconds_total',
  'scrape_samples_scraped',
]);
