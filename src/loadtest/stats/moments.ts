/** Count, sum and sum of squares of what a histogram holds: enough for means and variances, and they add up. */
import { type Sparse, valueAt } from '../../core/histogram.ts';

export interface Moments {
  readonly count: number;
  readonly sum: number;
  readonly squares: number;
}

/** Taken from the buckets alone, so that a variance is never negative. */
export function momentsOf(sparse: Sparse | undefined): Moments {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (let i = 3; sparse !== undefined && i + 1 < sparse.length; i += 2) {
    const ms = valueAt(sparse[i]!);
    const times = sparse[i + 1]!;
    count += times;
    sum += times * ms;
    squares += times * ms * ms;
  }
  return { count, sum, squares };
}

/** The moments of all of them together. */
export const addMoments = (list: readonly Moments[]): Moments => ({
  count: list.reduce((total, { count }) => total + count, 0),
  sum: list.reduce((total, { sum }) => total + sum, 0),
  squares: list.reduce((total, { squares }) => total + squares, 0),
});

export const meanOf = ({ count, sum }: Moments) => (count === 0 ? Number.NaN : sum / count);

export const varianceOf = ({ count, sum, squares }: Moments) =>
  count < 2 ? 0 : Math.max(0, (squares - (sum * sum) / count) / (count - 1));

/** Cuts a list into at most `most` pieces of neighbours, all of one length but the last. */
export function batchesOf<T>(list: readonly T[], most: number): T[][] {
  const length = Math.max(1, Math.ceil(list.length / most));
  return Array.from({ length: Math.ceil(list.length / length) }, (_, i) => list.slice(i * length, (i + 1) * length));
}
