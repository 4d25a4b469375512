/** Retrying without a budget. */
import { counted } from '../../../core/counted.ts';
import type { Attempt, Call } from '../attempts.ts';
import { type Finding, numbersOf } from '../finding.ts';
import type { Limits } from '../limits.ts';
import type { Rule, View } from '../view.ts';

/** One call that is tried too often, or too fast; or all calls of a key that go on multiplying. Calls that begin together are none. */
export const retryStorm: Rule = view => [...endless(view), ...dense(view), ...multiplying(view)];

function endless({ calls, limits }: View): Finding[] {
  const long = calls.filter(({ attempts }) => attempts.length > limits.stormAttempts);
  if (long.length === 0) return [];
  const most = long.reduce((longest, { attempts }) => Math.max(longest, attempts.length), 0);
  const all = long.flatMap(({ attempts }) => attempts);
  return [
    finding(all, `one call was tried ${counted(most, 'time')}`, 'stop after a few attempts and report the error'),
  ];
}

function dense({ calls, limits: { stormPerSecond } }: View): Finding[] {
  const bursts = calls.flatMap(({ attempts }) => burstsIn(attempts.slice(1), stormPerSecond));
  if (bursts.length === 0) return [];
  return [
    finding(bursts, `more than ${stormPerSecond} retries of one call within a second`, 'wait between two attempts'),
  ];
}

/** All retries that lie in some second with too many of them. */
function burstsIn(retries: readonly Attempt[], most: number): Attempt[] {
  const found = new Set<Attempt>();
  for (let first = 0, last = 0; last < retries.length; last++) {
    while (atOf(retries, last) - atOf(retries, first) >= 1000) first++;
    if (last - first >= most) for (const retry of retries.slice(first, last + 1)) found.add(retry);
  }
  return [...found];
}

const atOf = (list: readonly Attempt[], i: number) => list[i]?.entry.at ?? 0;

/** Many calls of a key, each within its own bounds, that together send several times what was wanted. */
function multiplying({ calls, limits }: View): Finding[] {
  const troubled = calls.filter(({ attempts }) => attempts.length > 1);
  return [...Map.groupBy(troubled, ({ keyId }) => keyId ?? '').values()].flatMap(group => stormOf(group, limits));
}

function stormOf(calls: readonly Call[], { stormFactor, stormCalls }: Limits): Finding[] {
  const retries = calls.flatMap(({ attempts }) => attempts.slice(1));
  if (calls.length < stormCalls || retries.length <= stormFactor * calls.length) return [];
  const says = `${counted(calls.length, 'call')} were repeated ${counted(retries.length, 'time')} in all`;
  return [finding(retries, says, 'share one retry budget among all calls of a key')];
}

const finding = (attempts: readonly Attempt[], says: string, advice: string): Finding => ({
  code: 'retry_storm',
  severity: 'fail',
  requests: numbersOf(attempts.map(({ entry }) => entry)),
  says,
  advice,
});
