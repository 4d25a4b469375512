/** Dashboards as the tests read them: the files themselves, with Grafana's variables and macros filled in as Grafana does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Target {
  readonly refId?: string;
  readonly expr: string;
  readonly legendFormat?: string;
  readonly interval?: string;
  readonly instant?: boolean;
  readonly format?: string;
  readonly datasource?: { readonly uid?: string };
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid?: string };
  readonly targets?: readonly Target[];
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly decimals?: number;
      readonly min?: number;
      readonly max?: number;
      readonly noValue?: string;
      readonly custom?: {
        readonly stacking?: { readonly mode?: string };
        readonly thresholdsStyle?: { readonly mode: string };
      };
      readonly thresholds?: { readonly steps: readonly { readonly value: number | null; readonly color: string }[] };
      readonly mappings?: readonly { readonly options: Readonly<Record<string, { text: string; color: string }>> }[];
    };
  };
  readonly transformations?: readonly { readonly id: string; readonly options: Organize }[];
}

interface Organize {
  readonly indexByName?: Readonly<Record<string, number>>;
  readonly renameByName?: Readonly<Record<string, string>>;
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly label?: string;
  readonly query: string | { readonly query: string };
  readonly refresh?: number;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allValue?: string;
  readonly datasource?: { readonly uid?: string };
}

export interface Dashboard {
  readonly uid: string;
  readonly id: number | null;
  readonly title: string;
  readonly editable: boolean;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

export const readDashboard = (folder: string, name: string): Dashboard =>
  JSON.parse(readFileSync(join(folder, name), 'utf8')) as Dashboard;

export const committed = join(import.meta.dirname, '../../dashboards');

/** Panels that show something; rows are headings. */
export const panelsOf = ({ panels }: Dashboard): readonly Panel[] => panels.filter(({ type }) => type !== 'row');

export interface Span {
  /** Seconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** How many points a panel is wide. */
  readonly points: number;
  /** Of the data source, seconds. */
  readonly scrape: number;
}

/**
 * Seconds between two points, as Grafana chooses them: the range over the width, at least the query's own step or the
 * scrape interval.
 */
export function stepOf({ interval }: Target, { from, to, points, scrape }: Span): number {
  const least = interval === undefined ? scrape : seconds(interval);
  return Math.max(least, Math.ceil((to - from) / points));
}

/** A query with everything filled in; what is left with a `$` was not known to us, and would not be to Grafana. */
export function filled(target: Target, variables: ReadonlyMap<string, string>, span: Span): string {
  const step = stepOf(target, span);
  const least = target.interval === undefined ? span.scrape : seconds(target.interval);
  const macros = new Map([
    ['__rate_interval', `${Math.max(step + least, 4 * least)}s`],
    ['__interval', `${step}s`],
    ['__range', `${Math.round(span.to - span.from)}s`],
  ]);
  return target.expr.replace(/\$(\w+)/g, (whole, name: string) => macros.get(name) ?? variables.get(name) ?? whole);
}

/** `90s`, `5m`, `1h`. */
export function seconds(text: string): number {
  const [, count = '', unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const factor = { s: 1, m: 60, h: 3600, d: 86_400 }[unit];
  if (factor === undefined) throw new Error(`Grafana would not read this as an interval: ${text}`);
  return Number(count) * factor;
}

/** Labels that a legend names. */
export const legendLabels = ({ legendFormat = '' }: Target): readonly string[] =>
  [...legendFormat.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, label = '']) => label);

/** A name for a series. */
export const legendOf = ({ legendFormat = '' }: Target, labels: Readonly<Record<string, string>>): string =>
  legendFormat.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => labels[label] ?? '');
