/** The kinds of panels that the dashboards are made of: what a panel shows is said as data, how it looks is said here once. */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  HeatmapCellLayout,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type DataTransformerConfig,
  MappingType,
  type Panel,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMap,
} from '@grafana/grafana-foundation-sdk/dashboard';
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as table from '@grafana/grafana-foundation-sdk/table';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

export const datasource = { type: 'prometheus', uid: `\${datasource}` } as const;

/** A query and the name of its series; in a table, the heading of its column. */
export type Query = readonly [expr: string, legend: string];

interface Spec {
  readonly title: string;
  /** What is seen, and what to make of it. */
  readonly about: string;
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Of 24. Default 8, of a stat 4. */
  readonly width?: number;
  /** Smallest step of its queries, so that a window holds several samples. */
  readonly step?: string | undefined;
  readonly min?: number;
  readonly max?: number;
  readonly decimals?: number;
}

/** Colours from a value upwards; the first one has none below it. */
export type Steps = readonly (readonly [from: number | null, color: string])[];

export interface LineSpec extends Spec {
  readonly steps?: Steps;
  readonly stacked?: boolean;
  /** Base of a logarithmic axis. */
  readonly log?: 2 | 10;
}

const height = 8;
const statHeight = 4;

/** Something over time. */
export function lines({ steps, stacked = false, log, ...spec }: LineSpec): Builder<Panel> {
  const panel = framed(new timeseries.PanelBuilder(), spec, { width: 8, height })
    .targets(ranges(spec))
    .legend(legend)
    .tooltip(tooltip)
    .lineWidth(1)
    .fillOpacity(stacked ? 40 : 6)
    .showPoints(VisibilityMode.Never)
    .spanNulls(false);
  if (spec.min !== undefined) panel.min(spec.min);
  if (spec.max !== undefined) panel.max(spec.max);
  if (spec.decimals !== undefined) panel.decimals(spec.decimals);
  if (stacked) panel.drawStyle(GraphDrawStyle.Bars).stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
  if (log) panel.scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(log));
  if (steps)
    panel
      .thresholds(thresholds(steps))
      .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  return panel;
}

export interface NumberSpec extends Spec {
  readonly steps?: Steps;
  readonly words?: Words;
  /** Instead of a number when there are no data. */
  readonly none?: string;
}

/** One number for each series, as of now. */
export function number({ steps, words, none, ...spec }: NumberSpec): Builder<Panel> {
  const panel = framed(new stat.PanelBuilder(), spec, { width: 4, height: statHeight })
    .targets(instants(spec))
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Value)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
  if (steps) panel.thresholds(thresholds(steps));
  if (words) panel.mappings([mapping(words)]);
  if (none !== undefined) panel.noValue(none);
  if (spec.decimals !== undefined) panel.decimals(spec.decimals);
  return panel;
}

/** How often which duration: buckets over time. */
export function heat(spec: Spec): Builder<Panel> {
  const [expr = ''] = spec.queries[0] ?? [];
  return framed(new heatmap.PanelBuilder(), spec, { width: 8, height })
    .withTarget(query([expr, '{{le}}'], 0, spec.step).format(prometheus.PromQueryFormat.Heatmap).range())
    .calculate(false)
    .rowsFrame(new heatmap.RowsHeatmapOptionsBuilder().layout(HeatmapCellLayout.Auto))
    .color(
      new heatmap.HeatmapColorOptionsBuilder()
        .mode(heatmap.HeatmapColorMode.Scheme)
        .scheme('Oranges')
        .fill('dark-orange')
        .exponent(0.5)
        .steps(64)
        .reverse(false),
    )
    .yAxis(new heatmap.YAxisConfigBuilder().unit(spec.unit))
    .cellGap(1)
    .hideLegend();
}

export interface TableSpec extends Spec {
  /** Units of columns, by heading, where they differ from the panel's. */
  readonly units?: Readonly<Record<string, string>>;
  /** Labels that are columns of their own, in order. */
  readonly by: readonly string[];
}

/** Rows by labels, a column for each query, as of now. */
export function rows({ units = {}, by, ...spec }: TableSpec): Builder<Panel> {
  const panel = framed(new table.PanelBuilder(), spec, { width: 12, height })
    .targets(instants(spec).map(target => target.format(prometheus.PromQueryFormat.Table)))
    .transformations(joined(spec.queries, by));
  if (spec.decimals !== undefined) panel.decimals(spec.decimals);
  for (const [heading, unit] of Object.entries(units)) panel.overrideByName(heading, [{ id: 'unit', value: unit }]);
  return panel;
}

/** Columns of several queries side by side, without the time and with headings in words. */
const joined = (queries: readonly Query[], by: readonly string[]): DataTransformerConfig[] => [
  { id: 'merge', options: {} },
  {
    id: 'organize',
    options: {
      excludeByName: { Time: true },
      indexByName: Object.fromEntries(by.map((label, at) => [label, at])),
      renameByName: Object.fromEntries(
        queries.map(([, heading], at) => [queries.length === 1 ? 'Value' : `Value #${letter(at)}`, heading]),
      ),
    },
  },
];

/** Numbers that mean a word. */
export type Words = Readonly<Record<number, readonly [word: string, color: string]>>;

/** Which state, over time. */
export function states(spec: Spec & { readonly words: Words }): Builder<Panel> {
  return framed(new statetimeline.PanelBuilder(), spec, { width: 24, height })
    .targets(ranges(spec))
    .mappings([mapping(spec.words)])
    .mergeValues(true)
    .showValue(VisibilityMode.Auto)
    .rowHeight(0.85)
    .fillOpacity(80)
    .lineWidth(0)
    .legend(legend)
    .tooltip(tooltip);
}

/** What all kinds of panels have in common. */
interface Frame {
  title(title: string): this;
  description(description: string): this;
  unit(unit: string): this;
  span(width: number): this;
  height(height: number): this;
  datasource(source: typeof datasource): this;
}

/** @param usual the size of its kind; a panel may say another width */
const framed = <Kind extends Frame>(panel: Kind, spec: Spec, usual: { width: number; height: number }): Kind =>
  panel
    .title(spec.title)
    .description(spec.about)
    .unit(spec.unit)
    .span(spec.width ?? usual.width)
    .height(usual.height)
    .datasource(datasource);

const legend = new VizLegendOptionsBuilder()
  .displayMode(LegendDisplayMode.List)
  .placement(LegendPlacement.Bottom)
  .showLegend(true)
  .calcs([]);

const tooltip = new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);

const ranges = ({ queries, step }: Spec): Builder<Dataquery>[] =>
  queries.map((each, at) => query(each, at, step).range());

const instants = ({ queries, step }: Spec) => queries.map((each, at) => query(each, at, step).instant());

function query([expr, name]: Query, at: number, step: string | undefined) {
  const made = new prometheus.DataqueryBuilder()
    .refId(letter(at))
    .datasource(datasource)
    .expr(expr)
    .legendFormat(name)
    .editorMode(prometheus.QueryEditorMode.Code);
  return step === undefined ? made : made.interval(step);
}

const letter = (at: number) => String.fromCharCode(65 + at);

const thresholds = (steps: Steps) =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps.map(([value, color]) => ({ value, color })));

const mapping = (words: Words): ValueMap => ({
  type: MappingType.ValueToText,
  options: Object.fromEntries(
    Object.entries(words).map(([value, [text, color]], index) => [value, { text, color, index }]),
  ),
});
