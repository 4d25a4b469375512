/** The metrics of one program: those of the catalogue that it uses, in prom-client. */
import { Counter, collectDefaultMetrics, Gauge, Histogram as PromHistogram, Registry } from 'prom-client';
import type { Histogram } from './histogram.ts';
import { catalogue, type Definition, type MetricName } from './metrics.ts';
import { classicText, createExemplars, type Exemplar, type Exemplars, openMetricsText } from './open-metrics.ts';

type Labels = Readonly<Record<string, string>>;

/** Each is made on its first use, in a registry of this program's own. */
export interface Metrics {
  inc(name: MetricName, labels?: Labels, by?: number): void;
  set(name: MetricName, labels: Labels, value: number): void;
  /** @param exemplar shown beside the bucket to scrapers that ask for OpenMetrics */
  observe(name: MetricName, labels: Labels, value: number, exemplar?: Exemplar): void;
  /** The upper bounds of a histogram, without the last one. */
  bounds(name: MetricName): readonly number[];
  /** Puts a histogram's series back as it was: how many fell into each bucket, one more than there are bounds. */
  refill(name: MetricName, labels: Labels, counts: readonly number[], sum: number): void;
  /** Shows one of our histograms (milliseconds inside) under a catalogued name, read at scrape time. */
  expose(name: MetricName, labels: Labels, histogram: Histogram): void;
  /** Makes the series of all given metrics exist at zero. */
  zero(name: MetricName, labels: Labels): void;
  /** A counter or gauge bound to its labels, for hot paths: adds to a number that is read at scrape time. */
  counter(name: MetricName, labels: Labels): { inc(by?: number): void };
  /** Removes one series. */
  remove(name: MetricName, labels: Labels): void;
  /** Removes every series with these labels among its own: what is gone must not live on as a ghost. */
  forget(labels: Labels): void;
  text(): Promise<string>;
  /** The same as OpenMetrics, with exemplars. */
  openMetrics(): Promise<string>;
  readonly contentType: string;
  readonly registry: Registry;
}

export interface MetricsOptions {
  /** Bounds in place of the catalogue's; undefined leaves them. */
  readonly buckets?: (name: MetricName, usual: readonly number[]) => readonly number[];
  /** Also this process and its event loop, under prom-client's names. Default false. */
  readonly process?: boolean;
}

export function createMetrics({ buckets = (_, usual) => usual, process = false }: MetricsOptions = {}): Metrics {
  const exemplars = createExemplars();
  const registry = new Registry();
  if (process) addProcess(registry);
  const made = new Map<MetricName, Counter | Gauge | PromHistogram>();
  const get = <T extends Counter | Gauge | PromHistogram>(name: MetricName): T => {
    const metric = made.get(name) ?? make(name, registry, buckets);
    made.set(name, metric);
    return metric as T;
  };
  return {
    inc: (name, labels = {}, by = 1) => get<Counter>(name).inc(labels, by),
    set: (name, labels, value) => get<Gauge>(name).set(labels, value),
    observe: (name, labels, value, exemplar) => {
      get<PromHistogram>(name).observe(labels, value);
      if (exemplar !== undefined)
        exemplars.note(name, labels, bucketOf(value, boundsOf(name, buckets)), value, exemplar);
    },
    bounds: name => boundsOf(name, buckets),
    refill: (name, labels, counts, sum) =>
      refill(get<PromHistogram>(name), boundsOf(name, buckets), { labels, counts, sum }),
    remove: (name, labels) => get(name).remove(labels),
    forget: labels => forget([...made.values()], exemplars, labels),
    openMetrics: () => openMetricsText(registry, exemplars),
    zero: (name, labels) => {
      const metric = get(name);
      if (metric instanceof PromHistogram) metric.zero(labels);
      else metric.inc(labels, 0);
    },
    counter: (name, labels) => bound(get<Counter>(name), labels),
    expose: (name, labels, source) => expose(get<PromHistogram>(name), name, labels, source),
    text: () => classicText(registry),
    contentType: registry.contentType,
    registry,
  };
}

/** Gauges that are named like counters, which promtool rightly refuses. */
const misnamed = ['nodejs_active_resources_total', 'nodejs_active_handles_total', 'nodejs_active_requests_total'];

function addProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
}

type Buckets = NonNullable<MetricsOptions['buckets']>;

const boundsOf = (name: MetricName, buckets: Buckets) => {
  const { buckets: usual = [] }: Definition = catalogue[name];
  return buckets(name, usual);
};

