/** What a run counts while it runs: every request in exactly one class, latencies of good ones in histograms. */
import { type CallRecord, e2e, tpot, ttft, ttftVisible } from '../core/call/record.ts';
import { createHistogram, type Histogram } from '../core/histogram.ts';
import { type Reason, reasons } from '../core/outcome.ts';

/** Milliseconds each. `itl` is between reads that brought tokens, of all streams; the others of good requests only. */
export interface Histograms {
  readonly ttft_any_ms: Histogram;
  readonly ttft_content_ms: Histogram;
  readonly itl_ms: Histogram;
  readonly tpot_ms: Histogram;
  readonly e2e_ms: Histogram;
}

export interface Tally {
  /** Requests that were started. */
  planned: number;
  /** Of those: made to warm up and not measured. */
  warmup: number;
  /** Of those: still under way when the grace was over. */
  censored: number;
  /** Of those: all others, by how they ended. */
  readonly ended: Record<Reason, number>;
  inFlight: number;
  inputTokens: number;
  outputTokens: number;
  readonly histograms: Histograms;
  /** Files a finished request. @param cut whether the run itself ended it */
  file(record: CallRecord, how: { measured: boolean; cut: boolean }): void;
}

export function createTally(): Tally {
  const histograms = {
    ttft_any_ms: createHistogram(),
    ttft_content_ms: createHistogram(),
    itl_ms: createHistogram(),
    tpot_ms: createHistogram(),
    e2e_ms: createHistogram(),
  };
  const tally: Tally = {
    planned: 0,
    warmup: 0,
    censored: 0,
    ended: Object.fromEntries(reasons.map(reason => [reason, 0])) as Record<Reason, number>,
    inFlight: 0,
    inputTokens: 0,
    outputTokens: 0,
    histograms,
    file: (record, { measured, cut }) => {
      const { kind } = record.outcome;
      if (!measured) tally.warmup++;
      else if (cut && kind === 'cancelled') tally.censored++;
      else tally.ended[kind]++;
      if (!measured || kind !== 'ok') return;
      tally.inputTokens += record.usage?.prompt_tokens ?? 0;
      tally.outputTokens += record.usage?.completion_tokens ?? 0;
      measure(histograms, record);
    },
  };
  return tally;
}

function measure(histograms: Histograms, record: CallRecord): void {
  histograms.e2e_ms.record(e2e(record));
  note(histograms.ttft_any_ms, ttft(record));
  note(histograms.ttft_content_ms, ttftVisible(record));
  note(histograms.tpot_ms, tpot(record));
}

const note = (histogram: Histogram, ms: number | undefined) => {
  if (ms !== undefined) histogram.record(ms);
};
