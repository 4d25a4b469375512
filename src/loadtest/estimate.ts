/** What a run will cost at most, said before it starts. */
import { expectedCount } from './arrivals.ts';
import { costOf } from './budget.ts';
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
  };
}

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
