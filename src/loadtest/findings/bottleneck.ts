/** What limited a run: every limit that its numbers show, gravest first. Rules on data; each says what it saw and what to do. */
import { summaryOf } from '../../core/histogram.ts';
import { businessCode } from '../../core/wire/errors.ts';
import type { Interval } from '../interval.ts';
import { bare, failuresOf, type LedgerRow } from '../ledger.ts';
import { count, counted, rate, share, time } from '../numbers.ts';
import type { LoadResult } from '../result.ts';
import { saturationOf } from '../stats/saturation.ts';
import type { Change, Growth } from './growth.ts';
import { servedAtOnce } from './served.ts';

export type Limit =
  | 'limited_by_client'
  | 'limited_by_budget'
  | 'limited_by_account'
  | 'limited_by_platform'
  | 'limited_by_network'
  | 'saturated'
  | 'limited_by_compute'
  | 'limited_by_queue'
  | 'limited_by_server'
  | 'limited_by_nothing';

export interface Sighting<Kind extends string> {
  readonly kind: Kind;
  readonly text: string;
  /** What to do about it. */
  readonly next?: string;
}

export type JudgedRun = Omit<LoadResult, 'findings'>;

type Rule = (result: JudgedRun, growth: Growth | null) => Sighting<Limit> | undefined;

/** At least one; `limited_by_nothing` only when it is the only one. Empty when nothing was answered well. */
export function limitsOf(result: JudgedRun, growth: Growth | null): Sighting<Limit>[] {
  const seen = rules.map(rule => rule(result, growth)).filter(one => one !== undefined);
  if (seen.length > 0 || result.ledger.ok === 0) return seen;
  return [nothing(result, growth)];
}

/** From half of its time on, an event loop stamps late (anchors §6: p99 of the error grows from 2 to 17 ms). */
const busyLoop = 0.5;
const stolenTime = 0.05;
/** A cause of less than one request in a hundred did not limit the run. */
const noticeable = 0.01;
const slowerFirst = 1.5;
const slowerTokens = 1.25;

/** Gravest first: what one of them explains, those below it may only repeat. */
const rules: readonly Rule[] = [
  limitedByClient,
  limitedByBudget,
  limitedByAccount,
  limitedByPlatform,
  limitedByNetwork,
  saturated,
  limitedByCompute,
  limitedByQueue,
  limitedByServer,
];

function limitedByClient({ health, config }: JudgedRun): Sighting<Limit> | undefined {
  const { elu, lagMs, steal = 0 } = health;
  if (elu > busyLoop)
    return {
      kind: 'limited_by_client',
      text: ownLimit(`its event loop was busy ${share(elu)} of the time and up to ${time(lagMs)} late`),
      next: `${config.driver === 'autocannon' ? 'Take --driver socket, which works less for a request, or spread' : 'Spread'} the load over more cores (--workers) or machines, and run again.`,
    };
  if (!(steal > stolenTime)) return undefined;
  return {
    kind: 'limited_by_client',
    text: ownLimit(`its host gave ${share(steal)} of the machine’s time to others`),
    next: 'Run again on a machine of your own.',
  };
}

const ownLimit = (why: string) => `This machine was the limit: ${why}. Part of every latency here is its own.`;

export const roomierBudget =
  'Raise the budget, or lower --max-tokens: the worst case of every request is set aside before it is sent.';

/** Without the budget there would have been more load. */
function limitedByBudget({ load, ledger, whole, config, intervals }: JudgedRun): Sighting<Limit> | undefined {
  const { unsent = 0 } = ledger;
  const asked = Number(config.concurrency);
  const limited = Object.keys(config.budget ?? {}).some(key => key !== 'price');
  const [kind, next] = ['limited_by_budget', roomierBudget] as const;
  if (!limited || load.halted === 'stopped') return undefined;
  if (load.kind !== 'closed')
    return unsent === 0 || load.halted !== undefined
      ? undefined
      : {
          kind,
          text: `${counted(unsent, 'request')} were not made: at their time the budget had no room for them.`,
          next,
        };
  // Requests of the warm-up wait, too; a result of an earlier version does not say.
  const waited = intervals.some(({ budgetWaits = 0 }) => budgetWaits > 0);
  if (!(whole.in_flight_max < asked) || !waited) return undefined;
  return {
    kind,
    text: `At most ${level(whole.in_flight_max)} of ${count(asked)} requests were under way: the budget had no room for the worst case of more.`,
    next,
  };
}

