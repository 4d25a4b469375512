/**
 * Results of made-up runs. A queue is simulated request by request and counted by the real histograms, so that every
 * number of a document follows from its records, as in a real run.
 */
import { createHistogram, type Histogram } from '../../src/core/histogram.ts';
import { domainOf, type Reason } from '../../src/core/outcome.ts';
import { createRandom, type Random } from '../../src/core/random.ts';
import type { Health, Interval, LedgerClass } from '../../src/loadtest/interval.ts';
import { type Measure, measureNames } from '../../src/loadtest/measures.ts';
import {
  type CalibrationRun,
  type Figure,
  type Figures,
  type LoadResult,
  type RawRecord,
  resultVersion,
  type ThresholdResult,
} from '../../src/loadtest/result.ts';
import { type PerSecond, perSecond, tokensPerRead } from '../../src/loadtest/stats/per-second.ts';
import { throughputOf } from '../../src/loadtest/throughput.ts';

export interface Scene {
  readonly seed?: number;
  readonly stream?: boolean;
  readonly load:
    | { readonly kind: 'closed'; readonly levels: readonly number[] }
    /** Straight on, or rising at a moment. */
    | {
        readonly kind: 'open';
        readonly perSecond: number;
        readonly rise?: { readonly atMs: number; readonly to: number };
      };
  readonly durationMs: number;
  readonly warmupMs?: number;
  readonly graceMs?: number;
  /** Requests that the server works on at once; others wait there. */
  readonly slots?: number;
  /** Connections that the client may open; requests beyond them wait here. */
  readonly connections?: number;
  readonly ttftMs?: number;
  readonly itlMs?: number;
  readonly tokens?: number;
  readonly thinkingTokens?: number;
  /** How much slower each token becomes per request that is worked on. */
  readonly slowdown?: number;
  /** Requests under way from which the account is refused with 1302. */
  readonly limit?: number;
  /** Every nth request ends so. */
  readonly faults?: Readonly<Partial<Record<Reason, number>>>;
  readonly health?: Partial<Health>;
  readonly coalescedRatio?: number;
  readonly connectMs?: number;
  /** Share of requests that open a connection of their own; by default as many as ever were under way. */
  readonly freshRatio?: number;
  readonly model?: string;
}

export interface MadeRun {
  readonly result: LoadResult;
  readonly records: readonly RawRecord[];
}

/** A run as `scene` says; `more` changes single fields of its document. */
export function makeRun(scene: Scene, more: Partial<LoadResult> = {}): MadeRun {
  const records = recordsOf(scene);
  return { records, result: { ...resultOf(scene, records), ...more } };
}

const threshold = (text: string, ok: boolean, actual: number | null, why: string): ThresholdResult => ({
  text,
  ok,
  actual,
  why,
});

/** 20 streams at a time for a minute, all well. */
export const healthyRun = (more: Partial<LoadResult> = {}) =>
  makeRun(
    {
      load: { kind: 'closed', levels: [20] },
      durationMs: 60_000,
      warmupMs: 3000,
      ttftMs: 310,
      itlMs: 18,
      tokens: 60,
      thinkingTokens: 12,
      faults: { truncated: 401 },
    },
    {
      thresholds: [
        threshold('ttft_content:p95<1200ms', true, 655.2, '655 ms'),
        threshold('itl:p99<80ms', true, 31.4, '31.4 ms'),
        threshold('error_rate<1%', true, 0.0025, '0.25 %'),
      ],
      ...more,
    },
  );

/** 16 streams against an account that may have 8. */
export const rateLimitedRun = (more: Partial<LoadResult> = {}) =>
  makeRun(
    {
      load: { kind: 'closed', levels: [16] },
      durationMs: 45_000,
      limit: 8,
      ttftMs: 260,
      itlMs: 15,
      tokens: 60,
      faults: { overloaded: 151 },
    },
    {
      verdict: 'fail',
      thresholds: [
        threshold('ttft_content:p95<800ms', true, 402, '402 ms'),
        threshold('error_rate<1%', false, 0.41, '41 %'),
      ],
      ...more,
    },
  );

/** 30 requests a second, Poisson, where about 18 can be answered: a queue grows at the server, then at the client. */
export const saturatedRun = (more: Partial<LoadResult> = {}) =>
  makeRun(
    {
      load: { kind: 'open', perSecond: 30 },
      durationMs: 30_000,
      graceMs: 8000,
      slots: 24,
      connections: 160,
      ttftMs: 240,
      itlMs: 20,
      tokens: 50,
    },
    {
      verdict: 'fail',
      thresholds: [threshold('ttft_content:p95<800ms', false, 14_210, '14.2 s')],
      ...more,
    },
  );

