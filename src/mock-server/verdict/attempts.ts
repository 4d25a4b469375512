/** Which requests belong together: a call is a request and its repetitions, known by their identical body. */
import { scenarios as catalogue } from '../scenarios/index.ts';
import { type ScenarioOutcome, type Word, wordOf } from './outcome.ts';
import { endMs, inOrder, type Seen } from './seen.ts';

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
}

export interface Grouping {
  /** A longer silence than this begins a new call; 10 minutes by default. */
  readonly quietMs?: number;
  /** How much two attempts may seem to overlap: the mock learns of a hang-up a little late; 20 ms by default. */
  readonly overlapMs?: number;
  readonly scenarios?: readonly ScenarioOutcome[];
}

/** Groups requests into calls, in the order of their first attempts. Equal requests in flight at once are several calls. */
export function callsOf(
  entries: readonly Seen[],
  { quietMs = 600_000, overlapMs = 20, scenarios = catalogue }: Grouping = {},
): Call[] {
  const calls: Growing[] = [];
  const waiting = new Map<string, Growing[]>();
  for (const entry of inOrder(entries)) {
    const key = `${entry.keyId ?? ''} ${entry.fingerprint} ${entry.method} ${entry.path}`;
    const lanes = (waiting.get(key) ?? []).filter(lane => entry.at - endMs(last(lane).entry) <= quietMs);
    const at = lanes.findIndex(lane => endMs(last(lane).entry) <= entry.at + overlapMs);
    const call = at < 0 ? begin(entry, calls) : (lanes.splice(at, 1)[0] as Growing);
    call.attempts.push(attemptOf(entry, call, scenarios));
    waiting.set(key, mayGoOn(call) ? [...lanes, call] : lanes);
  }
  return calls;
}

interface Growing extends Call {
  readonly attempts: Attempt[];
}

function begin(entry: Seen, calls: Growing[]): Growing {
  const call: Growing = { keyId: entry.keyId, attempts: [] };
  calls.push(call);
  return call;
}

const last = ({ attempts }: Call): Attempt => attempts.at(-1) as Attempt;

function attemptOf(entry: Seen, { attempts }: Call, scenarios: readonly ScenarioOutcome[]): Attempt {
  const before = attempts.at(-1)?.entry;
  const gapMs = before === undefined ? undefined : Math.max(0, entry.at - endMs(before));
  return { entry, word: wordOf(entry, scenarios), gapMs };
}

/** After an answer a client may well keep, the same question is a new one; what has not ended cannot be repeated. */
const mayGoOn = (call: Call) => !settled.has(last(call).word);

const settled: ReadonlySet<Word> = new Set<Word>(['ok', 'usage_missing', 'reasoning_only', 'open']);
