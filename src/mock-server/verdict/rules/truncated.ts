/** Taking half an answer for a whole one. */
import { numbersOf } from '../finding.ts';
import type { Word } from '../outcome.ts';
import { failedOver, type Rule } from '../view.ts';

export const acceptedTruncated: Rule = view => {
  const kept = view.calls.flatMap(({ attempts }) => {
    const cuts = attempts.filter(({ word }) => broken.has(word));
    const lastly = attempts.at(-1);
    return cuts.length === 1 && lastly !== undefined && broken.has(lastly.word) && !failedOver(view, lastly.entry)
      ? [lastly.entry]
      : [];
  });
  if (kept.length === 0) return [];
  return [
    {
      code: 'accepted_truncated',
      severity: 'fail',
      requests: numbersOf(kept),
      says: 'a broken answer was not asked for again',
      advice: 'an answer is whole only with a finish_reason and [DONE]; otherwise drop it and repeat the call',
    },
  ];
};

const broken: ReadonlySet<Word> = new Set<Word>(['truncated', 'malformed']);
