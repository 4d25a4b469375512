/** An early end of a run. */
export interface Halt {
  /** `stopped`, `budget`, or the outcome that --on-limit ends a run for. */
  readonly reason: string;
  /** Business code of that outcome, if it had one. */
  readonly code: string | undefined;
  /** ms since the run began. */
  readonly atMs: number;
  /** How many of the processes or agents that made the run it was; undefined: all of them. */
  readonly parts?: Parts | undefined;
}

export interface Parts {
  readonly ended: number;
  readonly of: number;
}

/** Whether a run ended for what the endpoint said: not by its user, and not for want of money. */
export const isRefusal = (reason: string) => reason !== 'stopped' && reason !== 'budget';
