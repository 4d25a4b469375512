/**
 * Node's own Timeout objects, kept from firing. Virtual timers are real ones that are pushed out of reach, so `unref`,
 * `close`, `clearTimeout`, numbers for timers and process exit stay Node's business; only the firing is ours. The
 * underscored fields are Node's, the same since version 10, and what fetch, undici and sockets depend on.
 */

export type Timeout = Omit<NodeJS.Timeout, '_onTimeout'> & Inner;

interface Inner {
  _onTimeout: ((...args: unknown[]) => void) | null;
  _timerArgs: readonly unknown[] | undefined;
  /** Its duration; -1 once it was cleared. */
  _idleTimeout: number;
  _repeat: number | null;
  _destroyed: boolean;
}

/** As far away as a native timer can be: 24.8 days of real time. */
export const never = 0x7fff_ffff;

const native = { setTimeout, clearTimeout };
const sample = setTimeout(() => {}, 0);
clearTimeout(sample);

/** The prototype that all timers of the process share, those of sockets too. */
export const timeoutPrototype = Object.getPrototypeOf(sample) as { refresh(this: Timeout): Timeout };
const { refresh } = timeoutPrototype;

/** A timer that will not fire by itself. */
export const heldTimeout = (fn: (...args: never[]) => void, args: readonly unknown[]): Timeout =>
  native.setTimeout(fn as () => void, never, ...(args as [])) as unknown as Timeout;

/** Whether somebody cleared it; such a timer cannot be set again. */
export const isCleared = (timer: Timeout): boolean => timer._destroyed && timer._idleTimeout < 0;

/** Takes it out of the native schedule, ready to be set again for `ms`. */
export function rest(timer: Timeout, fn: Timeout['_onTimeout'], ms: number): void {
  const { _timerArgs } = timer;
  native.clearTimeout(timer as unknown as NodeJS.Timeout);
  timer._timerArgs = _timerArgs;
  timer._onTimeout = fn;
  timer._idleTimeout = ms;
}

/** Sets it natively: for `never` while time is virtual, for its own duration to hand it back. */
export function set(timer: Timeout, fn: Timeout['_onTimeout'], ms: number): void {
  rest(timer, fn, ms);
  refresh.call(timer);
}
