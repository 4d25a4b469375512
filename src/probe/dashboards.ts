/** The dashboards for one config: windows that hold its runs, lines where its objectives are, only the currencies it pays in. */
import { formatDuration } from '../core/duration.ts';
import type { SliName } from './config.ts';
import { longestGapMs } from './grid.ts';
import type { ProbeCheck } from './plan.ts';

/** Files beside the package's own code, and what they are made into here. */
export const dashboardFiles = ['overview.json', 'latency.json', 'load-test.json', 'mock.json', 'prober.json'] as const;

/** Titles of the panels that depend on a config. */
export const panelTitles = {
  kept: 'Kept objectives',
  spend: 'Spent',
  firstVisible: 'First visible token',
  inTime: 'Visible in time',
  gap: 'Longest silence of a run',
  noStall: 'Without a long silence',
} as const;

/** As much of a dashboard as is changed. */
export interface Dashboard {
  readonly panels: readonly Panel[];
  readonly [other: string]: unknown;
}

export interface Panel {
  readonly title: string;
  readonly targets?: readonly Target[];
  readonly fieldConfig?: FieldConfig;
  readonly [other: string]: unknown;
}

interface Target {
  readonly expr: string;
  readonly interval?: string;
  readonly [other: string]: unknown;
}

interface FieldConfig {
  readonly defaults: { readonly custom?: object; readonly [other: string]: unknown };
  readonly [other: string]: unknown;
}

/** What a config says that a dashboard can show. */
export interface DashboardFacts {
  /** Longest time between two runs of any check, ms. */
  readonly stepMs: number;
  /** Times in seconds that objectives allow. */
  readonly thresholds: Readonly<Partial<Record<SliName, readonly number[]>>>;
  /** Shares that have to be good. */
  readonly objectives: Readonly<Partial<Record<SliName, readonly number[]>>>;
  readonly currencies: readonly ('CNY' | 'USD')[];
}

export function factsOf(checks: readonly ProbeCheck[], nowMs: number): DashboardFacts {
  const slos = checks.flatMap(({ slo }) => slo);
  const bySli = (pick: (slo: (typeof slos)[number]) => number | undefined) =>
    Object.fromEntries(
      [...new Set(slos.map(({ sli }) => sli))].map(sli => [
        sli,
        rising(slos.flatMap(slo => (slo.sli === sli ? (pick(slo) ?? []) : []))),
      ]),
    );
  return {
    stepMs: Math.max(1000, ...checks.map(check => longestGapMs(check, nowMs))),
    thresholds: bySli(({ thresholdMs }) => thresholdMs && thresholdMs / 1000),
    objectives: bySli(({ objective }) => objective),
    currencies: [...new Set(checks.flatMap(({ price }) => price?.currency ?? []))],
  };
}

const rising = (values: readonly number[]) => [...new Set(values)].sort((a, b) => a - b);

export const tailored = (dashboard: Dashboard, facts: DashboardFacts): Dashboard => ({
  ...dashboard,
  panels: dashboard.panels.map(panel => (isOurs(panel) ? lined(paced(panel, facts), facts) : paid(panel, facts))),
});

/** Only the probe's queries have a step of their own: four of them have to hold enough runs for a rate. */
const isOurs = ({ targets = [] }: Panel) => targets.some(({ interval }) => interval !== undefined);

const paced = (panel: Panel, { stepMs }: DashboardFacts): Panel =>
  withTargets(panel, target =>
    target.interval === undefined ? target : { ...target, interval: promDuration(stepMs) },
  );

/** One unit, because Grafana takes no `1m30s`. */
const promDuration = (ms: number) => (ms % 60_000 === 0 ? formatDuration(ms) : `${Math.ceil(ms / 1000)}s`);

function paid(panel: Panel, { currencies }: DashboardFacts): Panel {
  if (panel.title !== panelTitles.spend || currencies.length === 0) return panel;
  const wanted = currencies.map(currency => `_${currency.toLowerCase()}_`);
  return { ...panel, targets: (panel.targets ?? []).filter(({ expr }) => wanted.some(word => expr.includes(word))) };
}

const withTargets = (panel: Panel, change: (target: Target) => Target): Panel =>
  panel.targets === undefined ? panel : { ...panel, targets: panel.targets.map(change) };

/** A dashed line at every threshold: above it is bad for times, below it is bad for shares. */
function lined(panel: Panel, facts: DashboardFacts): Panel {
  const found = linesOf(panel.title, facts);
  if (found === undefined || found.at.length === 0 || panel.fieldConfig === undefined) return panel;
  const [below, above] = found.lowIsBad ? ['red', 'green'] : ['green', 'red'];
  const steps = [{ color: below, value: null }, ...found.at.map(value => ({ color: above, value }))];
  const { defaults } = panel.fieldConfig;
  const custom = { ...defaults.custom, thresholdsStyle: { mode: 'dashed' } };
  const changed = { ...defaults, custom, thresholds: { mode: 'absolute', steps } };
  return { ...panel, fieldConfig: { ...panel.fieldConfig, defaults: changed } };
}

function linesOf(title: string, { thresholds, objectives }: DashboardFacts) {
  const times = (sli: SliName) => ({ at: thresholds[sli] ?? [], lowIsBad: false });
  const shares = (...slis: readonly SliName[]) => ({
    at: rising(slis.flatMap(sli => objectives[sli] ?? [])),
    lowIsBad: true,
  });
  if (title === panelTitles.firstVisible) return times('ttfot');
  if (title === panelTitles.gap) return times('stall');
  if (title === panelTitles.inTime) return shares('ttfot');
  if (title === panelTitles.noStall) return shares('stall');
  if (title === panelTitles.kept) return shares('availability', 'correctness', 'ttfot', 'stall');
  return undefined;
}
