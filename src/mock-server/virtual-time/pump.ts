/** Moves time on: waits until the process is idle, jumps to what is due next, fires it, and so on. */
import { whenIdle, whenStill } from './idle.ts';
import type { Schedule } from './schedule.ts';
import { watchTraffic } from './traffic.ts';

const native = { setImmediate };

export interface Pump {
  /** Something is due at some time. */
  wake(): void;
  stop(): void;
}

/**
 * How far time may go, in virtual ms, before the process has to be idle for `quietMs` again. Clients that wait at random
 * make thousands of jumps of one ms, and most of what they took was that wait.
 */
const nearMs = 20;

/**
 * @param now virtual time
 * @param jump sets it
 */
export function createPump(
  schedule: () => Schedule,
  now: () => number,
  jump: (to: number) => void,
  quietMs: number,
): Pump {
  const traffic = watchTraffic();
  let running = false;
  let stopped = false;
  let restedAt = now(); // where time went when the process was last idle for long

  const wake = () => {
    if (running || stopped) return;
    running = true;
    whenStill(step, quietMs, traffic);
  };
  const next = () => (stopped ? undefined : schedule().next());
  const step = () => {
    const due = next();
    if (due !== undefined && due - restedAt > nearMs) whenIdle(rested, quietMs, traffic);
    else go(due);
  };
  /** What is due next may be something else by now. */
  const rested = () => {
    const due = next();
    restedAt = due ?? restedAt;
    go(due);
  };
  const go = (due: number | undefined) => {
    if (due === undefined) {
      running = false;
      return;
    }
    jump(due);
    fire();
  };
  /** One timer per turn, so that what it promised is done before the next one fires. */
  const fire = () => {
    let more = !stopped;
    try {
      more &&= schedule().fire();
    } finally {
      // Also when a callback threw: that is the process's uncaught exception, and time goes on.
      if (more) native.setImmediate(fire);
      else {
        running = false;
        wake();
      }
    }
  };
  const stop = () => {
    stopped = true;
    traffic.stop();
  };
  return { wake, stop };
}
