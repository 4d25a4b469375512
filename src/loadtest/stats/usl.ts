/**
 * The Universal Scalability Law, X(N) = λN / (1 + α(N − 1) + βN(N − 1)): throughput at N requests under way, with λ that of
 * one alone, α the share that queues for something, β what keeping each other informed costs (Gunther 2007).
 */
import { int, type Random } from '../../core/random.ts';
import { normal95, student95 } from './student.ts';

/** Throughput `x`, in anything per second, measured with `n` requests under way on average. */
export interface UslPoint {
  readonly n: number;
  readonly x: number;
}

type Bounds = readonly [low: number, high: number];

/** null above: no knee within reach in that draw. */
type KneeBounds = readonly [low: number, high: number | null];

export type Usl =
  | {
      readonly kind: 'fitted';
      readonly lambda: number;
      readonly alpha: number;
      readonly beta: number;
      /** Where throughput is highest, √((1 − α) / β); null when it only ever rises. */
      readonly knee: number | null;
      /** Throughput at the knee; null with it. */
      readonly peak: number | null;
      /** 95 % bounds; those of the knee are null when hardly any refit has one. */
      readonly ci: {
        readonly lambda: Bounds;
        readonly alpha: Bounds;
        readonly beta: Bounds;
        readonly knee: KneeBounds | null;
      };
      /** Whether the knee lies beyond the largest N that was measured: then it is a guess. */
      readonly extrapolated: boolean;
    }
  /** `why` is a clause for people. */
  | { readonly kind: 'degenerate'; readonly why: string };

export interface UslOptions {
  readonly random: Random;
  /** Refits that tell the bounds. */
  readonly replicates?: number;
}

/** Fits the law to measured points, robustly; points that are no numbers above 0 are left out. */
export function fitUsl(points: readonly UslPoint[], { random, replicates = 400 }: UslOptions): Usl {
  const sound = points.filter(({ n, x }) => n > 0 && x > 0 && Number.isFinite(n) && Number.isFinite(x));
  const why = degenerate(sound);
  if (why !== undefined) return { kind: 'degenerate', why };
  const fit = fitOf(sound);
  const knee = kneeOf(fit);
  const most = Math.max(...sound.map(({ n }) => n));
  return {
    kind: 'fitted',
    ...fit,
    knee: Number.isFinite(knee) ? knee : null,
    peak: Number.isFinite(knee) ? throughputAt(fit, knee) : null,
    ci: boundsOf(refits(sound, fit, random, replicates)),
    extrapolated: Number.isFinite(knee) && knee > most,
  };
}

function degenerate(points: readonly UslPoint[]): string | undefined {
  const levels = new Set(points.map(({ n }) => n)).size;
  // Three parameters, and one more to see an error.
  if (levels < 4) return `it takes 4 different levels, and ${levels} can be used`;
  const ns = points.map(({ n }) => n);
  if (Math.max(...ns) < 2 * Math.min(...ns))
    return 'the levels lie too close together, the largest must be twice the smallest';
  return undefined;
}

interface Fit {
  readonly lambda: number;
  readonly alpha: number;
  readonly beta: number;
}

/** Throughput that the law gives for `n` requests under way. */
export const throughputAt = ({ lambda, alpha, beta }: Fit, n: number) =>
  (lambda * n) / (1 + alpha * (n - 1) + beta * n * (n - 1));

/** A share this small is the error of floating point. */
const rounding = 1e-9;

const kneeOf = ({ alpha, beta }: Fit) => (alpha >= 1 - rounding ? 1 : Math.max(1, Math.sqrt((1 - alpha) / beta)));

/**
 * Gauss–Newton on relative errors. N/X is linear in c = (1, α, β)/λ, so each step is a weighted linear fit, none of whose
 * terms may be negative. Weights against wild points are Huber's first, which always lead somewhere, and Tukey's then,
 * which leave them out.
 */
function fitOf(points: readonly UslPoint[]): Fit {
  const rows = points.map(({ n }) => [1, n - 1, n * (n - 1)] as const);
  const targets = points.map(({ n, x }) => n / x);
  let terms = nonNegative(
    rows,
    targets,
    targets.map(target => 1 / target ** 2),
  );
  for (const weigh of [huber, tukey])
    for (let step = 0; step < 20; step++) {
      const before = terms;
      const fitted = rows.map(row => dot(row, terms));
      const trust = surprises(targets, fitted).map(weigh);
      terms = nonNegative(
        rows,
        targets,
        trust.map((weight, i) => weight / fitted[i]! ** 2),
      );
      if (terms.every((term, i) => Math.abs(term - before[i]!) <= 1e-8 * term)) break;
    }
  const [, alpha, beta] = terms.map(term => term / terms[0]) as [number, number, number];
  const felt = (share: number, j: 1 | 2) => (rows.some(row => share * row[j] > rounding) ? share : 0);
  return { lambda: 1 / terms[0], alpha: felt(alpha, 1), beta: felt(beta, 2) };
}

