/** A run cut into blocks of time, from which figures can be read again with other weights: what a bootstrap draws from. */
import { type Sparse, valueAt } from '../../core/histogram.ts';

/** A figure of a run whose blocks count as often as `weights` says. */
export interface Statistic {
  /** With every block counted once. */
  readonly value: number;
  /** How far a figure that its draws are steadier than may lie beside what they tell, with its sign; left out: 0. */
  readonly hidden?: number;
  readonly of: (weights: ArrayLike<number>) => number;
  /** How much each block pulls the figure away from what it is, up to a common factor: shows the memory between blocks. */
  readonly pulls: readonly number[];
}

export interface LatencyBlocks {
  readonly count: number;
  quantile(q: number): Statistic;
  mean(): Statistic;
}

/** The latencies of each block, as sparse histograms that may be several per block. */
export function latencyBlocks(blocks: readonly (readonly Sparse[])[]): LatencyBlocks {
  const buckets = bucketsOf(blocks);
  const table = cumulated(blocks, buckets);
  const counts = blocks.map((_, block) => table[(buckets.length - 1) * blocks.length + block] ?? 0);
  const sums = blocks.map(parts => parts.reduce((total, [sum = 0]) => total + sum, 0));
  const below = (bucket: number, weights: ArrayLike<number>) => weighted(table, bucket * blocks.length, weights);

  const quantile = (q: number): Statistic => {
    const at = (weights: ArrayLike<number>) => {
      const rank = Math.max(1, Math.ceil(q * weighted(counts, 0, weights)));
      let low = 0;
      let high = buckets.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (below(middle, weights) >= rank) high = middle;
        else low = middle + 1;
      }
      return low;
    };
    const here = at(new Array(blocks.length).fill(1));
    return {
      value: valueAt(buckets[here] ?? Number.NaN),
      of: weights => valueAt(buckets[at(weights)] ?? Number.NaN),
      pulls: counts.map((count, block) => (table[here * blocks.length + block] ?? 0) - q * count),
    };
  };
  return { count: counts.reduce((sum, count) => sum + count, 0), quantile, mean: () => ratio(sums, counts) };
}

/** The ratio of two amounts that add up, such as answers per second; NaN where there is nothing to divide by. */
export function ratio(amounts: readonly number[], per: readonly number[]): Statistic {
  const of = (weights: ArrayLike<number>) => weighted(amounts, 0, weights) / weighted(per, 0, weights);
  const value = of(new Array(amounts.length).fill(1));
  return { value, of, pulls: amounts.map((amount, i) => amount - value * per[i]!) };
}

function weighted(values: ArrayLike<number>, from: number, weights: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * values[from + i]!;
  return sum;
}

/** The buckets in use, ascending. */
const bucketsOf = (blocks: readonly (readonly Sparse[])[]) =>
  [...new Set(blocks.flat().flatMap(([, , , ...pairs]) => pairs.filter((_, i) => i % 2 === 0)))].sort((a, b) => a - b);

/** Samples up to each bucket, the blocks side by side: `table[bucket × blocks + block]`. */
function cumulated(blocks: readonly (readonly Sparse[])[], buckets: readonly number[]): Float64Array {
  const width = blocks.length;
  const table = new Float64Array(buckets.length * width);
  const rows = new Map(buckets.map((bucket, row) => [bucket, row]));
  for (const [block, parts] of blocks.entries())
    for (const sparse of parts)
      for (let i = 3; i + 1 < sparse.length; i += 2) table[rows.get(sparse[i]!)! * width + block]! += sparse[i + 1]!;
  for (let i = width; i < table.length; i++) table[i]! += table[i - width]!;
  return table;
}