/** 10 unary requests at a time. */
export const unaryRun = (more: Partial<LoadResult> = {}) =>
  makeRun({ stream: false, load: { kind: 'closed', levels: [10] }, durationMs: 20_000, ttftMs: 200, tokens: 40 }, more);

/** 10 minutes: 600 intervals, in steps from 2 to 32 streams. */
export const longRun = (more: Partial<LoadResult> = {}) =>
  makeRun(
    { load: { kind: 'closed', levels: [2, 4, 8, 16, 32] }, durationMs: 600_000, slots: 14, itlMs: 25, tokens: 80 },
    more,
  );

/** Stopped before anything was sent. */
export const emptyRun = (more: Partial<LoadResult> = {}) =>
  makeRun({ load: { kind: 'closed', levels: [0] }, durationMs: 0 }, { verdict: 'not_measurable', ...more });

/** A port that refuses every connection. */
export const failedRun = (more: Partial<LoadResult> = {}) =>
  makeRun(
    { load: { kind: 'closed', levels: [4] }, durationMs: 5000, faults: { tcp: 1 } },
    { verdict: 'fail', ...more },
  );

// --- one request after the other

function recordsOf(scene: Scene): RawRecord[] {
  const random = createRandom(scene.seed ?? 7);
  const server = createServer(scene, random.fork('server'));
  const records: RawRecord[] = [];
  const next = arrivalsOf(scene, random.fork('arrivals'));
  for (let arrival = next(); arrival !== undefined; arrival = next()) {
    const record = server.answer(records.length, arrival.atMs);
    records.push(record);
    arrival.ended(record.end_ms, record.class === 'rate_limited' ? 500 : record.class === 'tcp' ? 100 : 0);
  }
  return records;
}

interface Arrival {
  readonly atMs: number;
  /** Lets the user of a closed loop come back. */
  ended(endMs: number, pauseMs: number): void;
}

function arrivalsOf({ load, durationMs, warmupMs = 0 }: Scene, random: Random): () => Arrival | undefined {
  const stopMs = durationMs + warmupMs;
  if (load.kind === 'open') {
    let atMs = 0;
    const { perSecond, rise } = load;
    return () => {
      const rate = rise !== undefined && atMs >= rise.atMs ? rise.to : perSecond;
      atMs += (-Math.log(1 - random()) * 1000) / rate;
      return atMs < stopMs ? { atMs, ended: () => {} } : undefined;
    };
  }
  const { levels } = load;
  const firstMs = (user: number) => (levels.findIndex(level => level > user) * stopMs) / levels.length;
  const users = Array.from({ length: Math.max(...levels) }, (_, user) => firstMs(user));
  return () => {
    const user = users.indexOf(Math.min(...users));
    const atMs = users[user];
    if (atMs === undefined || atMs >= stopMs) return undefined;
    return {
      atMs,
      ended: (endMs, pauseMs) => {
        users[user] = endMs + pauseMs + 0.05;
      },
    };
  };
}