/** Relative errors in units of the usual one: of their median, which has become smaller by fitting three parameters. */
function surprises(targets: readonly number[], fitted: readonly number[]): number[] {
  const errors = targets.map((target, i) => Math.abs(Math.log(target / fitted[i]!)));
  const middle = errors.toSorted((one, other) => one - other)[errors.length >> 1] ?? 0;
  const usual = 1.4826 * middle * Math.sqrt(errors.length / (errors.length - 3));
  return errors.map(error => error / Math.max(usual, 1e-6));
}

/** The usual constants: 95 % as sharp as least squares where nothing is wild. */
const huber = (surprise: number) => Math.min(1, 1.345 / surprise);
const tukey = (surprise: number) => Math.max(0, 1 - (surprise / 4.685) ** 2) ** 2;

type Triple = readonly [number, number, number];

const dot = (a: Triple, b: Triple) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** Least squares with no negative term: the full fit, or else the best of those that leave terms out and have none. */
function nonNegative(rows: readonly Triple[], targets: readonly number[], weights: readonly number[]): Triple {
  const sound = (terms: Triple) => terms.every(term => term >= 0) && terms[0] > 0;
  const error = (terms: Triple) =>
    rows.reduce((sum, row, i) => sum + weights[i]! * (targets[i]! - dot(row, terms)) ** 2, 0);
  const equations = normalOf(rows, targets, weights);
  const full = solve(equations, [0, 1, 2]);
  if (sound(full)) return full;
  const fits = [[0, 1], [0, 2], [0]].map(choice => solve(equations, choice));
  return fits.filter(sound).reduce((best, terms) => (error(terms) < error(best) ? terms : best), fits.at(-1)!);
}

/** The normal equations of all three terms, a row each, the right side last. */
function normalOf(rows: readonly Triple[], targets: readonly number[], weights: readonly number[]): number[][] {
  const equations = [0, 1, 2].map(() => [0, 0, 0, 0]);
  for (const [i, row] of rows.entries())
    for (let j = 0; j < 3; j++)
      for (let k = 0; k < 4; k++) equations[j]![k]! += weights[i]! * row[j]! * (k < 3 ? row[k]! : targets[i]!);
  return equations;
}

/** Solved for the chosen terms by Gauss–Jordan, the others zero; a term that cannot be told is NaN, and so not sound. */
function solve(equations: readonly (readonly number[])[], choice: readonly number[]): Triple {
  const scale = equations.map((row, j) => Math.sqrt(row[j]!)); // the terms differ by orders of magnitude
  const system = choice.map(j => [...choice, 3].map(k => equations[j]![k]! / scale[j]! / (k < 3 ? scale[k]! : 1)));
  for (const [k, row] of system.entries()) {
    const pivot = row[k]! > 1e-12 ? row[k]! : Number.NaN;
    for (let j = 0; j < row.length; j++) row[j]! /= pivot;
    for (const other of system) if (other !== row) subtract(other, row, other[k]!);
  }
  const terms: [number, number, number] = [0, 0, 0];
  for (const [k, j] of choice.entries()) terms[j] = system[k]!.at(-1)! / scale[j]!;
  return terms;
}

function subtract(from: number[], row: readonly number[], times: number): void {
  for (let j = 0; j < row.length; j++) from[j]! -= times * row[j]!;
}

/** Fits to the same levels, each with a relative error that another point had. */
function refits(points: readonly UslPoint[], fit: Fit, random: Random, replicates: number): Fit[] {
  const left = points.length - 3; // three parameters have eaten some of the error
  const spread = (Math.sqrt(points.length / left) * student95(left)) / normal95;
  const errors = points.map(({ n, x }) => Math.log(x / throughputAt(fit, n)) * spread);
  const redrawn = () =>
    points.map(({ n }) => ({ n, x: throughputAt(fit, n) * Math.exp(errors[int(random, errors.length)]!) }));
  return Array.from({ length: replicates }, () => fitOf(redrawn()));
}

function boundsOf(fits: readonly Fit[]) {
  const bounds = (of: (fit: Fit) => number): Bounds => {
    const values = fits.map(of).sort((one, other) => one - other);
    const at = (q: number) => values[Math.min(values.length - 1, Math.floor(q * values.length))] ?? Number.NaN;
    return [at(0.025), at(0.975)];
  };
  const knee = bounds(kneeOf);
  return {
    lambda: bounds(({ lambda }) => lambda),
    alpha: bounds(({ alpha }) => alpha),
    beta: bounds(({ beta }) => beta),
    knee: Number.isFinite(knee[0]) ? ([knee[0], Number.isFinite(knee[1]) ? knee[1] : null] as const) : null,
  };
}
