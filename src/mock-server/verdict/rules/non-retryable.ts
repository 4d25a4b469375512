/** Repeating what cannot succeed: it costs time, locks accounts, and hides the cause. */
import { counted } from '../../../core/counted.ts';
import { endings } from '../../../core/outcome.ts';
import type { Attempt, Call } from '../attempts.ts';
import { type Finding, numbersOf } from '../finding.ts';
import { labelOf, retryOfWord, type Word } from '../outcome.ts';
import type { Rule } from '../view.ts';

export const retriedNonRetryable: Rule = ({ calls }) => {
  const repeats = Map.groupBy(calls.flatMap(repeatsOf), ({ before }) => labelOf(before.entry, before.word));
  return [...repeats].map(([label, pairs]) => findingOf(label, pairs));
};

interface Repeat {
  readonly before: Attempt;
  readonly after: Attempt;
}

function repeatsOf({ attempts }: Call): Repeat[] {
  return attempts.slice(1).flatMap((after, i) => {
    const before = attempts[i] as Attempt;
    const retry = retryOfWord(before.word);
    if (isRenewal(before, after, attempts[i - 1])) return [];
    return retry === 'never' || retry === 'after_reset' ? [{ before, after }] : [];
  });
}

/** A token that has expired is renewed, and the call is made once more; a new one that is refused as well is another matter. */
const isRenewal = (before: Attempt, after: Attempt, first: Attempt | undefined) =>
  before.word === 'token_expired' && first?.word !== 'token_expired' && after.entry.token !== before.entry.token;

const findingOf = (label: string, pairs: readonly Repeat[]): Finding => ({
  code: 'retried_non_retryable',
  severity: 'fail',
  requests: numbersOf(pairs.flatMap(({ before, after }) => [before.entry, after.entry])),
  says: `${label} was sent again ${counted(pairs.length, 'time')}`,
  advice: adviceFor(pairs[0]?.before.word ?? 'bad_request'),
});

function adviceFor(word: Word): string {
  if (word === 'aborted' || word === 'open') return 'do not repeat it';
  const { meaning, retry } = endings[word];
  if (word === 'token_expired') return `${meaning}: get a new token, and repeat it only with that`;
  if (retry === 'after_reset') return `${meaning}: wait for the reset that the message names`;
  return `${meaning}: report it, do not repeat it; decide by error.code, not by the status`;
}
