/** How a journaled request ended, in the words of `core/outcome.ts`. */
import { counted } from '../../core/counted.ts';
import { classify, endings, type Reason, type Retry } from '../../core/outcome.ts';
import { scenarios as catalogue } from '../scenarios/index.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { Seen } from './seen.ts';

/** As much of a scenario as a verdict needs. */
export type ScenarioOutcome = Pick<Scenario, 'name' | 'outcome' | 'unary'>;

/** A reason, or what only the server's side can tell: the client hung up, or nothing has ended yet. */
export type Word = Reason | 'aborted' | 'open';

/** The word for people: the reason, `open`, or `aborted after 5 chunks`. */
export function outcomeOf(entry: Seen, scenarios: readonly ScenarioOutcome[] = catalogue): string {
  const word = wordOf(entry, scenarios);
  return word === 'aborted' ? `aborted after ${counted(entry.beats, 'chunk')}` : word;
}

/** The same without the count: one of a closed list. */
export function wordOf(entry: Seen, scenarios: readonly ScenarioOutcome[] = catalogue): Word {
  if (isPlain(entry)) return 'ok';
  if (entry.ending === 'open') return 'open';
  // An error that was on its way is what the client acted on, even if it did not wait for the last byte.
  const refused = entry.status >= 400 && (entry.ending === 'complete' || entry.bytes > 0);
  if (entry.ending === 'client_gone' && !refused) return 'aborted';
  if (entry.code !== 'none') return answered(entry);
  return struck(entry, scenarios) ?? (refused ? undefined : broken(entry)) ?? answered(entry);
}

/** The usual end, told without the long way: every request that leaves the journal is asked. */
const isPlain = ({ ending, status, code, finish, kinds, faults }: Seen): boolean =>
  ending === 'complete' &&
  status === 200 &&
  code === 'none' &&
  finish === 'stop' &&
  faults.length === 0 &&
  kinds.includes('content');

/** What a caller should have done next; undefined where it is the caller who decided. */
export const retryOfWord = (word: Word): Retry | undefined =>
  word === 'aborted' || word === 'open' ? undefined : endings[word].retry;

/** What is written into a sentence: the business code where there is one, else the status, else the word. */
export function labelOf(entry: Seen, word: Word): string {
  if (entry.code !== 'none') return entry.code;
  return entry.status >= 400 ? `HTTP ${entry.status}` : word;
}

/** What the scenario says of itself; a delay that ended in a whole answer was no failure. */
function struck(entry: Seen, scenarios: readonly ScenarioOutcome[]): Reason | undefined {
  if (entry.faults.length === 0) return undefined;
  return scenarios
    .filter(({ name }) => entry.faults.includes(name))
    .map(scenario => outcomeFor(scenario, entry.streamed))
    .find(reason => reason !== 'ok' && !(entry.ending === 'complete' && delays.has(reason)));
}

const outcomeFor = ({ outcome, unary }: ScenarioOutcome, stream: boolean): Reason =>
  stream ? outcome : (unary ?? outcome);

/** Whether a fault that struck keeps a client waiting. */
export const isHanging = ({ faults, streamed }: Seen, scenarios: readonly ScenarioOutcome[]): boolean =>
  scenarios.some(scenario => faults.includes(scenario.name) && delays.has(outcomeFor(scenario, streamed)));

/** Reasons that are a client's own deadline. */
const delays: ReadonlySet<Reason> = new Set<Reason>([
  'timeout_first_byte',
  'timeout_first_token',
  'timeout_total',
  'stalled',
]);

const broken = ({ ending, bytes }: Seen): Reason | undefined =>
  ending !== 'cut' ? undefined : bytes > 0 ? 'truncated' : 'reset';

function answered({ status, code, streamed, finish, kinds }: Seen): Reason {
  if (status === 200 && code === 'none' && finish === undefined) return 'ok'; // an endpoint without a finish_reason
  return classify({
    status,
    code: code === 'none' ? undefined : code,
    parsed: status !== 502 && status !== 504,
    errorInStream: status === 200 && streamed && code !== 'none',
    finishReason: finish,
    visible: kinds.includes('content') || kinds.includes('tool_calls'),
    reasoned: kinds.includes('reasoning_content'),
    usage: true,
  }).kind;
}
