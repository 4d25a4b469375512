/** Whether samples follow a law: the test of Kolmogorov and Smirnov. */

/**
 * How often samples of that law lie at least as far from it as these, 0 to 1: small means they follow another. Two-sided,
 * with Stephens' correction (1970), good from five samples on. 1 without samples, 0 when one is not a number.
 * @param cdf the law's share of values up to x; it must have no jumps
 */
export function ksPValue(samples: ArrayLike<number>, cdf: (x: number) => number): number {
  if (samples.length === 0) return 1;
  const root = Math.sqrt(samples.length);
  const distance = distanceOf(Float64Array.from(samples).sort(), cdf);
  return Number.isNaN(distance) ? 0 : beyond((root + 0.12 + 0.11 / root) * distance);
}

/** The largest distance between the steps of sorted samples and the law. */
function distanceOf(sorted: Float64Array, cdf: (x: number) => number): number {
  const { length } = sorted;
  let distance = 0;
  for (let i = 0; i < length; i++) {
    const share = cdf(sorted[i]!);
    distance = Math.max(distance, share - i / length, (i + 1) / length - share);
  }
  return distance;
}

/** Kolmogorov's distribution from above: two series for the same, each where it needs few terms. */
function beyond(x: number): number {
  if (x < 1e-3) return 1;
  if (x < 1.2) {
    const sum = seriesOf(j => Math.exp((-((2 * j - 1) ** 2) * Math.PI ** 2) / (8 * x * x)));
    return Math.max(0, 1 - (Math.sqrt(2 * Math.PI) / x) * sum);
  }
  return Math.min(1, 2 * seriesOf(j => (j % 2 === 1 ? 1 : -1) * Math.exp(-2 * j * j * x * x)));
}

function seriesOf(term: (j: number) => number): number {
  let sum = 0;
  for (let j = 1; j <= 8; j++) sum += term(j);
  return sum;
}
