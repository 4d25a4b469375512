/**
 * The most recent things by key, in bounded memory and constant time. Two generations take turns: deleting the oldest
 * entry of a Map one by one would walk over all the holes that earlier deletions left.
 */
export interface Recent<V, K = string> {
  get(key: K): V | undefined;
  set(key: K, value: V): void;
  clear(): void;
}

/** @param most how many are kept at least before the older half goes; at most twice as many are held */
export function createRecent<V, K = string>(most: number): Recent<V, K> {
  let young = new Map<K, V>();
  let old = new Map<K, V>();
  const set = (key: K, value: V) => {
    young.set(key, value);
    if (young.size < most) return;
    old = young;
    young = new Map();
  };
  const get = (key: K) => young.get(key) ?? old.get(key);
  const clear = () => {
    young = new Map();
    old = new Map();
  };
  return { get, set, clear };
}
