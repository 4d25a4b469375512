/** Something that is done again and again on a grid of moments. */
import type { Cancel, Clock } from '../clock.ts';

/** Calls `fn` at every multiple of `periodMs` since `fromMs`; a late call does not move the next. */
export function repeat(clock: Clock, fromMs: number, periodMs: number, fn: () => void): Cancel {
  let due = fromMs + periodMs;
  let stopped = false; // `fn` itself may have cancelled
  const timer = clock.timer(() => {
    fn();
    if (stopped) return;
    while (due <= clock.now()) due += periodMs;
    timer.set(due);
  });
  timer.set(due);
  return () => {
    stopped = true;
    timer.clear();
  };
}
