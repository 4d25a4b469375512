/** Who may run now: first come, first served, within a limit over all and one for each credential. */
import type { Cancel, Clock } from '../core/clock.ts';
import type { Credential } from './plan.ts';

export interface Seats {
  /** Begins at once, or when a seat is free and the last beginning is `apartMs` ago; the seat is free again when the promise settles. Cancelling works until it began. */
  enter(credential: string, begin: () => Promise<void>): Cancel;
  resize(limits: SeatLimits): void;
}

export interface SeatLimits {
  readonly runsAtOnce: number;
  readonly credentials: readonly Pick<Credential, 'name' | 'callsAtOnce'>[];
}

interface Waiting {
  readonly credential: string;
  readonly begin: () => Promise<void>;
}

/**
 * Runs that begin in the same moment open their connections on one event loop, and each seems slower than it is
 * (`npm run bench:probe -- --priority`).
 */
export const apartMs = 10;

export function createSeats(first: SeatLimits, clock: Pick<Clock, 'now' | 'timer'>): Seats {
  let limits = first;
  let begunMs = Number.NEGATIVE_INFINITY;
  let waiting: Waiting[] = [];
  const taken = new Map<string, number>();
  let all = 0;

  const most = (name: string) => limits.credentials.find(one => one.name === name)?.callsAtOnce ?? 1;
  const fits = ({ credential }: Waiting) => all < limits.runsAtOnce && (taken.get(credential) ?? 0) < most(credential);
  const change = (credential: string, by: number) => {
    all += by;
    taken.set(credential, (taken.get(credential) ?? 0) + by);
  };
  const start = ({ credential, begin }: Waiting) => {
    change(credential, 1);
    begunMs = clock.now();
    begin().finally(() => {
      change(credential, -1);
      fill();
    });
  };
  const fill = () => {
    const next = waiting.find(fits);
    if (next === undefined) return;
    if (clock.now() < begunMs + apartMs) return timer.set(begunMs + apartMs);
    waiting = waiting.filter(one => one !== next);
    start(next);
    fill();
  };
  const timer = clock.timer(fill);
  const enter: Seats['enter'] = (credential, begin) => {
    const entry = { credential, begin };
    waiting.push(entry);
    fill();
    return () => {
      waiting = waiting.filter(one => one !== entry);
    };
  };
  const resize = (next: SeatLimits) => {
    limits = next;
    fill();
  };
  return { enter, resize };
}