function createServer(scene: Scene, random: Random) {
  const { stream = true, slots = 1000, connections = 10_000, ttftMs = 250, itlMs = 20, tokens = 60 } = scene;
  const { warmupMs = 0, thinkingTokens = 0, slowdown = 0, limit = Number.POSITIVE_INFINITY, faults = {} } = scene;
  const { connectMs = 4, freshRatio, coalescedRatio = 0.04 } = scene;
  const stopMs = scene.durationMs + warmupMs + (scene.graceMs ?? 30_000);
  const working = createPlaces(slots);
  const sockets = createPlaces(connections);
  let opened = 0;

  const answer = (n: number, intended: number): RawRecord => {
    const sent = Math.max(intended + 0.02 + random() * 0.1 + (random() < 0.02 ? 0.8 : 0), sockets.freeAt(intended));
    const fresh = freshRatio === undefined ? sockets.busyAt(sent) >= opened : random() < freshRatio;
    if (fresh) opened++;
    const connect = fresh ? connectMs * spread(0.1) : 0;
    const left = sent + connect;
    const fault = (Object.keys(faults) as Reason[]).find(kind => n % faults[kind]! === faults[kind]! - 1);
    const refused = working.busyAt(left) >= limit;
    const record = refused || isRefusal(fault) ? refuse(refused ? 'rate_limited' : fault!) : serve();
    sockets.take(sent, Math.min(record.end_ms, stopMs));
    return record.end_ms > stopMs ? cutAt(record) : record;

    function refuse(kind: Reason): RawRecord {
      const end = left + (kind === 'tcp' ? 0.4 : 28 * spread(0.2));
      const code = kind === 'rate_limited' ? '1302' : kind === 'overloaded' ? '1305' : null;
      const status = kind === 'tcp' ? null : kind === 'server_error' ? 500 : 429;
      return { ...blank(), class: classOf(kind), end_ms: end, head_ms: status === null ? null : end, status, code };
    }

    function serve(): RawRecord {
      const start = working.freeAt(left);
      const pace = itlMs * (1 + slowdown * working.busyAt(start));
      const first = start + ttftMs * spread(0.18);
      const wanted = Math.max(2, Math.round((tokens + thinkingTokens) * (0.6 + 0.8 * random())));
      const made = fault === undefined ? wanted : Math.max(1, wanted >> 1);
      const gaps: number[] = [];
      for (let i = 1; i < made; i++)
        if (random() >= coalescedRatio) gaps.push(pace * spread(0.22) + (random() < 0.0006 ? 240 + 500 * random() : 0));
      const end = first + gaps.reduce((sum, gap) => sum + gap, 0);
      working.take(start, end);
      const thought = Math.min(thinkingTokens, gaps.length);
      const content = first + gaps.slice(0, thought).reduce((sum, gap) => sum + gap, 0);
      const usage = {
        prompt_tokens: 420,
        completion_tokens: wanted,
        cached_tokens: 0,
        reasoning_tokens: thinkingTokens,
      };
      const whole = { ...blank(), class: classOf(fault ?? 'ok'), status: 200, end_ms: end + 0.3, ...usage };
      const done = { ...whole, finish_reason: fault === undefined ? 'stop' : null, head_ms: end };
      if (!stream) return done;
      return {
        ...done,
        head_ms: first - 0.6,
        first_event_ms: first - 0.4,
        first_token_ms: first,
        first_reasoning_ms: thought > 0 ? first : null,
        first_content_ms: content,
        last_token_ms: end,
        max_gap_ms: Math.max(0, ...gaps),
        gaps_ms: gaps,
        chunks: made + 1,
        coalesced: made - 1 - gaps.length,
      };
    }

    function blank(): RawRecord {
      return {
        n,
        class: 'ok',
        attempts: 1,
        intended_ms: intended,
        sent_ms: left,
        head_ms: null,
        first_event_ms: null,
        first_reasoning_ms: null,
        first_content_ms: null,
        first_tool_ms: null,
        first_token_ms: null,
        last_token_ms: null,
        end_ms: left,
        max_gap_ms: 0,
        gaps_ms: [],
        chunks: 0,
        coalesced: 0,
        status: null,
        code: null,
        finish_reason: null,
        prompt_tokens: null,
        completion_tokens: null,
        cached_tokens: null,
        reasoning_tokens: null,
        connection: fresh ? 'new' : 'reused',
        connect_ms: fresh ? connect : null,
        id: `chatcmpl-${n}`,
        log_id: null,
      };
    }
    function classOf(kind: Reason): LedgerClass {
      return intended < warmupMs ? 'warmup' : kind;
    }
    function cutAt(record: RawRecord): RawRecord {
      return { ...record, class: record.class === 'warmup' ? 'warmup' : 'censored', end_ms: stopMs };
    }
  };
  const spread = (sigma: number) =>
    Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(6.2832 * random()));
  return { answer };
}

const isRefusal = (kind: Reason | undefined) =>
  kind !== undefined && (kind === 'overloaded' || kind === 'server_error' || domainOf(kind) !== 'provider');

/** Places that are taken until a moment; who finds none waits for the first to be free. */
function createPlaces(count: number) {
  let until: number[] = [];
  return {
    busyAt: (atMs: number) => until.filter(end => end > atMs).length,
    freeAt(atMs: number) {
      const busy = until.filter(end => end > atMs).sort((a, b) => a - b);
      return busy.length < count ? atMs : busy[busy.length - count]!;
    },
    take(fromMs: number, untilMs: number) {
      until = until.filter(end => end > fromMs - 100_000);
      until.push(untilMs);
    },
  };
}

// --- from records to the document