function limitedByAccount(result: JudgedRun): Sighting<Limit> | undefined {
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

function limitedByPlatform(result: JudgedRun): Sighting<Limit> | undefined {
  const shed = result.ledger.overloaded ?? 0;
  if (!isNoticeable(shed, result)) return undefined;
  return {
    kind: 'limited_by_platform',
    text: `The platform shed load: ${ofAll(shed, result)} refused as overloaded${codesAs(result, 'overloaded')}. That is its limit, not the account’s.`,
    next: 'Run again outside the platform’s busy hours, with backoff, before blaming the model.',
  };
}

function limitedByNetwork(result: JudgedRun): Sighting<Limit> | undefined {
  return brokenNetwork(result) ?? unkeptConnections(result);
}

function brokenNetwork({ ledger }: JudgedRun): Sighting<Limit> | undefined {
  const broken = failuresOf(ledger).filter(({ domain }) => domain === 'network');
  const failed = broken.reduce((sum, one) => sum + one.count, 0);
  if (!isNoticeable(failed, { ledger })) return undefined;
  return {
    kind: 'limited_by_network',
    text: `The network failed: ${ofAll(failed, { ledger })} ended as ${broken.map(({ name }) => name).join(', ')}.`,
    next: 'Check the way to the endpoint (proxy, firewall, connection limits) before loading it again.',
  };
}

function unkeptConnections({ load, connections, metrics, whole }: JudgedRun): Sighting<Limit> | undefined {
  const answer = (metrics.ttfb_ms ?? metrics.e2e_from_send_ms)?.p50 ?? 0;
  const connect = metrics.connect_ms?.p50 ?? 0;
  // As many as were under way at once had to be opened; only the rest replaced others.
  const replaced = connections.opened - whole.in_flight_max;
  if (!(replaced > load.sent / 2 && load.sent >= 20 && connect > answer / 5)) return undefined;
  return {
    kind: 'limited_by_network',
    text: `Connections were not kept: ${count(connections.opened)} were opened for ${counted(load.sent, 'request')}, ${time(connect)} each.`,
    next: 'Find out who closes them (a proxy, keep-alive limits): each costs a handshake.',
  };
}

function saturated({ load, intervals }: JudgedRun): Sighting<Limit> | undefined {
  if (load.kind === 'closed') return undefined;
  const offered = intervals.slice(0, intervals.findLastIndex(({ planned }) => planned > 0) + 1);
  const flow = backlogOf(offered);
  if (flow === undefined) return undefined;
  return {
    kind: 'saturated',
    text: `Saturated: at the end ${rate(flow.offered)} requests per second were offered and ${rate(flow.ended)} came back. The rest piles up, so latencies only say how long the run was.`,
    next: `Offer less than ${rate(flow.ended)} per second, or let \`load capacity\` find the rate that holds.`,
  };
}

/** Requests per second offered and ended while the backlog grew; undefined when it did not. */
function backlogOf(offered: readonly Interval[]): { offered: number; ended: number } | undefined {
  const found = saturationOf(offered);
  if (found.kind !== 'saturated') return backlogAtEnd(offered);
  const perSecond = found.excessPerSecond / (1 - found.served);
  return { offered: perSecond, ended: perSecond * found.served };
}

/**
 * Of a run that is too short, or has too few requests, to be told apart from chance every second: in its last third less
 * than nine tenths of what was offered came back, by more than chance, although an answer takes much less than that.
 */
function backlogAtEnd(all: readonly Interval[]) {
  const last = all.slice(Math.floor((all.length * 2) / 3));
  const offered = last.reduce((sum, { planned }) => sum + planned, 0);
  const ended = last.reduce((sum, one) => sum + endedIn(one), 0);
  const seconds = last.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0) / 1000;
  const quickest = summaryOf(all.flatMap(({ histograms }) => (histograms.e2e_ms ? [histograms.e2e_ms] : []))).min;
  const grows = ended < 0.9 * offered && offered - ended > 3 * Math.sqrt(offered + ended);
  if (!grows || last.length < 3 || quickest > 500 * seconds) return undefined;
  return { offered: offered / seconds, ended: ended / seconds };
}

