/**
 * What coordinator and agents of a run agree on while it goes on: a hash in Redis that lives as long as its coordinator.
 * `start` is a moment of the Redis server's clock in ms, `stop` is there when no more requests are wanted, and `lost:2` when
 * member 2 has been given up: what it would make is not counted any more, so it must not make it.
 */
import type { Redis } from 'ioredis';
import { onAbort, onceAborted } from '../../core/aborted.ts';
import { repeat } from '../../core/clock/repeat.ts';
import type { Clock } from '../../core/clock.ts';
import { redisClock } from './redis.ts';

/** An agent looks this often, and does without an answer for so long; so long a coordinator is believed to be alive. */
const lookMs = 200;
export const silenceMs = 15_000;
const renewMs = 3_000;
const waitForStartMs = 5;

const keyOf = (runId: string) => `glm-load:${runId}`;

export interface Control {
  /** All begin so many ms from now. */
  begin(inMs: number): Promise<void>;
  stop(): Promise<void>;
  giveUp(member: number): Promise<void>;
  /** The run is over: nobody may begin it any more. */
  close(): Promise<void>;
}

/** The coordinator's side. */
export async function openControl(redis: Redis, runId: string, clock: Clock): Promise<Control> {
  const key = keyOf(runId);
  const set = async (field: string, value: number) => {
    await redis.multi().hset(key, field, value).pexpire(key, silenceMs).exec();
  };
  await set('open', 1);
  // A renewal that fails is told by the connection itself; the next one may come in time.
  const stopRenewing = repeat(clock, clock.now(), renewMs, () => void redis.pexpire(key, silenceMs).catch(() => {}));
  return {
    begin: async inMs => set('start', clock.now() + (await redisClock(redis, clock)).offsetMs + inMs),
    stop: () => set('stop', 1),
    giveUp: member => set(`lost:${member}`, 1),
    close: async () => {
      stopRenewing();
      await redis.del(key);
    },
  };
}

export interface Orders {
  /** Aborted when there is nothing to do for this member any more; the reason is a clause for people. */
  readonly halt: AbortSignal;
  /** When to begin, in ms of the Redis server's clock; undefined when halted before. */
  start(): Promise<number | undefined>;
  close(): void;
}

export interface Following {
  readonly runId: string;
  readonly member: number;
  /** Of the agent itself. */
  readonly stop: AbortSignal;
  readonly clock: Clock;
}

/** An agent's side. */
export function followControl(redis: Redis, { runId, member, stop, clock }: Following): Orders {
  const key = keyOf(runId);
  const halted = new AbortController();
  const halt = (why: string) => halted.abort(why);
  const whenHalted = onceAborted(halted.signal).then(() => null);
  let heardMs = clock.now();
  const hear = ([start = null, open, stopped, lost]: (string | null)[]) => {
    heardMs = clock.now();
    if (open === null) halt('whoever started the run is gone');
    else if (lost !== null) halt('its part was given up');
    else if (stopped !== null) halt('the run was stopped');
    return start;
  };
  // Without an answer nothing is known; that the connection broke, it tells itself.
  const look = () => redis.hmget(key, 'start', 'open', 'stop', `lost:${member}`).then(hear, () => null);
  const stopLooking = repeat(clock, clock.now(), lookMs, () => {
    void look();
    if (clock.now() - heardMs > silenceMs) halt('Redis is gone');
  });
  const start = async () => {
    while (!halted.signal.aborted) {
      // A command waits as long as Redis is away, and nobody shall wait for that.
      const moment = await Promise.race([look(), whenHalted]);
      if (moment !== null && !halted.signal.aborted) return Number(moment);
      await clock.sleep(waitForStartMs);
    }
    return undefined;
  };
  const forgetStop = onAbort(stop, () => halt('this agent was stopped'));
  const close = () => {
    stopLooking();
    forgetStop();
  };
  return { halt: halted.signal, start, close };
}
