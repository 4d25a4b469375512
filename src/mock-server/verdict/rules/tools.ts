/** Running a tool twice, or on half a request for it. Needs the journal's optional tool fields. */
import { type Finding, numbersOf } from '../finding.ts';
import { wordOf } from '../outcome.ts';
import type { Seen } from '../seen.ts';
import type { Rule, View } from '../view.ts';

export const toolSideEffectsDoubled: Rule = view => [...ranHalf(view), ...ranTwice(view)];

/** Tools answered for a reply that broke off. */
function ranHalf({ entries, limits }: View): Finding[] {
  const cut = new Map(
    entries
      .filter(entry => wordOf(entry, limits.scenarios) === 'truncated')
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

const answersOf = ({ answeredTools = [], answerDigests = [] }: Seen) =>
  answeredTools.flatMap((id, i) => {
    const digest = answerDigests[i];
    return digest === undefined ? [] : [{ id, digest }];
  });

const finding = (entries: readonly Seen[], says: string, advice: string): Finding[] =>
  entries.length === 0
    ? []
    : [{ code: 'tool_side_effects_doubled', severity: 'fail', requests: numbersOf(entries), says, advice }];
