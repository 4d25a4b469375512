/**
 * `load run --agents N`: hands a shard to each agent, waits until all are ready, names one moment to begin, and adds up what
 * they tell. An agent that goes away leaves a known hole and is never replaced: its requests may have been paid for.
 */
import { randomUUID } from 'node:crypto';
import type { QueueEvents } from 'bullmq';
import { UsageError } from '../../core/errors.ts';
import type { LoadPlan } from '../config.ts';
import type { Interval } from '../interval.ts';
import type { Measurement } from '../load.ts';
import {
  controlKey,
  controlTtl,
  encodePlan,
  queueName,
  type Report,
  type ShardJob,
  type ShardResult,
} from './protocol.ts';
import { type Engine, openEngine, redisClock } from './redis.ts';
import { createRoll, type Roll } from './roll.ts';

export interface CoordinatorOptions {
  readonly agents: number;
  readonly redis: string | undefined;
  readonly stop: AbortSignal;
  readonly onInterval?: ((interval: Interval) => void) | undefined;
  /** For people: who is waited for, how exactly they began. */
  readonly say: (line: string) => void;
}

/** From "all are ready" to the start: every agent asks many times within it. */
const leadMs = 1000;

/** @throws {UsageError} `no_redis`, `no_bullmq`, `no_agents` */
export async function measureWithAgents(plan: LoadPlan, options: CoordinatorOptions): Promise<Measurement> {
  const { agents, redis: url, stop } = options;
  if (url === undefined) throw new UsageError('no_redis', '--agents needs --redis URL, where the agents are found');
  const engine = await openEngine(url);
  const runId = randomUUID();
  const control = controlOf(engine, runId);
  const roll = createRoll(plan, { ...options, onReady: () => control('start', leadMs) });
  const halt = () => void control('stop', 0);
  stop.addEventListener('abort', halt, { once: true });
  const queue = new engine.bullmq.Queue<ShardJob>(queueName, { connection: engine.connection });
  const events = new engine.bullmq.QueueEvents(queueName, { connection: engine.connection });
  try {
    await events.waitUntilReady();
    refuseTooFew(await queue.getWorkersCount(), agents);
    const jobs = await queue.addBulk(jobsOf(plan, agents, runId));
    listen(events, new Map(jobs.map(({ id = '' }, member) => [id, member])), roll);
    return await roll.complete;
  } finally {
    stop.removeEventListener('abort', halt);
    roll.close();
    await Promise.all([queue.close(), events.close()]);
    engine.redis.disconnect();
  }
}

/** Sets a field of the run's control hash to a moment of the Redis server's clock, so many ms from now. */
const controlOf =
  ({ redis }: Engine, runId: string) =>
  async (field: 'start' | 'stop', inMs: number) => {
    const { offsetMs } = await redisClock(redis);
    const key = controlKey(runId);
    await redis
      .multi()
      .hset(key, field, performance.now() + offsetMs + inMs)
      .expire(key, controlTtl)
      .exec();
  };

function refuseTooFew(there: number, wanted: number): void {
  if (there >= wanted) return;
  throw new UsageError(
    'no_agents',
    `--agents ${wanted}: ${there} agent(s) wait at that Redis; start the others with glm-testkit load agent --redis URL`,
  );
}

/** Never tried again, whatever happens to them. */
const jobsOf = (plan: LoadPlan, count: number, runId: string) =>
  Array.from({ length: count }, (_, index) => ({
    name: 'shard',
    data: { runId, plan: encodePlan(plan), shard: { index, count } },
    opts: { attempts: 1, removeOnComplete: true, removeOnFail: true },
  }));

function listen(events: Pick<QueueEvents, 'on'>, members: ReadonlyMap<string, number>, roll: Roll): void {
  const withMember = (jobId: string, act: (member: number) => void) => {
    const member = members.get(jobId);
    if (member !== undefined) act(member);
  };
  events.on('progress', ({ jobId, data }) => withMember(jobId, member => roll.report(member, data as Report)));
  events.on('completed', ({ jobId, returnvalue }) =>
    withMember(jobId, member => roll.finish(member, returnvalue as unknown as ShardResult)),
  );
  events.on('failed', ({ jobId }) => withMember(jobId, roll.lose));
}
