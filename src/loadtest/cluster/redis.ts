/** BullMQ and its Redis client, which only distributed runs need and so are optional packages. */
import type { Redis } from 'ioredis';
import type { Clock } from '../../core/clock.ts';
import { codeOf, textOf, UsageError } from '../../core/errors.ts';

export interface Engine {
  readonly bullmq: typeof import('bullmq');
  /** A connection of its own, for what is not a job. */
  readonly redis: Redis;
  readonly connection: Connection;
  /** Lets go of Redis, whether it is there or not. */
  close(): void;
}

interface Connection {
  readonly url: string;
  readonly maxRetriesPerRequest: null;
  readonly retryStrategy: () => number | null;
}

const retryMs = 500;

/**
 * @param say told when Redis goes away and when it is back
 * @throws {UsageError} `no_bullmq`, `no_redis`
 */
export async function openEngine(url: string, say: (line: string) => void): Promise<Engine> {
  const { bullmq, RedisClient } = await packages();
  let connected = false;
  const connection = { url, maxRetriesPerRequest: null, retryStrategy: () => (connected ? retryMs : null) };
  const redis = new RedisClient(url, { ...connection, lazyConnect: true });
  let reason = '';
  redis.on('error', error => {
    reason = textOf(error) || codeOf(error) || 'no reason given';
  });
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    throw new UsageError('no_redis', `--redis ${withoutPassword(url)}: no way in (${reason || textOf(error)})`);
  }
  connected = true;
  tellAway(redis, () => connected, say);
  const close = () => {
    connected = false;
    redis.disconnect();
  };
  return { bullmq, redis, connection, close };
}

/** Once for each time, however often it is tried in vain. */
function tellAway(redis: Redis, wanted: () => boolean, say: (line: string) => void): void {
  let away = false;
  redis.on('close', () => {
    if (away || !wanted()) return;
    away = true;
    say('Redis went away; trying to reach it');
  });
  redis.on('ready', () => {
    if (away) say('Redis is back');
    away = false;
  });
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

/** Passwords stand before the host or among the options. */
const withoutPassword = (url: string) => url.replace(/\/\/.*@/s, '//***@').replace(/\?.*/s, '');

/**
 * What must be added to `clock.now()` to get the Redis server's clock in ms, and how far off that may be: of twenty
 * round trips the shortest says it best (Cristian's algorithm).
 */
export async function redisClock(redis: Redis, clock: Clock): Promise<{ offsetMs: number; errorMs: number }> {
  let best = { offsetMs: 0, errorMs: Number.POSITIVE_INFINITY };
  for (let i = 0; i < 20; i++) {
    const before = clock.now();
    const [seconds, micros] = await redis.time();
    const after = clock.now();
    const errorMs = (after - before) / 2;
    if (errorMs < best.errorMs)
      best = { offsetMs: Number(seconds) * 1000 + Number(micros) / 1000 - (before + after) / 2, errorMs };
  }
  return best;
}
