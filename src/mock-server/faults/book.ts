/** The faults that are switched on, for everybody or for one key, and which of them strike a request. */

import type { Random } from '../../core/random.ts';
import { createRecent } from '../../core/recent.ts';
import type { Shot } from '../scenarios/scenario.ts';
import { type Fault, parseFaults } from './fault.ts';

export interface Asked {
  /** Empty for a request whose caller is unknown. */
  readonly keyId: string;
  /** What the request itself asks for, by header or path. */
  readonly own: readonly Fault[];
  /** Nothing but its own: what is switched on struck already. */
  readonly alone?: boolean;
  /** Read only when a fault is limited to a model. */
  readonly model: () => string | undefined;
  readonly random: Random;
}

export interface FaultBook {
  /** The faults that strike this request; counts it. */
  strike(asked: Asked): Shot[];
  /** Replaces what is switched on, for everybody or for one key. @throws {UsageError} `bad_fault` */
  set(texts: readonly string[], keyId?: string): void;
  /** What is switched on for everybody, and by key. */
  list(): { readonly everybody: string[]; readonly keys: Record<string, string[]> };
  /** Forgets the counts, so that `first=2` begins anew; of one key when it is named. */
  reset(keyId?: string): void;
}

const most = 100_000;

export function createFaultBook(initial: readonly string[] = []): FaultBook {
  let shared = read(initial);
  const own = new Map<string, Fault[]>();
  let counts = createRecent<number>(most);
  let epochs = new Map<string, number>();

  const countOf = (text: string, keyId: string): number => {
    const key = `${epochs.get(keyId) ?? 0} ${keyId} ${text}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count;
  };
  const strikes = ({ text, when }: Fault, index: number, { keyId, model, random }: Asked): boolean => {
    if (when.model !== undefined && when.model !== model()) return false;
    const count = when.nth === undefined && when.first === undefined ? 0 : countOf(text, keyId);
    if (when.nth !== undefined && when.nth !== count) return false;
    if (when.first !== undefined && count > when.first) return false;
    return when.rate >= 1 || random.fork(`fault ${index} ${text}`)() < when.rate;
  };
  const strike: FaultBook['strike'] = asked => {
    if (asked.alone) return asked.own.filter((fault, index) => strikes(fault, index, asked));
    const mine = asked.keyId === '' ? undefined : own.get(asked.keyId);
    if (shared.length === 0 && mine === undefined && asked.own.length === 0) return none;
    return [...asked.own, ...(mine ?? []), ...shared].filter((fault, index) => strikes(fault, index, asked));
  };
  const set: FaultBook['set'] = (texts, keyId) => {
    const faults = read(texts);
    if (keyId === undefined) shared = faults;
    else if (faults.length === 0) own.delete(keyId);
    else own.set(keyId, faults);
  };
  const list: FaultBook['list'] = () => ({
    everybody: shared.map(fault => fault.text),
    keys: Object.fromEntries([...own].map(([keyId, faults]) => [keyId, faults.map(fault => fault.text)])),
  });
  const reset: FaultBook['reset'] = keyId => {
    if (keyId !== undefined) {
      epochs.set(keyId, (epochs.get(keyId) ?? 0) + 1);
      return;
    }
    counts = createRecent(most);
    epochs = new Map();
  };
  return { strike, set, list, reset };
}

const none: Shot[] = [];

const read = (texts: readonly string[]) => texts.flatMap(parseFaults);
