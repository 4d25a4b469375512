/** Which requests belong together: a call is a request and its repetitions. */
import { scenarios as catalogue } from '../scenarios/index.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { retryOfWord, type ScenarioOutcome, type Word, wordOf } from './outcome.ts';
import { askerOf, endMs, inOrder, type Seen } from './seen.ts';

export interface Attempt {
  readonly entry: Seen;
  readonly word: Word;
  /** From the end of the attempt before to the arrival of this one; undefined for the first. */
  readonly gapMs: number | undefined;
}

/** At least one attempt, in order. */
export interface Call {
  readonly keyId: string | undefined;
  readonly attempts: readonly Attempt[];
  /** Whether its first attempt was surely the first. */
  readonly whole: boolean;
}

/**
 * Groups requests into calls, in the order of their first attempts. A repetition has the same body and credential; where the client counts
 * its retries for the server it has the next number, elsewhere it comes neither too soon nor too late to be one.
 */
export function callsOf(entries: readonly Seen[], given: Partial<Limits> = {}): Call[] {
  const limits = { ...defaultLimits, scenarios: catalogue, ...given };
  const calls: Growing[] = [];
  const waiting = new Map<string, Growing[]>();
  for (const entry of inOrder(entries)) {
    const asked = bodyOf(entry);
    const lane = (waiting.get(asked + numberOf(entry)) ?? []).filter(call => !isOver(call, entry, limits));
    const at = entry.attempt === 0 ? -1 : lane.findIndex(call => mayFollow(call, entry, limits));
    const call = at < 0 ? begin(entry, lane, calls) : (lane.splice(at, 1)[0] as Growing);
    const left = at < 0 && entry.attempt === undefined ? lane.filter(one => !isGivenUp(one, entry, limits)) : lane;
    waiting.set(asked + numberOf(entry), left);
    call.attempts.push(attemptOf(entry, call, limits.scenarios));
    if (mayGoOn(call)) waiting.set(asked + next(entry), [...(waiting.get(asked + next(entry)) ?? []), call]);
  }
  return calls;
}

interface Growing extends Call {
  readonly attempts: Attempt[];
}

const bodyOf = (entry: Seen) => `${askerOf(entry)} ${entry.fingerprint} ${entry.method} ${entry.path}`;

/** Under which a call that this request would repeat is waiting, and under which one waits that this request was of. */
const numberOf = ({ attempt }: Seen) => (attempt === undefined ? '' : ` #${attempt}`);
const next = ({ attempt }: Seen) => (attempt === undefined ? '' : ` #${attempt + 1}`);

/** A first attempt that is no repetition by its number, or that nothing comes before which it might repeat. */
function begin(entry: Seen, lane: readonly Growing[], calls: Growing[]): Growing {
  const whole = entry.attempt === undefined ? lane.length === 0 : entry.attempt === 0;
  const call: Growing = { keyId: entry.keyId, attempts: [], whole };
  calls.push(call);
  return call;
}

const last = ({ attempts }: Call): Attempt => attempts.at(-1) as Attempt;

const pauseOf = (call: Call, entry: Seen) => entry.at - endMs(last(call).entry);

/** Nobody repeats by himself what he gave up so long ago. */
function isOver(call: Call, entry: Seen, { quietMs, finalMs }: Limits): boolean {
  const final = entry.attempt === undefined && retryOfWord(last(call).word) === 'never';
  return pauseOf(call, entry) > (final ? finalMs : quietMs);
}

function mayFollow(call: Call, entry: Seen, limits: Limits): boolean {
  const pause = pauseOf(call, entry);
  if (pause < -limits.overlapMs) return false;
  if (entry.attempt !== undefined) return true;
  return !isBeside(last(call).entry, entry, pause, limits) && !isGivenUp(call, entry, limits);
}

/**
 * Sent over a new connection that had been opened before the answer: whoever did that had not heard it. A pool's old connections
 * say nothing, because a pool takes any.
 */
const isBeside = (before: Seen, entry: Seen, pause: number, { overlapMs }: Limits) =>
  pause < overlapMs && before.ending === 'complete' && !entry.reused && entry.connectionMs > pause + clockMs;

/** The journal's arrivals are in whole ms. */
const clockMs = 1;

/** A client that has been seen to wait would wait again: what comes at once is a new call, and the old one was given up. */
const isGivenUp = (call: Call, entry: Seen, { minGapMs, overlapMs }: Limits) =>
  pauseOf(call, entry) >= -overlapMs &&
  pauseOf(call, entry) < minGapMs &&
  call.attempts.some(({ gapMs }) => gapMs !== undefined && gapMs >= minGapMs);

function attemptOf(entry: Seen, { attempts }: Call, scenarios: readonly ScenarioOutcome[]): Attempt {
  const before = attempts.at(-1)?.entry;
  const gapMs = before === undefined ? undefined : Math.max(0, entry.at - endMs(before));
  return { entry, word: wordOf(entry, scenarios), gapMs };
}

/** After an answer a client may well keep, the same question is a new one; what has not ended cannot be repeated. */
const mayGoOn = (call: Call) => !settled.has(last(call).word);

const settled: ReadonlySet<Word> = new Set<Word>(['ok', 'usage_missing', 'reasoning_only', 'open']);
