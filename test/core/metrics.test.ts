import { expect, test } from 'vitest';
import { createHistogram } from '../../src/core/histogram.ts';
import { catalogue, type MetricName } from '../../src/core/metrics.ts';
import { createMetrics } from '../../src/core/registry.ts';

const names = Object.keys(catalogue) as MetricName[];
const definitionOf = (
  name: MetricName,
): { type: string; help: string; labels: readonly string[]; buckets?: readonly number[] } => catalogue[name];
const labelsOf = (name: MetricName) =>
  Object.fromEntries(definitionOf(name).labels.map(label => [label, `a "${label}"`]));

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the text format line by line and throws on a line that is none of it. */
function read(text: string): Sample[] {
  expect(text.endsWith('\n')).toBe(true);
  const lines = text.split('\n').filter(line => line !== '' && !/^# (HELP|TYPE) [a-z_]+ .+$/.test(line));
  return lines.map(line => {
    const parts = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (parts === null) throw new Error(`not a sample: ${line}`);
    const [, name = '', labels = '', value = ''] = parts;
    const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)/g)];
    expect(pairs.map(pair => pair[0]).join('')).toBe(labels);
    return { name, labels: Object.fromEntries(pairs.map(([, key, text]) => [key, text])), value: Number(value) };
  });
}

test.each(names)('%s is named and described as Prometheus asks', name => {
  const { type, help, labels, buckets } = definitionOf(name);
  expect(name).toMatch(/^glm_(mock|probe|load)_[a-z_]+$/);
  expect(name.endsWith('_total')).toBe(type === 'counter');
  expect(name).not.toMatch(/_(ms|milliseconds?|microseconds?|minutes?|kb|kilobytes|percent|count|sum|bucket)(_|$)/);
  if (type === 'histogram') expect(name).toMatch(/_(seconds|per_second)$/);
  expect(help).toMatch(/^[A-Z].+\.$/);
  for (const label of labels) expect(label).toMatch(/^[a-z_]+$/);
  expect(labels).not.toContain('le');
  expect(new Set(labels).size).toBe(labels.length);
  if (buckets !== undefined) expect([...new Set(buckets)].sort((a, b) => a - b)).toEqual(buckets);
});

test('every metric of the catalogue can be made, and zero makes its series exist at zero', async () => {
  const metrics = createMetrics();
  for (const name of names) metrics.zero(name, labelsOf(name));
  const samples = read(await metrics.text());
  expect(samples.every(sample => sample.value === 0)).toBe(true);
  for (const name of names) {
    const main = definitionOf(name).type === 'histogram' ? `${name}_count` : name;
    const sample = samples.filter(one => one.name === main);
    expect(sample).toHaveLength(1);
    expect(Object.keys(sample[0]?.labels ?? {}).sort()).toEqual(definitionOf(name).labels.toSorted());
  }
});

test('counters add up, gauges are set, histograms observe seconds', async () => {
  const metrics = createMetrics();
  const labels = { endpoint: 'chat', model: 'glm-5', http_status: '200', code: '' };
  metrics.inc('glm_mock_requests_total', labels);
  metrics.counter('glm_mock_requests_total', labels).inc(4);
  metrics.inc('glm_mock_input_tokens_total', {}, 7);
  metrics.set('glm_mock_in_flight_requests', {}, 3);
  metrics.observe('glm_mock_request_duration_seconds', { endpoint: 'chat' }, 0.03);
  const samples = read(await metrics.text());
  const shown = (name: string) => samples.find(sample => sample.name === name)?.value;
  expect(shown('glm_mock_requests_total')).toBe(5);
  expect(shown('glm_mock_input_tokens_total')).toBe(7);
  expect(shown('glm_mock_in_flight_requests')).toBe(3);
  expect(shown('glm_mock_request_duration_seconds_sum')).toBe(0.03);
  expect(shown('glm_mock_request_duration_seconds_count')).toBe(1);
});

test('zero does not take back what was counted', async () => {
  const metrics = createMetrics();
  metrics.inc('glm_mock_output_tokens_total', {}, 2);
  metrics.zero('glm_mock_output_tokens_total', {});
  expect(read(await metrics.text())).toEqual([{ name: 'glm_mock_output_tokens_total', labels: {}, value: 2 }]);
});

test('an exposed histogram shows its buckets in seconds as they are at the time of the scrape', async () => {
  const metrics = createMetrics();
  const source = createHistogram();
  const name = 'glm_load_request_duration_seconds';
  metrics.expose(name, { scenario: 's', model: 'm' }, source);
  expect(read(await metrics.text()).every(sample => sample.value === 0)).toBe(true);
  for (const ms of [5, 15, 15, 100, 1000, 600_000]) source.record(ms);
  const samples = read(await metrics.text());
  expect(samples.every(sample => sample.labels.scenario === 's' && sample.labels.model === 'm')).toBe(true);
  const buckets = samples.filter(sample => sample.name === `${name}_bucket`);
  expect(buckets.map(({ labels, value }) => [labels.le, value])).toEqual([
    ['0.01', 1],
    ['0.02', 3],
    ['0.04', 3],
    ['0.08', 3],
    ['0.16', 4],
    ['0.32', 4],
    ['0.64', 4],
    ['1.28', 5],
    ['2.56', 5],
    ['5.12', 5],
    ['10.24', 5],
    ['20.48', 5],
    ['40.96', 5],
    ['81.92', 5],
    ['163.84', 5],
    ['327.68', 5],
    ['+Inf', 6],
  ]);
  expect(samples.find(sample => sample.name === `${name}_sum`)?.value).toBeCloseTo(601.135, 9);
  expect(samples.find(sample => sample.name === `${name}_count`)?.value).toBe(6);
});

test('histograms exposed under one name with different labels stand next to each other', async () => {
  const metrics = createMetrics();
  for (const [model, count] of [
    ['a', 1],
    ['b', 2],
  ] as const) {
    const source = createHistogram();
    for (let i = 0; i < count; i++) source.record(10);
    metrics.expose('glm_load_inter_chunk_seconds', { scenario: 's', model }, source);
  }
  const counts = read(await metrics.text()).filter(sample => sample.name === 'glm_load_inter_chunk_seconds_count');
  expect(counts.map(({ labels, value }) => [labels.model, value])).toEqual([
    ['a', 1],
    ['b', 2],
  ]);
});

test('two registries know nothing of each other, and the content type is that of the text format', async () => {
  const one = createMetrics();
  const other = createMetrics();
  one.inc('glm_mock_input_tokens_total');
  expect(read(await one.text())).toHaveLength(1);
  expect((await other.text()).trim()).toBe('');
  expect(one.contentType).toContain('text/plain');
});
