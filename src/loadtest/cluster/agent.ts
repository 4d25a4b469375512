/**
 * `load agent`: waits for shards and makes them. The load runs in processes of its own, so that this one is always free to
 * renew the job's lock; a job whose agent died is never made again, because its requests may have been paid for.
 */
import { hrOffsetMs } from '../calibration/hr-offset.ts';
import { measureLocally } from './local.ts';
import { controlKey, decodePlan, queueName, type Report, type ShardJob, type ShardResult } from './protocol.ts';
import { type Engine, openEngine, redisClock } from './redis.ts';

export interface AgentOptions {
  readonly redis: string;
  readonly keys: readonly string[];
  readonly workers: number;
  readonly stop: AbortSignal;
  readonly say: (line: string) => void;
}

const lockMs = 10_000;
const pollMs = { start: 5, stop: 200 } as const;

/** Serves until `stop` is aborted. */
export async function runAgent({ redis: url, keys, workers, stop, say }: AgentOptions): Promise<void> {
  const engine = await openEngine(url);
  const { Worker } = engine.bullmq;
  const worker = new Worker<ShardJob, ShardResult>(queueName, job => work(job, { engine, keys, workers, stop, say }), {
    connection: engine.connection,
    concurrency: 1,
    lockDuration: lockMs,
    stalledInterval: lockMs / 2,
    maxStalledCount: 0,
  });
  worker.on('error', error => say(`redis: ${error.message}`));
  await worker.waitUntilReady();
  say('waiting for work');
  if (!stop.aborted) await new Promise(resolve => stop.addEventListener('abort', resolve, { once: true }));
  await worker.close();
  engine.redis.disconnect();
}

interface Job {
  readonly data: ShardJob;
  updateProgress(report: Report): Promise<void>;
}

type Place = Omit<AgentOptions, 'redis'> & { readonly engine: Engine };

async function work(job: Job, { engine: { redis }, keys, workers, stop, say }: Place): Promise<ShardResult> {
  const { runId, shard } = job.data;
  say(`run ${runId}: part ${shard.index + 1} of ${shard.count}`);
  const plan = decodePlan(job.data.plan, keys);
  const clock = await redisClock(redis);
  const halt = new AbortController();
  const endWatch = watch(
    () => redis.hget(controlKey(runId), 'stop'),
    pollMs.stop,
    () => halt.abort(),
  );
  const tell = createTeller(job);
  const measurement = await measureLocally(plan, {
    workers,
    shard,
    stop: AbortSignal.any([stop, halt.signal]),
    ready: async () => {
      await job.updateProgress({ kind: 'ready' });
      const startMs = await waitFor(() => redis.hget(controlKey(runId), 'start'), pollMs.start, halt.signal);
      return startMs - clock.offsetMs + hrOffsetMs();
    },
    onInterval: interval => tell({ kind: 'interval', interval }),
  });
  endWatch();
  await tell.done();
  say(`run ${runId}: done`);
  const { before, after, end } = measurement;
  return { before, after, end, clockErrorMs: clock.errorMs };
}

/** Reports leave one after the other, in order. */
function createTeller(job: Job) {
  let last: Promise<void> = Promise.resolve();
  const tell = (report: Report) => {
    last = last.then(() => job.updateProgress(report));
  };
  return Object.assign(tell, { done: () => last });
}

/** Asks again and again until there is an answer. */
async function waitFor(ask: () => Promise<string | null>, everyMs: number, stop: AbortSignal): Promise<number> {
  for (;;) {
    const answer = await ask();
    if (answer !== null) return Number(answer);
    if (stop.aborted) return 0; // stopped before it began: begin at once, and end at once
    await new Promise(resolve => setTimeout(resolve, everyMs));
  }
}

function watch(ask: () => Promise<string | null>, everyMs: number, then: () => void): () => void {
  const timer = setInterval(async () => {
    if ((await ask()) !== null) then();
  }, everyMs);
  return () => clearInterval(timer);
}
