import { counted } from '../../core/counted.ts';
import { count } from '../numbers.ts';
import { isOneLevel, type JudgedRun, type Limit, level, type Sighting } from './sighting.ts';

export const roomierBudget =
  'Raise the budget, or lower --max-tokens: the worst case of every request is set aside before it is sent.';

/** Without the budget there would have been more load. */
export function limitedByBudget(result: JudgedRun): Sighting<Limit> | undefined {
  const { load, whole, config, intervals } = result;
  const asked = Number(config.concurrency);
  const limited = Object.keys(config.budget ?? {}).some(key => key !== 'price');
  const [kind, next] = ['limited_by_budget', roomierBudget] as const;
  if (!limited || load.halted === 'stopped') return undefined;
  if (load.kind !== 'closed') {
    const unmade = heldBack(result);
    return unmade === undefined
      ? undefined
      : { kind, text: `${unmade} not made: at their time the budget had no room for them.`, next };
  }
  // Requests of the warm-up wait, too; a result of an earlier version does not say.
  const waited = intervals.some(({ budgetWaits = 0 }) => budgetWaits > 0);
  if (!waited) return undefined;
  const why = 'the budget had no room for the worst case of more.';
  if (whole.in_flight_max < asked)
    return {
      kind,
      text: `At most ${level(whole.in_flight_max)} of ${count(asked)} requests were under way: ${why}`,
      next,
    };
  if (!isOneLevel(config) || whole.in_flight_mean > almostAll * asked) return undefined;
  return {
    kind,
    text: `On average ${level(whole.in_flight_mean)} of ${count(asked)} requests were under way: ${why}`,
    next,
  };
}

/** Of a run that was cut short, those of the seconds before its last: in that one are also all whose time had not come. */
function heldBack({ load, ledger, intervals }: JudgedRun): string | undefined {
  const { halted, halted_after_s: endS = 0 } = load;
  if (halted === undefined) return were(ledger.unsent ?? 0);
  const before = intervals.filter(({ toMs }) => toMs <= endS * 1000);
  const unmade = were(before.reduce((sum, { ended }) => sum + (ended.unsent ?? 0), 0));
  return unmade && `Before that, at least ${unmade}`;
}

const were = (n: number) => (n === 0 ? undefined : `${counted(n, 'request')} ${n === 1 ? 'was' : 'were'}`);

/** Fewer than these of all seats taken, on average, are fewer than the moments between two requests explain. */
const almostAll = 0.9;
