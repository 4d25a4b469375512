/** Time as a value that is passed in: monotonic for measuring and pacing, wall only for what people read. */
import { createHeap } from './clock/heap.ts';

export type Cancel = () => void;

export interface Timer {
  /** Runs the timer's function at `due`, in place of an earlier setting. */
  set(due: number): void;
  clear(): void;
}

/** Time as a program takes it: `systemClock`, or in a test a manual one. */
export interface Clock {
  /** Monotonic milliseconds with a fraction; only differences mean anything. */
  now(): number;
  /** Milliseconds since 1970, for timestamps that leave the program. */
  wall(): number;
  /** Runs `fn` as soon as `now() >= due`, never before. All timers of a process share one schedule. */
  at(due: number, fn: () => void): Cancel;
  /** The same for something that happens again and again: setting it once more costs no memory. */
  timer(fn: () => void): Timer;
  /** Resolves `ms` from now; rejects with the signal's reason when aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Node's own time. */
export const systemClock: Clock = createClock({
  now: () => performance.now(),
  wall: () => Date.now(),
  arm: (ms, fn) => setTimeout(fn, ms),
  disarm: timer => clearTimeout(timer),
  soon: fn => setImmediate(fn),
});

interface Source<T> {
  now(): number;
  wall(): number;
  arm(ms: number, fn: () => void): T;
  disarm(timer: T): void;
  soon(fn: () => void): void;
}

/** The longest a wake-up may run timers before sockets get their turn; an unbounded catch-up starves them. */
const tickBudgetMs = 5;

/**
 * One schedule over one native timer. At 2,000 streams of 50 chunks a second a timer per chunk ends seconds late,
 * because each late firing delays the next; here every due time is absolute (`bench/mock.ts`).
 */
function createClock<T>(source: Source<T>): Clock {
  const heap = createHeap();
  let timer: T | undefined;
  let armedFor = Number.POSITIVE_INFINITY;
  let resting = false;

  const arm = () => {
    const due = heap.peek();
    if (due >= armedFor || resting) return;
    if (timer !== undefined) source.disarm(timer);
    armedFor = due;
    timer = source.arm(Math.min(Math.max(0, Math.ceil(due - source.now())), 0x7fff_ffff), wake);
  };
  const wake = () => {
    timer = undefined;
    resting = true;
    let more = false;
    try {
      more = runDue();
    } finally {
      // Also when a callback threw: one caller's bug must not stop everybody's time.
      if (more) source.soon(wake);
      else rest();
    }
  };
  /** @returns true when the budget is spent and more is due. */
  const runDue = (): boolean => {
    let now = source.now();
    const stop = now + tickBudgetMs;
    while (heap.peek() <= now) {
      heap.pop()();
      now = source.now();
      if (now > stop) return true;
    }
    return false;
  };
  const rest = () => {
    resting = false;
    armedFor = Number.POSITIVE_INFINITY;
    arm();
  };
  const disarmWhenEmpty = () => {
    if (heap.peek() !== Number.POSITIVE_INFINITY || timer === undefined) return;
    source.disarm(timer);
    timer = undefined;
    armedFor = Number.POSITIVE_INFINITY;
  };
  const newTimer: Clock['timer'] = fn => {
    const entry = heap.entry(fn);
    const set = (due: number) => {
      heap.put(entry, due);
      if (due < armedFor) arm();
    };
    const clear = () => {
      heap.remove(entry);
      disarmWhenEmpty();
    };
    return { set, clear };
  };
  return { now: source.now, wall: source.wall, ...schedules(source.now, newTimer) };
}

/** What every clock offers on top of its timers. A declaration, not a constant: `systemClock` needs it while this module is still being read. */
function schedules(now: () => number, timer: Clock['timer']): Pick<Clock, 'at' | 'timer' | 'sleep'> {
  const at: Clock['at'] = (due, fn) => {
    const one = timer(fn);
    one.set(due);
    return one.clear;
  };
  return { at, timer, sleep: sleeper(now, at) };
}

function sleeper(now: () => number, at: Clock['at']): Clock['sleep'] {
  return (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = at(now() + ms, () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      signal?.addEventListener('abort', abort, { once: true });
    });
}

/** A clock that moves only when told: `advance` runs everything that falls due, in order. */
export interface ManualClock extends Clock {
  advance(ms: number): void;
}

/** @param wallStart what `wall()` says at the start, in ms since 1970. */
export function createManualClock(wallStart = 0): ManualClock {
  const heap = createHeap();
  let time = 0;
  const now = () => time;
  const timer: Clock['timer'] = fn => {
    const entry = heap.entry(fn);
    return { set: due => heap.put(entry, due), clear: () => heap.remove(entry) };
  };
  const advance = (ms: number) => {
    const target = time + ms;
    while (heap.peek() <= target) {
      time = Math.max(time, heap.peek());
      heap.pop()();
    }
    time = Math.max(time, target); // a callback may have advanced further
  };
  return { now, wall: () => wallStart + time, ...schedules(now, timer), advance };
}
