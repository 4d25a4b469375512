/** The last so many things, oldest first. */
export interface Ring<T> {
  /** @returns what had to go for it; undefined while there is room */
  put(item: T): T | undefined;
  items(): T[];
  /** Forgets everything, or all but some. */
  clear(keep?: (item: T) => boolean): void;
}

export function createRing<T>(size: number): Ring<T> {
  let slots: T[] = [];
  let next = 0;
  const items = () => [...slots.slice(next), ...slots.slice(0, next)];
  const put: Ring<T>['put'] = item => {
    const gone = slots[next];
    slots[next] = item;
    next = (next + 1) % size;
    return gone;
  };
  const clear: Ring<T>['clear'] = keep => {
    slots = keep === undefined ? [] : items().filter(keep);
    next = slots.length % size;
  };
  return { put, items, clear };
}
