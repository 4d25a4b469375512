/** Moves time on: waits until the process is idle, jumps to what is due next, fires it, and so on. */
import { whenIdle } from './idle.ts';
import type { Schedule } from './schedule.ts';
import { watchTraffic } from './traffic.ts';

const native = { setImmediate };

export interface Pump {
  /** Something is due at some time. */
  wake(): void;
  stop(): void;
}

/** @param jump sets virtual time */
export function createPump(schedule: () => Schedule, jump: (to: number) => void, quietMs: number): Pump {
  const traffic = watchTraffic();
  let running = false;
  let stopped = false;

  const wake = () => {
    if (running || stopped) return;
    running = true;
    whenIdle(step, quietMs, traffic);
  };
  const step = () => {
    running = false;
    const due = stopped ? undefined : schedule().next();
    if (due === undefined) return;
    jump(due);
    running = true;
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
