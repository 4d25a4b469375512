/**
 * Starts things at given moments, as near to each as can be. A timer alone is half a millisecond late at the median,
 * because Node counts whole ones; so the timer is set a little early and the rest is waited out turn by turn of the event
 * loop (`bench/load.ts`). A moment that has passed is served at once and never moved: lateness is shown, not hidden.
 */
import type { Cancel, Clock } from '../core/clock.ts';

export interface PacerOptions {
  readonly clock: Clock;
  /** How long before its moment the waiting becomes busy, ms. 0: timers alone. Default 1.2. */
  readonly spinMs?: number;
  /** Runs its argument in the next turn of the event loop. Default setImmediate. */
  readonly soon?: (fn: () => void) => void;
}

export interface Pacer {
  /** Calls `fire` with every index of `moments` in order, each at its moment. @returns stops the rest */
  start(moments: Float64Array, fire: (index: number) => void): Cancel;
  /** Milliseconds waited busily: time in which the event loop looks occupied and is not. */
  readonly idledMs: number;
}

/** A turn in which nothing else happened is shorter. */
const emptyTurnMs = 0.1;

export function createPacer({ clock, spinMs = 1.2, soon = setImmediate }: PacerOptions): Pacer {
  let idledMs = 0;

  const start: Pacer['start'] = (moments, fire) => {
    let next = 0;
    let stopped = false;
    let cancel: Cancel = () => {};
    let turnMs = 0;
    const wait = () => {
      if (stopped) return;
      for (let now = clock.now(); next < moments.length && (moments[next] ?? 0) <= now; ) fire(next++);
      if (stopped || next >= moments.length) return;
      const due = moments[next] ?? 0;
      turnMs = clock.now();
      if (due - turnMs <= spinMs) soon(spin);
      else cancel = clock.at(due - spinMs, wait);
    };
    const spin = () => {
      const now = clock.now();
      if (now - turnMs < emptyTurnMs) idledMs += now - turnMs;
      wait();
    };
    wait();
    return () => {
      stopped = true;
      cancel();
    };
  };
  return {
    start,
    get idledMs() {
      return idledMs;
    },
  };
}
