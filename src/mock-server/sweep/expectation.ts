/** What a client may make of a fault. */
import { inspect } from 'node:util';
import { formatDuration } from '../../core/duration.ts';
import { textOf } from '../../core/errors.ts';
import { endings } from '../../core/outcome.ts';
import type { SweepCase } from './cases.ts';
import type { Ended } from './client.ts';

export interface Expectation<T> {
  /** What the client returned when nothing was wrong. */
  readonly sound: T;
  readonly same: (one: T, other: T) => boolean;
  /** Whether a TypeError of the client's own counts as giving up. */
  readonly mayCrash: boolean;
}

/** What is wrong with the way a call ended; undefined when nothing is. */
export function complaint<T>(tried: SweepCase, ended: Ended<T>, expected: Expectation<T>): string | undefined {
  switch (ended.kind) {
    case 'hung':
      return `did not come back within ${formatDuration(ended.afterMs)}`;
    case 'endless':
      return `asked ${ended.requests} times in one call: it repeats without limit or pause`;
    case 'error':
      return aboutError(tried, ended.error, expected.mayCrash);
    case 'result':
      return aboutResult(tried, ended.result, expected);
  }
}

/**
 * Complete answers that say something else than the sound one, so that its result proves nothing: `differs` where a
 * client has no reason to fail, `anything` where it may well refuse what it got.
 */
const otherWords: Readonly<Record<string, 'differs' | 'anything'>> = {
  'no-usage': 'anything',
  'think-in-content': 'differs',
  'tool-template-leak': 'anything',
  'tool-arguments-broken': 'anything',
  'tool-chunk-odd': 'anything',
  'sse-in-content': 'differs',
  'other-model': 'differs',
  'json-ignored': 'anything',
  'leading-newline': 'differs',
  'length-finish': 'anything',
  'duplicate-chunk': 'anything',
};

function aboutError({ scenario }: SweepCase, error: unknown, mayCrash: boolean): string | undefined {
  if (!mayCrash && isCrash(error)) return `crashed with ${named(error)}`;
  if (scenario.outcome !== 'ok' || otherWords[scenario.name] === 'anything') return undefined;
  return `failed although the answer was sound: ${named(error)}`;
}

function aboutResult<T>({ scenario }: SweepCase, result: T, { sound, same }: Expectation<T>): string | undefined {
  if (scenario.name in otherWords || same(result, sound)) return undefined;
  const seen = `returned ${short(result)} in place of ${short(sound)}`;
  if (scenario.outcome === 'ok') return `made something else of a sound answer: ${seen}`;
  return `took a bad answer for a good one (${scenario.outcome}: ${endings[scenario.outcome].meaning}): ${seen}`;
}

/** A slip of the program: not a failure that somebody reported, and not what `fetch` says of a broken connection. */
const isCrash = (error: unknown): boolean =>
  (error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError) &&
  error.cause === undefined &&
  !/^(fetch failed|terminated|network error|Failed to fetch)$/.test(error.message);

const named = (error: unknown) =>
  `${error instanceof Error ? `${error.name}: ` : ''}${textOf(error).replaceAll(/\s+/g, ' ').slice(0, 160)}`;

const short = (value: unknown) => {
  const text = inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 4 });
  return text.length <= 120 ? text : `${text.slice(0, 117)}…`;
};
