/**
 * What was counted of one check, as plain JSON beside its runs: counters and histograms that begin again at zero with every
 * crash would be a service level that nobody can add up.
 */
import { catalogue, type Definition, type MetricName } from '../core/metrics.ts';
import type { Metrics } from '../core/registry.ts';
import { seriesKey } from './series-key.ts';

type Labels = Readonly<Record<string, string>>;

/** Only what was counted at all. */
export interface Tally {
  readonly counters: readonly Counted[];
  readonly histograms: readonly Observed[];
}

export interface Counted {
  readonly name: MetricName;
  readonly labels: Labels;
  readonly value: number;
}

export interface Observed {
  readonly name: MetricName;
  readonly labels: Labels;
  /** Upper bounds, rising; one count more than there are bounds. */
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
}

export interface Tallying {
  /** Metrics that count here as well. */
  readonly metrics: Metrics;
  tally(): Tally;
}

/**
 * Counts what goes through it into `metrics`, from an earlier tally on, which is put back there as far as it fits.
 * @param isThere whether `metrics` holds a count of the earlier tally already
 */
export function createTally(
  metrics: Metrics,
  before: Tally = { counters: [], histograms: [] },
  isThere: (counted: Counted) => boolean = () => false,
): Tallying {
  const counters = new Map<string, Counted>();
  const histograms = new Map<string, Observed & { counts: number[] }>();
  const inc: Metrics['inc'] = (name, labels = {}, value = 1) => {
    metrics.inc(name, labels, value);
    const key = seriesKey(name, labels);
    if (value > 0) counters.set(key, { name, labels, value: value + (counters.get(key)?.value ?? 0) });
  };
  const observe: Metrics['observe'] = (name, labels, value, exemplar) => {
    metrics.observe(name, labels, value, exemplar);
    const bounds = metrics.bounds(name);
    const key = seriesKey(name, labels);
    const { counts, sum } = histograms.get(key) ?? { counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 };
    const at = bounds.findIndex(bound => value <= bound);
    const place = at === -1 ? bounds.length : at;
    counts[place] = (counts[place] ?? 0) + 1;
    histograms.set(key, { name, labels, bounds, counts, sum: sum + value });
  };
  for (const counted of before.counters.filter(one => one.value > 0 && isOf('counter', one))) {
    const { name, labels, value } = counted;
    if (!isThere(counted)) metrics.inc(name, labels, value);
    counters.set(seriesKey(name, labels), counted);
  }
  for (const { name, labels, bounds, counts, sum } of before.histograms.filter(one => isOf('histogram', one)))
    if (isSame(bounds, metrics.bounds(name))) {
      metrics.refill(name, labels, counts, sum);
      histograms.set(seriesKey(name, labels), { name, labels, bounds, counts: [...counts], sum });
    }
  return {
    metrics: { ...metrics, inc, observe },
    tally: () => ({
      counters: [...counters.values()],
      histograms: [...histograms.values()].map(one => ({ ...one, counts: [...one.counts] })),
    }),
  };
}

/** Another version may have written the tally, and knows other metrics, or these by other labels. */
function isOf(type: Definition['type'], { name, labels }: Pick<Counted, 'name' | 'labels'>): boolean {
  if (!Object.hasOwn(catalogue, name)) return false;
  const definition: Definition = catalogue[name];
  return definition.type === type && isSame(definition.labels.toSorted(), Object.keys(labels).sort());
}

const isSame = <T>(some: readonly T[], others: readonly T[]) =>
  some.length === others.length && some.every((one, at) => one === others[at]);
