/** Waits until all that began has ended, without keeping any of it. */
export interface Countdown {
  begin(): void;
  end(): void;
  /** Resolves when nothing is open, at once when nothing is; for one who waits. */
  none(): Promise<void>;
}

export function createCountdown(): Countdown {
  let open = 0;
  let whenNone = () => {};
  return {
    begin: () => {
      open++;
    },
    end: () => {
      if (--open === 0) whenNone();
    },
    none: () =>
      new Promise<void>(resolve => {
        whenNone = resolve;
        if (open === 0) resolve();
      }),
  };
}
