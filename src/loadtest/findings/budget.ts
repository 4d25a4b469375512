import { count, counted } from '../numbers.ts';
import { type JudgedRun, type Limit, level, type Sighting } from './sighting.ts';

export const roomierBudget =
  'Raise the budget, or lower --max-tokens: the worst case of every request is set aside before it is sent.';

/** Without the budget there would have been more load. */
export function limitedByBudget({ load, ledger, whole, config, intervals }: JudgedRun): Sighting<Limit> | undefined {
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
