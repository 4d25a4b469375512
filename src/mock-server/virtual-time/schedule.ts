/** What is due when, in virtual milliseconds. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { heldTimeout, isCleared, never, rest, set, type Timeout } from './timeout.ts';

interface Entry {
  readonly timer: Timeout;
  readonly fn: Timeout['_onTimeout'];
  readonly ms: number;
  readonly every: boolean;
  readonly due: number;
  /** Runs in the async context in which the timer was set, as Node does. */
  readonly run: (call: () => void) => void;
}

export type Schedule = ReturnType<typeof createSchedule>;

/**
 * @param now virtual time
 * @param wake called whenever something new is due
 */
export function createSchedule(now: () => number, wake: () => void) {
  const entries = new Map<Timeout, Entry>(); // in the order in which they were set: equals fire in this order
  const known = new WeakMap<Timeout, Omit<Entry, 'due'>>(); // every timer that was ever virtual

  const put = (entry: Omit<Entry, 'due'>) => {
    entries.delete(entry.timer);
    entries.set(entry.timer, { ...entry, due: now() + entry.ms });
    known.set(entry.timer, entry);
    wake();
  };
  const add = (fn: (...args: never[]) => void, delay: unknown, args: readonly unknown[], every: boolean): Timeout => {
    const timer = heldTimeout(fn, args);
    put({ timer, fn: timer._onTimeout, ms: whole(delay), every, run: AsyncLocalStorage.snapshot() });
    return timer;
  };
  /** Counts from now on again; a timer set in real time becomes virtual with that. */
  const refresh = (timer: Timeout): Timeout => {
    if (isCleared(timer)) return timer;
    const entry = known.get(timer) ?? adopted(timer);
    set(timer, entry.fn, never);
    put(entry);
    return timer;
  };
  const next = (): number | undefined => {
    let due: number | undefined;
    for (const entry of entries.values()) {
      if (entry.timer._destroyed) entries.delete(entry.timer);
      else if (due === undefined || entry.due < due) due = entry.due;
    }
    return due;
  };
  /** Fires the first timer that is due. @returns false when there is none */
  const fire = (): boolean => {
    const entry = first(entries, now());
    if (entry === undefined) return false;
    const { timer, fn, ms, every } = entry;
    entries.delete(timer);
    try {
      entry.run(() => fn?.apply(timer, [...(timer._timerArgs ?? [])]));
    } finally {
      if (!entries.has(timer) && !isCleared(timer)) {
        if (every) put(entry);
        else rest(timer, fn, ms);
      }
    }
    return true;
  };
  /** Gives every timer that is left to real time, for its whole duration: one that is dropped could stop fetch's own time-outs for good. */
  const handBack = () => {
    for (const { timer, fn, ms, every } of entries.values()) {
      if (timer._destroyed) continue;
      if (every) timer._repeat = ms;
      set(timer, fn, ms);
    }
    entries.clear();
  };
  return { add, refresh, next, fire, handBack };
}

/** A timer that was set in real time. */
const adopted = (timer: Timeout): Omit<Entry, 'due'> => ({
  timer,
  fn: timer._onTimeout,
  ms: timer._idleTimeout,
  every: timer._repeat !== null,
  run: AsyncLocalStorage.snapshot(),
});

function first(entries: ReadonlyMap<Timeout, Entry>, now: number): Entry | undefined {
  let found: Entry | undefined;
  for (const entry of entries.values()) {
    if (entry.due > now || entry.timer._destroyed) continue;
    if (found === undefined || entry.due < found.due) found = entry;
  }
  return found;
}

/** A delay as Node reads it. */
function whole(delay: unknown): number {
  const ms = Math.trunc(Number(delay));
  return ms >= 1 && ms <= never ? ms : 1;
}
