/** Taking half an answer for a whole one. */
import { numbersOf } from '../finding.ts';
import type { Word } from '../outcome.ts';
import { keptBad, type Rule } from '../view.ts';

export const acceptedTruncated: Rule = view => {
  const kept = keptBad(view, word => broken.has(word));
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
