/** BullMQ and its Redis client, which only distributed runs need and so are optional packages. */
import type { Redis } from 'ioredis';
import { textOf, UsageError } from '../../core/errors.ts';

export interface Engine {
  readonly bullmq: typeof import('bullmq');
  /** A connection of its own, for what is not a job. */
  readonly redis: Redis;
  readonly connection: { readonly url: string; readonly maxRetriesPerRequest: null };
}

/** @throws {UsageError} `no_bullmq`, `no_redis` */
export async function openEngine(url: string): Promise<Engine> {
  const { bullmq, RedisClient } = await packages();
  const redis = new RedisClient(url, { lazyConnect: true, maxRetriesPerRequest: null, retryStrategy: () => null });
  redis.on('error', () => {}); // told by the command that fails; without a listener it would end the process
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    throw new UsageError(
      'no_redis',
      `--redis ${withoutPassword(url)}: no Redis server answers there (${textOf(error)})`,
    );
  }
  return { bullmq, redis, connection: { url, maxRetriesPerRequest: null } };
}

async function packages() {
  try {
    const [bullmq, { Redis: RedisClient }] = await Promise.all([import('bullmq'), import('ioredis')]);
    return { bullmq, RedisClient };
  } catch (error) {
    throw new UsageError('no_bullmq', 'distributed load needs two more packages: npm install bullmq ioredis', {
      cause: error,
    });
  }
}

export const withoutPassword = (url: string) => url.replace(/\/\/[^@/]*@/, '//***@');

/**
 * What must be added to `performance.now()` to get the Redis server's clock in ms, and how far off that may be: of twenty
 * round trips the shortest says it best (Cristian's algorithm).
 */
export async function redisClock(redis: Redis): Promise<{ offsetMs: number; errorMs: number }> {
  let best = { offsetMs: 0, errorMs: Number.POSITIVE_INFINITY };
  for (let i = 0; i < 20; i++) {
    const before = performance.now();
    const [seconds, micros] = await redis.time();
    const after = performance.now();
    const errorMs = (after - before) / 2;
    if (errorMs < best.errorMs)
      best = { offsetMs: Number(seconds) * 1000 + Number(micros) / 1000 - (before + after) / 2, errorMs };
  }
  return best;
}
