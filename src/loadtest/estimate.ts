/** What a run will cost at most, said before it starts. */
import { UsageError } from '../core/errors.ts';
import { expectedCount } from './arrivals.ts';
import { type Booked, costOf, worstOf } from './budget.ts';
import { counted, rate } from './numbers.ts';
import { type LoadPlan, lengthMs, workloadFor } from './plan.ts';

export interface Estimate {
  /** Requests that are planned; undefined for a closed loop, where the answers decide. */
  readonly requests: number | undefined;
  /** Of one request, on average over the first hundred. */
  readonly promptTokens: number;
  /** Of one answer at most, on average over the first hundred. */
  readonly answerTokens: number;
  /** Of the longest answer among them, at most. */
  readonly longestAnswer: number;
  /** What is set aside for the smallest request among them. */
  readonly smallest: Booked;
}

export function estimateOf(plan: LoadPlan): Estimate {
  const { arrivals, maxRequests } = plan;
  const workload = workloadFor(plan);
  const asks = Array.from({ length: 100 }, (_, n) => workload.ask(n));
  const mean = (values: readonly number[]) => Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
  const planned =
    arrivals.kind === 'closed' ? maxRequests : Math.min(maxRequests, Math.round(expectedCount(arrivals) ?? 0));
  return {
    requests: Number.isFinite(planned) ? planned : undefined,
    promptTokens: mean(asks.map(ask => ask.promptTokens)),
    answerTokens: mean(asks.map(ask => ask.maxTokens)),
    longestAnswer: Math.max(...asks.map(ask => ask.maxTokens)),
    smallest: asks.map(worstOf).reduce((a, b) => (a.input + a.output <= b.input + b.output ? a : b)),
  };
}

/**
 * A budget that has no room for a single request is a mistake, and not a run that ends as it begins.
 * @param parts processes that the budget is dealt to
 * @throws {UsageError} `small_budget`
 */
export function refuseSmallBudget({ smallest }: Estimate, { budget, currency }: LoadPlan, parts: number): void {
  const { maxTokens, maxCost, price } = budget;
  const tokens = smallest.input + smallest.output;
  const cost = price === undefined ? 0 : costOf(price, smallest.input, smallest.output);
  const each = { tokens: Math.floor(maxTokens / parts), cost: maxCost / parts };
  const mistakes = [
    each.tokens < tokens && small(`--max-tokens-total ${maxTokens}`, parts, `${each.tokens}`, `${tokens} tokens`),
    each.cost < cost && small(`--max-cost ${maxCost}`, parts, money(each.cost), `${money(cost)} ${currency}`),
  ].filter(mistake => mistake !== false);
  if (mistakes.length > 0) throw new UsageError('small_budget', mistakes.join('\n'));
}

const small = (flag: string, parts: number, each: string, worst: string) =>
  parts === 1
    ? `${flag} has no room for the worst case of a single request, ${worst}: raise it, or lower --max-tokens`
    : `${flag} gives each of ${parts} processes ${each}, and the worst case of a single request is ${worst}: raise it, lower --max-tokens, or take fewer processes`;

const money = (amount: number) => `${+amount.toPrecision(2)}`;

export function estimateText(estimate: Estimate, plan: LoadPlan): string {
  const { requests, promptTokens, answerTokens, longestAnswer } = estimate;
  const average = longestAnswer > answerTokens ? ` (${answerTokens} on average)` : '';
  const each = `about ${promptTokens} prompt and at most ${longestAnswer}${average} answer tokens a request`;
  const { maxTokens, maxCost, price } = plan.budget;
  const trace = traceText(plan);
  const limits = [
    ...(Number.isFinite(maxTokens) ? [`${maxTokens} tokens`] : []),
    ...(Number.isFinite(maxCost) ? [`${maxCost} ${plan.currency}`] : []),
  ];
  const budget = limits.length > 0 ? `; budget ${limits.join(' and ')}` : '';
  if (requests === undefined)
    return `${each}; how many requests in ${lengthMs(plan) / 1000} s, the answers decide${budget}`;
  const money =
    price === undefined
      ? ''
      : `, at most ${costOf(price, requests * promptTokens, requests * answerTokens).toFixed(2)} ${plan.currency}`;
  return `${trace}${each}; ${counted(requests, 'request')}: at most ${requests * (promptTokens + answerTokens)} tokens${money}${budget}`;
}

/** A unit that was guessed wrong shows in how long the trace then takes. */
function traceText({ arrivals }: LoadPlan): string {
  if (arrivals.kind !== 'trace' || arrivals.readAs === undefined) return '';
  const { offsetsMs, readAs } = arrivals;
  return `trace: ${counted(offsetsMs.length, 'request')} over ${rate((offsetsMs.at(-1) ?? 0) / 1000)} s (${readAs}); `;
}
