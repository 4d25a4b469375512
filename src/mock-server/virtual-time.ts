/**
 * Virtual time: whenever this process has nothing to do, time jumps to the next timer. A stall of a minute or a window
 * of five hours takes milliseconds, and everything keeps its order: client time-outs fire when they would.
 *
 * Replaced are `setTimeout`, `setInterval`, `Date`, `performance.now`, `AbortSignal.timeout`, `node:timers` with its
 * promises, and the time-outs of sockets (which is what `fetch`, undici, `node:http`, axios and the SDKs wait on). Left
 * alone are `setImmediate`, `process.nextTick`, `process.hrtime` and everything outside this process: a client in
 * another process, a worker thread or a host that is not on the loopback interface is too slow for a time that jumps.
 * While it is on, time stands still between two jumps: a loop that polls the clock without awaiting never ends.
 */
import { systemClock } from '../core/clock.ts';
import { UsageError } from '../core/errors.ts';
import { replaceTime } from './virtual-time/globals.ts';
import { createPump } from './virtual-time/pump.ts';
import { createSchedule } from './virtual-time/schedule.ts';

/** Virtual time while it lasts; `using` ends it as well. */
export interface VirtualTime {
  /** Milliseconds that have passed since it was asked for. */
  elapsedMs(): number;
  /** Gives the process its own time back; timers that are left count on in real time. */
  restore(): void;
  [Symbol.dispose](): void;
}

/** How virtual time moves on. */
export interface VirtualTimeOptions {
  /** How long nothing may happen before time jumps, in real ms. Default 1. Work in threads (zlib, crypto) must be done within it. */
  readonly quietMs?: number;
}

/** The one time of the process, shared by all who asked for it. */
let shared: { readonly now: () => number; readonly stop: () => void; users: number } | undefined;

/**
 * Makes time virtual until `restore()`. Several at once share one time.
 * @example const time = useVirtualTime();
 *          try { await expect(client.chat(…)).rejects.toThrow('timed out'); } // after 60 s, in a few ms
 *          finally { time.restore(); }
 * @throws {UsageError} `fake_timers` when other fake timers are on
 */
export function useVirtualTime({ quietMs = 1 }: VirtualTimeOptions = {}): VirtualTime {
  shared ??= begin(quietMs);
  const time = shared;
  const start = time.now();
  time.users++;
  let mine = true;
  const restore = () => {
    if (!mine) return;
    mine = false;
    if (--time.users > 0) return;
    shared = undefined;
    time.stop();
  };
  return { elapsedMs: () => time.now() - start, restore, [Symbol.dispose]: restore };
}

/** Whether time is virtual now. */
export const timeIsVirtual = (): boolean => shared !== undefined;

/** Runs `run` in virtual time and gives real time back, however it ends. */
export async function inVirtualTime<T>(
  run: (time: VirtualTime) => T | Promise<T>,
  options?: VirtualTimeOptions,
): Promise<T> {
  const time = useVirtualTime(options);
  try {
    return await run(time);
  } finally {
    time.restore();
  }
}

function begin(quietMs: number) {
  refuseOthers();
  const start = Math.ceil(performance.now()); // whole milliseconds, so that timers of many streams fall together
  const wallStart = Date.now();
  let passed = 0;
  const now = () => start + passed;
  const jump = (to: number) => {
    passed = Math.max(passed, to - start);
  };
  const schedule = createSchedule(now, () => pump.wake());
  const pump = createPump(() => schedule, now, jump, quietMs);
  const putBack = replaceTime(schedule, now, () => wallStart + passed);
  rearm();
  const stop = () => {
    pump.stop();
    putBack();
    schedule.handBack();
    rearm();
  };
  return { now, stop, users: 0 };
}

function refuseOthers(): void {
  if (!('isFake' in Date) && !('clock' in setTimeout)) return;
  throw new UsageError('fake_timers', 'fake timers are on; call vi.useRealTimers() before asking for virtual time');
}

/** The mock's schedule hangs on one native timer, set in the time that was: something due now makes it set a new one. */
const rearm = () => void systemClock.at(systemClock.now(), () => {});
