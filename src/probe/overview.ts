/** Everything that the page, its JSON and the terminal show, out of the history. What was not seen is unknown, never good. */
import type { FaultDomain } from '../core/outcome.ts';
import { runsPerDay } from './estimate.ts';
import { placesBetween } from './grid.ts';
import type { History, Hour, RunLine, StatusChange } from './history.ts';
import type { ProbeCheck, ProbePlan } from './plan.ts';
import type { ProbeRun } from './run.ts';
import { streams } from './settings.ts';
import type { ServiceState, Status } from './status.ts';
import { plainWords } from './verdict.ts';

/** Raised when a reader of the last version would misread it. */
const overviewVersion = 1;

/**
 * - `partly`: some runs failed, fewer than half
 * - `unknown`: no run that says anything about the service
 */
export type BarState = 'good' | 'degraded' | 'partly' | 'bad' | 'unknown';

export interface Bar {
  readonly from_ms: number;
  readonly state: BarState;
  readonly good: number;
  /** Failures of the provider or the network. */
  readonly bad: number;
}

export interface Window {
  /** Good runs among those that say something about the service; null when none does. */
  readonly availability: number | null;
  /** Such runs among those that there should have been, 0 to 1. */
  readonly known: number;
  readonly bars: readonly Bar[];
}

export const windowNames = ['day', 'month', 'quarter'] as const;
export type WindowName = (typeof windowNames)[number];

export interface CheckOverview {
  readonly id: string;
  readonly target: string;
  readonly check: string;
  readonly model: string;
  readonly state: ServiceState;
  readonly since_ms: number;
  readonly reason: ProbeRun['reason'];
  readonly fault_domain: FaultDomain | null;
  /** Why it is not up, in a sentence or two. */
  readonly words: string | null;
  readonly run_id: string | null;
  readonly last_run_at_ms: number | null;
  readonly next_run_at_ms: number | null;
  readonly windows: Readonly<Record<WindowName, Window>>;
  /** What `latency`, `p50_ms` and `p95_ms` are of. */
  readonly latency_of: 'first_visible_token' | 'whole_call';
  /** Medians of half-hours of the last day, in ms. */
  readonly latency: readonly (number | null)[];
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
}

export interface Incident {
  readonly id: string;
  /** `blocked`: not the service was at fault, and nobody could tell how it was. */
  readonly kind: 'down' | 'blocked';
  readonly from_ms: number;
  /** Null while it lasts. */
  readonly until_ms: number | null;
  readonly reason: ProbeRun['reason'];
  readonly fault_domain: FaultDomain | null;
  readonly words: string;
  readonly run_id: string | null;
}

/** How everything is and was: the JSON of `/status.json` and `probe status --json`. Moments are ms since 1970, latencies ms. */
export interface Overview {
  readonly version: typeof overviewVersion;
  readonly generated_at_ms: number;
  /** Where the prober stands. */
  readonly vantage: string;
  /** What keeps the prober from its work, or its people from hearing of it. */
  readonly troubles: readonly string[];
  readonly checks: readonly CheckOverview[];
  /** Newest first. */
  readonly incidents: readonly Incident[];
}

export interface OverviewSource {
  readonly plan: Pick<ProbePlan, 'checks' | 'vantage'>;
  readonly history: Pick<History, 'runsSince' | 'hoursSince' | 'changesSince'>;
  statusOf(check: ProbeCheck): Status;
  nextOf(id: string): number | undefined;
  troubles(): string[];
  notices?(): string[];
}

const halfHour = 1_800_000;
const hour = 3_600_000;
const day = 86_400_000;
const mostIncidents = 50;