function resultOf(scene: Scene, records: readonly RawRecord[]): LoadResult {
  const { load, stream = true, seed = 7, warmupMs = 0, durationMs, model = 'glm-4.6', slots = 0 } = scene;
  const intervals = intervalsOf(scene, records);
  const ok = records.filter(record => record.class === 'ok');
  const cuts = steadyPart(intervals, warmupMs, warmupMs + durationMs);
  const window = intervals.filter(({ fromMs }) => fromMs >= warmupMs && fromMs < warmupMs + durationMs);
  const total = (pick: (interval: Interval) => number) => intervals.reduce((sum, interval) => sum + pick(interval), 0);
  const flow = { closed: load.kind === 'closed', tokensPerRead: tokensPerRead(intervals) };
  const chunks = total(({ chunks }) => chunks);
  const level = load.kind === 'closed' ? Math.max(...load.levels) : load.perSecond;
  return {
    version: resultVersion,
    tool: 'glm-testkit',
    tool_version: '0.1.0',
    run_id: '5c1e9f02',
    started_at: '2026-11-24T09:30:00.000Z',
    seed,
    schedule_hash: 'b1946ac92492d2347c6235b4d2611184',
    config: {
      baseUrl: 'http://127.0.0.1:4010/api/paas/v4',
      model,
      stream,
      load: load.kind === 'closed' ? { kind: 'closed', concurrency: load.levels } : { ...load, law: 'poisson' },
      warmupMs,
      durationMs,
      maxTokens: 128,
      slots,
    },
    environment: { node: 'v24.21.0', platform: 'linux x64', cores: 2, cpu: 'Intel Xeon', memory_gb: 8 },
    verdict: 'pass',
    validity: 'VALID',
    doubts: [],
    ledger: ledgerOf(records),
    metrics: figuresOf(intervals),
    throughput: {
      ...throughputOf(cuts.length === 0 ? window : cuts, flow),
      window: cuts.length === 0 ? 'whole' : 'steady',
      start_up_s: null,
    },
    whole: throughputOf(window, flow),
    steady: cuts.length === 0 ? null : steadyOf(cuts),
    load: {
      kind: load.kind,
      offered: records.length,
      sent: records.filter(({ sent_ms }) => sent_ms !== null).length,
      late: records.filter(({ sent_ms, intended_ms }) => sent_ms !== null && sent_ms - intended_ms > 10).length,
      delivered: load.kind === 'closed' ? null : Math.min(1, 1 - 0.0003 * level),
    },
    goodput: goodputOf(intervals, perSecond('goodput_per_second', cuts.length === 0 ? window : cuts, flow)),
    tokens: {
      input: total(({ inputTokens }) => inputTokens),
      output: total(({ outputTokens }) => outputTokens),
      cached: 0,
      reasoning: total(({ reasoningTokens }) => reasoningTokens),
      cost: {
        amount: ok.reduce((sum, { completion_tokens }) => sum + (completion_tokens ?? 0), 0) * 2e-6,
        currency: 'CNY',
      },
    },
    stream: {
      chunks,
      coalesced_ratio: chunks === 0 ? 0 : total(({ coalesced }) => coalesced) / chunks,
      stalls_over_200ms: total(({ stalls }) => stalls[0]),
      stalls_over_500ms: total(({ stalls }) => stalls[1]),
      stalls_over_1s: total(({ stalls }) => stalls[2]),
    },
    limits: { retries: 0, codes: codesOf(records) },
    connections: { opened: total(({ opened }) => opened) },
    calibration: { before: calibration(scene, 0.04, 0.9), after: calibration(scene, 0.05, 1.1) },
    health: healthOf(intervals),
    thresholds: [],
    findings: [],
    intervals,
    histograms: {},
  };
}

const calibration = (scene: Scene, p50: number, p99: number): CalibrationRun => ({
  streams: scene.load.kind === 'closed' ? Math.max(...scene.load.levels) : 64,
  events_per_second: 1100,
  ttft_ms: { p50, p90: p99 / 2, p95: p99 / 2, p99, count: 400, moments: 400 },
  gap_ms: { p50: 0.02, p90: p99 / 2, p95: p99 / 2, p99: p99 * 1.2, count: 22_000, moments: 120 },
  send_ms: { p50: 0.01, p90: 0.1, p95: 0.2, p99: 0.6, count: 400, moments: 400 },
  health: { elu: 0.14, lagMs: 1.8, gcMs: 12, gcMaxMs: 2.1, steal: 0.004 },
});

