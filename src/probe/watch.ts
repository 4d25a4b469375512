/**
 * Watches the prober itself: a busy event loop makes every latency too long, and a clock that is set, or a machine that
 * slept, makes the schedule wrong. Two clocks that disagree about how much time went by tell the second kind.
 */
import type { Clock } from '../core/clock.ts';

export type Disturbance =
  /** The event loop was late, all in all by this. */
  | { readonly kind: 'event_loop'; readonly lateMs: number }
  /** Wall time went this much further than monotonic time: the clock was set, or the machine slept. */
  | { readonly kind: 'clock_step'; readonly stepMs: number };

export interface Watch {
  /** Looks at a stretch of time; the returned function ends it and says what is wrong with what was measured in it. */
  begin(): () => Disturbance | undefined;
  /** When the watch was last awake, monotonic ms. */
  readonly lastBeatMs: number;
  stop(): void;
}

export interface WatchOptions {
  readonly clock: Clock;
  /** Told of every step, and of a loop that was away for more than a second. */
  readonly onStep?: (stepMs: number) => void;
  /** Told of every time that the loop was too late to measure. */
  readonly onLate?: (lateMs: number) => void;
  /** Default 20 ms. */
  readonly everyMs?: number;
}

/** A loop that is later than this spoils a latency; anchors §4.1 `MeasurementUnreliable`. */
const mostLagMs = 50;
/** Clocks that are slewed move by less than a millisecond a second. */
export const leastStepMs = 1000;

interface Stretch {
  lateMs: number;
  stepMs: number;
}

export function createWatch({ clock, onStep, onLate, everyMs = 20 }: WatchOptions): Watch {
  const open = new Set<Stretch>();
  let due = clock.now() + everyMs;
  let lastNow = clock.now();
  let lastWall = clock.wall();

  const note = () => {
    const now = clock.now();
    const wall = clock.wall();
    const lateMs = Math.max(0, now - due);
    const stepMs = wall - lastWall - (now - lastNow);
    const stepped = Math.abs(stepMs) >= leastStepMs;
    for (const stretch of open) {
      if (lateMs > mostLagMs) stretch.lateMs += lateMs;
      if (stepped) stretch.stepMs = stepMs;
    }
    lastNow = now;
    lastWall = wall;
    if (lateMs > mostLagMs) {
      onLate?.(lateMs);
      // Whoever notes it next must not count the same delay again.
      due = now + everyMs;
    }
    // A machine whose monotonic clock goes on while it sleeps wakes up late and without a step.
    if (stepped || lateMs >= leastStepMs) onStep?.(stepped ? stepMs : lateMs);
  };
  const timer = clock.timer(() => {
    note();
    due = clock.now() + everyMs;
    timer.set(due);
  });
  timer.set(due);

  const begin = () => {
    const stretch: Stretch = { lateMs: 0, stepMs: 0 };
    open.add(stretch);
    return () => {
      note();
      open.delete(stretch);
      if (stretch.stepMs !== 0) return { kind: 'clock_step', stepMs: stretch.stepMs } as const;
      return stretch.lateMs > 0 ? ({ kind: 'event_loop', lateMs: stretch.lateMs } as const) : undefined;
    };
  };
  return {
    begin,
    stop: timer.clear,
    get lastBeatMs() {
      return lastNow;
    },
  };
}
