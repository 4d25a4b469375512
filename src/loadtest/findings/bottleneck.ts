/** What limited a run: every limit that its numbers show, gravest first. Rules on data; each says what it saw and what to do. */
import { judgedOf } from '../ledger.ts';
import { rate } from '../numbers.ts';
import { limitedByAccount } from './account.ts';
import { saturated } from './backlog.ts';
import { limitedByBudget } from './budget.ts';
import { failedForATime, slowerFromThen } from './changed.ts';
import { limitedByClient, limitedByPlaces } from './client.ts';
import type { Growth } from './growth.ts';
import { limitedByNetwork } from './network.ts';
import {
  codesAs,
  isNoticeable,
  isOneLevel,
  type JudgedRun,
  type Limit,
  ofAll,
  type Rule,
  type Sighting,
  under,
} from './sighting.ts';
import { limitedByCompute, limitedByQueue, limitedByServer } from './slower.ts';

/** At least one; `limited_by_nothing` only when it is the only one. Empty when nothing was answered well. */
export function limitsOf(result: JudgedRun, growth: Growth | null): Sighting<Limit>[] {
  const seen = rules.map(rule => rule(result, growth)).filter(one => one !== undefined);
  if (seen.length > 0 || result.ledger.ok === 0) return seen;
  return [nothing(result, growth)];
}

/** Gravest first: what one of them explains, those below it may only repeat. */
const rules: readonly Rule[] = [
  limitedByClient,
  limitedByBudget,
  limitedByAccount,
  limitedByPlatform,
  limitedByNetwork,
  saturated,
  failedForATime,
  slowerFromThen,
  limitedByCompute,
  limitedByQueue,
  limitedByServer,
  limitedByPlaces,
];

function limitedByPlatform(result: JudgedRun): Sighting<Limit> | undefined {
  const shed = result.ledger.overloaded ?? 0;
  if (!isNoticeable(shed, result)) return undefined;
  return {
    kind: 'limited_by_platform',
    text: `The platform shed load: ${ofAll(shed, result)} refused as overloaded${codesAs(result, 'overloaded')}. That is its limit, not the account’s.`,
    next: 'Run again outside the platform’s busy hours, with backoff, before blaming the model.',
  };
}

function nothing(result: JudgedRun, growth: Growth | null): Sighting<Limit> {
  const { whole, load, ledger, config } = result;
  const besides = isNoticeable(judgedOf(result) - ledger.ok, result);
  if (growth !== null)
    return {
      kind: 'limited_by_nothing',
      text: `${besides ? 'Apart from failures no' : 'No'} limit was reached: ${under(growth)} neither the first token nor the pace of tokens got much slower.`,
      next: 'Offer more, or let `load capacity` find the limit.',
    };
  if (!isOneLevel(config))
    return {
      kind: 'limited_by_nothing',
      text: `${besides ? 'Apart from failures nothing' : 'Nothing'} seen here limited the run. Its levels were too short, or too alike, to be compared, so its limit is not known.`,
      next: 'Hold each level longer, or let `load capacity` find the limit.',
    };
  const tried = load.kind === 'closed' ? `${rate(whole.in_flight_mean)} under way` : 'this rate';
  return {
    kind: 'limited_by_nothing',
    text: `${besides ? 'Apart from failures nothing' : 'Nothing'} seen here limited the run. Only one level, ${tried}, was tried, so its limit is not known.`,
    next: 'Raise the load in steps, or let `load capacity` find the limit.',
  };
}