const endedIn = ({ ended }: Interval) => Object.values(ended).reduce((sum, n) => sum + n, 0);

function limitedByCompute(_: JudgedRun, growth: Growth | null): Sighting<Limit> | undefined {
  if (growth === null || growth.itl.ratio < slowerTokens) return undefined;
  return {
    kind: 'limited_by_compute',
    text: `The server’s computing was the limit: ${under(growth)} the time between tokens went ${fromTo(growth.itl)}${also(growth)}.`,
    next: stay(growth, 'add capacity or send shorter requests'),
  };
}

function limitedByQueue(_: JudgedRun, growth: Growth | null): Sighting<Limit> | undefined {
  if (growth === null || growth.itl.ratio >= slowerTokens || growth.ttft.ratio < slowerFirst || growth.itl.from === 0)
    return undefined;
  return {
    kind: 'limited_by_queue',
    text: `Requests queued at the server: ${under(growth)} the first token went ${fromTo(growth.ttft)}, while tokens kept their pace (${time(growth.itl.to)} apart).`,
    next: stay(growth, 'add capacity; more load only lengthens the queue'),
  };
}

function limitedByServer(_: JudgedRun, growth: Growth | null): Sighting<Limit> | undefined {
  if (growth === null || growth.itl.from > 0 || growth.e2e.ratio < slowerFirst) return undefined;
  return {
    kind: 'limited_by_server',
    text: `The server was the limit: ${under(growth)} an answer went ${fromTo(growth.e2e)}. Unary answers do not show whether they waited or were computed slowly.`,
    next: stay(growth, 'repeat with --stream to tell a queue from slow computing'),
  };
}

function nothing({ whole, load }: JudgedRun, growth: Growth | null): Sighting<Limit> {
  if (growth !== null)
    return {
      kind: 'limited_by_nothing',
      text: `No limit was reached: ${under(growth)} neither the first token nor the pace of tokens got much slower.`,
      next: 'Offer more, or let `load capacity` find the limit.',
    };
  const tried = load.kind === 'closed' ? `${rate(whole.in_flight_mean)} under way` : 'this rate';
  return {
    kind: 'limited_by_nothing',
    text: `Nothing seen here limited the run. Only one level, ${tried}, was tried, so its limit is not known.`,
    next: 'Raise the load in steps, or let `load capacity` find the limit.',
  };
}

const isNoticeable = (n: number, { ledger }: Pick<JudgedRun, 'ledger'>) =>
  n > 0 && n / Math.max(1, ledger.planned) >= noticeable;

const ofAll = (n: number, { ledger }: Pick<JudgedRun, 'ledger'>) =>
  `${count(n)} of ${counted(ledger.planned, 'request')} (${share(n / ledger.planned)})`;

/** ` (1302 ×687)`: the business codes behind a class, most frequent first. */
function codesAs({ limits }: Pick<JudgedRun, 'limits'>, name: string): string {
  const codes = Object.entries(limits.codes).filter(([code]) => businessCode(code)?.reason === name);
  const sorted = codes.sort((a, b) => b[1] - a[1]).slice(0, 3);
  return sorted.length === 0 ? '' : ` (${sorted.map(([code, n]) => `${code} ×${count(n)}`).join(', ')})`;
}

const level = (inFlight: number) => count(Math.max(1, inFlight));

const under = ({ from, to }: Growth) => `from ${level(from)} to ${level(to)} under way`;

const fromTo = ({ from, to }: Change) => `from ${time(from)} to ${time(to)}`;

const also = ({ ttft }: Growth) => (ttft.ratio >= slowerFirst ? `, and the first token ${fromTo(ttft)}` : '');

const stay = ({ knee }: Growth, or: string) =>
  knee === null
    ? `Less load keeps it fast; otherwise ${or}.`
    : `Up to about ${level(knee)} under way it stays fast; beyond, ${or}.`;
