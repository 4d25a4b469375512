/**
 * `load agent`: waits for shards and makes them. The load runs in processes of its own, so that this one is always free to
 * renew the job's lock; a job whose agent died is never made again, because its requests may have been paid for.
 */
import { onceAborted } from '../../core/aborted.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { hrOffsetMs } from '../calibration/hr-offset.ts';
import { followControl } from './control.ts';
import { measureLocally } from './local.ts';
import { decodePlan, queueName, type Report, type ShardJob, type ShardResult } from './protocol.ts';
import { type Engine, openEngine, redisClock } from './redis.ts';

export interface AgentOptions {
  readonly redis: string;
  readonly keys: readonly string[];
  readonly workers: number;
  readonly clock?: Clock;
  readonly stop: AbortSignal;
  readonly say: (line: string) => void;
}

const lockMs = 10_000;

/** Serves until `stop` is aborted. */
export async function runAgent({ redis: url, clock = systemClock, ...place }: AgentOptions): Promise<void> {
  const { stop, say } = place;
  const engine = await openEngine(url, say);
  const { Worker } = engine.bullmq;
  const worker = new Worker<ShardJob, ShardResult>(queueName, job => work(job, { ...place, engine, clock }), {
    connection: engine.connection,
    concurrency: 1,
    lockDuration: lockMs,
    stalledInterval: lockMs / 2,
    maxStalledCount: 0,
  });
  const there = () => engine.redis.status === 'ready';
  // While Redis is away every attempt to reach it is an error; that was said once.
  worker.on('error', error => there() && say(`queue: ${error.message}`));
  await worker.waitUntilReady();
  say('waiting for work');
  await onceAborted(stop);
  await worker.close(!there());
  engine.close();
}

interface Job {
  readonly data: ShardJob;
  updateProgress(report: Report): Promise<void>;
}

type Place = Omit<AgentOptions, 'redis'> & { readonly engine: Engine; readonly clock: Clock };

async function work(job: Job, { engine: { redis }, clock, keys, workers, stop, say }: Place): Promise<ShardResult> {
  const { runId, shard } = job.data;
  say(`run ${runId}: part ${shard.index + 1} of ${shard.count}`);
  const plan = decodePlan(job.data.plan, keys);
  const common = await redisClock(redis, clock);
  const orders = followControl(redis, { runId, member: shard.index, stop, clock });
  const tell = createTeller(job);
  const { before, after, end } = await measureLocally(plan, {
    workers,
    shard,
    stop: orders.halt,
    ready: async () => {
      tell({ kind: 'ready' });
      const startMs = await orders.start();
      return (startMs === undefined ? clock.now() : startMs - common.offsetMs) + hrOffsetMs();
    },
    onInterval: interval => tell({ kind: 'interval', interval }),
  }).finally(orders.close);
  await tell.done();
  say(`run ${runId}: ${orders.halt.aborted ? `ended early, because ${orders.halt.reason}` : 'done'}`);
  return { before, after, end, clockErrorMs: common.errorMs };
}

/** Reports leave one after the other, in order. One that cannot be told any more is told to nobody. */
function createTeller(job: Job) {
  let last: Promise<void> = Promise.resolve();
  const tell = (report: Report) => {
    last = last.then(() => job.updateProgress(report)).catch(() => {});
  };
  return Object.assign(tell, { done: () => last });
}
