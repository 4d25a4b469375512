import { onceAborted } from '../../core/aborted.ts';
import { repeat } from '../../core/clock/repeat.ts';
import type { Clock } from '../../core/clock.ts';
import { type Arrivals, isLevel, levelAt } from '../arrivals.ts';
import { makeRequest } from '../request.ts';
import { seatsOf } from '../shard.ts';
import { restAfter } from './rest.ts';
import { isMeasured, type Run } from './run.ts';

/** How often it is looked whether the level has risen. */
const rampMs = 20;

export type Closed = Extract<Arrivals, { kind: 'closed' }>;

/** A number of seats; on each a request follows the one before. The number may change over time. */
export async function closedLoop(run: Run, { stages }: Closed): Promise<void> {
  const { clock, startMs, offer, tally, plan, request, shard } = run;
  const taken = new Map<number, Promise<void>>();
  const level = () => seatsOf(levelAt(stages, clock.now() - startMs), shard);
  let next = shard.index;

  const sit = async (seat: number) => {
    let hopeless = 0;
    while (!offer.over && seat < level() && next < plan.maxRequests) {
      const n = next;
      next += shard.count;
      tally.plan(1);
      const record = await makeRequest({ n, intendedMs: undefined, measured: isMeasured(run, clock.now()) }, request);
      const rest = restAfter(record, hopeless);
      hopeless = rest.hopeless;
      if (rest.ms > 0 && next < plan.maxRequests) await pause(rest.ms, clock, offer.signal);
    }
    taken.delete(seat);
    endWhenMade();
  };
  const endWhenMade = () => {
    if (taken.size === 0 && next >= plan.maxRequests) offer.end();
  };
  const fill = () => {
    for (let seat = 0; seat < level() && !offer.over && next < plan.maxRequests; seat++)
      if (!taken.has(seat)) taken.set(seat, sit(seat));
  };
  fill();
  endWhenMade(); // a shard may have no request of so few
  const stopFilling = isLevel(stages) ? () => {} : repeat(clock, startMs, rampMs, fill);
  await onceAborted(offer.signal);
  stopFilling();
  await Promise.all(taken.values());
}

async function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch {
    // Woken because the run ends: that is what the signal is for.
  }
}
