/** Runs checks once, one after the other: two at a time would measure each other. */
import { type Clock, systemClock } from '../core/clock.ts';
import { checks } from './checks/index.ts';
import type { Target } from './config.ts';
import { type CheckResult, judge } from './verdict.ts';

export interface RunOptions {
  readonly clock?: Clock;
  /** Aborting it ends the check under way as `cancelled` and starts no other. */
  readonly stop?: AbortSignal;
}

/** @example await runChecks(target).then(results => results.filter(result => result.reason !== null)) */
export async function runChecks(target: Target, options: RunOptions = {}): Promise<CheckResult[]> {
  const { clock = systemClock, stop = new AbortController().signal } = options;
  const results: CheckResult[] = [];
  for (const check of target.checks) {
    if (stop.aborted) break;
    const record = await checks[check](target, { clock, stop });
    results.push(judge({ target: target.name, check, model: target.model }, record));
  }
  return results;
}
