/** Retrying without a budget. */
import type { Attempt } from '../attempts.ts';
import { count, type Finding, numbersOf } from '../finding.ts';
import type { Rule, View } from '../view.ts';

export const retryStorm: Rule = view => [...endless(view), ...dense(view)];

function endless({ calls, limits }: View): Finding[] {
  const long = calls.filter(({ attempts }) => attempts.length > limits.stormAttempts);
  if (long.length === 0) return [];
  const most = Math.max(...long.map(({ attempts }) => attempts.length));
  return [
    {
      code: 'retry_storm',
      severity: 'fail',
      requests: numbersOf(long.flatMap(({ attempts }) => attempts.map(({ entry }) => entry))),
      says: `one call was tried ${count(most, 'time')}`,
      advice: 'stop after a few attempts and report the error',
    },
  ];
}

/** Retries per second for one key, over all its calls. */
function dense({ calls, limits }: View): Finding[] {
  const retries = calls.flatMap(({ attempts }) => attempts.slice(1));
  const perKey = Map.groupBy(retries, ({ entry }) => entry.keyId ?? '');
  const bursts = [...perKey.values()].map(group => burstsIn(group, limits.stormPerSecond)).filter(set => set.size > 0);
  if (bursts.length === 0) return [];
  return [
    {
      code: 'retry_storm',
      severity: 'fail',
      requests: numbersOf(bursts.flatMap(set => [...set]).map(({ entry }) => entry)),
      says: `more than ${limits.stormPerSecond} retries within a second for one key`,
      advice: 'share one retry budget among all calls of a key',
    },
  ];
}

/** All retries that lie in some second with too many of them. */
function burstsIn(group: readonly Attempt[], most: number): Set<Attempt> {
  const sorted = [...group].sort((a, b) => a.entry.at - b.entry.at);
  const found = new Set<Attempt>();
  for (let first = 0, last = 0; last < sorted.length; last++) {
    while (atOf(sorted, last) - atOf(sorted, first) >= 1000) first++;
    if (last - first >= most) for (const retry of sorted.slice(first, last + 1)) found.add(retry);
  }
  return found;
}

const atOf = (list: readonly Attempt[], i: number) => list[i]?.entry.at ?? 0;
