/** What all dashboards have in common: the variables, the annotations, rows of panels, and how one becomes a file. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { MetricName } from '../../src/core/metrics.ts';
import { datasource } from './panels.ts';

export interface Board {
  /** Of the file, without its ending. */
  readonly name: string;
  readonly uid: string;
  readonly title: string;
  readonly about: string;
  /** A metric that every program of this kind has. */
  readonly present: MetricName;
  /** Labels to choose by, besides job and instance. */
  readonly by: readonly string[];
  /** How far it looks back at first. */
  readonly from: string;
  readonly rows: readonly (readonly [title: string, panels: readonly Builder<Panel>[]])[];
}

/** Selects by all variables of a board, and by what is said besides. */
export const selector =
  (by: readonly string[]) =>
  (
    name: MetricName | `${MetricName}_bucket` | `${MetricName}_sum` | `${MetricName}_count`,
    ...more: string[]
  ): string =>
    `${name}{${[...['job', 'instance', ...by].map(label => `${label}=~"$${label}"`), ...more].join(', ')}}`;

/** A dashboard as Grafana reads it from a file; always the same for the same board. */
export function dashboardOf({ uid, title, about, present, by, from, rows }: Board): Dashboard {
  const board = new DashboardBuilder(title)
    .uid(uid)
    .id(null)
    .description(about)
    .tags(['glm-testkit'])
    .timezone('browser')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from, to: 'now' })
    .refresh('30s')
    .version(1)
    .link(
      new DashboardLinkBuilder('GLM dashboards')
        .type(DashboardLinkType.Dashboards)
        .tags(['glm-testkit'])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'));
  for (const [at, label] of ['job', 'instance', ...by].entries())
    board.withVariable(variable(label, present, ['job', 'instance', ...by].slice(0, at)));
  board.annotation(alerts);
  for (const [heading, panels] of rows) {
    board.withRow(new RowBuilder(heading));
    for (const panel of panels) board.withPanel(panel);
  }
  return numbered(board.build());
}

/** The values that are left by the variables before it. */
function variable(label: string, present: MetricName, before: readonly string[]): QueryVariableBuilder {
  const chosen = before.map(each => `${each}=~"$${each}"`).join(', ');
  const query = `label_values(${present}${chosen && `{${chosen}}`}, ${label})`;
  return new QueryVariableBuilder(label)
    .label(label[0]?.toUpperCase() + label.slice(1))
    .datasource(datasource)
    .query({ query, refId: `${label}-values` })
    .definition(query)
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({ selected: true, text: ['All'], value: ['$__all'] })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
}

/** Where an alert fired. */
const alerts = new AnnotationQueryBuilder()
  .name('Alerts')
  .datasource(datasource)
  .enable(true)
  .iconColor('red')
  .expr('ALERTS{alertname=~"Glm.+", alertstate="firing"}')
  .titleFormat('{{alertname}}')
  .textFormat('{{target}} {{check}}')
  .step('1m');

/** Panels have numbers in their order, so that a link to one keeps its meaning. */
const numbered = (dashboard: Dashboard): Dashboard => ({
  ...dashboard,
  panels: (dashboard.panels ?? []).map((panel, at) => ({ ...panel, id: at + 1 })),
});

/** The text of the file: keys in the order of the alphabet, so that a change shows as what it is. */
export const textOf = (dashboard: Dashboard): string => `${JSON.stringify(inOrder(dashboard), null, 2)}\n`;

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, inOrder(each)]));
}
