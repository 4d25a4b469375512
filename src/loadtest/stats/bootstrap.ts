/** How far figures of two runs differ, and how far they would by chance: blocks of time drawn again and again. */
import { int, type Random } from '../../core/random.ts';
import type { Statistic } from './blocks.ts';
import { memoryFactor } from './memory.ts';
import { normal95, student95 } from './student.ts';

/** The same figure of two runs. Within one call, all of a run's figures are of the same blocks. */
export interface Pair {
  readonly a: Statistic;
  readonly b: Statistic;
}

export interface Difference {
  readonly a: number;
  readonly b: number;
  /** b − a. */
  readonly difference: number;
  /** 95 % bounds of all differences at once: the chance that any true one lies outside its own is 5 %. */
  readonly ci: readonly [low: number, high: number];
  /** The noise floor: half the width of the bounds. A smaller difference could not have been seen. */
  readonly noise: number;
}

export interface BootstrapOptions {
  readonly random: Random;
  /** How often blocks are drawn. */
  readonly replicates?: number;
}

/**
 * Draws whole blocks of time, with replacement, because neighbouring requests resemble each other; all figures are read
 * from the same draws, so their bounds are exactly as much wider as so many figures need (the largest of all deviations,
 * each in its own standard errors). Spreads are widened for the memory between blocks and for how few blocks there are.
 */
export function differences(pairs: readonly Pair[], { random, replicates = 1000 }: BootstrapOptions): Difference[] {
  const [a, b] = (['a', 'b'] as const).map(run => {
    const statistics = pairs.map(pair => pair[run]);
    return spreadsOf(statistics, random.fork(run), replicates);
  }) as [Spread[], Spread[]];
  const critical = criticalOf(a, b, replicates);
  return a.map((of, i) => differenceOf(of, b[i]!, critical));
}

/** One figure of one run. */
interface Spread {
  readonly value: number;
  readonly hidden: number;
  readonly blocks: number;
  /** Of each draw, how far the figure lay from its value. */
  readonly deviations: Float64Array;
  /** Their variance as drawn, and as it is once memory and few blocks are allowed for. */
  readonly drawn: number;
  readonly variance: number;
}

function spreadsOf(statistics: readonly Statistic[], random: Random, replicates: number): Spread[] {
  const blocks = statistics[0]?.pulls.length ?? 0;
  const deviations = statistics.map(() => new Float64Array(replicates));
  for (let i = 0; i < replicates; i++) {
    const weights = new Float64Array(blocks);
    for (let n = 0; n < blocks; n++) weights[int(random, blocks)]!++;
    for (const [s, { value, of }] of statistics.entries()) deviations[s]![i] = orZero(of(weights) - value);
  }
  return statistics.map(({ value, hidden = 0, pulls }, s) => {
    const drawn = meanSquare(deviations[s]!);
    const few = blocks > 1 ? blocks / (blocks - 1) : 1;
    return { value, hidden, blocks, deviations: deviations[s]!, drawn, variance: drawn * few * memoryFactor(pulls) };
  });
}

/** A draw of nothing but empty blocks says nothing. */
const orZero = (value: number) => (Number.isFinite(value) ? value : 0);

const meanSquare = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0) / values.length;

/** How many standard errors the most deviating of all differences stays within, in 95 % of the draws. */
function criticalOf(a: readonly Spread[], b: readonly Spread[], replicates: number): number {
  const largest = new Float64Array(replicates);
  for (const [s, { deviations, drawn }] of a.entries()) {
    const error = Math.sqrt(drawn + b[s]!.drawn);
    if (error === 0) continue;
    for (let i = 0; i < replicates; i++)
      largest[i] = Math.max(largest[i]!, Math.abs(b[s]!.deviations[i]! - deviations[i]!) / error);
  }
  return Math.max(normal95, largest.sort()[Math.ceil(0.95 * replicates) - 1] ?? 0);
}

function differenceOf(a: Spread, b: Spread, critical: number): Difference {
  const difference = b.value - a.value;
  const reach = (critical * Math.sqrt(a.variance + b.variance) * student95(freedomOf(a, b))) / normal95;
  const hidden = b.hidden - a.hidden;
  const ci = [difference + Math.min(0, hidden) - reach, difference + Math.max(0, hidden) + reach] as const;
  return { a: a.value, b: b.value, difference, ci, noise: (ci[1] - ci[0]) / 2 };
}

/** Degrees of freedom of the sum of two spreads (Welch and Satterthwaite). */
function freedomOf(a: Spread, b: Spread): number {
  const parts = a.variance ** 2 / Math.max(1, a.blocks - 1) + b.variance ** 2 / Math.max(1, b.blocks - 1);
  return parts === 0 ? 1 : (a.variance + b.variance) ** 2 / parts;
}
