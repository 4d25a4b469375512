/** Timers by due time, first come first served among equals. */

export interface Entry {
  due: number;
  order: number;
  readonly fn: () => void;
  /** Where the entry sits in the heap; -1 while it does not. */
  index: number;
}

/**
 * A binary heap. Cancelling removes at once: a deadline that is set and cancelled for every call must not pile up until it
 * would have been due.
 */
export function createHeap() {
  const items: Entry[] = [];
  let order = 0;
  const before = (a: Entry, b: Entry) => a.due < b.due || (a.due === b.due && a.order < b.order);
  const place = (entry: Entry, i: number) => {
    items[i] = entry;
    entry.index = i;
  };
  const rise = (entry: Entry, from: number) => {
    let i = from;
    while (i > 0) {
      const parent = items[(i - 1) >> 1] as Entry;
      if (!before(entry, parent)) break;
      place(parent, i);
      i = (i - 1) >> 1;
    }
    place(entry, i);
  };
  const sink = (entry: Entry, from: number) => {
    let i = from;
    for (let child = 2 * i + 1; child < items.length; child = 2 * i + 1) {
      const right = child + 1;
      if (right < items.length && before(items[right] as Entry, items[child] as Entry)) child = right;
      if (!before(items[child] as Entry, entry)) break;
      place(items[child] as Entry, i);
      i = child;
    }
    place(entry, i);
  };
  const remove = (entry: Entry) => {
    const at = entry.index;
    if (at < 0) return;
    entry.index = -1;
    const last = items.pop() as Entry;
    if (last === entry) return;
    if (at > 0 && before(last, items[(at - 1) >> 1] as Entry)) rise(last, at);
    else sink(last, at);
  };
  const put = (entry: Entry, due: number) => {
    if (Number.isNaN(due)) throw new RangeError('a due time must be a number'); // at the top it would stop the schedule
    remove(entry);
    entry.due = due;
    entry.order = order++;
    items.push(entry);
    rise(entry, items.length - 1);
  };
  const entry = (fn: () => void): Entry => ({ due: 0, order: 0, fn, index: -1 });
  const peek = () => items[0]?.due ?? Number.POSITIVE_INFINITY;
  const pop = (): (() => void) => {
    const top = items[0] as Entry;
    remove(top);
    return top.fn;
  };
  return { entry, put, remove, peek, pop };
}
