/**
 * Latencies in bounded memory: log-linear counts with at most 0.2 % error (or 1 µs, the resolution), merged by addition.
 * Recording costs about 10 ns and allocates nothing. The only file that knows the HDR library, and only to export.
 */
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';

const linear = 1024;
const perOctave = 512;
const octaves = 22;
const size = linear + octaves * perOctave;

export interface Summary {
  readonly count: number;
  readonly min: number;
  readonly mean: number;
  readonly max: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
}

/** A histogram as numbers that travel: sum, smallest, largest, then bucket and count in turn. Empty: nothing recorded. */
export type Sparse = readonly number[];

export interface Histogram {
  /** @param ms milliseconds from 1 µs to 1 hour; values outside are counted at the border. */
  record(ms: number): void;
  merge(other: Histogram): void;
  readonly count: number;
  readonly sum: number;
  /** @param q share from 0 to 1. @returns milliseconds, 0 when nothing was recorded. */
  quantile(q: number): number;
  summary(): Summary;
  /** Cumulative counts at ascending upper bounds in milliseconds, as Prometheus wants them. */
  cumulative(bounds: readonly number[]): number[];
  /** HDR V2, compressed, base64, in microseconds. */
  encode(): string;
  /** The counts as a short list; `absorb` on another histogram adds them exactly. */
  sparse(): Sparse;
  absorb(sparse: Sparse): void;
  /** Raw counts, for merging across threads. */
  readonly counts: Float64Array;
  reset(): void;
}

export function createHistogram(): Histogram {
  const counts = new Float64Array(size);
  let count = 0;
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = 0;

  const record = (value: number) => {
    const ms = value > 0 ? value : 0; // NaN too: one must not spoil the sum
    counts[indexOf(ms * 1000)]!++;
    count++;
    sum += ms;
    if (ms < min) min = ms;
    if (ms > max) max = ms;
  };
  const merge = (other: Histogram) => {
    for (let i = 0; i < size; i++) counts[i]! += other.counts[i]!;
    if (other.count === 0) return;
    const { min: low, max: high } = other.summary();
    count += other.count;
    sum += other.sum;
    min = Math.min(min, low);
    max = Math.max(max, high);
  };
  const quantile = (q: number) => {
    if (count === 0) return 0;
    const rank = Math.max(1, Math.ceil(q * count));
    for (let i = 0, seen = 0; i < size; i++) {
      seen += counts[i]!;
      if (seen >= rank) return Math.min(max, Math.max(min, middleOf(i) / 1000));
    }
    return max;
  };
  const summary = (): Summary => ({
    count,
    min: count === 0 ? 0 : min,
    mean: count === 0 ? 0 : sum / count,
    max,
    p50: quantile(0.5),
    p90: quantile(0.9),
    p95: quantile(0.95),
    p99: quantile(0.99),
  });
  const cumulative = (bounds: readonly number[]) => {
    let i = 0;
    let seen = 0;
    return bounds.map(bound => {
      const last = indexOf(bound * 1000);
      for (; i <= last; i++) seen += counts[i]!;
      return seen;
    });
  };
  const encode = () => {
    const hdr = build({
      lowestDiscernibleValue: 1,
      highestTrackableValue: 3_600_000_000,
      numberOfSignificantValueDigits: 3,
    });
    for (let i = 0; i < size; i++)
      if (counts[i]! > 0) hdr.recordValueWithCount(Math.max(1, Math.round(middleOf(i))), counts[i]!);
    return encodeIntoCompressedBase64(hdr);
  };
  const sparse = (): Sparse => {
    if (count === 0) return [];
    const list = [sum, min, max];
    for (let i = 0; i < size; i++) if (counts[i]! > 0) list.push(i, counts[i]!);
    return list.slice(); // a list that grew holds half as much again in reserve
  };
  const absorb = ([total = 0, low = 0, high = 0, ...pairs]: Sparse) => {
    if (pairs.length === 0) return;
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      counts[pairs[i]!]! += pairs[i + 1]!;
      count += pairs[i + 1]!;
    }
    sum += total;
    min = Math.min(min, low);
    max = Math.max(max, high);
  };
  const reset = () => {
    counts.fill(0);
    count = 0;
    sum = 0;
    min = Number.POSITIVE_INFINITY;
    max = 0;
  };
  return {
    record,
    merge,
    quantile,
    summary,
    cumulative,
    encode,
    sparse,
    absorb,
    reset,
    counts,
    get count() {
      return count;
    },
    get sum() {
      return sum;
    },
  };
}

/** Microseconds below 1024 have a bucket each; above, every doubling has 512. */
function indexOf(us: number): number {
  if (!(us >= 1)) return 0;
  if (us < linear) return us | 0;
  const octave = 31 - Math.clz32(Math.min(us, 0xffff_ffff) >>> 0);
  const step = octave - 9;
  return Math.min(size - 1, linear + (octave - 10) * perOctave + (Math.floor(us / 2 ** step) - perOctave));
}

/** What a histogram that absorbed these lists would say of itself; costs as much as they hold, not as a histogram is large. */
export function summaryOf(lists: readonly Sparse[]): Summary {
  const filled = lists.filter(list => list.length > 3);
  const buckets = [...bucketsOf(filled)].sort((a, b) => a[0] - b[0]);
  const count = buckets.reduce((total, [, n]) => total + n, 0);
  const min = filled.reduce((least, list) => Math.min(least, list[1]!), Number.POSITIVE_INFINITY);
  const max = filled.reduce((most, list) => Math.max(most, list[2]!), 0);
  const sum = filled.reduce((total, list) => total + list[0]!, 0);
  const quantile = (q: number) => {
    const rank = Math.max(1, Math.ceil(q * count));
    let seen = 0;
    const found = buckets.find(([, n]) => {
      seen += n;
      return seen >= rank;
    });
    return found === undefined ? max : Math.min(max, Math.max(min, valueAt(found[0])));
  };
  const levels = { p50: quantile(0.5), p90: quantile(0.9), p95: quantile(0.95), p99: quantile(0.99) };
  return { count, min: count === 0 ? 0 : min, mean: count === 0 ? 0 : sum / count, max, ...levels };
}

/** Buckets of some lists, added up. */
export function bucketsOf(lists: readonly Sparse[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const list of lists)
    for (let i = 3; i + 1 < list.length; i += 2) counts.set(list[i]!, (counts.get(list[i]!) ?? 0) + list[i + 1]!);
  return counts;
}

/** Two lists as one, as if everything had been recorded in one histogram; costs as much as they hold. */
export function addSparse(a: Sparse, b: Sparse): Sparse {
  if (a.length <= 3 || b.length <= 3) return a.length > 3 ? a : b;
  const sum = [a[0]! + b[0]!, Math.min(a[1]!, b[1]!), Math.max(a[2]!, b[2]!)];
  let [i, j] = [3, 3];
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i] ?? Number.POSITIVE_INFINITY, b[j] ?? Number.POSITIVE_INFINITY];
    sum.push(Math.min(left, right), (left <= right ? a[i + 1]! : 0) + (right <= left ? b[j + 1]! : 0));
    if (left <= right) i += 2;
    if (right <= left) j += 2;
  }
  return sum.slice();
}

/** The milliseconds that a bucket of a `Sparse` list stands for: its middle. */
export const valueAt = (index: number) => middleOf(index) / 1000;

function middleOf(index: number): number {
  if (index < linear) return index;
  const octave = Math.floor((index - linear) / perOctave) + 10;
  const width = 2 ** (octave - 9);
  return (((index - linear) % perOctave) + perOctave) * width + width / 2;
}