function intervalsOf(scene: Scene, records: readonly RawRecord[]): Interval[] {
  const endMs = Math.max(scene.durationMs + (scene.warmupMs ?? 0), ...records.map(({ end_ms }) => end_ms));
  const random = createRandom(scene.seed ?? 7).fork('health');
  const bySecond = (pick: (record: RawRecord) => number | null) =>
    Map.groupBy(records, record => Math.floor((pick(record) ?? Number.NaN) / 1000));
  const [planned, left, finished] = [
    bySecond(({ intended_ms }) => intended_ms),
    bySecond(({ sent_ms }) => sent_ms),
    bySecond(({ end_ms }) => end_ms),
  ];
  return Array.from({ length: Math.ceil(endMs / 1000) }, (_, i) => {
    const [fromMs, toMs] = [i * 1000, (i + 1) * 1000];
    const [ended, sent] = [finished.get(i) ?? [], left.get(i) ?? []];
    const good = ended.filter(record => record.class === 'ok');
    const gaps = good.flatMap(({ gaps_ms }) => gaps_ms);
    const over = (ms: number) => gaps.filter(gap => gap > ms).length;
    const sum = (pick: (record: RawRecord) => number | null) => good.reduce((all, one) => all + (pick(one) ?? 0), 0);
    return {
      fromMs,
      toMs,
      planned: planned.get(i)?.length ?? 0,
      sent: sent.length,
      ended: countBy(ended.map(record => record.class)),
      good: good.filter(meetsSlo).length,
      answered: good.length,
      answeredWell: good.filter(meetsSlo).length,
      reads: 0,
      readsEnded: 0,
      tokensRead: 0,
      ...inFlightOf(records, fromMs, toMs),
      inputTokens: sum(({ prompt_tokens }) => prompt_tokens),
      outputTokens: sum(({ completion_tokens }) => completion_tokens),
      budgetWaits: 0,
      bookedInputTokens: sum(({ prompt_tokens }) => prompt_tokens),
      bookedOutputTokens: sum(({ completion_tokens }) => completion_tokens),
      cachedTokens: 0,
      reasoningTokens: sum(({ reasoning_tokens }) => reasoning_tokens),
      chunks: sum(({ chunks }) => chunks),
      coalesced: sum(({ coalesced }) => coalesced),
      stalls: [over(200), over(500), over(1000)],
      retries: 0,
      codes: codesOf(ended),
      opened: sent.filter(({ connection }) => connection === 'new').length,
      histograms: histogramsOf(ended),
      health: [{ ...healthAt(random, i), ...scene.health }],
    };
  });
}

const healthAt = (random: Random, i: number): Health => ({
  elu: 0.12 + 0.06 * random(),
  lagMs: 0.6 + 1.5 * random(),
  gcMs: 1 + 3 * random(),
  gcMaxMs: i % 17 === 9 ? 8.4 : 0.6 + random(),
  steal: 0.002 + 0.004 * random(),
});

const meetsSlo = ({ first_content_ms, end_ms, intended_ms }: RawRecord) =>
  (first_content_ms ?? end_ms) - intended_ms < 1200;

function inFlightOf(records: readonly RawRecord[], fromMs: number, toMs: number) {
  const live = records.filter(({ sent_ms, end_ms }) => sent_ms !== null && sent_ms < toMs && end_ms > fromMs);
  const area = live.reduce((sum, { sent_ms, end_ms }) => sum + Math.min(toMs, end_ms) - Math.max(fromMs, sent_ms!), 0);
  const edges = live.flatMap(({ sent_ms, end_ms }) => [
    [Math.max(fromMs, sent_ms!), 1] as const,
    [end_ms, -1] as const,
  ]);
  let now = 0;
  let most = 0;
  for (const [, step] of edges.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    now += step;
    most = Math.max(most, now);
  }
  return { inFlightArea: area, inFlightMax: most };
}

function histogramsOf(ended: readonly RawRecord[]): Interval['histograms'] {
  const lists: Partial<Record<Measure, Histogram>> = {};
  const note = (name: Measure, ms: number | null) => {
    if (ms === null) return;
    lists[name] ??= createHistogram();
    lists[name].record(ms);
  };
  for (const record of ended) {
    if (record.sent_ms !== null && record.class !== 'warmup') note('attempt_ms', record.end_ms - record.sent_ms);
    note('connect_ms', record.connect_ms);
    if (record.class !== 'ok') continue;
    for (const [name, ms] of Object.entries(timesOf(record))) note(name as Measure, ms);
    for (const gap of record.gaps_ms) note('itl_ms', gap);
  }
  return Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, list.sparse()]));
}

