import { Command } from 'commander';
import { systemClock } from '../core/clock.ts';
import { configKeys } from '../core/flags.ts';
import type { Io } from '../core/program.ts';
import { writeTextfile } from '../core/textfile.ts';
import { checkNames } from './checks/index.ts';
import { readProbeConfig } from './config.ts';
import { createProbeMetrics } from './metrics.ts';
import { runChecks } from './probe.ts';
import { jsonReport } from './report/json.ts';
import { textReport } from './report/text.ts';
import { type CheckResult, exitCodeOf } from './verdict.ts';

const append = (value: string, list: readonly string[] = []) => [...list, value];

const examples = `
Examples:
  GLM_API_KEY=… glm-testkit probe check --url https://open.bigmodel.cn/api/paas/v4 --model glm-4.6
  glm-testkit probe check --url http://127.0.0.1:4010/api/paas/v4 --model glm-4.6 --check chat_stream --json

The key is read from GLM_API_KEY, ZHIPUAI_API_KEY or ZAI_API_KEY, or from --api-key-file.
Exit code: 0 good, 1 the provider or the network failed, 2 wrong usage, 3 account, request or this program.`;

/** `glm-testkit probe …` */
export const command = (io: Io) =>
  new Command('probe')
    .description('check a GLM endpoint: is it well, and if not, whose fault is it')
    .addCommand(check(io));

const check = (io: Io) =>
  new Command('check')
    .description('run checks once and print a verdict')
    .option('--url <base>', 'base URL, up to and without /chat/completions')
    .option('--model <id>', 'model to ask')
    .option('--check <name>', `${checkNames.join(' or ')}; may be repeated (default: all)`, append)
    .option('--prompt <text>', 'what to ask')
    .option('--max-tokens <n>', 'limit of the answer')
    .option('--timeout <duration>', 'for a whole call (default: 60s)')
    .option('--max-gap <duration>', 'longest silence between two tokens (default: 15s)')
    .option('--ca <file>', 'PEM of a certificate authority to trust as well')
    .option('--api-key-file <file>', 'file that holds the API key')
    .option('--json', 'print JSON')
    .option('--prom <file>', 'write metrics for the textfile collector')
    .addHelpText('after', examples)
    .action(flags => runCheck(flags, io));

async function runCheck(flags: Record<string, unknown>, io: Io): Promise<void> {
  const { config, target } = readProbeConfig(configKeys(flags), io.env);
  const results = await runChecks(target, { stop: io.stop });
  io.out(config.json ? jsonReport(results) : textReport(results));
  if (config.prom !== undefined) writeTextfile(config.prom, await metricsText(results));
  io.exitWith(exitCodeOf(results));
}

async function metricsText(results: readonly CheckResult[]): Promise<string> {
  const { metrics, record } = createProbeMetrics(results, systemClock);
  for (const result of results) record(result);
  return metrics.text();
}
