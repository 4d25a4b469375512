import { onceAborted } from '../../core/aborted.ts';
import { createCountdown } from '../../core/countdown.ts';
import { createRandom } from '../../core/random.ts';
import { type Arrivals, scheduleOf, shardOf } from '../arrivals.ts';
import { makeRequest, type Slot } from '../request.ts';
import { isMeasured, type Run } from './run.ts';

/** Requests start at their moments, whatever became of those before. */
export async function openLoop(run: Run, arrivals: Exclude<Arrivals, { kind: 'closed' }>): Promise<void> {
  const { plan, startMs, pacer, tally, offer, shard } = run;
  const whole = scheduleOf(arrivals, createRandom(plan.seed).fork('arrivals'));
  const schedule = whole.subarray(0, plan.maxRequests);
  const limited = schedule.length < whole.length;
  const mine = shardOf(schedule, shard.index, shard.count, plan.seed);
  const moments = Float64Array.from(mine, n => startMs + (schedule[n] ?? 0));
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
    const slot = { n: mine[index] ?? 0, intendedMs, measured: isMeasured(run, intendedMs) };
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
