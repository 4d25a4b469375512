/** What coordinator and agents say to each other through Redis. No key is among it: an agent uses the one of its own environment. */
import type { Interval } from '../interval.ts';
import type { LoadPlan } from '../plan.ts';
import type { Shard } from '../shard.ts';
import type { Finish } from './merger.ts';

/** Jobs of this queue are shards: whole parts of a run, never single requests. */
export const queueName = 'glm-load';

export interface ShardJob {
  readonly runId: string;
  readonly plan: string;
  readonly shard: Shard;
}

/** Progress of a job. */
export type Report = { readonly kind: 'ready' } | { readonly kind: 'interval'; readonly interval: Interval };

/** What a job returns. */
export interface ShardResult extends Finish {
  /** How far off this agent's idea of the common clock may be, ms: half of the shortest round trip. */
  readonly clockErrorMs: number;
}

/** The job of one member of a run, known before it is handed out. */
export const jobIdOf = (runId: string, member: number) => `${runId}-${member}`;

/** A plan as text. JSON knows no Infinity, and "no limit" must not become "nothing". */
export const encodePlan = ({ key: _key, keys: _keys, ...plan }: LoadPlan): string =>
  JSON.stringify(plan, (_, value: unknown) => (value === Number.POSITIVE_INFINITY ? endless : value));

export const decodePlan = (text: string, keys: readonly string[]): LoadPlan => {
  const plan = JSON.parse(text, (_, value: unknown) =>
    value === endless ? Number.POSITIVE_INFINITY : value,
  ) as object;
  return { ...plan, key: keys[0] ?? '', keys } as LoadPlan;
};

const endless = '\u221e';
