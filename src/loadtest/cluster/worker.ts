/** One process of a run with `--workers`: told its plan and its share over the channel to its parent, which may vanish. */
import { systemClock } from '../../core/clock.ts';
import { hrOffsetMs } from '../calibration/hr-offset.ts';
import { isRefusal } from '../halt.ts';
import type { Interval } from '../interval.ts';
import { measure } from '../load.ts';
import type { LoadPlan } from '../plan.ts';
import type { RawRecord } from '../result.ts';
import type { Shard } from '../shard.ts';
import type { Finish } from './merger.ts';

export type ToWorker =
  | { readonly kind: 'plan'; readonly plan: LoadPlan; readonly shard: Shard; readonly records: boolean }
  /** On the machine's monotonic clock. */
  | { readonly kind: 'start'; readonly atMs: number }
  | { readonly kind: 'stop' };

export type FromWorker =
  | { readonly kind: 'ready' }
  /** The endpoint refused this process in a way that ends the run for all processes of this machine. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'interval'; readonly interval: Interval; readonly records: readonly RawRecord[] }
  | { readonly kind: 'finish'; readonly finish: Finish };

const stop = new AbortController();
const started = Promise.withResolvers<number>();

process.on('message', (message: ToWorker) => {
  if (message.kind === 'plan') void work(message);
  else if (message.kind === 'start') started.resolve(message.atMs - hrOffsetMs());
  else stop.abort();
});
process.on('disconnect', () => process.exit(1));
if (!process.connected) process.exit(1); // the parent did not live to see it

async function work({ plan, shard, records: wanted }: Extract<ToWorker, { kind: 'plan' }>): Promise<void> {
  let records: RawRecord[] = [];
  const { before, after, end } = await measure(plan, {
    clock: systemClock,
    stop: stop.signal,
    shard,
    ready: () => {
      tell({ kind: 'ready' });
      return started.promise;
    },
    onInterval: interval => {
      tell({ kind: 'interval', interval, records });
      records = [];
    },
    onHalt: ({ reason }) => {
      if (isRefusal(reason)) tell({ kind: 'refused' });
    },
    ...(wanted && { onRecord: record => void records.push(record) }),
  });
  tell({ kind: 'finish', finish: { before, after, end } });
  process.disconnect();
}

/** A parent that is gone cannot be told; that the channel is closed ends this process. */
const tell = (message: FromWorker) => process.send?.(message, () => {});