/** As prom-client writes it. */
const bucketOf = (value: number, bounds: readonly number[]) => String(bounds.find(bound => value <= bound) ?? '+Inf');

function forget(metrics: readonly (Counter | Gauge | PromHistogram)[], exemplars: Exemplars, labels: Labels): void {
  for (const metric of metrics)
    for (const one of keptBy(metric)) if (has(one.labels, labels)) metric.remove(one.labels);
  exemplars.forget(labels);
}

/** The series of a metric as prom-client keeps them, which is not in its types: to ask it for them takes a promise. */
const keptBy = (metric: Counter | Gauge | PromHistogram): readonly Kept[] =>
  Object.values((metric as unknown as { readonly hashMap: Readonly<Record<string, Kept>> }).hashMap);

const has = (own: Labels, labels: Labels) => Object.entries(labels).every(([label, text]) => own[label] === text);

function make(name: MetricName, registry: Registry, buckets: Buckets): Counter | Gauge | PromHistogram {
  const definition: Definition = catalogue[name];
  const options = { name, help: definition.help, labelNames: definition.labels as string[], registers: [registry] };
  const aggregator = name.endsWith('_info') ? 'first' : 'sum';
  if (definition.type === 'counter') return new Counter(options);
  if (definition.type === 'gauge') return new Gauge({ ...options, aggregator });
  return new PromHistogram({ ...options, buckets: [...boundsOf(name, buckets)] });
}

interface Filled {
  readonly labels: Labels;
  readonly counts: readonly number[];
  readonly sum: number;
}

/** prom-client only takes one observation at a time. */
function refill(metric: PromHistogram, bounds: readonly number[], { labels, counts, sum }: Filled): void {
  metric.zero(labels);
  const kept = keptBy(metric).find(one => has(one.labels, labels));
  if (kept === undefined) return;
  for (const [at, bound] of bounds.entries()) kept.bucketValues[bound] = counts[at] ?? 0;
  kept.count = counts.reduce((total, count) => total + count, 0);
  kept.sum = sum;
}

interface Kept {
  readonly labels: Labels;
  readonly bucketValues: Record<number, number>;
  sum: number;
  count: number;
}

/** What waits to be added to a metric when it is asked for its values. */
const waiting = new WeakMap<Counter, (() => void)[]>();

/** prom-client takes a microsecond to find a series by its labels; a number of our own takes none. */
function bound(metric: Counter, labels: Labels): { inc(by?: number): void } {
  let pending = 0;
  metric.inc(labels, 0);
  const list = waiting.get(metric) ?? [];
  waiting.set(metric, list);
  list.push(() => {
    if (pending !== 0) metric.inc(labels, pending);
    pending = 0;
  });
  const collect = () => {
    for (const add of list) add();
  };
  Object.assign(metric, { collect });
  return {
    inc: (by = 1) => {
      pending += by;
    },
  };
}

interface Shown {
  readonly labels: Labels;
  readonly source: Histogram;
}

/** The histograms that a metric shows in place of observations of its own. */
const shownBy = new WeakMap<PromHistogram, Shown[]>();

/**
 * prom-client asks a metric for its values by `getForPromString()`, and `get()` asks the same; neither is in its types
 * as something to replace. Ours are counted in a Histogram that costs 10 ns to record.
 */
function expose(metric: PromHistogram, name: MetricName, labels: Labels, source: Histogram): void {
  const shown = shownBy.get(metric) ?? [];
  shown.push({ labels, source });
  if (shownBy.has(metric)) return;
  shownBy.set(metric, shown);
  const { help, buckets = [] }: Definition = catalogue[name];
  const read = async () => ({
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    values: shown.flatMap(one => series(name, buckets, one)),
  });
  Object.assign(metric, { get: read, getForPromString: read });
}

function series(name: MetricName, bounds: readonly number[], { labels, source }: Shown) {
  const counts = source.cumulative(bounds.map(seconds => seconds * 1000));
  const value = (suffix: string, number: number, more: Record<string, string | number> = {}) => ({
    metricName: `${name}${suffix}`,
    labels: { ...more, ...labels },
    value: number,
    exemplar: null,
  });
  return [
    ...bounds.map((le, i) => value('_bucket', counts[i] ?? 0, { le })),
    value('_bucket', source.count, { le: '+Inf' }),
    value('_sum', source.sum / 1000),
    value('_count', source.count),
  ];
}
