/** Whether a run's figures may be believed: what this machine did to them, judged after the fact. Pure. */
import type { Health, Interval } from './interval.ts';
import type { CalibrationRun, ErrorFigure, Figures, LoadResult, Validity } from './result.ts';
import { samplesNeeded } from './stats/figure.ts';

export interface Evidence {
  readonly intervals: readonly Interval[];
  readonly metrics: Figures;
  readonly before: CalibrationRun | null;
  readonly after: CalibrationRun | null;
  /** Whether calibration was asked for. */
  readonly calibrated: boolean;
  /** Requests that no connection was left for, and all that were planned. */
  readonly shed: number;
  readonly planned: number;
  /** Processes or agents that went away during the run. */
  readonly gone: number;
  /** Over the whole run. */
  readonly little?: Omit<NonNullable<LoadResult['little']>, 'whole_run'> | undefined;
}

export interface Judgement {
  readonly validity: Validity;
  readonly doubts: readonly string[];
}

interface Doubt {
  readonly grave: boolean;
  readonly text: string;
}

/** Stamps are trustworthy up to half a busy loop and worthless near a full one (`bench/load.ts`; loadtest anchors §6). */
const eluLimits = { suspect: 0.5, invalid: 0.8 };

export function judgeValidity(evidence: Evidence): Judgement {
  const doubts = [
    ...goneDoubts(evidence),
    ...loopDoubts(evidence),
    ...pauseDoubts(evidence),
    ...starvedDoubts(evidence),
    ...stealDoubts(evidence),
    ...calibrationDoubts(evidence),
    ...shedDoubts(evidence),
    ...littleDoubts(evidence),
  ];
  const validity = doubts.some(({ grave }) => grave) ? 'INVALID' : doubts.length > 0 ? 'SUSPECT' : 'VALID';
  return { validity, doubts: doubts.map(({ text }) => text) };
}

function goneDoubts({ gone }: Evidence): Doubt[] {
  if (gone === 0) return [];
  const who = gone === 1 ? 'one of those that made the load' : `${gone} of those that made the load`;
  return [{ grave: true, text: `${who} went away during the run: their part is lost, and is not made again` }];
}

/** The nine busiest of ten seconds may not hide behind a quiet one: the 90th percentile of seconds counts. */
function loopDoubts({ intervals }: Evidence): Doubt[] {
  const elu = high(intervals, ({ elu }) => elu);
  if (elu <= eluLimits.suspect) return [];
  const share = `${Math.round(elu * 100)} %`;
  const text = `the event loop was ${share} busy, so stamps are late; use --workers, fewer streams or a faster machine`;
  return [{ grave: elu > eluLimits.invalid, text }];
}

/** A process that stood still stamps what came meanwhile when it goes on: long pauses, or pauses that make up a p99. */
const pauseLimits = { countedMs: 100, longMs: 500, share: 0.01 };

function pauseDoubts({ intervals }: Evidence): Doubt[] {
  const pausesMs = intervals
    .map(({ health }) => Math.max(0, ...health.map(({ lagMs }) => lagMs)))
    .filter(ms => ms > pauseLimits.countedMs);
  const longestMs = Math.max(0, ...pausesMs);
  const isLong = longestMs > pauseLimits.longMs;
  const share = pausesMs.reduce((sum, ms) => sum + ms, 0) / Math.max(1, lastsMs(intervals));
  const isOften = share > pauseLimits.share;
  if (!isLong && !isOften) return [];
  const much = `${(share * 100).toFixed(1)} % of the run, up to ${(longestMs / 1000).toFixed(2)} s at a time`;
  return [
    { grave: isLong && isOften, text: `this process stood still for ${much}: what came meanwhile is stamped late` },
  ];
}

const lastsMs = (intervals: readonly Interval[]) => (intervals.at(-1)?.toMs ?? 0) - (intervals[0]?.fromMs ?? 0);

/** Readings in which one of twenty timers is late, in more than a fifth of the run, are one in a hundred of all that was stamped: a p99. */
const starvedShare = 0.2;

/** A process that waits for a processor stands still for some ms, again and again; no calibration sees what comes in between. */
function starvedDoubts({ intervals, metrics }: Evidence): Doubt[] {
  const lags = intervals.flatMap(({ health }) => health.flatMap(({ lagP95Ms = [] }) => lagP95Ms));
  const ttft = metrics.ttft_any_ms?.p50 ?? metrics.e2e_ms?.p50 ?? 0;
  const measuredMs = Math.min(ttft, metrics.itl_ms?.p99 ?? ttft);
  const limitMs = Math.max(errorLimits.suspectMs, measuredMs * errorLimits.suspectShare);
  const late = lags.filter(ms => ms > limitMs);
  if (late.length <= lags.length * starvedShare) return [];
  const much = `in ${Math.round((late.length / lags.length) * 100)} % of the run one stamp in twenty`;
  const by = `more than ${+limitMs.toFixed(1)} ms late, at worst ${Math.max(...late).toFixed(1)} ms`;
  return [{ grave: false, text: `${much} was ${by}: this process waited for a processor, or blocked itself` }];
}

