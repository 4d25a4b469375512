/** `probe doctor`: is this prober fit to judge others? */
import { lookup } from 'node:dns/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Command } from 'commander';
import { z } from 'zod';
import { baseUrl } from '../../core/base-url.ts';
import { systemClock } from '../../core/clock.ts';
import { checked } from '../../core/config.ts';
import { exitCodes, type Io } from '../../core/program.ts';
import { configKeys } from '../../core/spelling.ts';
import { createAskUrl } from '../connectivity.ts';
import { type DoctorDoor, examine, examineReferences, type Finding } from '../doctor.ts';
import type { Endpoint } from '../endpoint.ts';
import { caFile, checkFlags, planOfFlags } from '../flags.ts';
import { loadPlan } from '../load.ts';
import type { ProbePlan } from '../plan.ts';
import { systemReaders } from '../secret.ts';

const settings = z.strictObject({
  config: z.string().optional(),
  url: baseUrl.optional(),
  ca: caFile.optional(),
  proxy: baseUrl.optional(),
  api_key_file: z.string().optional(),
  json: z.boolean().default(false),
});

export const doctorCommand = (io: Io): Command =>
  new Command('doctor')
    .description('look at clock, names, proxy, TLS, key and event loop of this prober')
    .option('-c, --config <file>', 'look at every target and reference URL of this file')
    .option('--url <base>', 'base URL, up to and without /chat/completions')
    .option('--ca <file>', 'PEM of a certificate authority to trust as well')
    .option('--proxy <url>', 'proxy to go through (default: HTTPS_PROXY, HTTP_PROXY, NO_PROXY)')
    .option('--api-key-file <file>', 'file that holds the API key')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nOne request is made per target, the list of models; it costs nothing.\nWRONG: no verdict of this prober would be worth anything. odd: worth knowing, and its verdicts stand.\nExit code: 0 fit, perhaps with something odd, 2 wrong usage, 3 something is wrong.\n\nExamples:\n  GLM_API_KEY=… glm-testkit probe doctor --url https://open.bigmodel.cn/api/paas/v4\n  glm-testkit probe doctor -c probe.yaml --json',
    )
    .action((flags: Record<string, unknown>) => doctorVerb(flags, io));

async function doctorVerb(flags: Record<string, unknown>, io: Io): Promise<void> {
  const { json, ...rest } = checked(settings, configKeys(flags), 'options');
  const door = {
    clock: systemClock,
    stop: io.stop,
    lookup: (name: string) => lookup(name, { all: true }),
    loopDelayMs,
  };
  const reports: Report[] = [];
  const plan = await planOf(rest, io);
  for (const endpoint of endpointsOf(plan)) reports.push(await reportOf(endpoint, door));
  const { reference } = plan;
  const references = reference === undefined ? [] : await examineReferences(reference, createAskUrl(io.env));
  io.out(json ? `${JSON.stringify({ targets: reports, references }, null, 2)}\n` : textOf(reports, references));
  const wrong = [references, ...reports.map(({ findings }) => findings)].flat().some(({ grade }) => grade === 'wrong');
  io.exitWith(wrong ? exitCodes.unmeasurable : exitCodes.ok);
}

interface Report {
  readonly target: string;
  readonly findings: readonly Finding[];
}

const reportOf = async (endpoint: Endpoint, door: DoctorDoor): Promise<Report> => ({
  target: endpoint.target,
  findings: await examine(endpoint, door),
});

function planOf({ config, ...flags }: Omit<z.infer<typeof settings>, 'json'>, io: Io): Promise<ProbePlan> {
  const readers = systemReaders(io.env);
  if (config !== undefined) return loadPlan(config, readers);
  // No model is asked; the flags of check want one.
  return planOfFlags(checked(checkFlags, { model: 'none', ...flags }, 'options'), readers);
}

const endpointsOf = ({ checks }: ProbePlan): Endpoint[] => [
  ...new Map(checks.map(({ endpoint }) => [endpoint.target, endpoint])).values(),
];

const watchedMs = 250;

async function loopDelayMs(): Promise<number> {
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  await systemClock.sleep(watchedMs);
  delays.disable();
  // It counts from timer to timer, so its resolution is in every sample.
  return Math.max(0, delays.percentile(99) / 1e6 - 5);
}

const marks = { fine: 'fine ', odd: 'odd  ', wrong: 'WRONG' } as const;

const textOf = (reports: readonly Report[], references: readonly Finding[]) =>
  [...reports, ...(references.length > 0 ? [{ target: 'reference.urls', findings: references }] : [])]
    .map(paragraph)
    .join('\n');

const paragraph = ({ target, findings }: Report) =>
  `${target}\n${findings.map(({ subject, grade, text }) => `  ${marks[grade]}  ${subject.padEnd(10)}  ${text}\n`).join('')}`;
