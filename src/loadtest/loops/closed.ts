import { onceAborted } from '../../core/aborted.ts';
import type { CallRecord } from '../../core/call/record.ts';
import { repeat } from '../../core/clock/repeat.ts';
import type { Clock } from '../../core/clock.ts';
import { domainOf } from '../../core/outcome.ts';
import { type Arrivals, levelAt } from '../arrivals.ts';
import { makeRequest } from '../request.ts';
import { seatsOf } from '../shard.ts';
import { isMeasured, type Run } from './run.ts';

/** How often it is looked whether the level has risen. */
const rampMs = 20;
/** A connection that cannot be made is not tried again at once: a closed loop would try ten thousand times a second. */
const pauseMs = 100;

export type Closed = Extract<Arrivals, { kind: 'closed' }>;

/** A number of seats; on each a request follows the one before. The number may change over time. */
export async function closedLoop(run: Run, { stages }: Closed): Promise<void> {
  const { clock, startMs, offer, tally, plan, request, shard } = run;
  const taken = new Map<number, Promise<void>>();
  const level = () => seatsOf(levelAt(stages, clock.now() - startMs), shard);
  let next = shard.index;

  const sit = async (seat: number) => {
    while (!offer.over && seat < level()) {
      const n = next;
      next += shard.count;
      if (n >= plan.maxRequests) break;
      tally.plan(1);
      const record = await makeRequest({ n, intendedMs: undefined, measured: isMeasured(run, clock.now()) }, request);
      if (unreachable(record)) await pause(clock, offer.signal);
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

const isLevel = (stages: Closed['stages']) => stages.every(({ from, to }) => from === to && from === stages[0]?.from);

const unreachable = (record: CallRecord | undefined) =>
  record !== undefined && domainOf(record.outcome.kind) === 'network';

async function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(pauseMs, signal);
  } catch {
    // Woken because the run ends: that is what the signal is for.
  }
}