function stealDoubts({ intervals }: Evidence): Doubt[] {
  const steal = high(intervals, ({ steal = 0 }) => steal);
  if (steal <= 0.1) return [];
  return [{ grave: steal > 0.4, text: `the host took ${Math.round(steal * 100)} % of this machine's time` }];
}

const high = (intervals: readonly Interval[], pick: (health: Health) => number): number => {
  const values = intervals.flatMap(({ health }) => health.map(pick)).sort((a, b) => a - b);
  return values[Math.floor(values.length * 0.9)] ?? 0;
};

/** An error is small beside what it is added to, or small in itself. */
const errorLimits = { suspectMs: 5, invalidMs: 10, suspectShare: 0.05, invalidShare: 0.1 };

function calibrationDoubts({ before, after, metrics, calibrated, intervals }: Evidence): Doubt[] {
  if (!calibrated) return [{ grave: false, text: uncalibrated(intervals) }];
  if (before === null || after === null)
    return [{ grave: false, text: 'the calibration could not be made, so the error of the figures is not known' }];
  const ttft = metrics.ttft_any_ms?.p50 ?? metrics.e2e_ms?.p50 ?? 0;
  const runs = [before, after];
  const firsts = runs.map(({ ttft_ms }) => ttft_ms);
  const gaps = runs.map(({ gap_ms }) => gap_ms);
  return [
    ...errorDoubt(firsts, ttft, 'first tokens'),
    ...(metrics.itl_ms === undefined ? [] : errorDoubt(gaps, metrics.itl_ms.p99, 'gaps')),
  ];
}

/** What is known instead of the error is how late timers were: an event that comes meanwhile is stamped as late. */
function uncalibrated(intervals: readonly Interval[]): string {
  const lagMs = Math.max(0, ...intervals.flatMap(({ health }) => health.map(({ lagMs }) => lagMs)));
  const late = lagMs > errorLimits.suspectMs ? `; its event loop was up to ${Math.round(lagMs)} ms late` : '';
  return `this machine’s own error is not known, because it was not calibrated (--no-calibrate)${late}`;
}

/**
 * The highest percentile that the samples of both calibrations together can say, and the worse of both there: of 24 streams
 * the p99 is the latest one, which may doom no run. It raises a doubt.
 */
function errorDoubt(runs: readonly ErrorFigure[], measuredMs: number, what: string): Doubt[] {
  const { suspectMs, invalidMs, suspectShare, invalidShare } = errorLimits;
  const suspect = Math.max(suspectMs, measuredMs * suspectShare);
  const invalid = Math.max(invalidMs, measuredMs * invalidShare);
  const stamped = `against known times this machine stamped ${what}`;
  const level = sayable(runs);
  const ms = Math.max(...runs.map(error => error[level]));
  if (ms > suspect) return [{ grave: ms > invalid, text: `${stamped} ${ms.toFixed(1)} ms off at ${level}` }];
  const latest = Math.max(...runs.map(({ p99 }) => p99));
  if (latest <= invalid) return [];
  const seldom = `too seldom to be measured (${ms.toFixed(1)} ms at ${level})`;
  return [{ grave: false, text: `${stamped} up to ${latest.toFixed(1)} ms off, ${seldom}` }];
}

const levels = ['p99', 'p95', 'p90'] as const;

function sayable(runs: readonly ErrorFigure[]): (typeof levels)[number] | 'p50' {
  const moments = runs.reduce((sum, error) => sum + error.moments, 0);
  return levels.find(level => moments >= samplesNeeded(Number(level.slice(1)) / 100)) ?? 'p50';
}

function shedDoubts({ shed, planned }: Evidence): Doubt[] {
  if (shed === 0 || planned === 0) return [];
  const share = ((shed / planned) * 100).toFixed(1);
  return [
    {
      grave: shed > planned / 100,
      text: `${shed} requests (${share} %) were not sent because --max-in-flight was reached: the load was not what was asked for`,
    },
  ];
}

/** Two counts that share nothing: what does not agree was under way in this machine, not at the endpoint. */
function littleDoubts({ little, gone }: Evidence): Doubt[] {
  if (little === undefined || gone > 0) return []; // what was under way in those that went away never ended
  const { disagreement, latency_ms: ms } = little;
  if (disagreement <= 0.02 || disagreement * ms <= errorLimits.suspectMs) return [];
  const share = `${Math.round(disagreement * 100)} %`;
  return [
    {
      grave: false,
      text: `requests in flight are ${share} off their rate times their latency: some waited in this machine`,
    },
  ];
}
