/** The pusher of the plan in use; none where the plan names no receiver. */
import type { ProbePlan } from '../plan.ts';
import { createPusher, type Pusher, type PusherDoor } from './push.ts';

export type Pushed = Pick<ProbePlan, 'otlp' | 'vantage'>;

export interface Pushing extends Pusher {
  /** Another receiver or other names begin a new book, and what the old one holds is sent. */
  swap(plan: Pushed): Promise<void>;
}

export function createPushing(first: Pushed, door: PusherDoor): Pushing {
  const pusherOf = ({ otlp, vantage }: Pushed) => otlp && createPusher(otlp, vantage, door);
  let plan = first;
  let pusher = pusherOf(first);
  return {
    record: (run, url) => pusher?.record(run, url),
    swap: async next => {
      const tellsSame = JSON.stringify(traitsOf(plan)) === JSON.stringify(traitsOf(next));
      plan = next;
      if (tellsSame) return;
      const old = pusher;
      pusher = pusherOf(next);
      await old?.stop();
    },
    stop: async () => pusher?.stop(),
  };
}

/** Secrets are compared by their values, and go nowhere. */
const traitsOf = ({ otlp, vantage }: Pushed) => [
  vantage,
  otlp && { ...otlp, headers: Object.entries(otlp.headers).map(([name, secret]) => [name, secret.reveal()]) },
];
