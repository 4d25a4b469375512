/** A stored run as blocks of time: its latencies and its rates, ready to be drawn from. */
import type { Sparse } from '../../core/histogram.ts';
import { type Reason, reasons } from '../../core/outcome.ts';
import type { Interval } from '../interval.ts';
import type { Measure } from '../measures.ts';
import type { Counted } from './binomial.ts';
import { type LatencyBlocks, latencyBlocks, ratio, type Statistic } from './blocks.ts';
import { batchesOf } from './moments.ts';
import { type Amounts, amountsOf, type FlowFacts, type PerSecondName, tokensPerRead } from './per-second.ts';

export const rates = ['requests_per_second', 'output_tokens_per_second', 'error_rate'] as const;

export type Rate = (typeof rates)[number];

export interface RunBlocks {
  readonly blocks: number;
  readonly latency: (measure: Measure) => LatencyBlocks;
  readonly rate: (rate: Rate) => Statistic;
  /** Requests that failed, among those that came to an end. */
  readonly failed: Counted;
}

/**
 * At most twenty blocks, of neighbouring seconds.
 * @param window intervals in which requests were offered
 * @param drain those after them: their answers belong to the last block, their time to none
 * @param facts how amounts per second are told
 */
export function runBlocks(
  window: readonly Interval[],
  drain: readonly Interval[] = [],
  facts: FlowFacts = { closed: false, tokensPerRead: tokensPerRead([...window, ...drain]) },
): RunBlocks {
  const blocks = batchesOf(window, 20);
  const withDrain = blocks.map((block, i) => (i === blocks.length - 1 ? [...block, ...drain] : block));
  const latency = (measure: Measure) => latencyBlocks(withDrain.map(block => block.flatMap(sparseOf(measure))));
  const sums = (of: (interval: Interval) => number) =>
    blocks.map(block => block.reduce((sum, one) => sum + of(one), 0));
  const flow = (name: PerSecondName) => levelledRatio(amountsOf(name, blocks, facts));
  const [some, all] = [failures, reasons].map(kinds => sums(interval => finished(interval, kinds))) as [
    number[],
    number[],
  ];
  const statistics = {
    requests_per_second: () => flow('requests_per_second'),
    output_tokens_per_second: () => flow('output_tokens_per_second'),
    error_rate: () => ratio(some, all),
  } satisfies Record<Rate, () => Statistic>;
  const failed = { some: total(some), all: total(all) };
  return { blocks: blocks.length, latency, rate: name => statistics[name](), failed };
}

const total = (amounts: readonly number[]) => amounts.reduce((sum, amount) => sum + amount, 0);

/** The figure as it was counted; its noise, and what its ends hide, as its levelled amounts tell. */
function levelledRatio({ counted, levelled, seconds }: Amounts): Statistic {
  const [shown, level] = [ratio(counted, seconds), ratio(levelled, seconds)];
  const hidden = level.value - shown.value;
  return { value: shown.value, hidden, of: weights => level.of(weights) - hidden, pulls: level.pulls };
}

const sparseOf =
  (measure: Measure) =>
  ({ histograms }: Interval): Sparse[] => {
    const sparse = histograms[measure];
    return sparse === undefined || sparse.length === 0 ? [] : [sparse];
  };

const failures = reasons.filter(reason => reason !== 'ok');

/** Requests that came to an end by themselves, not those that were shed, lost or cut off. */
const finished = ({ ended }: Interval, kinds: readonly Reason[]) =>
  kinds.reduce((sum, kind) => sum + (ended[kind] ?? 0), 0);
