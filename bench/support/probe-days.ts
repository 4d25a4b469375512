/** A whole prober, state file and metrics included, that lives through as many days as fit into a stretch of real time. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { newDraft } from '../../src/core/call/record.ts';
import { createManualClock, type ManualClock } from '../../src/core/clock.ts';
import { createRandom, type Random } from '../../src/core/random.ts';
import type { Call } from '../../src/probe/checks/check.ts';
import { probeSchema } from '../../src/probe/config.ts';
import { phaseOf, startAfter } from '../../src/probe/grid.ts';
import { openHistory } from '../../src/probe/history.ts';
import { type ProbeCheck, planOf } from '../../src/probe/plan.ts';
import { runOf } from '../../src/probe/probe.ts';
import { createProber } from '../../src/probe/prober.ts';
import type { RunCheck } from '../../src/probe/run.ts';
import { apartMs } from '../../src/probe/seats.ts';
import { createTape } from '../../src/probe/tape.ts';
import { judge } from '../../src/probe/verdict.ts';

export interface Days {
  readonly days: number;
  readonly runs: number;
  /** Places on the grids of all checks. */
  readonly wanted: number;
  /** How far the furthest run began from its moment: its place on the grid, or 10 ms after the run before it. There is no jitter. */
  readonly driftMs: number;
  /** After a collection, day by day. */
  readonly heapMiB: readonly number[];
  /** At half time and at the end. */
  readonly stateMiB: readonly [number, number];
}

const dayMs = 86_400_000;
const noon = Date.UTC(2026, 2, 20, 12);

/** Berlin puts its clock forward on the ninth day; the cron check lives there. */
const file = probeSchema.parse({
  credentials: { main: { key: { env: 'KEY' }, calls_at_once: 8, budget: { tokens_per_day: 1_000_000 } } },
  targets: { home: { url: 'http://127.0.0.1:9/v4' } },
  defaults: { model: ['glm-4.6', 'glm-5'], interval: '5m', timezone: 'Europe/Berlin', jitter: '0%' },
  checks: [{ kind: 'chat_stream' }, { kind: 'chat' }, { kind: 'models', cron: '*/30 * * * *' }],
  maintenance: [{ timezone: 'Europe/Berlin', weekdays: ['sun'], start: '03:30', duration: '1h', checks: ['chat'] }],
  state: { retention: '3d' },
});

/**
 * @param realMs how long it goes on, in time of this machine
 * @param leastDays how many days it sees however slow the machine is; a third of them is compared with another
 */
export async function probeDays(realMs: number, leastDays = 3): Promise<Days> {
  const folder = mkdtempSync(join(tmpdir(), 'probe-days-'));
  const path = join(folder, 'state.db');
  const plan = await planOf(file, { env: { KEY: 'a.b' }, file: () => '', command: async () => '' });
  const clock = createManualClock(noon);
  const history = await openHistory(path, { retentionMs: plan.state.retention });
  const seen = { driftMs: 0, begunMs: Number.NEGATIVE_INFINITY };
  const prober = createProber(plan, {
    ...{ clock, history, random: createRandom('days'), say: () => {}, send: async () => {}, ask: async () => true },
    look: looker(seen, createRandom('answers')),
  });
  const heapMiB: number[] = [];
  const stateMiB: number[] = [];
  const ending = performance.now() + realMs;
  while (performance.now() < ending || heapMiB.length < leastDays) {
    await pass(clock, dayMs);
    heapMiB.push(heapUsed());
    stateMiB.push(statSync(path).size / 2 ** 20);
  }
  // Before the text: a run whose moment is the very last one still waits for its turn, and is skipped with a reason.
  await prober.stop();
  const text = await prober.metrics().text();
  history.close();
  rmSync(folder, { recursive: true });
  return {
    days: heapMiB.length,
    runs: counted(text),
    wanted: plan.checks.reduce((sum, check) => sum + placesWanted(check, noon, clock.wall()), 0),
    driftMs: seen.driftMs,
    heapMiB,
    stateMiB: [stateMiB[heapMiB.length >> 1] ?? 0, stateMiB.at(-1) ?? 0],
  };
}

/**
 * Places on a grid after `fromMs` and up to `untilMs`. Not by the prober's own count, which ends at a thousand places of a
 * pattern: the one of this file comes every half hour, whatever the clocks of Berlin show, for they move by whole hours.
 */
export function placesWanted(
  { id, schedule }: Pick<ProbeCheck, 'id' | 'schedule'>,
  fromMs: number,
  untilMs: number,
): number {
  const every = schedule.kind === 'cron' ? halfHourMs : schedule.everyMs;
  const phase = schedule.kind === 'cron' ? 0 : phaseOf(id, every);
  return Math.floor((untilMs - phase) / every) - Math.floor((fromMs - phase) / every);
}

const halfHourMs = 1_800_000;

/** Answers at once; one in a hundred stalls, and so may its repetitions. */
function looker(seen: { driftMs: number; begunMs: number }, random: Random): RunCheck {
  const last = new Map<string, number>();
  return async (check, { clock }) => {
    const now = clock.wall();
    const isRepeat = now - (last.get(check.id) ?? 0) < mostConfirmMs;
    last.set(check.id, now);
    if (!isRepeat) {
      const moment = Math.max(placeNear(check, now), seen.begunMs + apartMs);
      seen.driftMs = Math.max(seen.driftMs, Math.abs(now - moment));
      seen.begunMs = now;
    }
    const calls = [callAt(clock.now(), random() < 0.01)];
    const about = { run_id: `days-${random().toString(36).slice(2)}`, started_at_ms: now, readings: {} };
    return runOf(check, calls, judge(check, calls, {}), about);
  };
}

const mostConfirmMs = 30_000;

const placeNear = (check: ProbeCheck, nowMs: number) =>
  startAfter(check, nowMs - 60_000, createRandom(0))?.gridMs ?? Number.NaN;

function callAt(nowMs: number, stalls: boolean): Call {
  const usage = { prompt_tokens: 40, completion_tokens: 12, total_tokens: 52 };
  const moments = { sentMs: nowMs + 1, headMs: nowMs + 5, firstEventMs: nowMs + 300, firstTokenMs: nowMs + 300 };
  const good = { ...moments, firstVisibleMs: nowMs + 300, lastTokenMs: nowMs + 520, maxGapMs: 20, endMs: nowMs + 521 };
  const record = { ...newDraft(nowMs, nowMs), ...good, done: true, finishReason: 'stop', status: 200, usage };
  const outcome = { kind: stalls ? 'stalled' : 'ok' } as const;
  return {
    ...{ label: 'chat', wanted: 'well', right: undefined, wallMs: 0, gapsMs: Array(11).fill(20) },
    ...{ request: { kind: 'chat', stream: true, body: '{}' }, tape: createTape(createManualClock(), 0) },
    record: { ...record, outcome },
  };
}

/** Lets promises settle between the steps. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let gone = 0; gone < ms; gone += 1000) {
    clock.advance(1000);
    await new Promise(resolve => setImmediate(resolve));
  }
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

/** Runs that are no repetitions, and places on the grid that were skipped with a reason. */
function counted(text: string): number {
  const events = /^glm_probe_(?:sli_events_total\{.*sli="availability"|runs_skipped_total\{).*\} (\d+)$/gm;
  return [...text.matchAll(events)].reduce((sum, [, count]) => sum + Number(count), 0);
}
