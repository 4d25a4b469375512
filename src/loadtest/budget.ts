/**
 * Tokens and money that a run may spend. The worst case of a request is set aside before it is sent and settled by what
 * it took, so the limit cannot be overshot however many requests are under way.
 */
import type { CallRecord } from '../core/call/record.ts';

/** Money per million tokens, in the user's currency. */
export interface Price {
  readonly input: number;
  readonly output: number;
}

export interface BudgetLimits {
  readonly maxTokens: number;
  readonly maxCost: number;
  readonly price: Price | undefined;
}

/** What a request asks for at most. */
export interface Wanted {
  readonly promptTokens: number;
  readonly maxTokens: number;
}

export interface Budget {
  /** Sets the worst case aside; false when it does not fit any more. */
  reserve(wanted: Wanted): boolean;
  /** Replaces the reservation by what was used. */
  settle(wanted: Wanted, record: CallRecord): void;
  readonly spentTokens: number;
  readonly spentCost: number;
}

export const costOf = (price: Price, input: number, output: number) =>
  (input * price.input + output * price.output) / 1_000_000;

export function createBudget({ maxTokens, maxCost, price = { input: 0, output: 0 } }: BudgetLimits): Budget {
  const spent = { input: 0, output: 0 };
  const held = { input: 0, output: 0 };
  const fits = () => {
    const input = spent.input + held.input;
    const output = spent.output + held.output;
    return input + output <= maxTokens && costOf(price, input, output) <= maxCost;
  };
  const hold = ({ promptTokens, maxTokens: most }: Wanted, sign: 1 | -1) => {
    held.input += sign * Math.ceil(promptTokens * promptMargin);
    held.output += sign * most;
  };
  const reserve: Budget['reserve'] = wanted => {
    hold(wanted, 1);
    if (fits()) return true;
    hold(wanted, -1);
    return false;
  };
  const settle: Budget['settle'] = (wanted, record) => {
    hold(wanted, -1);
    const used = usedBy(wanted, record);
    spent.input += used.input;
    spent.output += used.output;
  };
  return {
    reserve,
    settle,
    get spentTokens() {
      return spent.input + spent.output;
    },
    get spentCost() {
      return costOf(price, spent.input, spent.output);
    },
  };
}

/** Our count of a prompt is an estimate; the tokenizer is the vendor's. */
const promptMargin = 1.25;

/** Without usage: nothing for a refusal, and for an answer that broke off the larger of what was seen and what is likely. */
function usedBy(wanted: Wanted, { usage, firstEventMs, visibleChars, chunks }: CallRecord) {
  if (usage !== undefined) return { input: usage.prompt_tokens, output: usage.completion_tokens };
  if (firstEventMs === undefined) return { input: 0, output: 0 };
  return {
    input: Math.ceil(wanted.promptTokens * promptMargin),
    output: Math.min(wanted.maxTokens, Math.max(chunks, visibleChars)),
  };
}
