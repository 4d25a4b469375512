/** What an account may: so many at once or so often, so much money, or nothing at all. */
import { businessCode } from '../../core/wire/errors.ts';
import { bare, failuresOf, type LedgerRow } from '../ledger.ts';
import { counted, share, time } from '../numbers.ts';
import { servedAtOnce } from './served.ts';
import { codesAs, isNoticeable, type JudgedRun, type Limit, level, ofAll, type Sighting } from './sighting.ts';

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
  const served = servedAtOnce(result);
  const [user, server] = [metrics.e2e_ms, metrics.e2e_from_send_ms];
  const spentMs = user === undefined || server === undefined ? 0 : (user.mean - server.mean) * user.count;
  const spent =
    spentMs > 0
      ? ` That cost requests ${time(spentMs)} in all, ${share(spentMs / (user!.mean * user!.count))} of their time.`
      : '';
  return {
    kind: 'limited_by_account',
    text: `The account’s limit was met by waiting: ${counted(refused, 'attempt')} ${refused === 1 ? 'was' : 'were'} refused${codesAs(result, 'rate_limited')} and made again later.${spent} ${together(served)}`,
    next: roomier(result),
  };
}

const isOfRate = (code: string) => businessCode(code)?.reason === 'rate_limited';

function plateau(result: JudgedRun, refused: number): Sighting<Limit> {
  const served = servedAtOnce(result);
  const often = isTooOften(result);
  const why = often ? 'they came too often' : 'too many were under way';
  return {
    kind: 'limited_by_account',
    text: `The account’s limit was reached: ${ofAll(refused, result)} refused because ${why}${codesAs(result, 'rate_limited')}. ${together(served)}${waitedBetween(result)}`,
    next: roomier(result),
  };
}

const together = (served: number) => {
  if (served === 0) return 'None was served.';
  return `About ${level(served)} ${served < 1.5 ? 'was' : 'were'} served at once.`;
};

/** A latency from the schedule that is longer than the run is a request that tried again long after its end. */
function waitedBetween({ limits, metrics }: JudgedRun): string {
  const [user, server] = [metrics.e2e_ms, metrics.e2e_from_send_ms];
  if (limits.retries === 0 || user === undefined || server === undefined) return '';
  const longestMs = user.max - server.max;
  return longestMs < server.max ? '' : ` Good answers waited up to ${time(longestMs)} between attempts.`;
}

const isTooOften = ({ limits: { codes } }: JudgedRun) => (codes['1303'] ?? 0) > (codes['1302'] ?? 0);

const roomier = (result: JudgedRun) =>
  isTooOften(result)
    ? 'Lower the rate, or have the account’s rate raised.'
    : `Keep at most ${level(servedAtOnce(result))} under way with this key, or have the account’s limit raised; more only buys refusals.`;

const remedies: Readonly<Record<string, string>> = {
  quota_exhausted: 'Wait until the plan’s window is reset; until then every request is refused.',
  balance_exhausted: 'Top up the account: nothing is answered without money or a package.',
  auth: 'Check the key: the endpoint refuses it.',
  token_expired: 'Check the clock and the lifetime of the token.',
};

function shut(result: JudgedRun, { name, count: refused, meaning }: LedgerRow): Sighting<Limit> {
  const codes = codesAs(result, name);
  return {
    kind: 'limited_by_account',
    text: `The account refused ${ofAll(refused, result)}: ${codes === '' ? meaning : bare(meaning)}${codes}.`,
    next: remedies[name] ?? 'Settle that with the vendor before the next run.',
  };
}
