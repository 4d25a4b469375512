/** What falls to one shard of a run, and to each process of it. */
import { peakOf, shardOf } from '../arrivals.ts';
import { type LoadPlan, momentsOf } from '../plan.ts';
import { type Shard, seatsOf, within } from '../shard.ts';

/** How many requests of a run fall to one shard; undefined for a closed loop, where the answers decide. */
export function shareOf(plan: LoadPlan, { index, count }: Shard): number | undefined {
  return plan.arrivals.kind === 'closed' ? undefined : shardOf(momentsOf(plan), index, count, plan.seed).length;
}

/**
 * A shard cut up for several processes. Of a closed loop there are never more parts than seats: the requests of a part that
 * never has one would not be made.
 */
export function partsOf({ arrivals }: Pick<LoadPlan, 'arrivals'>, shard: Shard, workers: number): Shard[] {
  const seats = arrivals.kind === 'closed' ? seatsOf(peakOf(arrivals.stages), shard) : workers;
  const parts = Math.min(workers, Math.max(1, seats));
  return Array.from({ length: parts }, (_, i) => within(shard, i, parts));
}
