import fc from 'fast-check';
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { expect, test } from 'vitest';
import { addSparse, bucketsOf, createHistogram, type Histogram, summaryOf, valueAt } from '../../src/core/histogram.ts';
import { createRandom } from '../../src/core/random.ts';

const seeded = { seed: 99, numRuns: 300 };
/** Milliseconds from a microsecond to an hour, all orders of magnitude alike. */
const latency = fc.double({ min: 0, max: Math.log(3.6e9), noNaN: true }).map(log => Math.exp(log) / 1000);
const latencies = fc.array(latency, { minLength: 1, maxLength: 300 });
const shares = [0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1];

function histogramOf(values: readonly number[]): Histogram {
  const histogram = createHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

/** The value at that rank in a sorted list, which is what a quantile means here. */
const exact = (values: readonly number[], q: number) =>
  values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(q * values.length)) - 1] ?? 0;

test('quantiles are within 0.2 % of the exact ones, or within the microsecond that is the resolution', () => {
  const property = fc.property(latencies, values => {
    const histogram = histogramOf(values);
    for (const q of shares) {
      const truth = exact(values, q);
      expect(Math.abs(histogram.quantile(q) - truth)).toBeLessThanOrEqual(Math.max(truth * 0.002, 0.001));
    }
  });
  fc.assert(property, seeded);
});

test('count, min, mean and max are exact', () => {
  const property = fc.property(latencies, values => {
    const { count, min, mean, max } = histogramOf(values).summary();
    expect({ count, min, max }).toEqual({ count: values.length, min: Math.min(...values), max: Math.max(...values) });
    expect(mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 6);
  });
  fc.assert(property, seeded);
});

test('merging is the same as recording everything in one', () => {
  const property = fc.property(fc.array(fc.array(latency, { maxLength: 50 }), { maxLength: 5 }), parts => {
    const merged = createHistogram();
    for (const part of parts) merged.merge(histogramOf(part));
    const all = histogramOf(parts.flat());
    expect(merged.counts).toEqual(all.counts);
    const { mean, ...rest } = merged.summary();
    const { mean: expected, ...expectedRest } = all.summary();
    expect(rest).toEqual(expectedRest);
    expect(mean).toBeCloseTo(expected, 6);
    expect(merged.sum).toBeCloseTo(all.sum, 3);
  });
  fc.assert(property, seeded);
});

test('cumulative counts rise, and each is what lies at or below its bound but for the width of a bucket', () => {
  const bounds = [0.5, 1, 5, 10, 40, 160, 640, 2560, 10_240, 327_680, 3_600_000];
  const property = fc.property(latencies, values => {
    const counts = histogramOf(values).cumulative(bounds);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(counts.at(-1)).toBe(values.length);
    for (const [i, bound] of bounds.entries()) {
      const least = values.filter(value => value <= bound).length;
      const most = values.filter(value => value <= bound * 1.002 + 0.001).length;
      expect(counts[i]).toBeGreaterThanOrEqual(least);
      expect(counts[i]).toBeLessThanOrEqual(most);
    }
  });
  fc.assert(property, seeded);
});

test('what encode writes, the HDR library reads with the same percentiles', () => {
  const random = createRandom('hdr');
  const histogram = histogramOf(Array.from({ length: 5000 }, () => 20 + 400 * random() ** 3));
  const decoded = decodeFromCompressedBase64(histogram.encode());
  expect(decoded.totalCount).toBe(5000);
  for (const [q, percentile] of [
    [0.5, 50],
    [0.99, 99],
  ] as const) {
    const here = histogram.quantile(q);
    expect(Math.abs(decoded.getValueAtPercentile(percentile) / 1000 - here)).toBeLessThan(here * 0.005);
  }
});

test.each([0, -1, Number.NaN, Number.NEGATIVE_INFINITY])('%d is counted as nothing at all', value => {
  const histogram = histogramOf([value, 10]);
  expect(histogram.summary()).toMatchObject({ count: 2, min: 0, mean: 5, max: 10, p50: 0 });
  expect(histogram.cumulative([1, 100])).toEqual([1, 2]);
  expect(decodeFromCompressedBase64(histogram.encode()).totalCount).toBe(2);
});

test.each([3_600_000, 7_200_000, 1e12])('%d ms is beyond the last bucket but not lost', value => {
  const histogram = histogramOf([1, value]);
  expect(histogram.summary()).toMatchObject({ count: 2, min: 1, max: value });
  expect(histogram.quantile(1)).toBeGreaterThan(3_590_000);
  expect(histogram.cumulative([1000, value])).toEqual([1, 2]);
  expect(decodeFromCompressedBase64(histogram.encode()).totalCount).toBe(2);
});

test('one value is every quantile of itself', () => {
  const property = fc.property(latency, value => {
    const histogram = histogramOf([value]);
    for (const q of shares) expect(histogram.quantile(q)).toBe(value);
  });
  fc.assert(property, seeded);
});

test('an empty histogram is all zeros, and so is one after a reset', () => {
  const empty = { count: 0, min: 0, mean: 0, max: 0, p50: 0, p90: 0, p95: 0, p99: 0 };
  const histogram = createHistogram();
  expect(histogram.summary()).toEqual(empty);
  expect(histogram.cumulative([1, 10])).toEqual([0, 0]);
  expect(decodeFromCompressedBase64(histogram.encode()).totalCount).toBe(0);
  histogram.record(12);
  histogram.reset();
  expect(histogram.summary()).toEqual(empty);
  expect(histogram.sum).toBe(0);
  histogram.merge(createHistogram());
  expect(histogram.summary()).toEqual(empty);
});

test('lists together say what a histogram that absorbed them says', () => {
  const random = createRandom(11);
  const lists = [1, 0, 50, 3000].map(count => {
    const histogram = createHistogram();
    for (let i = 0; i < count; i++) histogram.record(Math.exp(random() * 14 - 4));
    return histogram.sparse();
  });
  for (const some of [[], [[]], lists.slice(0, 1), lists.slice(1, 3), lists]) {
    const whole = createHistogram();
    for (const list of some) whole.absorb(list);
    expect(summaryOf(some)).toEqual(whole.summary());
    expect([...bucketsOf(some).values()].reduce((sum, n) => sum + n, 0)).toBe(whole.count);
  }
});

test('a bucket of a list stands for a value as near as the histogram promises', () => {
  for (const ms of [0.001, 0.5, 1, 7.3, 312, 60_000, 3_000_000]) {
    const histogram = createHistogram();
    histogram.record(ms);
    const [, , , index = 0] = histogram.sparse();
    expect(Math.abs(valueAt(index) - ms)).toBeLessThanOrEqual(Math.max(0.001, ms * 0.002));
  }
});

test('lists add up to the list of all that they hold', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }))), parts => {
      const lists = parts.map(values => {
        const histogram = createHistogram();
        for (const value of values) histogram.record(value);
        return histogram.sparse();
      });
      const whole = createHistogram();
      for (const list of lists) whole.absorb(list);
      expect(lists.reduce(addSparse, [])).toEqual(whole.sparse());
    }),
  );
});
