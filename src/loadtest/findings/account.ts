/** What an account may: so many at once or so often, so much money, or nothing at all. */
import { counted } from '../../core/counted.ts';
import { businessCode } from '../../core/wire/errors.ts';
import type { Interval, LedgerClass } from '../interval.ts';
import { bare, failuresOf, type LedgerRow } from '../ledger.ts';
import { count, share, time } from '../numbers.ts';
import { servedAtOnce } from './served.ts';
import {
  codesAs,
  isNoticeable,
  isOneLevel,
  type JudgedRun,
  type Limit,
  level,
  ofAll,
  type Sighting,
} from './sighting.ts';

export function limitedByAccount(result: JudgedRun): Sighting<Limit> | undefined {
  const first = failuresOf(result.ledger).find(({ domain }) => domain === 'account');
  if (first === undefined || !isNoticeable(first.count, result)) return metByWaiting(result);
  return first.name === 'rate_limited' ? plateau(result, first.count) : shut(result, first);
}

/** Refused attempts that a later one made good: no failure in the ledger, and a limit all the same. */
function metByWaiting(result: JudgedRun): Sighting<Limit> | undefined {
  const { limits, metrics } = result;
  const refused = Object.entries(limits.codes).reduce((sum, [code, n]) => sum + (isOfRate(code) ? n : 0), 0);
  if (limits.retries === 0 || !isNoticeable(refused, result)) return undefined;
  const [user, server] = [metrics.e2e_ms, metrics.e2e_from_send_ms];
  const spentMs = user === undefined || server === undefined ? 0 : (user.mean - server.mean) * user.count;
  const spent =
    spentMs > 0
      ? ` That cost requests ${time(spentMs)} in all, ${share(spentMs / (user!.mean * user!.count))} of their time.`
      : '';
  return {
    kind: 'limited_by_account',
    text: `The account’s limit was met by waiting: ${counted(refused, 'attempt')} ${refused === 1 ? 'was' : 'were'} refused${codesAs(result, 'rate_limited')} and made again later.${spent} ${together(result)}`,
    next: roomier(result),
  };
}

const isOfRate = (code: string) => businessCode(code)?.reason === 'rate_limited';

function plateau(result: JudgedRun, refused: number): Sighting<Limit> {
  const why = { often: 'they came too often', either: 'too many were under way, or they came too often' };
  return {
    kind: 'limited_by_account',
    text: `The account’s limit was reached: ${ofAll(refused, result)} refused because ${why[causeOf(result)]}${codesAs(result, 'rate_limited')}. ${together(result)}${waitedBetween(result)}`,
    next: roomier(result),
  };
}

/** Seats that are refused come back within a tenth of a second and keep all places taken; requests of a schedule leave some of them free. */
function together(result: JudgedRun): string {
  const served = servedAtOnce(result);
  if (served === 0) return 'None was served.';
  const idle = servedNoneWhileRefused(result) ? ' Some were refused while none was being served.' : '';
  const about = fillsItsPlaces(result) && idle === '' ? 'About' : 'At least';
  return `${about} ${level(served)} ${served < 1.5 ? 'was' : 'were'} served at once.${idle}`;
}

/** A schedule, and a ramp, leave places free for a time. */
const fillsItsPlaces = ({ load, config }: JudgedRun) => load.kind === 'closed' && isOneLevel(config);

/** A latency from the schedule that is longer than the run is a request that tried again long after its end. */
function waitedBetween({ limits, metrics }: JudgedRun): string {
  const [user, server] = [metrics.e2e_ms, metrics.e2e_from_send_ms];
  if (limits.retries === 0 || user === undefined || server === undefined) return '';
  const longestMs = user.max - server.max;
  return longestMs < server.max ? '' : ` Good answers waited up to ${time(longestMs)} between attempts.`;
}

/** 1302 stands for both; a refusal while nothing is in service can only be about how often. */
function causeOf(result: JudgedRun): 'often' | 'either' {
  const { codes } = result.limits;
  return (codes['1303'] ?? 0) > (codes['1302'] ?? 0) || servedNoneWhileRefused(result) ? 'often' : 'either';
}

/**
 * Whether requests were refused while none was in service: none is at a moment after which nothing but refusals ends for as
 * long as the longest attempt took.
 */
function servedNoneWhileRefused({ intervals, metrics }: JudgedRun): boolean {
  const longestMs = Math.max(metrics.e2e_from_send_ms?.max ?? Number.NaN, metrics.attempt_ms?.max ?? 0);
  return intervals.some(({ codes, fromMs, toMs }) => {
    if (!Object.keys(codes).some(isOfRate)) return false;
    const near = intervals.filter(one => one.toMs > fromMs && one.fromMs < toMs + longestMs);
    return (near.at(-1)?.toMs ?? 0) >= toMs + longestMs && near.every(onlyRefused);
  });
}

const onlyRefused = ({ answered, ended }: Interval) =>
  answered === 0 && Object.keys(ended).every(name => vain.has(name as LedgerClass));

const vain: ReadonlySet<LedgerClass> = new Set(['rate_limited', 'warmup', 'shed', 'unsent']);

function roomier(result: JudgedRun): string {
  if (causeOf(result) === 'often')
    return 'Lower the rate, or have the account’s rate raised: a key may have a number of requests or tokens a minute.';
  if (!fillsItsPlaces(result))
    return 'Offer less, or have the account’s limit raised; `load capacity --find-limit` tells how many it may have under way.';
  const served = servedAtOnce(result);
  if (served < 0.5 || Math.round(served) >= result.whole.in_flight_max)
    return 'Lower the rate, or wait until its window is over: fewer under way may not help. `load capacity --find-limit` tells which of the two is limited.';
  return `Keep at most ${level(served)} under way with ${ofKeys(result)}, and lower the rate if that does not end refusals; or have the account’s limit raised.`;
}

/** Requests take the keys in turn, so a limit of each has as many places as all of them together. */
function ofKeys({ config }: JudgedRun): string {
  const keys = Number(config.keys);
  return keys > 1 ? `these ${count(keys)} keys together` : 'this key';
}

const remedies: Readonly<Record<string, string>> = {
  quota_exhausted: 'Wait until the plan’s window is reset; until then every request is refused.',
  balance_exhausted: 'Top up the account: nothing is answered without money or a package.',
  auth: 'Check the key: the endpoint refuses it.',
  token_expired: 'Check the clock and the lifetime of the token.',
};

/** Requests take the keys in turn, so answers beside refusals are those of other keys. */
function someKeys({ config, ledger }: JudgedRun, name: string): string | undefined {
  const keys = Number(config.keys);
  if (name !== 'auth' || !(keys > 1)) return undefined;
  return ledger.ok === 0
    ? `Check the ${count(keys)} keys: the endpoint refuses them all.`
    : `Check the ${count(keys)} keys one by one: the endpoint takes one or some of them and refuses the rest.`;
}

function shut(result: JudgedRun, { name, count: refused, meaning }: LedgerRow): Sighting<Limit> {
  const codes = codesAs(result, name);
  return {
    kind: 'limited_by_account',
    text: `The account refused ${ofAll(refused, result)}: ${codes === '' ? meaning : bare(meaning)}${codes}.`,
    next: someKeys(result, name) ?? remedies[name] ?? 'Settle that with the vendor before the next run.',
  };
}
