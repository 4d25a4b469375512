/** Who may run now: first come, first served, within a limit over all and one for each credential. */
import type { Cancel } from '../core/clock.ts';
import type { Credential } from './plan.ts';

export interface Places {
  /** Begins at once or when a place is free; the place is free again when the promise settles. Cancelling works until it began. */
  enter(credential: string, begin: () => Promise<void>): Cancel;
  resize(limits: PlaceLimits): void;
}

export interface PlaceLimits {
  readonly runsAtOnce: number;
  readonly credentials: readonly Pick<Credential, 'name' | 'callsAtOnce'>[];
}

interface Waiting {
  readonly credential: string;
  readonly begin: () => Promise<void>;
}

export function createPlaces(first: PlaceLimits): Places {
  let limits = first;
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
    begin().finally(() => {
      change(credential, -1);
      fill();
    });
  };
  const fill = () => {
    for (let next = waiting.find(fits); next !== undefined; next = waiting.find(fits)) {
      const chosen = next;
      waiting = waiting.filter(one => one !== chosen);
      start(chosen);
    }
  };
  const enter: Places['enter'] = (credential, begin) => {
    const entry = { credential, begin };
    waiting.push(entry);
    fill();
    return () => {
      waiting = waiting.filter(one => one !== entry);
    };
  };
  const resize = (next: PlaceLimits) => {
    limits = next;
    fill();
  };
  return { enter, resize };
}
