/** Counts the interval under way. `cut` closes it and begins the next; nothing else is kept, however long the run. */
import type { CallRecord } from '../core/call/record.ts';
import { createHistogram, type Histogram } from '../core/histogram.ts';
import type { Booked } from './budget.ts';
import { createCodes } from './codes.ts';
import type { Health, Interval, LedgerClass } from './interval.ts';
import { type Measure, measureNames, measuresOf } from './measures.ts';
import { type Counting, newCounting } from './total.ts';

/** A request that has come to its end. */
export interface Ended {
  readonly ledgerClass: LedgerClass;
  /** The last attempt; undefined when none was made. */
  readonly record: CallRecord | undefined;
  readonly intendedMs: number;
  /** When the first attempt left. */
  readonly firstSentMs: number | undefined;
  /** Whether it met the SLO; of a request of the warm-up too. */
  readonly good: boolean;
  /** Reads of the last attempt that brought tokens, after the first. */
  readonly reads: number;
}

export interface Tally {
  /** Requests whose time came. */
  plan(count: number): void;
  /** One more under way, or one less. */
  flight(change: 1 | -1, nowMs: number): void;
  /** An attempt has left. */
  sent(): void;
  /** An attempt that ended. @param retry whether it was not its request's first */
  attempt(record: CallRecord, retry: boolean): void;
  /** A request waits for the budget to have room. */
  budgetWait(): void;
  /** What the budget was charged for an attempt. */
  booked(tokens: Booked): void;
  /** A read of any stream that brought tokens, after its first. */
  read(): void;
  /** Time in ms between two reads of a measured stream that brought tokens. */
  gap(ms: number): void;
  end(ended: Ended): void;
  /** Closes the interval. @param fromMs when the run began, on the same clock as `nowMs` */
  cut(nowMs: number, fromMs: number, health: readonly Health[]): Interval;
  readonly inFlight: number;
}

/**
 * One closure over what is counted: it is called for every token of every stream (`bench/load.ts`).
 * @param startMs when the first interval begins
 */
export function createTally(startMs: number): Tally {
  const histograms = Object.fromEntries(measureNames.map(name => [name, createHistogram()])) as Histograms;
  const nameOf = createCodes();
  let counts = newCounting();
  let begunMs = startMs;
  let flying = { level: 0, most: 0, area: 0, sinceMs: startMs };

  const flight: Tally['flight'] = (change, nowMs) => {
    flying.area += flying.level * (nowMs - flying.sinceMs);
    flying.sinceMs = nowMs;
    flying.level += change;
    flying.most = Math.max(flying.most, flying.level);
  };
  const attempt: Tally['attempt'] = (record, retry) => {
    if (retry) counts.retries++;
    if (record.code !== undefined) {
      const code = nameOf(record.code);
      counts.codes[code] = (counts.codes[code] ?? 0) + 1;
    }
    counts.chunks += record.chunks;
    counts.coalesced += record.coalesced;
    if (record.sentMs !== undefined) histograms.attempt_ms.record(record.endMs - record.sentMs);
    if (record.reusedConnection) return;
    counts.opened++;
    const openMs = record.tlsMs ?? record.tcpMs;
    if (openMs !== undefined && record.connectMs !== undefined) histograms.connect_ms.record(openMs - record.connectMs);
  };
  const gap: Tally['gap'] = ms => {
    histograms.itl_ms.record(ms);
    if (ms > 200) counts.stalls[0]++;
    if (ms > 500) counts.stalls[1]++;
    if (ms > 1000) counts.stalls[2]++;
  };
  const end: Tally['end'] = ({ ledgerClass, record, intendedMs, firstSentMs, good, reads }) => {
    counts.ended[ledgerClass] = (counts.ended[ledgerClass] ?? 0) + 1;
    if (record === undefined) return;
    countTokens(counts, record, reads);
    if (record.outcome.kind === 'ok') counts.answered++;
    if (good) counts.answeredWell++;
    if (ledgerClass !== 'ok') return;
    if (good) counts.good++;
    for (const [name, ms] of Object.entries(measuresOf(record, intendedMs, firstSentMs)))
      if (ms !== undefined) histograms[name as Measure].record(ms);
  };
  const cut: Tally['cut'] = (nowMs, fromMs, health) => {
    const { level, most, area, sinceMs } = flying;
    const interval: Interval = {
      fromMs: begunMs - fromMs,
      toMs: nowMs - fromMs,
      ...counts,
      inFlightArea: area + level * (nowMs - sinceMs),
      inFlightMax: most,
      histograms: drain(histograms),
      health,
    };
    counts = newCounting();
    begunMs = nowMs;
    flying = { level, most: level, area: 0, sinceMs: nowMs };
    return interval;
  };
  return {
    plan: count => {
      counts.planned += count;
    },
    flight,
    sent: () => {
      counts.sent++;
    },
    attempt,
    budgetWait: () => {
      counts.budgetWaits++;
    },
    booked: ({ input, output }) => {
      counts.bookedInputTokens += input;
      counts.bookedOutputTokens += output;
    },
    read: () => {
      counts.reads++;
    },
    gap,
    end,
    cut,
    get inFlight() {
      return flying.level;
    },
  };
}

type Histograms = Readonly<Record<Measure, Histogram>>;

/** Tokens that were generated cost money, whatever the answer was good for. */
function countTokens(counts: Counting, { usage }: CallRecord, reads: number): void {
  if (usage === undefined) return;
  counts.inputTokens += usage.prompt_tokens;
  counts.outputTokens += usage.completion_tokens;
  if (reads > 0) {
    counts.readsEnded += reads;
    counts.tokensRead += usage.completion_tokens;
  }
  counts.cachedTokens += usage.prompt_tokens_details?.cached_tokens ?? 0;
  counts.reasoningTokens += usage.completion_tokens_details?.reasoning_tokens ?? 0;
}

function drain(histograms: Histograms): Interval['histograms'] {
  const filled = measureNames.filter(name => histograms[name].count > 0);
  const drained = filled.map(name => [name, histograms[name].sparse()] as const);
  for (const name of filled) histograms[name].reset();
  return Object.fromEntries(drained);
}
