/** Who takes part in a distributed run, who is ready, who has finished and who went away. */
import { repeat } from '../../core/clock/repeat.ts';
import type { Clock } from '../../core/clock.ts';
import type { Interval } from '../interval.ts';
import { edgesOf, type Measurement } from '../load.ts';
import type { LoadPlan } from '../plan.ts';
import { silenceMs } from './control.ts';
import { createBarrier } from './local.ts';
import { createMerger } from './merger.ts';
import type { Report, ShardResult } from './protocol.ts';
import { shareOf } from './share.ts';

export interface Roll {
  report(member: number, report: Report): void;
  finish(member: number, result: ShardResult): void;
  lose(member: number): void;
  /** Resolves when nobody is left. */
  readonly complete: Promise<Measurement>;
  close(): void;
}

export interface RollOptions {
  readonly clock: Clock;
  readonly agents: number;
  readonly onInterval?: ((interval: Interval) => void) | undefined;
  readonly say: (line: string) => void;
  /** All that are still there are ready. */
  readonly onReady: () => void;
  /** A member is not counted on any more: it must not go on. */
  readonly onLost: (member: number) => void;
}

/** How long an agent may take to be ready. Under load it tells something every second. */
const readyMs = 60_000;
/** How often it is looked who has gone silent. */
const watchMs = 1000;

export function createRoll(plan: LoadPlan, options: RollOptions): Roll {
  const { clock, agents, onInterval, say, onReady, onLost } = options;
  const merger = createMerger(agents, { onInterval, edgesMs: edgesOf(plan) });
  const done = Promise.withResolvers<Measurement>();
  const present = new Set(Array.from({ length: agents }, (_, member) => member));
  const heardMs = new Map<number, number>();
  const skews: number[] = [];
  let deadlineMs = clock.now() + readyMs;
  const barrier = createBarrier(agents, () => {
    deadlineMs = clock.now() + silenceMs;
    onReady();
  });
  const leave = (member: number) => {
    present.delete(member);
    barrier.arrive(member);
    if (present.size > 0) return;
    const spread = Math.max(0, ...skews).toFixed(1);
    say(`${skews.length} of ${agents} agents finished; each began at most ${spread} ms off the common moment`);
    done.resolve(merger.read());
  };
  const lose = (member: number) => {
    if (!present.has(member)) return;
    say(`agent ${member + 1} of ${agents} went away; its part is lost and is not made again`);
    onLost(member);
    merger.lose(member, shareOf(plan, { index: member, count: agents }));
    leave(member);
  };
  const finish: Roll['finish'] = (member, { clockErrorMs, ...result }) => {
    if (!present.has(member)) return;
    skews.push(clockErrorMs + result.end.lateMs);
    merger.finish(member, result);
    leave(member);
  };
  const report: Roll['report'] = (member, told) => {
    heardMs.set(member, clock.now());
    if (told.kind === 'ready') barrier.arrive(member);
    else if (present.has(member)) merger.add(member, told.interval);
  };
  const stopWatching = repeat(clock, clock.now(), watchMs, () => {
    const now = clock.now();
    for (const member of present) if (now > Math.max(deadlineMs, (heardMs.get(member) ?? 0) + silenceMs)) lose(member);
  });
  return { report, finish, lose, complete: done.promise, close: stopWatching };
}