/** Rests between two checks: one takes about 20 ms, and a busy loop would spoil the latencies that are measured meanwhile. */
export async function overviewOf(source: OverviewSource, nowMs: number): Promise<Overview> {
  const { plan, history } = source;
  const checks: CheckOverview[] = [];
  for (const check of plan.checks) {
    checks.push(checkOf(check, source, nowMs));
    await new Promise(resolve => setImmediate(resolve));
  }
  const known = new Set(plan.checks.map(({ id }) => id));
  const changes = history.changesSince(nowMs - 90 * day).filter(({ id }) => known.has(id));
  return {
    version: overviewVersion,
    generated_at_ms: nowMs,
    vantage: plan.vantage,
    troubles: [...source.troubles(), ...(source.notices?.() ?? [])],
    checks,
    incidents: incidentsOf(changes.filter(isPast(nowMs))),
  };
}

/** A clock that was ahead for a while has left moments that are still to come, and an outage among them would never end. */
const isPast =
  (nowMs: number) =>
  ({ atMs }: { readonly atMs: number }) =>
    atMs <= nowMs;

function checkOf(check: ProbeCheck, source: OverviewSource, nowMs: number): CheckOverview {
  const { id, target, check: name, model } = check;
  const status = source.statusOf(check);
  const runs = source.history.runsSince(id, nowMs - day).filter(isPast(nowMs));
  const hours = source.history.hoursSince(id, floor(nowMs - 90 * day, hour));
  const latencies = runs.flatMap(({ latencyMs }) => latencyMs ?? []).sort((a, b) => a - b);
  return {
    id,
    target,
    check: name,
    model,
    state: status.state,
    since_ms: status.sinceMs,
    reason: status.reason,
    fault_domain: status.domain,
    words: status.state === 'up' ? null : wordsOf(status),
    run_id: status.runId,
    last_run_at_ms: status.lastRunMs,
    next_run_at_ms: source.nextOf(id) ?? null,
    windows: {
      day: windowOf(check, runs.map(tallyOfRun), { nowMs, eachMs: halfHour, bars: 48 }),
      month: windowOf(check, hours.map(tallyOfHour), { nowMs, eachMs: day, bars: 30 }),
      quarter: windowOf(check, hours.map(tallyOfHour), { nowMs, eachMs: day, bars: 90 }),
    },
    latency_of: streams.has(check.kind) ? 'first_visible_token' : 'whole_call',
    latency: mediansOf(runs, nowMs),
    p50_ms: quantile(latencies, 0.5),
    p95_ms: quantile(latencies, 0.95),
  };
}

const wordsOf = (status: Pick<Status, 'reason' | 'domain' | 'cause' | 'detail'>): string | null =>
  plainWords({ ...status, fault_domain: status.domain }) ?? status.detail;

interface Tally {
  readonly atMs: number;
  readonly good: number;
  readonly degraded: number;
  readonly bad: number;
}

const tallyOfRun = ({ atMs, state, domain, degraded }: RunLine): Tally => ({
  atMs,
  good: Number(state === 'good'),
  degraded: Number(degraded),
  bad: Number(state === 'bad' && (domain === 'provider' || domain === 'network')),
});

/** An hour lies where its middle is. */
const tallyOfHour = ({ fromMs, good, degraded, bad }: Hour): Tally => ({
  atMs: fromMs + hour / 2,
  good,
  degraded,
  bad,
});

interface Frame {
  readonly nowMs: number;
  readonly eachMs: number;
  readonly bars: number;
}

/** Pure: bars that end now, each with what happened in it. */
export function windowOf(check: Pick<ProbeCheck, 'id' | 'schedule'>, tallies: readonly Tally[], frame: Frame): Window {
  const { nowMs, eachMs, bars: count } = frame;
  const endMs = floor(nowMs, hour) + hour;
  const fromMs = endMs - count * eachMs;
  const sums = Array.from({ length: count }, () => ({ good: 0, degraded: 0, bad: 0 }));
  for (const { atMs, good, degraded, bad } of tallies) {
    const sum = sums[Math.floor((atMs - fromMs) / eachMs)];
    if (sum === undefined) continue;
    sum.good += good;
    sum.degraded += degraded;
    sum.bad += bad;
  }
  const good = sums.reduce((total, sum) => total + sum.good, 0);
  const seen = sums.reduce((total, sum) => total + sum.good + sum.bad, 0);
  const expected = expectedRuns(check, fromMs, nowMs);
  return {
    availability: seen === 0 ? null : good / seen,
    known: expected === 0 ? 0 : Math.min(1, seen / expected),
    bars: sums.map((sum, i) => ({ from_ms: fromMs + i * eachMs, state: barState(sum), good: sum.good, bad: sum.bad })),
  };
}

