/** A scenario as it stands in a list. */
import { formatDuration } from '../../core/duration.ts';
import { domainOf } from '../../core/outcome.ts';
import { conditions } from '../faults/fault.ts';
import type { Scenario } from './scenario.ts';

/** What it is called, what a call ends as, whose fault that is, and how we know. */
export const entryOf = ({ name, id, outcome, evidence }: Scenario) => ({
  name,
  id,
  outcome,
  fault_domain: domainOf(outcome),
  evidence,
});

/** That, and how it is asked for. */
export const detailsOf = (scenario: Scenario) => ({
  ...entryOf(scenario),
  summary: scenario.summary,
  unary_outcome: scenario.unary ?? scenario.outcome,
  parameters: parametersOf(scenario),
  general_parameters: Object.keys(conditions),
});

/** A scenario's own parameters with their defaults, as they are written. */
export const parametersOf = ({ defaults = {} }: Scenario): Record<string, string> =>
  Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [
      name,
      name === 'for' && typeof value === 'number' ? formatDuration(value) : String(value),
    ]),
  );
