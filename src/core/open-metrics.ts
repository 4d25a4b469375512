/**
 * The registry as text: the classic one, and OpenMetrics with exemplars. prom-client can speak OpenMetrics too, but for good:
 * asking it once renames the counters for every scraper after that, and it keeps exemplars only where nobody asks for the
 * classic text.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { Metric, Registry } from 'prom-client';

export const openMetricsType = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** One thing that was measured, to look up behind a bucket. Labels and values are at most 128 characters together. */
export interface Exemplar {
  readonly labels: Readonly<Record<string, string>>;
  /** Ms since 1970. */
  readonly atMs: number;
}

type Labels = Readonly<Record<string, string | number>>;

interface Noted extends Exemplar {
  readonly value: number;
}

export interface Exemplars {
  /** Keeps the latest of each bucket. */
  note(name: string, labels: Labels, bucket: string, value: number, exemplar: Exemplar): void;
  get(name: string, labels: Labels, bucket: string): Noted | undefined;
  forget(labels: Labels): void;
}

export function createExemplars(): Exemplars {
  const noted = new Map<string, { labels: Labels; exemplar: Noted }>();
  const keyOf = (name: string, labels: Labels, bucket: string) =>
    JSON.stringify([name, bucket, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
  return {
    note: (name, labels, bucket, value, exemplar) =>
      void noted.set(keyOf(name, labels, bucket), { labels, exemplar: { ...exemplar, value } }),
    get: (name, labels, bucket) => noted.get(keyOf(name, labels, bucket))?.exemplar,
    forget: labels => {
      for (const [key, one] of noted)
        if (Object.entries(labels).every(([label, text]) => one.labels[label] === text)) noted.delete(key);
    },
  };
}

/**
 * The classic text, family by family with a turn of the event loop in between: five thousand series in one go would hold up
 * whatever is measured meanwhile by 8 to 30 ms (`bench/probe.ts`).
 */
export async function classicText(registry: Registry): Promise<string> {
  const families: string[] = [];
  for (const { name } of registry.getMetricsAsArray()) {
    families.push(await registry.getSingleMetricAsString(name));
    await turn();
  }
  return `${families.join('\n\n')}\n`;
}

export async function openMetricsText(registry: Registry, exemplars: Exemplars): Promise<string> {
  const families: string[] = [];
  for (const { name: of } of registry.getMetricsAsArray()) {
    const { name, help, type, values } = await (registry.getSingleMetric(of) as Metric).get();
    const family = String(type) === 'counter' ? name.replace(/_total$/, '') : name;
    families.push(`# HELP ${family} ${inQuotes(help)}`, `# TYPE ${family} ${type}`);
    for (const value of values as readonly Sample[]) families.push(line(name, value, exemplars));
    await turn();
  }
  return `${families.join('\n')}\n# EOF\n`;
}

interface Sample {
  readonly metricName?: string;
  readonly labels: Labels;
  readonly value: number;
}

function line(name: string, { metricName = name, labels, value }: Sample, exemplars: Exemplars): string {
  const { le, ...own } = labels;
  const found = le === undefined ? undefined : exemplars.get(name, own, String(le));
  const beside =
    found === undefined ? '' : ` # ${inBraces(found.labels)} ${found.value} ${(found.atMs / 1000).toFixed(3)}`;
  return `${metricName}${Object.keys(labels).length === 0 ? '' : inBraces(labels)} ${numberOf(value)}${beside}`;
}

const inBraces = (labels: Labels) =>
  `{${Object.entries(labels)
    .map(([name, text]) => `${name}="${inQuotes(String(text))}"`)
    .join(',')}}`;

const inQuotes = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');

const numberOf = (value: number) =>
  Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : value < 0 ? '-Inf' : 'NaN';
