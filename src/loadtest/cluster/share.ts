import { createRandom } from '../../core/random.ts';
import { scheduleOf, shardOf } from '../arrivals.ts';
import type { LoadPlan } from '../plan.ts';
import type { Shard } from '../shard.ts';

/** How many requests of a run fall to one shard; undefined for a closed loop, where the answers decide. */
export function shareOf({ arrivals, seed, maxRequests }: LoadPlan, { index, count }: Shard): number | undefined {
  if (arrivals.kind === 'closed') return undefined;
  const schedule = scheduleOf(arrivals, createRandom(seed).fork('arrivals')).subarray(0, maxRequests);
  return shardOf(schedule, index, count, seed).length;
}
