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
  /** Forgets the counts, so that `first=2` begins anew; of one key when it is named, else of all, with the faults of single keys. */
  reset(keyId?: string): void;
}

const most = 100_000;

export function createFaultBook(initial: readonly string[] = []): FaultBook {
  let settings = 0; // each setting of faults has counts of its own
  let shared: Switched = { faults: read(initial), scope: '' };
  const own = new Map<string, Switched>();
  let counts = createRecent<number>(most);
  let epochs = new Map<string, number>();

  const countOf = (text: string, scope: string, keyId: string): number => {
    const key = `${scope} ${epochs.get(keyId) ?? 0} ${keyId} ${text}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count;
  };
  const strikes = ({ text, when }: Fault, index: number, scope: string, { keyId, model, random }: Asked): boolean => {
    if (when.model !== undefined && when.model !== model()) return false;
    const count = when.nth === undefined && when.first === undefined ? 0 : countOf(text, scope, keyId);
    if (when.nth !== undefined && when.nth !== count) return false;
    if (when.first !== undefined && count > when.first) return false;
    return when.rate >= 1 || random.fork(`fault ${index} ${text}`)() < when.rate;
  };
  const strike: FaultBook['strike'] = asked => {
    const mine = asked.keyId === '' || asked.alone ? undefined : own.get(asked.keyId);
    const everybody = asked.alone ? undefined : shared;
    if ((everybody?.faults.length ?? 0) === 0 && mine === undefined && asked.own.length === 0) return none;
    const all = [{ faults: asked.own, scope: 'asked' }, mine, everybody].filter(part => part !== undefined);
    return all.flatMap(({ faults, scope }) => faults.filter((fault, index) => strikes(fault, index, scope, asked)));
  };
  const set: FaultBook['set'] = (texts, keyId) => {
    const switched = { faults: read(texts), scope: String(++settings) };
    if (keyId === undefined) shared = switched;
    else if (switched.faults.length === 0) own.delete(keyId);
    else own.set(keyId, switched);
  };
  const list: FaultBook['list'] = () => ({
    everybody: shared.faults.map(fault => fault.text),
    keys: Object.fromEntries([...own].map(([keyId, { faults }]) => [keyId, faults.map(fault => fault.text)])),
  });
  const reset: FaultBook['reset'] = keyId => {
    if (keyId !== undefined) {
      epochs.set(keyId, (epochs.get(keyId) ?? 0) + 1);
      return;
    }
    counts = createRecent(most);
    epochs = new Map();
    own.clear();
  };
  return { strike, set, list, reset };
}

/** Faults that were switched on together. */
interface Switched {
  readonly faults: readonly Fault[];
  readonly scope: string;
}

const none: Shot[] = [];

const read = (texts: readonly string[]) => texts.flatMap(parseFaults);