/** Counting the places of a cron pattern takes 45 µs each, so they are estimated, once a day. */
function expectedRuns({ id, schedule }: Pick<ProbeCheck, 'id' | 'schedule'>, fromMs: number, nowMs: number): number {
  if (schedule.kind === 'interval') return placesBetween({ id, schedule }, fromMs, nowMs);
  return (runsPerDay(schedule, floor(nowMs, day)) * (nowMs - fromMs)) / day;
}

/** What a bar shows of all that happened in its time. */
export function barState({ good, degraded, bad }: Omit<Tally, 'atMs'>): BarState {
  if (good + bad === 0) return 'unknown';
  if (bad === 0) return degraded > 0 ? 'degraded' : 'good';
  return bad < good ? 'partly' : 'bad';
}

function mediansOf(runs: readonly RunLine[], nowMs: number): (number | null)[] {
  const fromMs = nowMs - day;
  const slots = Array.from({ length: day / halfHour }, (): number[] => []);
  for (const { atMs, latencyMs } of runs)
    if (latencyMs !== null) slots[Math.floor((atMs - fromMs) / halfHour)]?.push(latencyMs);
  return slots.map(slot =>
    quantile(
      slot.sort((a, b) => a - b),
      0.5,
    ),
  );
}

/** Of sorted values. */
function quantile(values: readonly number[], q: number): number | null {
  return values[Math.min(values.length - 1, Math.max(0, Math.ceil(q * values.length) - 1))] ?? null;
}

/** Pure: an outage lasts until the service is well, whoever could not tell meanwhile; all else until the next change. */
export function incidentsOf(changes: readonly StatusChange[]): Incident[] {
  const incidents: Incident[] = [];
  /** Places of the incidents that are not over, by their check and kind. */
  const open = new Map<string, number>();
  const end = (key: string, until_ms: number) => {
    const at = open.get(key);
    const found = at === undefined ? undefined : incidents[at];
    if (at !== undefined && found !== undefined) incidents[at] = { ...found, until_ms };
    open.delete(key);
  };
  for (const change of changes) {
    const { id, atMs, state } = change;
    end(`blocked ${id}`, atMs);
    if (state === 'up' || state === 'degraded') end(`down ${id}`, atMs);
    const kind = kindOf(change);
    if (kind === undefined || open.has(`${kind} ${id}`)) continue;
    open.set(`${kind} ${id}`, incidents.length);
    incidents.push(incident(kind, change));
  }
  return incidents.reverse().slice(0, mostIncidents);
}

function kindOf({ state, domain }: StatusChange): Incident['kind'] | undefined {
  if (state === 'down') return 'down';
  return state === 'unknown' && domain !== null ? 'blocked' : undefined;
}

const incident = (kind: Incident['kind'], change: StatusChange): Incident => ({
  id: change.id,
  kind,
  from_ms: change.atMs,
  until_ms: null,
  reason: change.reason,
  fault_domain: change.domain,
  words: wordsOf(change) ?? '',
  run_id: change.runId,
});

const floor = (ms: number, step: number) => Math.floor(ms / step) * step;

/** Rounded down: what was not whole never reads as whole. */
export const percentText = (ratio: number | null): string =>
  ratio === null ? '–' : `${(Math.floor(ratio * 10_000) / 100).toFixed(ratio === 1 ? 0 : 2)} %`;

/** How much of a window is known, beside its share; empty when nearly all is. */
export const knownText = (known: number): string =>
  known > 0.99 ? '' : `, ${known < 0.01 ? 'less than 1' : Math.floor(known * 100)} % known`;
