/** Clients that fail together and retry together fail again together. */
import { counted } from '../../../core/counted.ts';
import type { Call } from '../attempts.ts';
import { numbersOf } from '../finding.ts';
import type { Limits } from '../limits.ts';
import type { Rule } from '../view.ts';
import { pausesOf } from './backoff.ts';

/**
 * Compares the first pauses of all calls, the second ones, and so on. Timers are late by some ms, and chance spreads pauses much
 * wider, so what is asked is how likely chance would have kept them this close together.
 */
export const noJitter: Rule = ({ calls, limits }) => {
  const pauses = calls.flatMap(call => pausesIn(call, limits)).filter(({ gap }) => gap >= limits.minGapMs);
  const turns = [...Map.groupBy(pauses, ({ turn }) => turn).values()].filter(group => group.length > 1);
  const even = turns.filter(group => spreadOf(group, limits) <= mostSpread);
  const chance = allOf(even.map(group => chanceOf(group, limits)));
  const alike = even.flat();
  if (alike.length < limits.jitterGaps || chance > limits.evenAtAll) return [];
  const concerned = new Set(alike.map(({ call }) => call));
  return [
    {
      code: 'no_jitter',
      severity: chance > limits.evenByChance ? 'warn' : 'fail',
      requests: numbersOf([...concerned].flatMap(({ attempts }) => attempts.map(({ entry }) => entry))),
      says: `${counted(concerned.size, 'call')} paused for the same ${Math.round(medianOf(even[0] ?? []))} ms`,
      advice: 'add chance to the pause, so that clients do not come back all at once',
    },
  ];
};

/** Pauses that are later than the shortest by more than this share of the least jitter, in the middle, are not the same. */
const mostSpread = 0.15;

/** The journal's clock has whole ms. */
const clockMs = 1;

interface Pause {
  readonly call: Call;
  /** Which pause of its call it is. */
  readonly turn: number;
  readonly gap: number;
}

const pausesIn = (call: Call, limits: Limits): Pause[] =>
  pausesOf(call, limits).map((gap, turn) => ({ call, turn, gap }));

const gapsOf = (group: readonly Pause[]) => group.map(({ gap }) => gap).sort((a, b) => a - b);

const middleOf = (sorted: readonly number[]) => sorted[sorted.length >> 1] ?? 0;

const medianOf = (group: readonly Pause[]) => middleOf(gapsOf(group));

/** What the least jitter would spread them over. */
const widthOf = (group: readonly Pause[], { leastJitter }: Limits) => leastJitter * medianOf(group);

function spreadOf(group: readonly Pause[], limits: Limits): number {
  const gaps = gapsOf(group);
  return (middleOf(gaps) - (gaps[0] ?? 0)) / widthOf(group, limits);
}

/** Of so few none can be left out. */
const fewPauses = 6;

/** How likely chance would have kept them so close, all or most of them; having the choice makes it more likely. */
function chanceOf(group: readonly Pause[], limits: Limits): number {
  const shares = group.length < fewPauses ? [1] : [1, 0.9, 0.75];
  const counts = [...new Set(shares.map(share => Math.ceil(share * group.length)))];
  const chances = counts.map(kept => chanceOfKept(gapsOf(group), kept, widthOf(group, limits)));
  return Math.min(1, counts.length * Math.min(...chances));
}

/**
 * Of `kept` evenly spread pauses, the chance that they are later than the shortest by so little in all: the volume of a simplex.
 * Times the ways to choose them. In logarithms, because both are large.
 */
function chanceOfKept(gaps: readonly number[], kept: number, width: number): number {
  const late = Math.max(clockMs * (kept - 1), leastLateness(gaps, kept)) / width;
  let log = Math.log(kept);
  for (let i = 1; i < kept; i++) log += Math.log(late / i);
  for (let i = 1; i <= gaps.length - kept; i++) log += Math.log((kept + i) / i);
  return Math.exp(log);
}

/** By how much the closest `kept` are later than the shortest of them, in all. */
function leastLateness(gaps: readonly number[], kept: number): number {
  const sums = [0];
  for (const gap of gaps) sums.push((sums.at(-1) ?? 0) + gap);
  const starts = gaps.slice(0, gaps.length - kept + 1);
  const late = starts.map((shortest, i) => (sums[i + kept] ?? 0) - (sums[i] ?? 0) - kept * shortest);
  return late.reduce((a, b) => Math.min(a, b));
}

/** How likely chances come out as small as these together: Fisher's way to combine independent ones. */
function allOf(chances: readonly number[]): number {
  const product = chances.reduce((a, b) => a * b, 1);
  if (product === 0) return 0;
  let term = product;
  let sum = product;
  for (let i = 1; i < chances.length; i++) {
    term *= -Math.log(product) / i;
    sum += term;
  }
  return sum;
}
