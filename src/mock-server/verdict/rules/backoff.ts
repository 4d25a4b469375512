/** Retrying at once, or at a fixed pace. */
import type { Attempt, Call } from '../attempts.ts';
import { type Finding, numbersOf } from '../finding.ts';
import type { Limits } from '../limits.ts';
import { retryOfWord } from '../outcome.ts';
import type { Rule } from '../view.ts';

export const noBackoff: Rule = ({ calls, limits }) => {
  const paced = calls.map(call => ({ call, gaps: pausesOf(call, limits) }));
  const hasty = paced.filter(one => isHasty(one, paced, limits));
  const flat = paced.filter(one => !hasty.includes(one) && isFlat(one.gaps, limits));
  return [...hastyFinding(hasty, limits), ...flatFindings(flat, limits)];
};

interface Paced {
  readonly call: Call;
  readonly gaps: readonly number[];
}

/**
 * Whether it came back too soon, and not by the chance of a client that waits: full jitter makes some first pauses short. Then
 * most pauses of the key in the same turn are long.
 */
function isHasty({ call, gaps }: Paced, all: readonly Paced[], { minGapMs, fullJitterGaps }: Limits): boolean {
  return gaps.some((gap, turn) => {
    if (gap >= minGapMs) return false;
    const others = all.flatMap(one => (one.call.keyId === call.keyId ? one.gaps.slice(turn, turn + 1) : []));
    const long = others.filter(other => other >= minGapMs).length;
    return others.length < fullJitterGaps || long * 2 < others.length;
  });
}

/** The pauses a client chose before repeating something worth repeating. */
export function pausesOf({ attempts }: Call, { minGapMs }: Limits): number[] {
  return attempts.slice(1).flatMap(({ gapMs = 0 }, i) => {
    const before = attempts[i] as Attempt;
    if (before.entry.told) return []; // Retry-After chose it
    // A connection that broke, perhaps while idle in the pool, may be replaced at once; but only the first time.
    if (i === 0 && before.word === 'reset' && gapMs < minGapMs) return [];
    return retryOfWord(before.word) === 'backoff' ? [gapMs] : [];
  });
}

function isFlat(gaps: readonly number[], { growthAttempts, minGrowth, longGapMs }: Limits): boolean {
  const [first = 0, ...later] = gaps;
  if (later.length === 0 || gaps.length + 1 < growthAttempts) return false;
  const longest = Math.max(...later);
  return longest < longGapMs && longest < first * minGrowth;
}

function hastyFinding(paced: readonly Paced[], { minGapMs }: Limits): Finding[] {
  if (paced.length === 0) return [];
  const shortest = Math.min(...paced.flatMap(({ gaps }) => gaps));
  return [
    {
      code: 'no_backoff',
      severity: 'fail',
      requests: requestsOf(paced),
      says: `repeated after ${Math.round(shortest)} ms`,
      advice: `wait at least ${minGapMs} ms, twice as long each time, at random within that`,
    },
  ];
}

/** Two shrinking pauses can be full jitter's bad luck; equal ones, or three, cannot. */
function flatFindings(paced: readonly Paced[], limits: Limits): Finding[] {
  const sure = paced.filter(({ gaps }) => gaps.length > 2 || isEven(gaps, limits));
  const unsure = paced.filter(one => !sure.includes(one));
  return [...flatFinding(sure, 'fail'), ...flatFinding(unsure, 'warn')];
}

const isEven = (gaps: readonly number[], { minGrowth }: Limits) => Math.min(...gaps) * minGrowth > Math.max(...gaps);

function flatFinding(paced: readonly Paced[], severity: Finding['severity']): Finding[] {
  if (paced.length === 0) return [];
  const gaps = (paced[0]?.gaps ?? []).slice(0, 4).map(gap => Math.round(gap));
  return [
    {
      code: 'no_backoff',
      severity,
      requests: requestsOf(paced),
      says: `the pauses do not grow: ${gaps.join(', ')} ms`,
      advice: 'double the pause with each attempt, up to a ceiling',
    },
  ];
}

const requestsOf = (paced: readonly Paced[]) =>
  numbersOf(paced.flatMap(({ call }) => call.attempts.map(({ entry }) => entry)));
