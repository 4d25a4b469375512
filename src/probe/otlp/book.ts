/** Runs as OpenTelemetry's GenAI client metrics: adds up, and says it as OTLP's JSON. Pure but for its sums. */
import { packageVersion } from '../../core/version.ts';
import { modelLabel } from '../model-label.ts';
import type { ProbeRun } from '../run.ts';
import { type ConventionName, conventions } from './conventions.ts';

export interface Book {
  /** @param url of the endpoint; only its host and port are told */
  record(run: ProbeRun, url: string): void;
  /** The body of an export: everything since the book was opened. @param nowMs ms since 1970 */
  body(nowMs: number): string;
}

export interface BookOptions {
  readonly convention: ConventionName;
  /** `gen_ai.provider.name`: the registry of the convention has no word for this vendor. */
  readonly provider: string;
  readonly vantage: string;
  readonly openedAtMs: number;
}

/** Seconds, as the convention advises; two more, because thinking answers pass 82 s. */
const seconds = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68,
];
const tokenBounds = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576];

interface Series {
  readonly attributes: Attributes;
  count: number;
  sum: number;
  readonly buckets: number[];
}

interface Instrument {
  readonly unit: 's' | '{token}';
  /** Undefined: a counter. */
  readonly bounds: readonly number[] | undefined;
  readonly series: Map<string, Series>;
}

type Attributes = Readonly<Record<string, string | number>>;

/** Kinds that ask no model anything. */
const silent: ReadonlySet<string> = new Set(['models', 'auth_rejected', 'concurrency']);

export function createBook({ convention, provider, vantage, openedAtMs }: BookOptions): Book {
  const names = conventions[convention];
  const instruments = new Map<string, Instrument>();

  const add = (
    name: string,
    unit: Instrument['unit'],
    bounds: Instrument['bounds'],
    attributes: Attributes,
    value: number,
  ) => {
    const instrument = instruments.get(name) ?? { unit, bounds, series: new Map<string, Series>() };
    instruments.set(name, instrument);
    const key = JSON.stringify(attributes);
    const series = instrument.series.get(key) ?? emptySeries(attributes, bounds);
    instrument.series.set(key, series);
    series.count++;
    series.sum += value;
    if (bounds !== undefined) addTo(series.buckets, bounds, value);
  };
  const record: Book['record'] = (run, url) => {
    const { state, kind, calls, reason, timing } = run;
    if (silent.has(kind) || calls === 0 || (state !== 'good' && state !== 'bad')) return;
    const attributes = attributesOf(run, url, provider);
    const ended = reason === null ? attributes : { ...attributes, 'error.type': reason };
    add(names.duration, 's', seconds, ended, timing.total_ms / 1000);
    if (timing.ttft_ms !== null) add(names.firstChunk, 's', seconds, attributes, timing.ttft_ms / 1000);
    for (const ms of timing.gaps_ms ?? []) add(names.perChunk, 's', seconds, attributes, ms / 1000);
    recordTokens(run, attributes);
  };
  const recordTokens = ({ usage }: ProbeRun, attributes: Attributes) => {
    if (usage === null) return;
    const { tokens } = names;
    if (tokens.kind === 'histogram')
      for (const [type, count] of [
        ['input', usage.prompt_tokens],
        ['output', usage.completion_tokens],
      ] as const)
        add(tokens.name, '{token}', tokenBounds, { ...attributes, 'gen_ai.token.type': type }, count);
    else
      for (const [name, count] of [
        [tokens.input, usage.prompt_tokens],
        [tokens.output, usage.completion_tokens],
        [tokens.cached, usage.prompt_tokens_details?.cached_tokens ?? 0],
        [tokens.reasoning, usage.completion_tokens_details?.reasoning_tokens ?? 0],
      ] as const)
        add(name, '{token}', undefined, attributes, count);
  };
  const body: Book['body'] = nowMs => {
    const times = { startTimeUnixNano: nanos(openedAtMs), timeUnixNano: nanos(nowMs) };
    const scope = {
      name: 'glm-testkit',
      version: packageVersion(),
      attributes: listed({ 'gen_ai.semconv.version': convention }),
    };
    const metrics = [...instruments].map(([name, instrument]) => metricOf(name, instrument, times));
    const resource = {
      attributes: listed({ 'service.name': 'glm-testkit-probe', 'service.version': packageVersion(), vantage }),
    };
    const stamped = { scope, metrics, ...(names.schemaUrl && { schemaUrl: names.schemaUrl }) };
    return JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [stamped] }] });
  };
  return { record, body };
}

const emptySeries = (attributes: Attributes, bounds: Instrument['bounds']): Series => ({
  attributes,
  count: 0,
  sum: 0,
  buckets: bounds === undefined ? [] : Array(bounds.length + 1).fill(0),
});

function addTo(buckets: number[], bounds: readonly number[], value: number): void {
  const at = bounds.findIndex(bound => value <= bound);
  const bucket = at < 0 ? bounds.length : at;
  buckets[bucket] = (buckets[bucket] ?? 0) + 1;
}

function attributesOf({ model, response_model: answered }: ProbeRun, url: string, provider: string): Attributes {
  const { hostname, port, protocol } = new URL(url);
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': provider,
    'gen_ai.request.model': model,
    ...(answered !== null && { 'gen_ai.response.model': modelLabel(answered, model) }),
    'server.address': hostname,
    'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
  };
}

function metricOf(name: string, { unit, bounds, series }: Instrument, times: Readonly<Record<string, string>>) {
  const points = [...series.values()];
  if (bounds === undefined) {
    const dataPoints = points.map(({ attributes, sum }) => ({
      attributes: listed(attributes),
      ...times,
      asInt: String(sum),
    }));
    return { name, unit, sum: { aggregationTemporality: cumulative, isMonotonic: true, dataPoints } };
  }
  const dataPoints = points.map(({ attributes, count, sum, buckets }) => ({
    attributes: listed(attributes),
    ...times,
    count: String(count),
    sum,
    bucketCounts: buckets.map(String),
    explicitBounds: bounds,
  }));
  return { name, unit, histogram: { aggregationTemporality: cumulative, dataPoints } };
}

/** AGGREGATION_TEMPORALITY_CUMULATIVE: a lost export loses nothing. */
const cumulative = 2;

/** 64-bit numbers are texts in OTLP's JSON. */
const nanos = (ms: number) => String(BigInt(Math.round(ms)) * 1_000_000n);

const listed = (attributes: Attributes) =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }));
