/** The overview out of a state file, for those who look at it from outside of `serve`. */
import type { Clock } from '../core/clock.ts';
import { createRandom } from '../core/random.ts';
import { longestGapMs, startAfter } from './grid.ts';
import { openHistory } from './history.ts';
import { type Overview, overviewOf } from './overview.ts';
import type { ProbePlan } from './plan.ts';
import { newStatus, statusAt } from './status.ts';

/** A run that is not there after so many intervals is missed. */
const staleIntervals = 3;

/** @throws {UsageError} when there is no state, or none of ours */
export async function storedOverview(plan: ProbePlan, clock: Clock): Promise<Overview> {
  const history = await openHistory(plan.state.path, { readOnly: true });
  const now = clock.wall();
  const byId = new Map(plan.checks.map(check => [check.id, check]));
  try {
    return await overviewOf(
      {
        plan,
        history,
        statusOf: check => statusAt(history.status(check.id) ?? newStatus(now), now, staleMsOf(check, now)),
        nextOf: id => {
          const check = byId.get(id);
          // Without jitter: its seed is the running program's.
          return check && startAfter(check, now, createRandom(0))?.gridMs;
        },
        troubles: () => [],
      },
      now,
    );
  } finally {
    history.close();
  }
}

/** How old the last thing heard of a check may be. */
export const staleMsOf = (check: ProbePlan['checks'][number], nowMs: number): number =>
  staleIntervals * longestGapMs(check, nowMs) + check.deadlines.total;
