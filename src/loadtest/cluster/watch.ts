/**
 * Notices members of a run that say nothing though it was their turn: stopped for good, stuck, cut off. Time is counted in
 * turns of its own, so that who watches may itself stand still (Ctrl-Z) without blaming others.
 */
import { repeat } from '../../core/clock/repeat.ts';
import type { Clock } from '../../core/clock.ts';

export interface Watch {
  /** The member must be heard within so many ms from now, to whole seconds. */
  expect(member: number, withinMs: number): void;
  /** It has nothing to say for now, or is gone. */
  rest(member: number): void;
  close(): void;
}

/** How long a member may take until it is ready. */
export const readyMs = 60_000;
const turnMs = 1000;

export function createWatch(clock: Clock, onSilent: (member: number) => void): Watch {
  const turnsLeft = new Map<number, number>();
  const close = repeat(clock, clock.now(), turnMs, () => {
    for (const [member, turns] of turnsLeft) {
      turnsLeft.set(member, turns - 1);
      if (turns > 0) continue;
      turnsLeft.delete(member);
      onSilent(member);
    }
  });
  return {
    expect: (member, withinMs) => void turnsLeft.set(member, Math.ceil(withinMs / turnMs)),
    rest: member => void turnsLeft.delete(member),
    close,
  };
}
