/**
 * Quick repetitions after a first failure. The failure counts at once, in the history and against the service level; only
 * the page waits until it is confirmed, so that one lost packet wakes nobody and no outage is hidden.
 */
import type { ProbeCheck } from './plan.ts';
import { type Confirmation, countsAgainstSli, type ProbeRun, type RunCheck, type RunDoor } from './run.ts';

/** What quick repetitions make of a run. */
export type Standing =
  /** Nothing to confirm. */
  | 'clear'
  /** Failed, and repetitions are still to come. */
  | 'pending'
  /** Failed, and so did every repetition: page. */
  | 'confirmed'
  /** Failed, and a repetition was good, or could not blame the service. */
  | 'refuted';

/** @param wanted how many repetitions have to fail as well */
export function standingOf(
  first: Pick<ProbeRun, 'state' | 'fault_domain'>,
  seen: readonly Confirmation[],
  wanted: number,
): Standing {
  if (!countsAgainstSli(first)) return 'clear';
  if (!seen.every(({ fault_domain }) => countsAgainstSli({ state: 'bad', fault_domain }))) return 'refuted';
  return seen.length >= wanted ? 'confirmed' : 'pending';
}

/** A run after its repetitions, of which there are none unless it failed. */
export interface Confirmed {
  /** The first run with its confirmations in it. */
  readonly run: ProbeRun;
  /** The repetitions themselves: each one is counted and paid for like any other run. */
  readonly repeats: readonly ProbeRun[];
  readonly standing: Standing;
}

/** Repeats a failed run until its standing is clear, or the door's signal says stop. */
export async function confirm(check: ProbeCheck, first: ProbeRun, door: RunDoor, look: RunCheck): Promise<Confirmed> {
  const { runs, delayMs } = check.confirm;
  const repeats: ProbeRun[] = [];
  const confirmations = () =>
    repeats.map(({ started_at_ms, reason, fault_domain }) => ({ started_at_ms, reason, fault_domain }));
  while (standingOf(first, confirmations(), runs) === 'pending' && !door.stop.aborted) {
    // Told to stop while it waits: the loop ends on its own.
    await door.clock.sleep(delayMs, door.stop).catch(() => {});
    if (!door.stop.aborted) repeats.push(await look(check, door));
  }
  const seen = confirmations();
  return { run: { ...first, confirmations: seen }, repeats, standing: standingOf(first, seen, runs) };
}
