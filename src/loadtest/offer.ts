import type { Clock } from '../core/clock.ts';
import type { Halt } from './halt.ts';

/** Whether requests are still being started. It ends once, by time, by a limit or because somebody says so. */
export interface Offer {
  end(reason?: string, code?: string): void;
  readonly over: boolean;
  readonly signal: AbortSignal;
  readonly endedMs: number;
  /** Undefined when it ended as planned. */
  readonly halt: Halt | undefined;
}

/** @param onEnd told once; undefined when it ended as planned */
export function createOffer(clock: Clock, startMs: number, onEnd: (halt: Halt | undefined) => void): Offer {
  const halted = new AbortController();
  let endedMs = Number.NaN;
  let halt: Halt | undefined;
  return {
    end: (reason, code) => {
      if (halted.signal.aborted) return;
      endedMs = clock.now();
      if (reason !== undefined) halt = { reason, code, atMs: endedMs - startMs };
      halted.abort();
      onEnd(halt);
    },
    get over() {
      return halted.signal.aborted;
    },
    signal: halted.signal,
    get endedMs() {
      return endedMs;
    },
    get halt() {
      return halt;
    },
  };
}