function timesOf(record: RawRecord): Partial<Record<Measure, number | null>> {
  const { intended_ms: intended, sent_ms: sent, first_content_ms: content, first_token_ms: first } = record;
  const since = (from: number | null, to: number | null) => (from === null || to === null ? null : to - from);
  const tokens = (record.completion_tokens ?? 0) - 1;
  return {
    ttft_content_ms: since(intended, content),
    ttft_any_ms: since(intended, first),
    ttft_reasoning_ms: since(intended, record.first_reasoning_ms),
    ttft_event_ms: since(intended, record.first_event_ms),
    tpot_ms: first === null || tokens < 1 ? null : (record.last_token_ms! - first) / tokens,
    max_gap_ms: first === null ? null : record.max_gap_ms,
    e2e_ms: since(intended, record.end_ms),
    ttft_content_from_send_ms: since(sent, content),
    ttft_any_from_send_ms: since(sent, first),
    e2e_from_send_ms: since(sent, record.end_ms),
    ttfb_ms: since(sent, record.head_ms),
    send_delay_ms: since(intended, sent),
  };
}

function countBy<T extends string>(words: readonly T[]): Partial<Record<T, number>> {
  const counts: Partial<Record<T, number>> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

const codesOf = (records: readonly RawRecord[]) =>
  countBy(records.map(({ code }) => code).filter(code => code !== null)) as Record<string, number>;

function ledgerOf(records: readonly RawRecord[]): LoadResult['ledger'] {
  return { planned: records.length, ok: 0, ...countBy(records.map(record => record.class)) };
}

function steadyPart(intervals: readonly Interval[], fromMs: number, toMs: number): Interval[] {
  const margin = (toMs - fromMs) / 10;
  return intervals.filter(one => one.fromMs >= fromMs + margin && one.toMs <= toMs - margin);
}

const steadyOf = (cuts: readonly Interval[]) => ({
  from_s: cuts[0]!.fromMs / 1000,
  to_s: cuts.at(-1)!.toMs / 1000,
  metrics: figuresOf(cuts),
});

function goodputOf(intervals: readonly Interval[], { value, ci }: PerSecond): LoadResult['goodput'] {
  const all = intervals.reduce((sum, { ended }) => sum + (ended.ok ?? 0), 0);
  if (all === 0) return null;
  const good = intervals.reduce((sum, interval) => sum + interval.good, 0);
  return { slo: 'ttft_content<1200ms', requests_per_second: value, ci, ratio: good / all };
}

function healthOf(intervals: readonly Interval[]): Health {
  const all = intervals.flatMap(({ health }) => health);
  const most = (pick: (health: Health) => number) => Math.max(0, ...all.map(pick));
  const mean = (pick: (health: Health) => number) => all.reduce((sum, one) => sum + pick(one), 0) / (all.length || 1);
  return {
    elu: mean(({ elu }) => elu),
    lagMs: most(({ lagMs }) => lagMs),
    gcMs: all.reduce((sum, { gcMs }) => sum + gcMs, 0),
    gcMaxMs: most(({ gcMaxMs }) => gcMaxMs),
    steal: mean(({ steal }) => steal ?? 0),
  };
}

function figuresOf(intervals: readonly Interval[]): Figures {
  const figures: Partial<Record<Measure, Figure>> = {};
  for (const name of measureNames) {
    const histogram = createHistogram();
    for (const { histograms } of intervals) histogram.absorb(histograms[name] ?? []);
    if (histogram.count > 0) figures[name] = figureOf(histogram);
  }
  return figures;
}

const levels = { p50: [0.5, 11], p90: [0.9, 64], p95: [0.95, 130], p99: [0.99, 662] } as const;

/** Bounds by order statistics; the samples that a level needs are those of MLPerf's table. */
function figureOf(histogram: Histogram): Figure {
  const { count } = histogram;
  const names = Object.keys(levels) as (keyof typeof levels)[];
  const bounds = (q: number) => {
    const half = 1.96 * Math.sqrt((q * (1 - q)) / count);
    return [histogram.quantile(Math.max(0, q - half)), histogram.quantile(Math.min(1, q + half))] as const;
  };
  const short = names.filter(name => count < levels[name][1]);
  return {
    ...histogram.summary(),
    ci: Object.fromEntries(names.filter(name => !short.includes(name)).map(name => [name, bounds(levels[name][0])])),
    needs: Object.fromEntries(short.map(name => [name, levels[name][1]])),
  };
}
