/** Giving up at the first passing failure. */
import { endings, type Reason } from '../../../core/outcome.ts';
import { type Finding, numbersOf } from '../finding.ts';
import { labelOf, type Word } from '../outcome.ts';
import type { Seen } from '../seen.ts';
import { askedAgain, type Rule } from '../view.ts';

export const gaveUp: Rule = view => {
  const single = view.calls.filter(({ attempts, whole }) => whole && attempts.length === 1);
  const lost = single
    .flatMap(({ attempts }) => attempts)
    .filter(({ entry, word }) => passing.has(word) && !hadBegun(entry) && !askedAgain(view, entry));
  const groups = Map.groupBy(lost, ({ entry, word }) => `${labelOf(entry, word)} ${ownId(entry)}`);
  return [...groups.values()].map(group => findingOf(group));
};

/** What another attempt would probably have cured. */
const passing: ReadonlySet<Word> = new Set<Reason>([
  'rate_limited',
  'overloaded',
  'server_error',
  'gateway_error',
  'reset',
  'tcp',
]);

/** Once words have come, whether to ask again is the caller's decision; and a page with 4xx is not the API's own refusal. */
const hadBegun = ({ status, code, bytes }: Seen): boolean =>
  status < 400 ? bytes > 0 : status < 500 && status !== 429 && code === 'none';

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
