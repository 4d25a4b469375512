import { Command } from 'commander';
import { configKeys } from '../core/flags.ts';
import type { Io } from '../core/program.ts';
import { writeTextfile } from '../core/textfile.ts';
import { type LoadPlan, readLoadConfig } from './config.ts';
import { driverNames } from './drivers/index.ts';
import { load } from './load.ts';
import { jsonReport } from './report/json.ts';
import { textReport } from './report/text.ts';
import { exitCodeOf } from './summary.ts';

const examples = `
Examples:
  GLM_API_KEY=… glm-testkit load run --url http://127.0.0.1:4010/api/paas/v4 --model glm-4.6 -c 20 -d 10s
  glm-testkit load run --url http://127.0.0.1:4010/api/paas/v4 --model glm-4.6 --no-stream -c 50 -d 5s --json

Anything but this machine needs --yes-load-this-endpoint and --max-requests: a load test of a paid API is a bill.
Ctrl-C starts no more requests, waits for those under way and still reports.`;

/** `glm-testkit load …` */
export const command = (io: Io) =>
  new Command('load').description('measure throughput and streaming latency').addCommand(run(io));

const run = (io: Io) =>
  new Command('run')
    .description('keep a fixed number of requests under way and report what came of it')
    .option('--url <base>', 'base URL, up to and without /chat/completions')
    .option('--model <id>', 'model to ask')
    .option('-c, --concurrency <n>', 'requests under way at any time (default: 10)')
    .option('-d, --duration <duration>', 'how long to start new ones (default: 10s)')
    .option('--stream', 'streamed answers (default)')
    .option('--no-stream', 'unary answers')
    .option('--max-tokens <n>', 'limit of each answer (default: 128)')
    .option('--prompt <text>', 'what to ask; every request gets a salt of its own in front')
    .option('--same-prompt', 'no salt: let the endpoint’s prefix cache work')
    .option('--warmup <duration>', 'requests started in this time are not measured (default: 0)')
    .option('--grace <duration>', 'for requests under way at the end (default: 30s)')
    .option('--timeout <duration>', 'for a whole call (default: 120s)')
    .option('--seed <n>', 'repeats the prompts of an earlier run')
    .option('--driver <name>', `${driverNames.join(' or ')} (default: undici for streams and https, else autocannon)`)
    .option('--max-requests <n>', 'never send more, warm-up included')
    .option('--yes-load-this-endpoint', 'the endpoint is not this machine, and I may load it')
    .option('--ca <file>', 'PEM of a certificate authority to trust as well')
    .option('--api-key-file <file>', 'file that holds the API key')
    .option('--json', 'print JSON')
    .option('--prom <file>', 'write metrics for the textfile collector at the end')
    .option('--metrics-port <port>', 'serve /metrics on 127.0.0.1 while running')
    .addHelpText('after', examples)
    .action(flags => runLoadCommand(flags, io));

async function runLoadCommand(flags: Record<string, unknown>, io: Io): Promise<void> {
  const { config, plan } = readLoadConfig(configKeys(flags), io.env);
  io.err(`${opening(plan)}\n`);
  const { summary, metrics } = await load(plan, {
    stop: io.stop,
    metricsPort: config.metrics_port,
    onMetrics: url => io.err(`metrics at ${url}\n`),
  });
  io.out(config.json ? jsonReport(summary) : textReport(summary));
  if (config.prom !== undefined) writeTextfile(config.prom, await metrics.text());
  io.exitWith(exitCodeOf(summary));
}

const opening = ({ driver, concurrency, stream, model, seed }: LoadPlan) =>
  `${concurrency} ${stream ? 'streams' : 'unary requests'} at a time to ${model} by ${driver}, seed ${seed}`;
