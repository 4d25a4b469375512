/** Stays at a level: short runs, one after the other, that share one budget. */
import { counted } from '../../core/counted.ts';
import { UsageError } from '../../core/errors.ts';
import type { Io } from '../../core/program.ts';
import { costOf } from '../budget.ts';
import { refusalOf } from '../findings/early-end.ts';
import { type Halt, isRefusal } from '../halt.ts';
import type { Interval } from '../interval.ts';
import { measure } from '../load.ts';
import type { LoadPlan } from '../plan.ts';
import { levelPerSecond } from '../stats/per-second.ts';
import { endedOf, type Total, totalOf } from '../total.ts';
import { windowsOf } from '../window.ts';
import type { SearchConfig } from './settings.ts';

export type Stay = (
  load: Pick<LoadPlan, 'arrivals' | 'concurrency'>,
  maxRequests: number,
) => Promise<{ readonly total: Total }>;

/** Each stay has prompts of its own, and all of them together one budget. */
export function createStays(plan: LoadPlan, { stop }: Pick<Io, 'stop'>) {
  const { maxTokens, maxCost, price } = plan.budget;
  const spent = { tokens: 0, cost: 0 };
  let stays = 0;
  return async (load: Pick<LoadPlan, 'arrivals' | 'concurrency'>, maxRequests: number, asked = plan) => {
    // Its level is under way at once, or nothing follows from a stay.
    const budget = { maxTokens: maxTokens - spent.tokens, maxCost: maxCost - spent.cost, price, careful: false };
    const { intervals, end } = await measure(
      { ...asked, ...load, budget, maxRequests, seed: plan.seed + stays++ },
      { stop },
    );
    const total = totalOf(intervals);
    spent.tokens += total.bookedInputTokens + total.bookedOutputTokens;
    if (price !== undefined) spent.cost += costOf(price, total.bookedInputTokens, total.bookedOutputTokens);
    const why = unmadeBecause(end.halted, endedOf(total, 'unsent') + total.budgetWaits);
    if (why !== undefined && !stop.aborted) throw why;
    return { total, held: heldIn(intervals, end.offeredMs, load.arrivals) };
  };
}

/** Why a stay was not the level that was asked for: then nothing follows from it. */
function unmadeBecause(halt: Halt | undefined, heldBack: number): UsageError | undefined {
  if (halt?.reason === 'budget')
    return new UsageError(
      'budget_spent',
      'the budget is used up before the search has an answer; raise it, or narrow --from and --to',
    );
  if (halt !== undefined && isRefusal(halt.reason))
    return new UsageError(
      'search_refused',
      `on_limit ended the search by the first ${refusalOf({ halted: halt.reason, ...(halt.code !== undefined && { halted_code: halt.code }) })}; write on_limit: record in the file that --config names, and refusals count against their level`,
    );
  if (heldBack === 0) return undefined;
  return new UsageError(
    'budget_tight',
    `the budget has no room for the worst case of so many requests at once: ${counted(heldBack, 'request')} waited for it or were not made; raise it, or lower --to or --max-tokens`,
  );
}

/** What a level gives while it is held. */
export interface Held {
  readonly requestsPerSecond: number;
  /** Mean requests in flight. */
  readonly inFlight: number;
}

/** Of the steady part; of a stay that is too short for one, from when it has started up until no more are offered. */
export function heldIn(intervals: readonly Interval[], offeredMs: number, { kind }: LoadPlan['arrivals']): Held {
  const { whole, answerMs, steady } = windowsOf(intervals, { warmupMs: 0, offeredMs });
  const started = whole.filter(({ fromMs }) => fromMs >= answerMs);
  const window = steady ?? (kind === 'closed' ? whole : started.length > 0 ? started : intervals);
  const { fromMs, toMs, inFlightArea } = totalOf(window);
  return {
    requestsPerSecond: levelPerSecond('requests_per_second', window, { closed: kind === 'closed', tokensPerRead: 0 }),
    inFlight: toMs > fromMs ? inFlightArea / (toMs - fromMs) : 0,
  };
}

/** A stay is cut off when it takes longer than this: the level is then judged by what there is. */
const longestMs = 300_000;

/** @param requests how many a stay is to make */
export const arrivalsAt = (
  level: number,
  requests: number,
  kind: SearchConfig['by'],
): Pick<LoadPlan, 'arrivals' | 'concurrency'> => {
  if (kind === 'concurrency')
    return {
      arrivals: { kind: 'closed', stages: [{ durationMs: longestMs, from: level, to: level }] },
      concurrency: level,
    };
  // By chance fewer come in the time that so many take on average; the stay ends with the last that is wanted.
  const durationMs = Math.min(longestMs, Math.ceil((1000 * (requests + 4 * Math.sqrt(requests))) / level));
  const stages = [{ durationMs, from: level, to: level }];
  return { arrivals: { kind: 'open', law: 'poisson', shape: 1, stages }, concurrency: 10_000 };
};
