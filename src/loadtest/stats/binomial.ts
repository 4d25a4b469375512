/** The binomial distribution: how many of n draws fall below a quantile, or keep an objective. */
import { regularizedBeta } from './beta.ts';

/** The chance that at most `k` of `n` draws succeed, each with chance `p`. */
export function binomialAtMost(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  return k >= n ? 1 : regularizedBeta(1 - p, n - k, k + 1);
}

/** The chance that at least `k` of `n` draws succeed. Small ones are exact, which one minus the other would not be. */
export function binomialAtLeast(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  return k > n ? 0 : regularizedBeta(p, k, n - k + 1);
}

/**
 * Bounds of a share of which `k` of `n` were seen; each alone is kept with `confidence` (Clopper and Pearson, exact and
 * therefore a little wide).
 */
export function shareBounds(k: number, n: number, confidence: number): readonly [low: number, high: number] {
  const alpha = 1 - confidence;
  const low = k <= 0 ? 0 : bisect(p => binomialAtLeast(k, n, p) - alpha);
  const high = k >= n ? 1 : bisect(p => alpha - binomialAtMost(k, n, p));
  return [low, high];
}

/** So many of so many. */
export interface Counted {
  readonly some: number;
  readonly all: number;
}

/**
 * Bounds of the difference b − a of two shares, each alone kept with `confidence` (Newcombe's square and add, on exact
 * bounds of each): nothing of a few says little, where a bootstrap, which can only draw what was seen, is quite sure.
 */
export function shareDifference(a: Counted, b: Counted, confidence: number): readonly [low: number, high: number] {
  const [one, other] = [a, b].map(({ some, all }) => {
    const [low, high] = all > 0 ? shareBounds(some, all, confidence) : [0, 1];
    const share = all > 0 ? some / all : 0;
    return { share, down: share - low, up: high - share };
  }) as [Reach, Reach];
  const difference = other.share - one.share;
  return [difference - Math.hypot(other.down, one.up), difference + Math.hypot(other.up, one.down)];
}

interface Reach {
  readonly share: number;
  readonly down: number;
  readonly up: number;
}

/** Where a rising function of a share crosses zero. */
function bisect(rising: (p: number) => number): number {
  let low = 0;
  let high = 1;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (rising(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
