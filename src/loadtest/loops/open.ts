import { onceAborted } from '../../core/aborted.ts';
import { createCountdown } from '../../core/countdown.ts';
import { shardOf } from '../arrivals.ts';
import { type LoadPlan, momentsOf, scheduleFor } from '../plan.ts';
import { makeRequest, type Slot } from '../request.ts';
import type { Shard } from '../shard.ts';
import { isMeasured, type Run } from './run.ts';

/** Whose turn it is and when, decided before a run begins: to draw a million moments takes a quarter of a second. */
export interface Turns {
  /** Numbers of this shard's requests among those of the run. */
  readonly numbers: Uint32Array;
  /** Their moments in ms since the start. */
  readonly offsetsMs: Float64Array;
  /** Whether more were to come, had their number not been limited. */
  readonly limited: boolean;
}

/** @throws {UsageError} `too_many_requests`, `bad_shape` */
export function turnsOf(plan: LoadPlan, { index, count }: Shard): Turns {
  const whole = scheduleFor(plan);
  const schedule = momentsOf(plan);
  const numbers = shardOf(schedule, index, count, plan.seed);
  const offsetsMs = Float64Array.from(numbers, n => schedule[n] ?? 0);
  return { numbers, offsetsMs, limited: schedule.length < whole.length };
}

/** Requests start at their moments, whatever became of those before. */
export async function openLoop(run: Run, { numbers, offsetsMs, limited }: Turns): Promise<void> {
  const { plan, startMs, pacer, tally, offer } = run;
  const moments = offsetsMs.map(ms => startMs + ms);
  const flying = createCountdown();
  let fired = 0;

  const fly = (slot: Slot) => {
    flying.begin();
    void makeRequest(slot, run.request).finally(flying.end);
  };
  const fire = (index: number) => {
    fired++;
    tally.plan(1);
    const intendedMs = moments[index] ?? 0;
    const slot = { n: numbers[index] ?? 0, intendedMs, measured: isMeasured(run, intendedMs) };
    if (tally.inFlight >= plan.concurrency) endUnmade(run, slot.measured ? 'shed' : 'warmup');
    else fly(slot);
    if (fired === moments.length && limited) offer.end();
  };
  const cancel = pacer.start(moments, index => {
    if (!offer.over) fire(index);
  });
  if (moments.length > 0) await onceAborted(offer.signal);
  cancel();
  // The end of the time is no reason: a moment that a late loop has not come to by then is late, not unsent.
  while (offer.halt === undefined && fired < moments.length) fire(fired);
  tally.plan(moments.length - fired);
  for (let i = fired; i < moments.length; i++) endUnmade(run, 'unsent');
  await flying.none();
}

const endUnmade = ({ tally }: Run, ledgerClass: 'shed' | 'warmup' | 'unsent') =>
  tally.end({ ledgerClass, record: undefined, intendedMs: 0, firstSentMs: undefined, good: false, reads: 0 });
