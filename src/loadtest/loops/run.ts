/** What a loop that starts requests needs to know of its run. */
import type { Clock } from '../../core/clock.ts';
import type { Offer } from '../offer.ts';
import type { Pacer } from '../pacer.ts';
import type { LoadPlan } from '../plan.ts';
import type { RequestDoor } from '../request.ts';
import type { Shard } from '../shard.ts';
import type { Tally } from '../tally.ts';

export interface Run {
  readonly plan: LoadPlan;
  readonly clock: Clock;
  readonly startMs: number;
  readonly pacer: Pacer;
  readonly tally: Tally;
  readonly request: RequestDoor;
  readonly offer: Offer;
  readonly shard: Shard;
}

/** A request that was to start in the warm-up counts as part of it, whenever it ends. */
export const isMeasured = ({ plan, startMs }: Run, intendedMs: number) => intendedMs - startMs >= plan.warmupMs;
