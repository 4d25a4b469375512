/** The search for an account's concurrency limit with few and cheap requests: so many at once, each of one token. */

export interface LimitFinderOptions {
  /** First and largest number of requests at once. */
  readonly low: number;
  readonly high: number;
}

/** What became of so many requests sent at once. */
export interface LimitReport {
  readonly succeeded: number;
  /** Refused for being too many at once: code 1302, and no other. */
  readonly limited: number;
  /** Ended in any other way, which says nothing about the limit. */
  readonly failed: number;
  /** What most of the failed ended as, for people: `auth, the key or token was refused`. */
  readonly failure?: string | undefined;
}

export type LimitResult =
  /** So many are answered, one more is refused. */
  | { readonly kind: 'found'; readonly ceiling: number }
  /** The largest number allowed is still answered. */
  | { readonly kind: 'at_least'; readonly ceiling: number }
  /** Even the first number is refused. */
  | { readonly kind: 'below'; readonly ceiling: number }
  /** So many were answered, though of `inFlight`, no more than that, `limited` were once refused: they were hardly there at once. */
  | { readonly kind: 'no_overlap'; readonly ceiling: number; readonly inFlight: number; readonly limited: number }
  /** Between these two; `why` is a clause for people. */
  | { readonly kind: 'unclear'; readonly low: number; readonly high: number; readonly why: string };

export type LimitStep =
  | { readonly kind: 'probe'; readonly inFlight: number }
  | { readonly kind: 'done'; readonly result: LimitResult };

export interface LimitFinder {
  /** The same answer until the next report. */
  next(): LimitStep;
  report(inFlight: number, report: LimitReport): void;
}

/**
 * Doubles until a request is refused. Then as many as were answered is the best guess, and halving does the rest. Both
 * sides of the answer are confirmed once; where a number was answered and refused as often, it is tried again.
 */
export function createLimitFinder({ low, high }: LimitFinderOptions): LimitFinder {
  if (!Number.isInteger(low) || !Number.isInteger(high) || low < 1 || high < low)
    throw new Error(`a search from ${low} to ${high} has no whole numbers`);
  const votes = new Map<number, Votes>();
  const crowds: Crowd[] = [];
  const mostProbes = 12 + 2 * Math.ceil(Math.log2(high / low + 1));
  let probes = 0;
  let fruitless = 0; // failures in a row
  let failure: string | undefined; // of the last of them
  let guess = 0; // how many were answered when some were refused

  const next = (): LimitStep => {
    const bracket = bracketOf(votes, high);
    const tired = tiredOf();
    if (tired !== undefined) return done({ kind: 'unclear', low: bracket.answered, high: bracket.refused, why: tired });
    const level = levelIn(bracket);
    return level === undefined
      ? done(doubted(resultOf(bracket, { low, high }), crowds))
      : { kind: 'probe', inFlight: level };
  };
  const tiredOf = () => {
    if (fruitless >= 3)
      return `requests fail for ${failure === undefined ? 'other reasons' : `another reason: ${failure}`}`;
    return probes >= mostProbes ? 'the answers contradict each other' : undefined;
  };
  const levelIn = ({ answered, refused }: Bracket): number | undefined => {
    const tie = [...votes].find(([, { yes, no }]) => yes === no)?.[0];
    if (tie !== undefined) return tie;
    if (refused > high) return answered < high ? Math.min(high, Math.max(low, 2 * answered)) : unconfirmed([high]);
    if (answered < low && refused === low) return unconfirmed([low]);
    if (refused - answered > 1) return insideOf(answered, refused);
    return unconfirmed([answered, refused]);
  };
  const insideOf = (answered: number, refused: number) => {
    const middle = Math.floor((Math.max(answered, low - 1) + refused) / 2);
    return (
      [guess, guess + 1].find(level => level > answered && level < refused && level >= low) ?? Math.max(low, middle)
    );
  };
  const unconfirmed = (levels: readonly number[]) =>
    levels.find(level => Math.abs((votes.get(level)?.yes ?? 0) - (votes.get(level)?.no ?? 0)) < 2);
  const report = (inFlight: number, { succeeded, limited, failed, failure: why }: LimitReport) => {
    const step = next();
    if (step.kind !== 'probe' || step.inFlight !== inFlight) throw new Error(`${inFlight} at once were not asked for`);
    probes++;
    fruitless = limited === 0 && failed > 0 ? fruitless + 1 : 0;
    failure = why;
    if (fruitless > 0) return;
    const { yes, no } = votes.get(inFlight) ?? { yes: 0, no: 0 };
    votes.set(inFlight, limited > 0 ? { yes, no: no + 1 } : { yes: yes + 1, no });
    if (limited > 0) guess = succeeded;
    if (limited > Math.max(1, strayShare * inFlight)) crowds.push({ inFlight, limited });
  };
  return { next, report };
}

/** A round in which more were refused than by chance. */
interface Crowd {
  readonly inFlight: number;
  readonly limited: number;
}

/** Somebody else may be on the account: so many of a round may be refused without saying anything. */
const strayShare = 0.1;

/** Rounds that were answered do not outvote one that was refused: whether requests meet at the server is chance, being refused is not. */
function doubted(result: LimitResult, crowds: readonly Crowd[]): LimitResult {
  if (result.kind !== 'found' && result.kind !== 'at_least') return result;
  const crowd = crowds.find(({ inFlight }) => inFlight <= result.ceiling);
  return crowd === undefined ? result : { kind: 'no_overlap', ceiling: result.ceiling, ...crowd };
}

/** How often all were answered, and how often some were refused. */
interface Votes {
  readonly yes: number;
  readonly no: number;
}

interface Bracket {
  /** Largest number below every refused one that was answered, 0 for none. */
  readonly answered: number;
  /** Smallest that was refused, one more than allowed for none. */
  readonly refused: number;
}

function bracketOf(votes: ReadonlyMap<number, Votes>, high: number): Bracket {
  const all = [...votes];
  const refused = Math.min(high + 1, ...all.filter(([, { yes, no }]) => no > yes).map(([level]) => level));
  const answered = all.filter(([level, { yes, no }]) => yes > no && level < refused).map(([level]) => level);
  return { answered: Math.max(0, ...answered), refused };
}

const done = (result: LimitResult): LimitStep => ({ kind: 'done', result });

function resultOf({ answered, refused }: Bracket, { low, high }: LimitFinderOptions): LimitResult {
  if (refused > high) return { kind: 'at_least', ceiling: answered };
  return answered < low ? { kind: 'below', ceiling: low - 1 } : { kind: 'found', ceiling: answered };
}
