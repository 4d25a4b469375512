/** Level after level until the highest that keeps the SLO is known. */
import { counted } from '../../core/counted.ts';
import { exitCodes, type Io } from '../../core/program.ts';
import { type CapacityResult, createSearch, type LevelReport } from '../capacity.ts';
import { failuresOf } from '../ledger.ts';
import { time } from '../numbers.ts';
import type { LoadPlan } from '../plan.ts';
import { capacityText } from '../report/capacity.ts';
import type { Slo } from '../slo.ts';
import { endedOf, type Total } from '../total.ts';
import type { Answer } from './answer.ts';
import type { SearchConfig } from './settings.ts';
import { arrivalsAt, createStays, type Held } from './stays.ts';

/** @returns undefined when it was stopped */
export async function findCapacity(plan: LoadPlan, search: SearchConfig, io: Io): Promise<Answer | undefined> {
  const { by: kind, from: low, to: high, attainment, precision } = search;
  const machine = createSearch({ kind, low, high, attainment, precision, seed: plan.seed });
  io.err(`${openingOf(search)}\n`);
  const stay = createStays(plan, io);
  let before: number | undefined;
  for (let step = machine.next(); step.kind === 'level' && !io.stop.aborted; step = machine.next()) {
    const requests = requestsAt(kind, step.level, step.requests, plan.slo);
    if (kind === 'rate') io.err(`  rate ${step.level}: ${ahead(requests, step.level, before === step.level)}\n`);
    before = step.level;
    const { total, held } = await stay(arrivalsAt(step.level, requests, kind), requests);
    const report = levelReport(total, held);
    io.err(
      `  ${kind} ${step.level}: ${report.good} of ${report.requests} good, ${report.throughput.toFixed(1)} answers/s\n`,
    );
    machine.report(step.level, report);
  }
  const end = machine.next();
  if (end.kind !== 'done') return undefined;
  return { result: end.result, text: capacityText(end.result, search), code: exitOf(end.result) };
}

const shortestMs = 2000;
const fewestTurns = 4;

/**
 * How many a stay makes so that its level is really held. At a rate it has to last: a queue takes a short burst of any height.
 * When 5 % too much come for twenty times the limit, the last of them wait as long as the limit, and the verdict is known. Of
 * requests under way everyone has a few turns, and all have as many: fewer requests than seats would never be so many at once.
 */
export function requestsAt(kind: SearchConfig['by'], level: number, asked: number, slo: Slo): number {
  if (kind === 'concurrency') return level * Math.max(fewestTurns, Math.ceil(asked / level));
  const lastsMs = Math.max(shortestMs, ...slo.map(({ belowMs }) => 20 * belowMs));
  return Math.max(asked, Math.ceil((level * lastsMs) / 1000));
}

const openingOf = ({ by, from, to, precision }: SearchConfig) =>
  `${by} from ${from} up to ${to}${by === 'rate' ? ' requests/s' : ''}: doubles until the SLO is missed, then closes in to ${+(100 * precision).toFixed(2)} %`;

/** How long a stay will be, which a low rate makes long; and why it is not the first at its level. */
const ahead = (requests: number, perSecond: number, again: boolean) =>
  `${again ? 'not clear yet, another ' : ''}${counted(requests, 'request')}, about ${time((1000 * requests) / perSecond)}`;

const exitOf = ({ kind }: CapacityResult) => {
  if (kind === 'unclear') return exitCodes.unmeasurable;
  return kind === 'none' ? exitCodes.failed : exitCodes.ok;
};

function levelReport(total: Total, { requestsPerSecond, inFlight }: Held): LevelReport {
  const uncounted = endedOf(total, 'unsent') + endedOf(total, 'censored');
  return {
    requests: total.planned - uncounted,
    good: total.good,
    failures: Object.fromEntries(failuresOf(total.ended).map(({ name, count }) => [name, count])),
    throughput: requestsPerSecond,
    inFlight,
  };
}
