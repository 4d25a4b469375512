/** A Date whose present is virtual. */

/** @param now ms since 1970 */
export function virtualDate(now: () => number): DateConstructor {
  const real = Date;
  return new Proxy(real, {
    construct: (target, args, made) => Reflect.construct(target, args.length === 0 ? [now()] : args, made),
    apply: () => new real(now()).toString(),
    get: (target, name) => {
      if (name === 'now') return now;
      // The mark by which fake timers know each other: vi.useFakeTimers() then refuses instead of taking over.
      if (name === 'isFake') return true;
      return Reflect.get(target, name);
    },
  });
}
