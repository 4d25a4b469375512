/** `glm-testkit load run`: carries a plan out, shows it while it runs, and leaves everything that was asked for. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { systemClock } from '../../core/clock.ts';
import { counted } from '../../core/counted.ts';
import { UsageError } from '../../core/errors.ts';
import { folderAt, openPlaces } from '../../core/places.ts';
import { exitCodes, type Io, stoppedByHangup } from '../../core/program.ts';
import { createRandom } from '../../core/random.ts';
import { configKeys } from '../../core/spelling.ts';
import { writeTextfile } from '../../core/textfile.ts';
import { appendText } from '../append.ts';
import { peakOf } from '../arrivals.ts';
import { measureWithAgents } from '../cluster/coordinator.ts';
import { measureLocally } from '../cluster/local.ts';
import { partsOf } from '../cluster/share.ts';
import { readLoadConfig } from '../config.ts';
import { estimateOf, estimateText, refuseSmallBudget } from '../estimate.ts';
import { createExporter } from '../exporter.ts';
import type { Interval } from '../interval.ts';
import { createLens, type Lens } from '../lens.ts';
import { type Measurement, measure, resultOf } from '../load.ts';
import { createLoadMetrics, type LoadMetrics } from '../metrics.ts';
import { outNames } from '../out-names.ts';
import { type LoadPlan, lengthMs } from '../plan.ts';
import { pushMetrics } from '../push.ts';
import { createRecordFile, createSample } from '../records.ts';
import { html } from '../report/html.ts';
import { jsonReport } from '../report/json.ts';
import { junit } from '../report/junit.ts';
import { lensText } from '../report/lens.ts';
import { markdown } from '../report/markdown.ts';
import { screen, sizeFor } from '../report/screen.ts';
import type { LoadResult, RawRecord } from '../result.ts';
import type { LoadConfig } from '../settings.ts';
import { createLive, type Live } from '../ui/live.ts';
import type { PlanFacts } from '../ui/progress.ts';
import { runFlags, targetFlags } from './flags.ts';

const examples = `
Examples:
  export GLM_API_KEY=…
  glm-testkit load run --url http://127.0.0.1:4010/api/paas/v4 \\
    --model glm-4.6 -c 20 -d 10s
  glm-testkit load run --url http://127.0.0.1:4010/api/paas/v4 \\
    --model glm-4.6 --rate 50 -d 30s \\
    --threshold 'ttft_content:p95<800ms' -o result

Anything but this machine needs --yes-load-this-endpoint and a budget: a load
test of a paid API is a bill. Ctrl-C starts no more requests, waits for those
under way and still reports. Exit code: 0 passed, 1 a gate failed, nothing was
answered or a refusal ended the run, 2 wrong usage, 3 the run cannot be judged.`;

export const runCommand = (io: Io) =>
  runFlags(targetFlags(new Command('run').description('load an endpoint and report what came of it')))
    .addHelpText('after', examples)
    .action(flags => runLoadCommand(flags, stoppedByHangup(io)));

async function runLoadCommand(flags: Record<string, unknown>, io: Io): Promise<void> {
  const { config, plan } = readLoadConfig(configKeys(flags), io.env);
  const estimate = estimateOf(plan);
  refuseSmallBudget(
    estimate,
    plan,
    partsOf(plan, { index: 0, count: config.agents ?? 1 }, config.workers)[0]?.count ?? 1,
  );
  io.err(`${opening(plan)}\n${estimateText(estimate, plan)}\n`);
  const outputs = await openOutputs(config, plan, io);
  const startedAt = systemClock.wall();
  const notice = () => io.err('stopping: no more requests; another Ctrl-C ends at once, without a report\n');
  io.stop.addEventListener('abort', notice, { once: true });
  try {
    const measurement = await measureBy(config, plan, outputs, io).finally(outputs.live.close);
    const result = resultOf(plan, measurement, startedAt);
    io.exitWith(exitCodeOf(result));
    await report(result, config, outputs, io);
  } finally {
    io.stop.removeEventListener('abort', notice);
    await outputs.close();
  }
}

const opening = (plan: LoadPlan) => {
  const { arrivals, concurrency, stream, model, driver, seed } = plan;
  const what = stream ? 'stream' : 'unary request';
  const load =
    arrivals.kind === 'closed' ? `up to ${counted(concurrency, what)} at a time` : `${what}s, ${arrivalText(plan)}`;
  return `${load} to ${model} for ${Math.round(lengthMs(plan) / 100) / 10} s by ${driver}, seed ${seed}`;
};

const arrivalText = ({ arrivals }: LoadPlan) => (arrivals.kind === 'open' ? `${arrivals.law} arrivals` : 'as recorded');

/** Everything that looks on while a run goes on. */
interface Outputs {
  readonly onInterval: (interval: Interval) => void;
  /** Undefined when nobody wants records, which then are not made. */
  readonly onRecord: ((record: RawRecord) => void) | undefined;
  readonly live: Live;
  readonly metrics: LoadMetrics;
  readonly lens: Lens | undefined;
  readonly sample: RawRecord[] | undefined;
  /** Whether the folder is still this run's own. */
  readonly ownFolder: boolean;
  close(): Promise<void>;
}

/** Requests that the report draws one by one. */
const mostDrawn = 5000;

