/** Taking a reply for a success because its status is 200. */
import { type Finding, numbersOf } from '../finding.ts';
import { endMs, type Seen } from '../seen.ts';
import { keptBad, type Rule, type View } from '../view.ts';

export const acceptedBadFinish: Rule = view => [...brokenOff(view), ...filtered(view)];

function brokenOff(view: View): Finding[] {
  const kept = keptBad(view, word => word === 'network_error');
  if (kept.length === 0) return [];
  return [
    {
      code: 'accepted_bad_finish',
      severity: 'fail',
      requests: numbersOf(kept),
      says: 'finish_reason network_error was not repeated',
      advice: 'it means that inference broke off: drop the answer and repeat the call',
    },
  ];
}

/** Only a warning: the journal keeps no text, so a longer prompt is taken for the same conversation. */
function filtered(view: View): Finding[] {
  const pairs = view.calls
    .flatMap(({ attempts }) => attempts)
    .filter(({ entry, word }) => word === 'content_filtered' && entry.status === 200)
    .flatMap(({ entry }) => continuation(entry, view));
  if (pairs.length === 0) return [];
  return [
    {
      code: 'accepted_bad_finish',
      severity: 'warn',
      requests: numbersOf(pairs),
      says: 'a conversation seems to go on after finish_reason sensitive',
      advice: 'treat it as a refusal: show no answer, and leave the turn out of the next request',
    },
  ];
}

/** The filtered request and the next of its key, when that one is longer. */
function continuation(entry: Seen, { entries, limits }: View): Seen[] {
  const next = entries.find(later => later.at >= endMs(entry) - limits.overlapMs && isNext(later, entry));
  if (next === undefined || next.at - endMs(entry) > limits.quietMs) return [];
  return next.promptTokens > entry.promptTokens ? [entry, next] : [];
}

const isNext = (later: Seen, entry: Seen) =>
  later.n !== entry.n && later.keyId === entry.keyId && later.path === entry.path && later.model === entry.model;
