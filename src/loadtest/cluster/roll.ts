/** Who takes part in a distributed run, who is ready, who has finished and who went away. */
import type { Clock } from '../../core/clock.ts';
import type { Interval } from '../interval.ts';
import { edgesOf, type Measurement } from '../load.ts';
import type { LoadPlan } from '../plan.ts';
import { silenceMs } from './control.ts';
import { createBarrier } from './local.ts';
import { createMerger } from './merger.ts';
import type { Report, ShardResult } from './protocol.ts';
import { shareOf } from './share.ts';
import { createWatch, readyMs } from './watch.ts';

export interface Roll {
  report(member: number, report: Report): void;
  finish(member: number, result: ShardResult): void;
  lose(member: number): void;
  /** Nobody renews the lock of its job. Under load its seconds say better whether it is there. */
  stall(member: number): void;
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

export function createRoll(plan: LoadPlan, options: RollOptions): Roll {
  const { clock, agents, onInterval, say, onReady, onLost } = options;
  const merger = createMerger(agents, { onInterval, edgesMs: edgesOf(plan) });
  const done = Promise.withResolvers<Measurement>();
  const present = new Set(Array.from({ length: agents }, (_, member) => member));
  const skews: number[] = [];
  let begun = false;
  const watch = createWatch(clock, member => lose(member, begun ? undefined : notReady));
  for (const member of present) watch.expect(member, readyMs);
  const barrier = createBarrier(agents, () => {
    begun = true;
    for (const member of present) watch.expect(member, silenceMs);
    onReady();
  });
  const leave = (member: number) => {
    present.delete(member);
    watch.rest(member);
    barrier.arrive(member);
    if (present.size > 0) return;
    const spread = `; each began at most ${Math.max(...skews).toFixed(1)} ms off the common moment`;
    say(`${skews.length} of ${agents} agents finished${skews.length === 0 ? '' : spread}`);
    done.resolve(merger.read());
  };
  const lose = (member: number, what = 'went away') => {
    if (!present.has(member)) return;
    say(`agent ${member + 1} of ${agents} ${what}; its part is lost and is not made again`);
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
    if (!present.has(member)) return;
    if (told.kind === 'ready') {
      watch.rest(member);
      barrier.arrive(member);
      return;
    }
    watch.expect(member, silenceMs);
    merger.add(member, told.interval);
  };
  const stall: Roll['stall'] = member => {
    if (!begun) lose(member);
  };
  return { report, finish, lose, stall, complete: done.promise, close: watch.close };
}

const notReady = `was not ready within ${readyMs / 1000} s: it went away, or is busy with another run`;
