/** Taking half an answer for a whole one. */
import { type Finding, numbersOf, type Severity } from '../finding.ts';
import type { Word } from '../outcome.ts';
import type { Seen } from '../seen.ts';
import { keptBad, type Rule } from '../view.ts';

export const acceptedTruncated: Rule = view => {
  const { used, unseen } = keptBad(view, brokeOff);
  return [
    ...finding('fail', used, 'an answer that had broken off was used all the same'),
    ...finding('unproven', unseen, 'an answer broke off, and no request shows what became of it'),
  ];
};

/** Whether the connection or the stream ended in the middle of an answer, or an error came there. */
export const brokeOff = (word: Word, { status, bytes }: Seen): boolean =>
  status === 200 && bytes > 0 && broken.has(word);

const broken: ReadonlySet<Word> = new Set<Word>(['truncated', 'malformed', 'error_in_stream', 'reset']);

const finding = (severity: Severity, entries: readonly Seen[], says: string): Finding[] =>
  entries.length === 0
    ? []
    : [
        {
          code: 'accepted_truncated',
          severity,
          requests: numbersOf(entries),
          says,
          advice:
            'an answer is whole only with a finish_reason; otherwise drop it, and repeat the call or say that it failed',
        },
      ];
