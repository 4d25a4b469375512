/** Taking a reply for a success because its status is 200. */
import { type Finding, numbersOf, type Severity } from '../finding.ts';
import type { Word } from '../outcome.ts';
import type { Seen } from '../seen.ts';
import { keptBad, type Rule } from '../view.ts';

export const acceptedBadFinish: Rule = view =>
  bad.flatMap(({ word, finish, advice }) => {
    const { used, unseen } = keptBad(view, (found, { status }) => found === word && status === 200);
    return [
      ...finding('fail', used, `an answer with finish_reason ${finish} was used all the same`, advice),
      ...finding('unproven', unseen, `finish_reason ${finish}, and no request shows what became of the answer`, advice),
    ];
  });

interface Bad {
  readonly word: Word;
  readonly finish: string;
  readonly advice: string;
}

const bad: readonly Bad[] = [
  {
    word: 'network_error',
    finish: 'network_error',
    advice: 'inference broke off: drop the answer, and repeat the call or say that it failed',
  },
  {
    word: 'content_filtered',
    finish: 'sensitive',
    advice: 'treat it as a refusal: show no answer, and leave the turn out of the next request',
  },
];

const finding = (severity: Severity, entries: readonly Seen[], says: string, advice: string): Finding[] =>
  entries.length === 0 ? [] : [{ code: 'accepted_bad_finish', severity, requests: numbersOf(entries), says, advice }];