async function openOutputs(config: LoadConfig, plan: LoadPlan, io: Io): Promise<Outputs> {
  const { out, junit, summary, prom } = config;
  openPlaces({ out: folderAt(out, { holds: Object.values(outNames) }), junit, summary, prom });
  const metrics = createLoadMetrics({ scenario: scenarioOf(plan), model: plan.model });
  const exporter = config.metrics_port === undefined ? undefined : await createExporter(metrics, config.metrics_port);
  if (exporter !== undefined) io.err(`metrics at ${exporter.url}\n`);
  const file = config.out === undefined ? undefined : beginFolder(config.out, config, io);
  const lens = config.as === undefined ? undefined : createLens(config.as);
  const live = openLive(config, plan, io);
  const sample = wantsRecords(config) ? createSample(mostDrawn, createRandom(plan.seed).fork('sample')) : undefined;
  return {
    onInterval: interval => {
      metrics.add(interval);
      file?.flush();
      live.update([interval]);
    },
    onRecord:
      sample &&
      (record => {
        file?.add(record);
        sample.add(record);
        lens?.add(record);
      }),
    live,
    metrics,
    lens,
    get sample() {
      return sample?.read();
    },
    get ownFolder() {
      return file?.stands() ?? true;
    },
    close: async () => {
      file?.flush();
      file?.close();
      await exporter?.close();
    },
  };
}

const openLive = (config: LoadConfig, plan: LoadPlan, io: Io): Live =>
  createLive({
    plan: factsOf(plan),
    out: io.err,
    isTty: config.ui && process.stderr.isTTY && io.env.CI === undefined,
    size: () => ({ columns: process.stderr.columns ?? 100, rows: process.stderr.rows ?? 30 }),
    color: io.env.NO_COLOR === undefined,
  });

/** With agents single requests stay where they were made. */
const wantsRecords = ({ agents, out, as }: LoadConfig) =>
  agents === undefined && (out !== undefined || as !== undefined);

/** Begins the records anew, and takes away what an earlier run left: a folder holds one run. */
function beginFolder(out: string, config: LoadConfig, io: Io) {
  for (const name of Object.values(outNames)) rmSync(join(out, name), { force: true });
  if (!wantsRecords(config)) return undefined;
  const path = join(out, outNames.records);
  return createRecordFile(path, why => io.err(`${path} stays incomplete: ${why}\n`));
}

/** What the live view says of the plan. */
function factsOf(plan: LoadPlan): PlanFacts {
  const { model, arrivals, stream, warmupMs, calibrate: calibrates, maxRequests, budget, currency } = plan;
  const { maxTokens, maxCost, price } = budget;
  const finite = (n: number) => (Number.isFinite(n) ? n : null);
  return {
    model,
    kind: arrivals.kind,
    stream,
    level: arrivals.kind === 'trace' ? null : peakOf(arrivals.stages),
    durationMs: lengthMs(plan),
    warmupMs,
    calibrates,
    maxRequests: finite(maxRequests),
    maxTokens: finite(maxTokens),
    maxCost:
      price === undefined || !Number.isFinite(maxCost)
        ? null
        : { amount: maxCost, currency, perInputToken: price.input / 1e6, perOutputToken: price.output / 1e6 },
  };
}

const scenarioOf = ({ arrivals }: LoadPlan) => (arrivals.kind === 'open' ? arrivals.law : arrivals.kind);

function measureBy(config: LoadConfig, plan: LoadPlan, outputs: Outputs, { stop, err }: Io): Promise<Measurement> {
  const say = (line: string) => err(`${line}\n`);
  const { onInterval, onRecord } = outputs;
  // Only seconds travel.
  if (config.agents !== undefined && config.redis !== undefined)
    return measureWithAgents(plan, { agents: config.agents, redis: config.redis, stop, onInterval, say });
  if (config.workers > 1) return measureLocally(plan, { workers: config.workers, stop, onInterval, onRecord });
  return measure(plan, { stop, onInterval, ...(onRecord && { onRecord }) });
}

/** Files first, and the screen whatever became of them. @throws {UsageError} `no_write`, all that could not be written */
async function report(
  result: LoadResult,
  config: LoadConfig,
  { metrics, lens, sample, ownFolder }: Outputs,
  io: Io,
): Promise<void> {
  metrics.finish(result);
  const text = await metrics.text();
  const out = ownFolder ? config.out : undefined;
  const mistakes = [
    ownFolder ? undefined : takenOver(config.out),
    written(out && join(out, outNames.result), path => writeTextfile(path, jsonReport(result))),
    written(out && join(out, outNames.page), path => writeTextfile(path, html(result, sample))),
    written(config.junit, path => writeTextfile(path, junit(result))),
    written(config.summary, path => appendText(path, markdown(result))),
    written(config.prom, path => writeTextfile(path, text)),
  ].filter(mistake => mistake !== undefined);
  if (config.json) io.out(jsonReport(result));
  else
    io.out(`${screen(result, sizeFor(process.stdout))}\n${lens === undefined ? '' : `\n${lensText(lens.read())}\n`}`);
  if (config.push !== undefined) await push(config.push, result, text, io);
  if (mistakes.length > 0) throw new UsageError('no_write', mistakes.join('\n'));
}

const takenOver = (out: string | undefined) =>
  `--out ${out}: another run began there meanwhile, or it was taken away, so nothing of this run is kept in it; give each run a folder of its own`;

/** @returns why it could not be written */
function written(path: string | undefined, write: (path: string) => void): string | undefined {
  if (path === undefined) return undefined;
  try {
    write(path);
    return undefined;
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}

async function push(url: string, result: LoadResult, text: string, io: Io): Promise<void> {
  const failure = await pushMetrics({ url, scenario: result.load.kind, model: String(result.config.model) }, text);
  if (failure !== undefined) io.err(`the metrics were not pushed: ${failure}\n`);
}

const exitCodeOf = ({ verdict }: LoadResult) =>
  ({ pass: exitCodes.ok, ungated: exitCodes.ok, fail: exitCodes.failed, not_measurable: exitCodes.unmeasurable })[
    verdict
  ];
