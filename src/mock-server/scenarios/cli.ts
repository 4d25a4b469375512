/** `glm-testkit mock scenarios`: the catalogue for people and for programs. */
import { Command } from 'commander';
import type { Io } from '../../core/program.ts';
import { conditions } from '../faults/fault.ts';
import { entryOf, parametersOf } from './entry.ts';
import { scenarios } from './index.ts';

export const scenariosCommand = (io: Io): Command =>
  new Command('scenarios')
    .description('list the faults that can be asked for')
    .option('--json', 'as JSON')
    .action(({ json }: { json?: true }) => io.out(json ? asJson() : asText()));

/** Stable: programs read it. The admin API tells more of each. */
const asJson = () => `${JSON.stringify(scenarios.map(entryOf), undefined, 2)}\n`;

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
