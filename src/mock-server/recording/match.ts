/** Which recordings may answer a request: those that were asked the same, else those that may be asked otherwise. */
import { type Match, matches, type RecordedExchange, type RecordedRequest } from '../../core/cassette/cassette.ts';
import type { CleanBody } from '../../core/cassette/fingerprint.ts';
import { isObject } from '../../core/json-object.ts';

/** A request as a recorder would have written it down. */
export interface Wanted {
  readonly method: string;
  readonly path: string;
  readonly clean: CleanBody;
  /** With the caller's key blotted out of the body and with it left in: a dummy key may be an ordinary word. */
  readonly fingerprints: readonly string[];
}

/**
 * In the order they were recorded. The strictest match that any of them allows goes first, so that who asks exactly what was
 * recorded gets one of its answers, and never that of a loose match; one that a looser request was given is used up all the same.
 * @param match for all of them; without it each says for itself, and `body` where it says nothing
 */
export function fittingOf(
  exchanges: readonly RecordedExchange[],
  wanted: Wanted,
  match?: Match,
): readonly RecordedExchange[] {
  const here = exchanges.filter(({ request: { method, path } }) => method === wanted.method && path === wanted.path);
  for (const level of matches) {
    const fitting = here.filter(one => allows(matchOf(one, match), level) && fits[level](one.request, wanted));
    if (fitting.length > 0) return fitting;
  }
  return [];
}

/** How an exchange is matched. */
export const matchOf = (exchange: Pick<RecordedExchange, 'match'>, match?: Match): Match =>
  match ?? exchange.match ?? 'body';

/** Whether a body asks for a stream. */
export const streamed = (held: { readonly body?: unknown } | CleanBody): boolean =>
  held !== undefined && 'body' in held && isObject(held.body) && held.body.stream === true;

const allows = (match: Match, level: Match) => matches.indexOf(level) <= matches.indexOf(match);

const fits = {
  body: ({ fingerprint }, { fingerprints }) => fingerprints.includes(fingerprint),
  shape: (request, { clean }) => streamed(request) === streamed(clean),
  path: () => true,
} as const satisfies Record<Match, (request: RecordedRequest, wanted: Wanted) => boolean>;
