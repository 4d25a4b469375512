/** `glm-testkit mock scenarios`: the catalogue for people and for programs. */
import { Command } from 'commander';
import { formatDuration } from '../../core/duration.ts';
import { domainOf } from '../../core/outcome.ts';
import type { Io } from '../../core/program.ts';
import { conditions } from '../faults/fault.ts';
import { scenarios } from './index.ts';
import type { Scenario } from './scenario.ts';

export const scenariosCommand = (io: Io): Command =>
  new Command('scenarios')
    .description('list the faults that can be asked for')
    .option('--json', 'as JSON')
    .action(({ json }: { json?: true }) => io.out(json ? asJson() : asText()));

/** Stable: programs read it. */
const asJson = () =>
  `${JSON.stringify(
    scenarios.map(scenario => ({
      name: scenario.name,
      id: scenario.id,
      outcome: scenario.outcome,
      fault_domain: domainOf(scenario.outcome),
      evidence: scenario.evidence,
      summary: scenario.summary,
      unary_outcome: scenario.unary ?? scenario.outcome,
      parameters: parametersOf(scenario),
      general_parameters: Object.keys(conditions),
    })),
    undefined,
    2,
  )}\n`;

/** A scenario's own parameters with their defaults, as they are written. */
export const parametersOf = ({ defaults = {} }: Scenario): Record<string, string> =>
  Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [
      name,
      name === 'for' && typeof value === 'number' ? formatDuration(value) : String(value),
    ]),
  );

const generalLines = Object.entries(conditions)
  .map(([name, [example, meaning]]) => `  ${`${name}=${example}`.padEnd(14)} ${meaning}`)
  .join('\n');

function asText(): string {
  const lines = scenarios.map(scenario => {
    const parameters = Object.entries(parametersOf(scenario)).map(([name, value]) => `${name}=${value}`);
    return `${scenario.name.padEnd(28)} ${scenario.id.padEnd(5)} ${scenario.outcome.padEnd(19)} ${scenario.summary}${parameters.length === 0 ? '' : ` (${parameters.join(', ')})`}`;
  });
  return `${'name'.padEnd(28)} ${'id'.padEnd(5)} ${'a call ends as'.padEnd(19)} what happens\n${lines.join('\n')}

Ask for one with --fault, the header x-glm-fault, or a path: http://127.0.0.1:4010/~stall,after=5/api/paas/v4
Several are joined by a semicolon. Besides its own parameters, in brackets above, each takes these:
${generalLines}
`;
}
