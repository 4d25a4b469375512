/** Things of the process that are replaced for a while, and put back as they were. */

export interface Patch {
  set<T extends object, K extends keyof T>(target: T, name: K, value: unknown): void;
  undo(): void;
}

export function createPatch(): Patch {
  const undone: (() => void)[] = [];
  const set: Patch['set'] = (target, name, value) => {
    const before = Object.getOwnPropertyDescriptor(target, name);
    Object.defineProperty(target, name, {
      configurable: true,
      enumerable: before?.enumerable ?? false,
      writable: true,
      value,
    });
    undone.push(() => {
      if (before === undefined) delete target[name];
      else Object.defineProperty(target, name, before);
    });
  };
  const undo = () => {
    while (undone.length > 0) undone.pop()?.();
  };
  return { set, undo };
}
