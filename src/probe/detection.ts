/** How soon the alert rules tell an outage, by how often a check runs and what was promised. The rules are in dashboards/rules/slo.yml. */

/** A burn rate, the window it is looked for in, and whom it tells. */
export interface Burn {
  readonly windowMs: number;
  /** How many times as fast as the objective allows. */
  readonly rate: number;
}

export const fastBurn: Burn = { windowMs: 3_600_000, rate: 14.4 };
export const slowBurn: Burn = { windowMs: 21_600_000, rate: 6 };

/** Fewer failures than this are chance, however much of the budget they are. */
const fewestFailures = 3;
/** So much is bad enough, whatever was promised: 14.4 times a budget of 10 % would be more than all runs. */
const badEnough = 0.9;

export interface Detection {
  /** Failures without which the alert cannot fire. */
  readonly failures: number;
  /** From the beginning of a total outage to the alert, at most; null when the window holds too few runs. */
  readonly afterMs: number | null;
}

/** @param objective share that has to be good, 0 to 1; @param everyMs from run to run */
export function detectionOf(objective: number, everyMs: number, { windowMs, rate }: Burn): Detection {
  const runs = windowMs / everyMs;
  const share = Math.min(rate * (1 - objective), badEnough);
  // More than the share, not just as much; a billionth is for 0.144 × 125, which is not quite 18.
  const failures = Math.max(fewestFailures, Math.floor(share * runs + 1e-9) + 1);
  return { failures, afterMs: failures > runs ? null : failures * everyMs };
}

/** Two runs, each confirmed by its repetitions, are an outage whatever was promised. */
export const downAfterMs = (everyMs: number): number => 2 * everyMs;
