/**
 * Tokens and money that a run may spend. The worst case of a request is set aside before it is sent and settled by what
 * it took, so the limit cannot be overshot however many requests are under way. A server may count more than that, for a
 * template or a prompt of its own: the first answer tells, and from then on as much more is set aside. Of one that tells no
 * usage nothing more can be learnt.
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
  /** Whether who can wait goes carefully until the first answer tells what a prompt takes. Default true. */
  readonly careful?: boolean;
}

/** What a request asks for at most. */
export interface Wanted {
  readonly promptTokens: number;
  readonly maxTokens: number;
}

/** Tokens that an attempt is charged with. */
export interface Booked {
  readonly input: number;
  readonly output: number;
}

/** `later`: it fits when those under way take less than was set aside for them; `never`: it does not fit any more. */
export type Room = 'held' | 'later' | 'never';

export interface Budget {
  /**
   * Sets the worst case aside when there is room.
   * @param canWait until the first answer tells what a prompt takes, only as many go beside each other as may take far more
   */
  reserve(wanted: Wanted, canWait?: boolean): Room;
  /** Resolves with the next settlement. */
  settled(): Promise<void>;
  /** Replaces the reservation by what was used, or may have been. @returns what was booked */
  settle(wanted: Wanted, record: CallRecord): Booked;
  /** Whether there was an answer, which tells what a prompt takes or that nobody does: who waits before waits for it and not for room. */
  readonly told: boolean;
  readonly spentTokens: number;
  readonly spentCost: number;
}

export const costOf = (price: Price, input: number, output: number) =>
  (input * price.input + output * price.output) / 1_000_000;

export function createBudget(limits: BudgetLimits): Budget {
  const { maxTokens, maxCost, price = { input: 0, output: 0 }, careful = true } = limits;
  const spent = { input: 0, output: 0 };
  const held = { input: 0, output: 0 };
  const beyond = { input: 0, output: 0 }; // the most that one request took more than its worst case
  let flying = 0;
  let told = !careful;
  let next = Promise.withResolvers<void>();
  const fits = (extra: typeof spent, more: typeof spent, times: number) => {
    const input = spent.input + more.input + times * extra.input;
    const output = spent.output + more.output + times * extra.output;
    return input + output <= maxTokens && costOf(price, input, output) <= maxCost;
  };
  const hold = ({ input, output }: Booked, sign: 1 | -1) => {
    held.input += sign * input;
    held.output += sign * output;
    flying += sign;
  };
  const reserve: Budget['reserve'] = (wanted, canWait = false) => {
    const worst = worstOf(wanted);
    if (!fits(beyond, worst, 1)) return 'never';
    hold(worst, 1);
    if (flying === 1 || fits(told || !canWait ? beyond : untold, held, flying)) return 'held';
    hold(worst, -1);
    return 'later';
  };
  const settle: Budget['settle'] = (wanted, record) => {
    const worst = worstOf(wanted);
    hold(worst, -1);
    const booked = bookedFor(wanted, record);
    spent.input += booked.input;
    spent.output += booked.output;
    beyond.input = Math.max(beyond.input, booked.input - worst.input);
    beyond.output = Math.max(beyond.output, booked.output - worst.output);
    told ||= (record.usage?.prompt_tokens ?? 0) > 0 || saidSomething(record);
    next.resolve();
    next = Promise.withResolvers();
    return booked;
  };
  return {
    reserve,
    settled: () => next.promise,
    settle,
    get told() {
      return told;
    },
    get spentTokens() {
      return spent.input + spent.output;
    },
    get spentCost() {
      return costOf(price, spent.input, spent.output);
    },
  };
}

/** What a prompt may take besides while nothing is known of its server: as much as a long prompt of an agent. */
const untold: Booked = { input: 8192, output: 0 };

/** Our count of a prompt is an estimate; the tokenizer is the vendor's. */
const promptMargin = 1.25;

/** The most that a request is expected to take: what is set aside for it. */
export const worstOf = ({ promptTokens, maxTokens }: Wanted) => ({
  input: Math.ceil(promptTokens * promptMargin),
  output: maxTokens,
});

const nothing: Booked = { input: 0, output: 0 };

/**
 * Where no usage was told, only the server knows what it generated: whoever hangs up pays all the same. So what was sent
 * is booked with its worst case, or with what was seen when a server went beyond that. A gateway that writes zeros has
 * told nothing: a prompt has tokens, and so has an answer that said something.
 */
function bookedFor(wanted: Wanted, record: CallRecord): Booked {
  const { usage, sentMs, chunks } = record;
  if (usage === undefined && (sentMs === undefined || isRefused(record))) return nothing;
  const { input, output } = worstOf(wanted);
  const most = { input, output: Math.max(output, chunks) };
  if (usage === undefined) return most;
  return {
    input: usage.prompt_tokens || most.input,
    output: usage.completion_tokens || (saidSomething(record) ? most.output : 0),
  };
}

const saidSomething = ({ firstTokenMs, visibleChars }: CallRecord) => firstTokenMs !== undefined || visibleChars > 0;

/** Turned away before any work was done. A 408 gives up on work that had begun. */
const isRefused = ({ status = 0 }: CallRecord) => status >= 400 && status < 500 && status !== 408;
