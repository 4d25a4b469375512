/** How long a seat of a closed loop rests after what it got: nobody knocks thousands of times a second on a closed door. Pure. */
import type { CallRecord } from '../../core/call/record.ts';
import { domainOf, type Reason, retryOf } from '../../core/outcome.ts';

export interface Rest {
  /** Until the next request, in ms. */
  readonly ms: number;
  /** Answers in a row so far that will not change within the run. */
  readonly hopeless: number;
}

/** A request that failed is followed by the next one no sooner than this after its start. */
const shortestMs = 100;
/** Where the answer cannot change while the run lasts, the time doubles up to this. */
const longestMs = 1000;

/** @param hopeless of the rest before, 0 at first */
export function restAfter(record: CallRecord | undefined, hopeless: number): Rest {
  if (record === undefined) return { ms: 0, hopeless };
  const { kind } = record.outcome;
  if (domainOf(kind) === 'network') return { ms: shortestMs, hopeless: 0 };
  if (isAnswered(kind)) return { ms: 0, hopeless: 0 };
  const [row, paceMs] = isHopeless(kind)
    ? [hopeless + 1, Math.min(longestMs, shortestMs * 2 ** hopeless)]
    : [0, shortestMs];
  return { ms: Math.max(0, paceMs - (record.endMs - record.startMs)), hopeless: row };
}

/** The model was at work: what it made took its time, though not every one of these counts as good. */
const isAnswered = (kind: Reason) => domainOf(kind) === null || worked.some(other => other === kind);

const worked = ['reasoning_only', 'answer_in_reasoning', 'usage_missing', 'wrong_answer', 'slow'] as const;

/** The account's, or of what was asked: within the run it stays as it is. */
const isHopeless = (kind: Reason) =>
  retryOf(kind) !== 'backoff' && (domainOf(kind) === 'account' || domainOf(kind) === 'client');
