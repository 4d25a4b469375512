/** How long a seat of a closed loop rests after what it got: nobody knocks thousands of times a second on a closed door. Pure. */
import type { CallRecord } from '../../core/call/record.ts';
import { domainOf, type Reason, retryOf } from '../../core/outcome.ts';

export interface Rest {
  /** Until the next request, in ms. */
  readonly ms: number;
  /** Answers in a row so far that will not change within the run. */
  readonly hopeless: number;
}

/** A request that was refused is followed by the next one no sooner than this after its start. */
const shortestMs = 100;
/** Where the answer cannot change while the run lasts, the time doubles up to this. */
const longestMs = 1000;

/** @param hopeless of the rest before, 0 at first */
export function restAfter(record: CallRecord | undefined, hopeless: number): Rest {
  if (record === undefined) return { ms: 0, hopeless };
  const { kind } = record.outcome;
  if (domainOf(kind) === 'network') return { ms: shortestMs, hopeless: 0 };
  const known = isRefusal(kind);
  if (!known && !isTurnedAway(record)) return { ms: 0, hopeless: 0 };
  const [row, paceMs] =
    known && retryOf(kind) !== 'backoff'
      ? [hopeless + 1, Math.min(longestMs, shortestMs * 2 ** hopeless)]
      : [0, shortestMs];
  return { ms: Math.max(0, paceMs - (record.endMs - record.startMs)), hopeless: row };
}

/** By the account, for what was asked, or by a platform that sheds load. */
const isRefusal = (kind: Reason) =>
  kind === 'overloaded' || domainOf(kind) === 'account' || domainOf(kind) === 'client';

/** By a proxy, or with a code that nobody knows: a redirect or a 4xx, which says that nothing was done. */
const isTurnedAway = ({ status = 0 }: CallRecord) => status >= 300 && status < 500;
