/** Running a tool twice, or on half a request for it. */
import { type Finding, numbersOf, type Severity } from '../finding.ts';
import { retryOfWord, wordOf } from '../outcome.ts';
import { endMs, type Seen } from '../seen.ts';
import type { Rule, View } from '../view.ts';
import { brokeOff } from './truncated.ts';

export const toolSideEffectsDoubled: Rule = view => [...ranHalf(view), ...ranTwice(view), ...ranAgain(view)];

/** Tools answered for a reply that broke off. */
function ranHalf({ entries, limits }: View): Finding[] {
  const cut = new Map(
    entries
      .filter(entry => brokeOff(wordOf(entry, limits.scenarios), entry))
      .flatMap(entry => (entry.toolCalls ?? []).map(id => [id, entry] as const)),
  );
  const pairs = entries.flatMap(entry =>
    (entry.answeredTools ?? []).flatMap(id => (cut.has(id) ? [cut.get(id) as Seen, entry] : [])),
  );
  return finding(pairs, 'tools were run for a reply that broke off', 'run tools only after finish_reason tool_calls');
}

/** One tool call with two different results. History repeats a result word for word, so equal ones say nothing. */
function ranTwice({ entries }: View): Finding[] {
  const first = new Map<string, { readonly digest: number; readonly entry: Seen }>();
  const pairs = entries.flatMap(entry =>
    answersOf(entry).flatMap(({ id, digest }) => {
      const key = `${entry.keyId ?? ''} ${id}`;
      const known = first.get(key);
      if (known === undefined) first.set(key, { digest, entry });
      return known === undefined || known.digest === digest ? [] : [known.entry, entry];
    }),
  );
  return finding(
    pairs,
    'one tool call was answered with two different results',
    'keep the result by tool_call_id and send it again instead of running the tool again',
  );
}

/** A turn that began anew because its second half had failed: other ids for the same calls, which ran once more. */
function ranAgain({ calls, entries, limits }: View): Finding[] {
  const lost = calls
    .flatMap(({ attempts }) => attempts.slice(-1))
    .filter(({ entry, word }) => (entry.answeredTools ?? []).length > 0 && retryOfWord(word) === 'backoff');
  const pairs = lost.flatMap(({ entry }) => {
    const again = entries.find(later => isSameTurn(later, entry) && later.at >= endMs(entry) - limits.overlapMs);
    return again === undefined || again.at - endMs(entry) > limits.quietMs ? [] : [entry, again];
  });
  return finding(
    pairs,
    'a turn was begun anew after its tools had run, and they ran again',
    'keep the tool results and repeat only the request that failed; a tool without side effects may run again',
    'warn',
  );
}

const isSameTurn = (later: Seen, entry: Seen) =>
  later.turn !== 0 &&
  later.turn === entry.turn &&
  later.keyId === entry.keyId &&
  (later.answeredTools ?? []).length > 0 &&
  !(later.answeredTools ?? []).some(id => (entry.answeredTools ?? []).includes(id));

const answersOf = ({ answeredTools = [], answerDigests = [] }: Seen) =>
  answeredTools.flatMap((id, i) => {
    const digest = answerDigests[i];
    return digest === undefined ? [] : [{ id, digest }];
  });

const finding = (entries: readonly Seen[], says: string, advice: string, severity: Severity = 'fail'): Finding[] =>
  entries.length === 0
    ? []
    : [{ code: 'tool_side_effects_doubled', severity, requests: numbersOf(entries), says, advice }];
