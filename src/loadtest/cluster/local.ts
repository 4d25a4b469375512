/** `--workers N`: one process for each core, a share of the load for each process, one result. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onAbort } from '../../core/aborted.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import type { Interval } from '../interval.ts';
import { edgesOf, type Measurement } from '../load.ts';
import type { LoadPlan } from '../plan.ts';
import type { RawRecord } from '../result.ts';
import type { Shard } from '../shard.ts';
import { createMerger, type Merger } from './merger.ts';
import { partsOf, shareOf } from './share.ts';
import { createWatch, readyMs, type Watch } from './watch.ts';
import type { FromWorker, ToWorker } from './worker.ts';

export interface LocalOptions {
  readonly workers: number;
  /** The part of a larger run that these processes share; the whole by default. */
  readonly shard?: Shard;
  /** Called when all processes have calibrated. @returns when to begin, on the machine's monotonic clock in ms */
  readonly ready?: () => Promise<number>;
  readonly stop: AbortSignal;
  readonly clock?: Clock;
  readonly onInterval?: ((interval: Interval) => void) | undefined;
  readonly onRecord?: ((record: RawRecord) => void) | undefined;
}

const program = fileURLToPath(import.meta.url).replace(/local\.(ts|js)$/, 'worker.$1');

/** A process tells something every second, except while it calibrates. */
const silenceMs = 30_000;

/** From "all are ready" to the common start: long enough for the message to reach everybody. */
const leadMs = 200;

const soon = async () => Number(process.hrtime.bigint()) / 1e6 + leadMs;

export async function measureLocally(plan: LoadPlan, options: LocalOptions): Promise<Measurement> {
  const { shard = { index: 0, count: 1 }, ready = soon, stop, clock = systemClock, onInterval, onRecord } = options;
  const parts = partsOf(plan, shard, options.workers);
  const merger = createMerger(parts.length, { onInterval, edgesMs: edgesOf(plan) });
  // Apart from the terminal: Ctrl-C is for this process, which tells the others in its own words.
  const children = parts.map(() => fork(program, { serialization: 'advanced', detached: true }));
  const say = (message: ToWorker, except?: ChildProcess) => {
    for (const child of children) if (child !== except && child.connected) child.send(message);
  };
  // One that stands still for good would be waited for as long; its exit tells that it is lost.
  const watch = createWatch(clock, member => children[member]!.kill('SIGKILL'));
  const barrier = createBarrier(parts.length, async () => {
    say({ kind: 'start', atMs: await ready() });
    for (const member of parts.keys()) watch.expect(member, silenceMs);
  });
  const forgetStop = onAbort(stop, () => say({ kind: 'stop' }));
  await Promise.all(
    parts.map((part, member) => {
      const child = children[member]!;
      // A process whose own part is over would take a stop for "wait no longer".
      const onRefused = () => say({ kind: 'stop' }, child);
      return follow(child, { member, part, merger, barrier, watch, onRecord, onRefused, plan });
    }),
  );
  forgetStop();
  watch.close();
  return merger.read();
}

interface Member {
  readonly member: number;
  readonly part: Shard;
  readonly merger: Merger;
  readonly barrier: { arrive(member: number): void };
  readonly watch: Watch;
  readonly onRecord: ((record: RawRecord) => void) | undefined;
  readonly onRefused: () => void;
  readonly plan: LoadPlan;
}

/** Resolves when the process has ended, well or not. */
function follow(
  child: ChildProcess,
  { member, part, merger, barrier, watch, onRecord, onRefused, plan }: Member,
): Promise<void> {
  const arrive = () => {
    watch.rest(member);
    barrier.arrive(member);
  };
  watch.expect(member, readyMs);
  child.on('error', () => {}); // it is gone, and what was meant for it with it: its exit tells
  child.on('message', (message: FromWorker) => {
    if (message.kind === 'ready') arrive();
    else if (message.kind === 'refused') onRefused();
    else if (message.kind === 'finish') merger.finish(member, message.finish);
    else {
      watch.expect(member, silenceMs);
      merger.add(member, message.interval);
      for (const record of message.records) onRecord?.(record);
    }
  });
  child.send({ kind: 'plan', plan, shard: part, records: onRecord !== undefined } satisfies ToWorker);
  return new Promise(resolve =>
    child.once('exit', () => {
      arrive(); // the others must not wait for it
      merger.lose(member, shareOf(plan, part));
      resolve();
    }),
  );
}

/** Opens once, when all have come or gone. */
export function createBarrier(count: number, open: () => void) {
  const arrived = new Set<number>();
  const arrive = (member: number) => {
    if (arrived.has(member)) return;
    arrived.add(member);
    if (arrived.size === count) open();
  };
  return { arrive };
}
