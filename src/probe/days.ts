/** The days that credentials spend on: each begins at midnight in its own time zone, and none begins again by setting the clock. */
import type { Clock } from '../core/clock.ts';
import type { Account, History } from './history.ts';
import type { Credential } from './plan.ts';
import { leastStepMs } from './watch.ts';
import { localOf } from './zone.ts';

export interface Days {
  /** What a credential spends on now. */
  accountOf(credential: Credential): Account;
  /** The clock was set: a day that began too early is as spent as the one before it. */
  stepped(): void;
  swap(credentials: readonly Credential[]): void;
}

export function createDays(first: readonly Credential[], { carry }: Pick<History, 'carry'>, clock: Clock): Days {
  let credentials = first;
  /** The day that each credential spent on last. */
  const last = new Map<string, string>();
  let shiftMs = clock.wall() - clock.now();

  const today = ({ budget }: Credential) => dayOf(clock.wall(), budget.timezone);
  /** Whoever asks first after a step notices it: the watch may be late, and by then the new day would look like any other. */
  const stepped = () => {
    const before = shiftMs;
    shiftMs = clock.wall() - clock.now();
    if (Math.abs(shiftMs - before) >= leastStepMs) for (const credential of credentials) carryOver(credential);
  };
  const carryOver = (credential: Credential) => {
    const { name } = credential;
    const before = last.get(name);
    const day = today(credential);
    last.set(name, day);
    if (before !== undefined && before !== day) carry(name, before, day);
  };
  const accountOf: Days['accountOf'] = credential => {
    stepped();
    const account = { credential: credential.name, day: today(credential) };
    last.set(credential.name, account.day);
    return account;
  };
  const swap: Days['swap'] = next => {
    credentials = next;
  };
  return { accountOf, stepped, swap };
}

/** `2026-11-28` where the credential's days begin. */
export const dayOf = (wallMs: number, zone: string): string =>
  new Date(localOf(wallMs, zone)).toISOString().slice(0, 10);
