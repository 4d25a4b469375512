/** Whether the level of a series changes: by how much, how surprising that is, and whether it goes one way all the time. */

export interface Shift {
  /** The level after the most striking moment, relative to before: 0.5 is half as much again. */
  readonly relative: number;
  /** How far the sum of deviations strays, over the root of the number of values (CUSUM). */
  readonly bridge: number;
}

/** The change of level at which the sum of deviations from the mean strays furthest. */
export function shiftOf(values: readonly number[]): Shift {
  const total = values.reduce((sum, value) => sum + value, 0);
  const mean = total / values.length;
  let seen = 0;
  let furthest = { at: 1, stray: 0, seen: values[0] ?? 0 };
  for (const [i, value] of values.slice(0, -1).entries()) {
    seen += value;
    const stray = Math.abs(seen - mean * (i + 1));
    if (stray > furthest.stray) furthest = { at: i + 1, stray, seen };
  }
  const before = furthest.seen / furthest.at;
  const after = (total - furthest.seen) / (values.length - furthest.at);
  const least = Math.min(Math.abs(before), Math.abs(after));
  const relative = before === after ? 0 : (after - before) / Math.max(least, Number.MIN_VALUE);
  return { relative, bridge: furthest.stray / Math.sqrt(values.length) };
}

/**
 * Variance of the mean times the number of values, for values of which each remembers the one before (AR(1)). Taken from
 * differences between neighbours and next neighbours, so that a drift or a step, which is what it judges, hardly raises it.
 */
export function longRunVariance(values: readonly number[]): number {
  const near = meanSquareStep(values, 1);
  const far = meanSquareStep(values, 2);
  if (near === 0) return 0;
  const memory = Math.min(0.8, Math.max(0, far / near - 1));
  return (near * (1 + memory)) / (2 * (1 - memory) ** 2);
}

/** Variance of values without memory, from the steps between neighbours: a drift hardly raises it. */
export const stepVariance = (values: readonly number[]) => meanSquareStep(values, 1) / 2;

function meanSquareStep(values: readonly number[], lag: number): number {
  const steps = values.slice(lag).map((value, i) => value - values[i]!);
  return steps.reduce((sum, step) => sum + step * step, 0) / Math.max(1, steps.length);
}

export interface Trend {
  /** What a straight line through the values rises from first to last, relative to their mean. */
  readonly relative: number;
  /** Its slope over the slope's standard error: Student's t, with two degrees of freedom less than there are values. */
  readonly t: number;
  /** Kendall's tau, -1 to 1: how many pairs of values rise rather than fall. A few wild values hardly move it. */
  readonly tau: number;
}

export function trendOf(values: readonly number[]): Trend {
  const n = values.length;
  const centre = (n - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const width = (n * (n * n - 1)) / 12;
  const slope = values.reduce((sum, value, i) => sum + (i - centre) * (value - mean), 0) / width;
  const left = values.reduce((sum, value, i) => sum + (value - mean - slope * (i - centre)) ** 2, 0);
  if (n < 3 || slope === 0) return { relative: 0, t: 0, tau: 0 };
  return { relative: (slope * (n - 1)) / mean, t: slope / Math.sqrt(left / (n - 2) / width), tau: tauOf(values) };
}

function tauOf(values: readonly number[]): number {
  const n = values.length;
  let score = 0;
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) score += Math.sign(values[j]! - values[i]!);
  return score / ((n * (n - 1)) / 2);
}
