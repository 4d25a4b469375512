/** What a run will cost at most, said before it starts. */
import { counted } from '../core/counted.ts';
import { UsageError } from '../core/errors.ts';
import { type Booked, costOf, worstOf } from './budget.ts';
import { money, rate } from './numbers.ts';
import { type LoadPlan, lengthMs, momentsOf, workloadFor } from './plan.ts';

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
  const workload = workloadFor(plan);
  const asks = Array.from({ length: looked }, (_, n) => workload.ask(n));
  const mean = (values: readonly number[]) => Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
  const planned = plan.arrivals.kind === 'closed' ? plan.maxRequests : momentsOf(plan).length;
  return {
    requests: Number.isFinite(planned) ? planned : undefined,
    promptTokens: mean(asks.map(ask => ask.promptTokens)),
    answerTokens: mean(asks.map(ask => ask.maxTokens)),
    longestAnswer: Math.max(...asks.map(ask => ask.maxTokens)),
    smallest: asks.map(worstOf).reduce((a, b) => (a.input + a.output <= b.input + b.output ? a : b)),
  };
}

/** Requests that are asked for beforehand what they would say. */
const looked = 100;

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
    each.cost < cost && small(`--max-cost ${maxCost}`, parts, brief(each.cost), `${brief(cost)} ${currency}`),
  ].filter(mistake => mistake !== false);
  if (mistakes.length > 0) throw new UsageError('small_budget', mistakes.join('\n'));
}

const small = (flag: string, parts: number, each: string, worst: string) =>
  parts === 1
    ? `${flag} has no room for the worst case of a single request, ${worst}: raise it, or lower --max-tokens`
    : `${flag} gives each of ${parts} processes ${each}, and the worst case of a single request is ${worst}: raise it, lower --max-tokens, or take fewer processes`;

const brief = (amount: number) => `${+amount.toPrecision(2)}`;

export function estimateText(estimate: Estimate, plan: LoadPlan): string {
  const { requests, promptTokens, answerTokens, longestAnswer } = estimate;
  const average = longestAnswer > answerTokens ? ` (${answerTokens} on average)` : '';
  const each = `${overruledText(plan)}about ${promptTokens} prompt and at most ${longestAnswer}${average} answer tokens a request`;
  const { maxTokens, maxCost, price } = plan.budget;
  const trace = traceText(plan);
  const limits = [
    ...(Number.isFinite(maxTokens) ? [`${maxTokens} tokens`] : []),
    ...(Number.isFinite(maxCost) ? [`${maxCost} ${plan.currency}`] : []),
  ];
  const budget = limits.length > 0 ? `; budget ${limits.join(' and ')}` : '';
  if (requests === undefined)
    return `${each}; how many requests in ${lengthMs(plan) / 1000} s, the answers decide${budget}`;
  // Of drawn lengths those that were not looked at may be longer.
  const most = requests > looked && longestAnswer > answerTokens ? 'about' : 'at most';
  const paid =
    price === undefined
      ? ''
      : `, ${most} ${money({ amount: roundedUp(costOf(price, requests * promptTokens, requests * answerTokens)), currency: plan.currency })}`;
  return `${trace}${each}; ${counted(requests, 'request')}: ${most} ${requests * (promptTokens + answerTokens)} tokens${paid}${budget}`;
}

/** To two digits behind the point, or two that say something: a bound that is rounded down is none. */
function roundedUp(amount: number): number {
  const unit = amount >= 0.095 || amount <= 0 ? 100 : 10 ** (1 - Math.floor(Math.log10(amount)));
  return Math.ceil(amount * unit - 1e-6) / unit;
}

/** What a line says of these would else be dropped in silence. */
function overruledText(plan: LoadPlan): string {
  const { overruled } = workloadFor(plan);
  if (overruled === 0) return '';
  const way = plan.stream ? 'streamed answers' : 'whole answers';
  return `prompts: ${counted(overruled, 'line')} asked for another model or way to answer, and all go to ${plan.model} for ${way}; `;
}

/** A unit that was guessed wrong shows in how long the trace then takes. */
function traceText({ arrivals }: LoadPlan): string {
  if (arrivals.kind !== 'trace' || arrivals.readAs === undefined) return '';
  const { offsetsMs, readAs } = arrivals;
  return `trace: ${counted(offsetsMs.length, 'request')} over ${rate((offsetsMs.at(-1) ?? 0) / 1000)} s (${readAs}); `;
}
