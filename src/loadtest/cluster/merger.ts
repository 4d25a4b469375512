/** Seconds of several processes become seconds of one run: each is passed on when all who still take part have told theirs. */
import type { Halt } from '../halt.ts';
import { worstOf } from '../health.ts';
import { createHistory } from '../history.ts';
import { type Interval, slackMs } from '../interval.ts';
import type { Measurement } from '../load.ts';
import type { CalibrationRun, ErrorFigure } from '../result.ts';
import { add, joinIntervals, mergeIntervals, newTotal, type Total } from '../total.ts';

/** What one process reports besides its seconds. */
export type Finish = Pick<Measurement, 'before' | 'after' | 'end'>;

export interface Merger {
  add(member: number, interval: Interval): void;
  finish(member: number, finish: Finish): void;
  /** A member went away: what it had not told is lost, and known to be. @param planned requests of its share, when that was fixed */
  lose(member: number, planned: number | undefined): void;
  /** All seconds and the whole. */
  read(): Measurement;
}

export interface MergerOptions {
  /** Told of every merged second, in order. */
  readonly onInterval?: ((interval: Interval) => void) | undefined;
  /** Where the measured window begins and ends, ms since the run began. */
  readonly edgesMs?: readonly number[];
}

interface Member {
  /** What was told and not passed on yet. */
  waiting: Interval[];
  /** The second that it has come to. */
  reached: number;
  readonly total: Total;
  finish: Finish | undefined;
  /** Done, or lost. */
  away: boolean;
}

const newMember = (): Member => ({ waiting: [], reached: -1, total: newTotal(), finish: undefined, away: false });

export function createMerger(count: number, { onInterval, edgesMs = [] }: MergerOptions = {}): Merger {
  const members = Array.from({ length: count }, newMember);
  const merged = createHistory({ edgesMs });
  let passed = 0;

  const take = (member: Member, interval: Interval) => {
    member.waiting.push(interval);
    member.reached = Math.max(member.reached, secondOf(interval));
    add(member.total, interval);
  };
  /** Passes on every second that all who take part have come to; what is told late joins the next. */
  const pass = () => {
    for (const until = comeTo(members); passed <= until; passed++) tell(members.flatMap(one => partOf(one, passed)));
  };
  const tell = (parts: readonly Interval[]) => {
    if (parts.length === 0) return;
    const interval = mergeIntervals(parts);
    merged.add(interval);
    onInterval?.(interval);
  };
  const leave = (member: Member) => {
    member.away = true;
    pass();
  };
  const read = (): Measurement => {
    pass();
    tell(members.flatMap(one => partOf(one, Number.POSITIVE_INFINITY)));
    const done = members.flatMap(({ finish }) => finish ?? []);
    return wholeOf(merged.read(), done, count);
  };
  return {
    add: (index, interval) => {
      take(memberAt(members, index), interval);
      pass();
    },
    finish: (index, finish) => {
      const member = memberAt(members, index);
      member.finish = finish;
      leave(member);
    },
    lose: (index, planned) => {
      const member = memberAt(members, index);
      if (member.away) return;
      take(member, lossOf(member.total, planned));
      leave(member);
    },
    read,
  };
}

function memberAt(members: readonly Member[], index: number): Member {
  const member = members[index];
  if (member === undefined) throw new RangeError(`there is no member ${index} of ${members.length}`);
  return member;
}

/** The second that all who still take part have come to; when nobody does, the last that anybody came to. */
function comeTo(members: readonly Member[]): number {
  const open = members.filter(({ away }) => !away);
  if (open.length > 0) return Math.min(...open.map(({ reached }) => reached));
  return Math.max(...members.map(({ reached }) => reached));
}

/** Takes what a member told of the seconds up to this one. */
function partOf(member: Member, second: number): Interval | [] {
  const now = member.waiting.filter(interval => secondOf(interval) <= second);
  member.waiting = member.waiting.filter(interval => secondOf(interval) > second);
  return now.length > 0 ? joinIntervals(now) : [];
}

/** What a member had under way, and what it was to make yet. */
function lossOf(total: Total, planned = total.planned): Interval {
  const rest = Math.max(0, planned - total.planned);
  const open = total.planned - Object.values(total.ended).reduce((sum, count) => sum + count, 0);
  return {
    ...mergeIntervals([]),
    fromMs: total.toMs,
    toMs: total.toMs,
    planned: rest,
    ended: { lost: rest + open },
  };
}

const wholeOf = (intervals: readonly Interval[], done: readonly Finish[], members: number): Measurement => ({
  intervals,
  before: worstCalibration(done.map(({ before }) => before)),
  after: worstCalibration(done.map(({ after }) => after)),
  end: {
    startMs: 0,
    lateMs: Math.max(0, ...done.map(({ end }) => end.lateMs)),
    offeredMs: done.length > 0 ? Math.max(...done.map(({ end }) => end.offeredMs)) : lastMs(intervals),
    halted: firstHalt(done),
  },
  gone: members - done.length,
});

/**
 * What a member was halted for first. A refusal stops the other processes of its machine; other agents, and processes with
 * money of their own left, go on.
 */
function firstHalt(done: readonly Finish[]): Halt | undefined {
  const halts = done.flatMap(({ end: { halted } }) => halted ?? []).sort((a, b) => a.atMs - b.atMs);
  const [first] = halts;
  if (first === undefined) return undefined;
  const { reason, code, atMs } = first;
  return { reason, code, atMs, ...(halts.length < done.length && { parts: { ended: halts.length, of: done.length } }) };
}

/** When nobody is left to say when the offering ended, it was when the last was heard. */
const lastMs = (intervals: readonly Interval[]) => Math.max(0, ...intervals.map(({ toMs }) => toMs));

/** Which second an interval ends in. All members cut at the same moments of one clock, a little late. */
const secondOf = ({ toMs }: Interval): number => Math.max(0, Math.ceil((toMs - slackMs) / 1000) - 1);

/** The streams of all, the errors of the worst. One that could not calibrate leaves the whole in doubt. */
function worstCalibration(runs: readonly (CalibrationRun | null)[]): CalibrationRun | null {
  const known = runs.filter(run => run !== null);
  if (known.length < runs.length || known.length === 0) return null;
  return {
    streams: known.reduce((sum, { streams }) => sum + streams, 0),
    events_per_second: known.reduce((sum, run) => sum + run.events_per_second, 0),
    ttft_ms: worstError(known.map(run => run.ttft_ms)),
    gap_ms: worstError(known.map(run => run.gap_ms)),
    send_ms: worstError(known.map(run => run.send_ms)),
    health: worstOf(known.map(({ health }) => health)),
  };
}

const worstError = (errors: readonly ErrorFigure[]): ErrorFigure => {
  const worst = (level: 'p50' | 'p90' | 'p95' | 'p99') => Math.max(0, ...errors.map(error => error[level]));
  return {
    p50: worst('p50'),
    p90: worst('p90'),
    p95: worst('p95'),
    p99: worst('p99'),
    count: errors.reduce((sum, { count }) => sum + count, 0),
    moments: Math.min(...errors.map(({ moments }) => moments)),
  };
};
