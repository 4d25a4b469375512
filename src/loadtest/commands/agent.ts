/** `glm-testkit load agent`: this machine takes part in runs that another one starts. */
import { Command } from 'commander';
import { z } from 'zod';
import { readKey } from '../../core/api-key.ts';
import { checked, whole } from '../../core/config.ts';
import type { Io } from '../../core/program.ts';
import { configKeys } from '../../core/spelling.ts';
import { runAgent } from '../cluster/agent.ts';
import { redisUrl } from '../cluster/redis-url.ts';

const agentSchema = z.strictObject({
  redis: redisUrl,
  /** Processes that share this agent's part. */
  workers: whole(1, 256).default(1),
  api_key_file: z.string().optional(),
});

export const agentCommand = (io: Io) =>
  new Command('agent')
    .description('take part in distributed runs')
    .option('--redis <url>', 'where runs are announced')
    .option('--workers <n>', 'processes that share this agent’s part (default: 1)')
    .option('--api-key-file <file>', 'file that holds the API key; keys never travel through Redis')
    .addHelpText(
      'after',
      '\nExamples:\n  GLM_API_KEY=… glm-testkit load agent --redis redis://127.0.0.1:6379\n  glm-testkit load agent --redis rediss://redis.internal:6379 --workers 4',
    )
    .action(async flags => {
      const { redis, workers, api_key_file } = checked(agentSchema, configKeys(flags), 'options');
      const keys = readKey(io.env, api_key_file).split(/\s+/).filter(Boolean);
      await runAgent({ redis, workers, keys, stop: io.stop, say: line => io.err(`${line}\n`) });
    });
