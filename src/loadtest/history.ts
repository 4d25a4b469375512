/**
 * A run second by second in bounded memory: where there are too many, neighbours become one, and then two of those. Sums
 * stay exact; only when something happened is known less finely. (A second of 100 streams is about 50 kB, its JSON 70 kB.)
 */
import { type Health, type Interval, slackMs } from './interval.ts';
import { joinIntervals } from './total.ts';

export interface HistoryOptions {
  /** Neighbours on different sides of these moments stay apart, ms since the run began; default none. */
  readonly edgesMs?: readonly number[];
  /** Intervals kept, default 200. */
  readonly most?: number;
}

export interface History {
  add(interval: Interval): void;
  read(): readonly Interval[];
  readonly size: number;
}

export function createHistory({ edgesMs = [], most = 200 }: HistoryOptions = {}): History {
  const kept: Interval[] = [];
  let spanMs = 1;
  let thinned = 0; // up to here neighbours of the present span are one
  const sideOf = ({ toMs }: Interval) => edgesMs.filter(edge => toMs - slackMs > edge).length;
  const belong = (one: Interval, next: Interval) =>
    cellOf(one, spanMs) === cellOf(next, spanMs) && sideOf(one) === sideOf(next);
  /** A few at a time: all at once held up the event loop for 40 ms. */
  const thin = (joins: number) => {
    for (let left = joins; left > 0; ) {
      const atEnd = thinned >= kept.length - 1;
      if (atEnd && kept.length <= most) return;
      if (atEnd) [spanMs, thinned] = [Math.max(1000, spanMs) * 2, 0];
      const pair = kept.slice(thinned, thinned + 2) as [Interval, Interval];
      if (!belong(...pair)) thinned++;
      else if (left-- > 0) kept.splice(thinned, 2, joinIntervals(pair));
    }
  };
  const add = (interval: Interval) => {
    kept.push({ ...interval, health: busiest(interval.health) });
    thin(3);
  };
  const read = () => {
    thin(Number.POSITIVE_INFINITY);
    return kept;
  };
  return {
    add,
    read,
    get size() {
      return kept.length;
    },
  };
}

/** Which stretch an interval ends in. All are cut a little late. */
const cellOf = ({ toMs }: Interval, spanMs: number) => Math.ceil((toMs - slackMs) / spanMs);

/** Of a second that several processes measured together, each thing where it was worst. */
function busiest(readings: readonly Health[]): readonly Health[] {
  if (readings.length < 2) return readings;
  const most = (pick: (health: Health) => number) => Math.max(...readings.map(pick));
  const lags = readings.flatMap(({ lagP95Ms = [] }) => lagP95Ms);
  const steal = readings.every(one => one.steal === undefined) ? undefined : most(one => one.steal ?? 0);
  return [
    {
      elu: most(one => one.elu),
      lagMs: most(one => one.lagMs),
      ...(lags.length > 0 && { lagP95Ms: Math.max(...lags) }),
      gcMs: most(one => one.gcMs),
      gcMaxMs: most(one => one.gcMaxMs),
      steal,
    },
  ];
}
