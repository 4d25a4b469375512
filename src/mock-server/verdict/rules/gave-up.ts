/** Giving up at the first passing failure. */
import { endings, type Reason } from '../../../core/outcome.ts';
import { type Finding, numbersOf } from '../finding.ts';
import { labelOf, type Word } from '../outcome.ts';
import type { Seen } from '../seen.ts';
import { failedOver, type Rule } from '../view.ts';

export const gaveUp: Rule = view => {
  const single = view.calls.filter(({ attempts }) => attempts.length === 1).flatMap(({ attempts }) => attempts);
  const lost = single.filter(({ entry, word }) => passing.has(word) && !failedOver(view, entry));
  const groups = Map.groupBy(lost, ({ entry, word }) => `${labelOf(entry, word)} ${ownId(entry)}`);
  return [...groups.values()].map(group => findingOf(group));
};

/** What another attempt would probably have cured, and no other rule speaks of. */
const passing: ReadonlySet<Word> = new Set<Reason>([
  'rate_limited',
  'overloaded',
  'server_error',
  'gateway_error',
  'error_in_stream',
  'reset',
  'tcp',
]);

/** A request_id makes every body its own: a repetition with a new one cannot be recognised. */
const ownId = ({ params }: Seen) => params.includes('request_id');

function findingOf(group: readonly { readonly entry: Seen; readonly word: Word }[]): Finding {
  const { entry, word } = group[0] as (typeof group)[number];
  const unsure = ownId(entry);
  return {
    code: 'gave_up',
    severity: unsure ? 'warn' : 'fail',
    requests: numbersOf(group.map(one => one.entry)),
    says: `${labelOf(entry, word)} was ${unsure ? 'not seen to be' : 'never'} repeated`,
    advice: unsure
      ? 'repeat it with the same request_id and growing pauses'
      : `${endings[word as Reason].meaning}: repeat it with growing pauses; there is no Retry-After to wait for`,
  };
}
