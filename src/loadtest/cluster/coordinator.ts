/**
 * `load run --agents N`: hands a shard to each agent, waits until all are ready, names one moment to begin, and adds up what
 * they tell. An agent that goes away leaves a known hole and is never replaced: its requests may have been paid for.
 */
import { randomUUID } from 'node:crypto';
import type { Queue, QueueEvents } from 'bullmq';
import { onAbort } from '../../core/aborted.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { UsageError } from '../../core/errors.ts';
import type { Interval } from '../interval.ts';
import type { Measurement } from '../load.ts';
import type { LoadPlan } from '../plan.ts';
import { openControl } from './control.ts';
import { encodePlan, jobIdOf, queueName, type Report, type ShardJob, type ShardResult } from './protocol.ts';
import { type Engine, openEngine, redisClock } from './redis.ts';
import { createRoll, type Roll } from './roll.ts';

export interface CoordinatorOptions {
  readonly agents: number;
  readonly redis: string;
  readonly clock?: Clock;
  readonly stop: AbortSignal;
  readonly onInterval?: ((interval: Interval) => void) | undefined;
  /** For people: who is waited for, how exactly they began. */
  readonly say: (line: string) => void;
}

/** From "all are ready" to the start: every agent asks many times within it. */
const leadMs = 1000;

/** @throws {UsageError} `no_redis`, `no_bullmq`, `no_agents` */
export async function measureWithAgents(plan: LoadPlan, options: CoordinatorOptions): Promise<Measurement> {
  const { agents, redis: url, say, clock = systemClock } = options;
  const engine = await openEngine(url, say);
  const queue = new engine.bullmq.Queue<ShardJob>(queueName, { connection: engine.connection });
  const events = new engine.bullmq.QueueEvents(queueName, {
    connection: engine.connection,
    lastEventId: await nowInStream(engine, clock),
  });
  // That Redis went away, a connection of its own says.
  queue.on('error', () => {});
  events.on('error', () => {});
  try {
    await events.waitUntilReady();
    refuseTooFew(await queue.getWorkersCount(), agents);
    return await conduct(plan, { ...options, clock, engine, queue, events });
  } finally {
    const closed = Promise.allSettled([queue.close(), events.close()]);
    if (engine.redis.status === 'ready') await closed;
    engine.close();
  }
}

/** Ids of Redis streams are times: what is told from now on is read, even what is told before the first reading. */
const nowInStream = async ({ redis }: Engine, clock: Clock) => {
  const { offsetMs } = await redisClock(redis, clock);
  return `${Math.floor(clock.now() + offsetMs)}-0`;
};

function refuseTooFew(there: number, wanted: number): void {
  if (there >= wanted) return;
  throw new UsageError(
    'no_agents',
    `--agents ${wanted}: ${there} ${there === 1 ? 'agent waits' : 'agents wait'} at that Redis; start the others with glm-testkit load agent --redis URL`,
  );
}

interface Conducting extends CoordinatorOptions {
  readonly clock: Clock;
  readonly engine: Engine;
  readonly queue: Queue<ShardJob>;
  readonly events: QueueEvents;
}

async function conduct(plan: LoadPlan, options: Conducting): Promise<Measurement> {
  const { agents, clock, stop, engine, queue, events, onInterval, say } = options;
  const runId = randomUUID();
  const control = await openControl(engine.redis, runId, clock);
  const roll = createRoll(plan, {
    clock,
    agents,
    onInterval,
    say,
    onReady: () => quietly(control.begin(leadMs)),
    onLost: member => quietly(control.giveUp(member)),
  });
  const forgetStop = onAbort(stop, () => quietly(control.stop()));
  try {
    listen(events, new Map(Array.from({ length: agents }, (_, member) => [jobIdOf(runId, member), member])), roll);
    await queue.addBulk(jobsOf(plan, agents, runId));
    say(`${agents} agents get ready`);
    return { ...(await roll.complete), runId };
  } finally {
    forgetStop();
    roll.close();
    quietly(control.close());
  }
}

/** When Redis is away orders do not arrive; the agents notice, and so does the roll. */
const quietly = (order: Promise<void>) => void order.catch(() => {});

/** Never tried again, whatever happens to them. */
const jobsOf = (plan: LoadPlan, count: number, runId: string) =>
  Array.from({ length: count }, (_, index) => ({
    name: 'shard',
    data: { runId, plan: encodePlan(plan), shard: { index, count } },
    opts: { jobId: jobIdOf(runId, index), attempts: 1, removeOnComplete: true, removeOnFail: true },
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
  events.on('failed', ({ jobId }) => withMember(jobId, member => roll.lose(member)));
  // Such a job fails only when an agent is free to take it, and all of them may be waiting for this one.
  events.on('stalled', ({ jobId }) => withMember(jobId, roll.stall));
}
