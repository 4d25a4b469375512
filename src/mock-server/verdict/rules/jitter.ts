/** Clients that fail together and retry together fail again together. */
import type { Call } from '../attempts.ts';
import { count, numbersOf } from '../finding.ts';
import type { Limits } from '../limits.ts';
import type { Rule } from '../view.ts';
import { pausesOf } from './backoff.ts';

export const noJitter: Rule = ({ calls, limits }) => {
  const pauses = calls.flatMap(call => pausesIn(call, limits)).filter(({ gap }) => gap >= limits.minGapMs);
  const equal = [...Map.groupBy(pauses, ({ turn }) => turn).values()].filter(group => isEqual(group, limits)).flat();
  const concerned = new Set(equal.map(({ call }) => call));
  if (concerned.size < 2 || equal.length < limits.jitterGaps) return [];
  return [
    {
      code: 'no_jitter',
      severity: 'warn',
      requests: numbersOf([...concerned].flatMap(({ attempts }) => attempts.map(({ entry }) => entry))),
      says: `${count(concerned.size, 'call')} paused for the same ${Math.round(equal[0]?.gap ?? 0)} ms`,
      advice: 'add chance to the pause, so that clients do not come back all at once',
    },
  ];
};

interface Pause {
  readonly call: Call;
  /** Which pause of its call it is. */
  readonly turn: number;
  readonly gap: number;
}

const pausesIn = (call: Call, limits: Limits): Pause[] =>
  pausesOf(call, limits).map((gap, turn) => ({ call, turn, gap }));

/** Whether nine in ten are alike; one odd pause does not make jitter. */
function isEqual(group: readonly Pause[], { sameGapMs }: Limits): boolean {
  if (group.length < 2) return false;
  const gaps = group.map(({ gap }) => gap).sort((a, b) => a - b);
  const median = gaps[Math.floor(gaps.length / 2)] ?? 0;
  return gaps.filter(gap => Math.abs(gap - median) <= sameGapMs).length >= 0.9 * gaps.length;
}
