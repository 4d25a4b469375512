/** What was spent on a day, and whether more may be. */
export interface Spent {
  readonly tokens: number;
  readonly cost: number;
}

/** What may be spent; undefined: anything. */
export interface Allowance {
  readonly tokens: number | undefined;
  readonly cost: number | undefined;
  /** Of this, when most of it is gone: the part that one check may have. */
  readonly share: number;
}

/** Whether spending `by` goes beyond what is allowed: all of it, or what one check may have when most is gone. */
export function exceeds(all: Spent, own: Spent, by: Spent, { tokens, cost, share }: Allowance): boolean {
  const over = (have: number, mine: number, more: number, limit: number | undefined) =>
    limit !== undefined &&
    more > 0 &&
    (have + more > limit || (have + more > limit * fairnessBegins && mine + more > limit * share));
  return over(all.tokens, own.tokens, by.tokens, tokens) || over(all.cost, own.cost, by.cost, cost);
}

/** From this part on, a check may only have its own share. */
const fairnessBegins = 0.8;
