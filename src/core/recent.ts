/**
 * The most recent things by key, in bounded memory and constant time. Two generations take turns: deleting the oldest
 * entry of a Map one by one would walk over all the holes that earlier deletions left.
 */
export interface Recent<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  clear(): void;
}

/** @param most how many are kept at least before the older half goes; at most twice as many are held */
export function createRecent<V>(most: number): Recent<V> {
  let young = new Map<string, V>();
  let old = new Map<string, V>();
  const set = (key: string, value: V) => {
    young.set(key, value);
    if (young.size < most) return;
    old = young;
    young = new Map();
  };
  const get = (key: string) => young.get(key) ?? old.get(key);
  const clear = () => {
    young = new Map();
    old = new Map();
  };
  return { get, set, clear };
}
