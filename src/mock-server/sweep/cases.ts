/** Which faults a sweep tries, and where in the answer. */
import { UsageError } from '../../core/errors.ts';
import { endings } from '../../core/outcome.ts';
import { scenarioNamed, scenarios } from '../scenarios/index.ts';
import type { Scenario } from '../scenarios/scenario.ts';

/** One call of a sweep: a scenario at a position. */
export interface SweepCase {
  readonly scenario: Scenario;
  /** Frames that pass before it; undefined where the scenario has no position. */
  readonly position: number | undefined;
  /** Strikes the first request alone: a client that repeats it gets the whole answer. */
  readonly once: boolean;
  /** As it is asked for. */
  readonly fault: string;
}

/** Names or ids, or a choice by anything else that a scenario says of itself. */
export type ScenarioChoice = readonly string[] | ((scenario: Scenario) => boolean);

/** @throws {UsageError} `bad_scenario` */
export function chosen(choice: ScenarioChoice = () => true): readonly Scenario[] {
  if (typeof choice === 'function') return scenarios.filter(choice);
  return choice.map(name => {
    const scenario = scenarioNamed(name);
    if (scenario !== undefined) return scenario;
    throw new UsageError('bad_scenario', `no fault is called "${name}"; glm-testkit mock scenarios lists them all`);
  });
}

/** Every scenario at every position; those that a repeated call gets over also once. */
export const casesOf = (list: readonly Scenario[], positions: readonly number[]): SweepCase[] =>
  list.flatMap(scenario => {
    const places = scenario.defaults?.after === undefined ? [undefined] : positions;
    const times = endings[scenario.outcome].retry === 'backoff' ? [false, true] : [false];
    return times.flatMap(once => places.map(position => caseOf(scenario, position, once)));
  });

function caseOf(scenario: Scenario, position: number | undefined, once: boolean): SweepCase {
  const parts = [
    scenario.name,
    ...(position === undefined ? [] : [`after=${position}`]),
    ...(scenario.rate === undefined ? [] : ['rate=1']),
    ...(once ? ['first=1'] : []),
  ];
  return { scenario, position, once, fault: parts.join(',') };
}
