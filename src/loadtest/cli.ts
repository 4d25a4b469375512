/** `glm-testkit load …`: joins the verbs. */
import { Command } from 'commander';
import type { Io } from '../core/program.ts';
import { agentCommand } from './commands/agent.ts';
import { capacityCommand } from './commands/capacity.ts';
import { compareCommand } from './commands/compare.ts';
import { relensCommand } from './commands/relens.ts';
import { runCommand } from './commands/run.ts';

export const command = (io: Io) =>
  new Command('load')
    .description('measure throughput and streaming latency')
    .addCommand(runCommand(io))
    .addCommand(capacityCommand(io))
    .addCommand(compareCommand(io))
    .addCommand(relensCommand(io))
    .addCommand(agentCommand(io));
