/** Level after level until the highest that keeps the SLO is known. */
import { exitCodes, type Io } from '../../core/program.ts';
import { type CapacityResult, createSearch, type LevelReport } from '../capacity.ts';
import { failuresOf } from '../ledger.ts';
import type { LoadPlan } from '../plan.ts';
import { capacityText } from '../report/capacity.ts';
import type { Throughput } from '../result.ts';
import { endedOf, type Total } from '../total.ts';
import type { Answer } from './answer.ts';
import type { SearchConfig } from './settings.ts';
import { arrivalsAt, createStays } from './stays.ts';

/** @returns undefined when it was stopped */
export async function findCapacity(plan: LoadPlan, search: SearchConfig, io: Io): Promise<Answer | undefined> {
  const { by: kind, from: low, to: high, attainment, precision } = search;
  const machine = createSearch({ kind, low, high, attainment, precision, seed: plan.seed });
  io.err(`${openingOf(search)}\n`);
  const stay = createStays(plan, io);
  for (let step = machine.next(); step.kind === 'level' && !io.stop.aborted; step = machine.next()) {
    const { total, throughput } = await stay(arrivalsAt(step.level, step.requests, kind), step.requests);
    const report = levelReport(total, throughput);
    io.err(
      `  ${kind} ${step.level}: ${report.good} of ${report.requests} good, ${report.throughput.toFixed(1)} answers/s\n`,
    );
    machine.report(step.level, report);
  }
  const end = machine.next();
  if (end.kind !== 'done') return undefined;
  return { result: end.result, text: capacityText(end.result, search), code: exitOf(end.result) };
}

const openingOf = ({ by, from, to, precision }: SearchConfig) =>
  `${by} from ${from} up to ${to}${by === 'rate' ? ' requests/s' : ''}: doubles until the SLO is missed, then closes in to ${+(100 * precision).toFixed(2)} %`;

const exitOf = ({ kind }: CapacityResult) => (kind === 'none' ? exitCodes.failed : exitCodes.ok);

function levelReport(total: Total, throughput: Throughput): LevelReport {
  const uncounted = endedOf(total, 'unsent') + endedOf(total, 'censored');
  return {
    requests: total.planned - uncounted,
    good: total.good,
    failures: Object.fromEntries(failuresOf(total.ended).map(({ name, count }) => [name, count])),
    throughput: throughput.requests_per_second,
    inFlight: throughput.in_flight_mean,
  };
}
