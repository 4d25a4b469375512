/** `glm-testkit mock record`, `replay` and `diff`: describe the commands and hand over. */
import { existsSync, statSync } from 'node:fs';
import { Command } from 'commander';
import { z } from 'zod';
import { onceAborted } from '../../core/aborted.ts';
import { readKey } from '../../core/api-key.ts';
import { baseUrl } from '../../core/base-url.ts';
import {
  type Cassette,
  matches,
  openCassette,
  type RecordedExchange,
  readCassette,
} from '../../core/cassette/cassette.ts';
import { redactText } from '../../core/cassette/redaction.ts';
import { checked, listenHost, whole } from '../../core/config.ts';
import { counted } from '../../core/counted.ts';
import { duration, formatDuration } from '../../core/duration.ts';
import { UsageError } from '../../core/errors.ts';
import { isLoopback } from '../../core/loopback.ts';
import { oneLine, plainLines } from '../../core/one-line.ts';
import { exitCodes, type Io } from '../../core/program.ts';
import { type Loaded, loadFixtures } from '../fixtures/load.ts';
import { type DiffResult, diff, estimate, type Sample, samplesOf } from './diff.ts';
import { samplesOfFixtures } from './fixture-samples.ts';
import { matchOf } from './match.ts';
import { startRecorder } from './recorder.ts';
import { startReplay } from './replay.ts';

type Flags = Readonly<Record<string, unknown>>;

const port = whole(0, 65_535).default(4010);

const recordSettings = z.strictObject({ upstream: baseUrl, out: z.string().min(1, 'must name a file'), port });

const speed = z
  .string()
  .default('1')
  .refine(
    text => text === 'max' || (Number(text) > 0 && Number.isFinite(Number(text))),
    'must be a factor above 0 such as 1 or 10, or max for all at once',
  )
  .transform(text => (text === 'max' ? 0 : Number(text)));

const replaySettings = z.strictObject({
  match: z.enum(matches).optional(),
  speed,
  port,
  host: listenHost.default('127.0.0.1'),
});

const diffSettings = z.strictObject({
  upstream: baseUrl,
  timeout: duration.prefault('2m'),
  yes: z.boolean().default(false),
  json: z.boolean().default(false),
  apiKeyFile: z.string().optional(),
  /** Asked where a fixture names no model. */
  model: z.string().min(1).default('glm-4.6'),
});

export const recordCommand = (io: Io): Command =>
  new Command('record')
    .description('pass calls on to the real API and write down its answers, byte by byte with their times')
    .option('--upstream <url>', 'base URL of the API, such as https://open.bigmodel.cn/api/paas/v4')
    .option('--out <file>', 'JSON Lines file to begin or to continue')
    .option('-p, --port <number>', 'port on 127.0.0.1, 0 for any free one (default 4010)')
    .addHelpText(
      'after',
      '\nThe file holds what you wrote and what was answered. Keys, tokens and cookies are left out.\n\nExamples:\n  glm-testkit mock record --upstream https://open.bigmodel.cn/api/paas/v4 --out session.jsonl\n  glm-testkit mock record --upstream http://127.0.0.1:8080/api/paas/v4 --out session.jsonl --port 0',
    )
    .action((flags: Flags) => record(flags, io));

export const replayCommand = (io: Io): Command =>
  new Command('replay')
    .description('answer as recorded, at the recorded times')
    .argument('<file>', 'what mock record wrote')
    .option('--match <how>', 'what must be as recorded: body, shape or path (default: what the file says, else body)')
    .option('--speed <factor>', '1 as recorded, 10 ten times as fast, max all at once (default 1)')
    .option('-p, --port <number>', 'port, 0 for any free one (default 4010)')
    .option('--host <address>', 'address to listen on (default 127.0.0.1)')
    .addHelpText(
      'after',
      '\n--match body   method, path and the whole body, save request_id and user_id\n        shape  method, path and the same stream; whatever else is asked\n        path   method and path alone\nA cassette of the probe says shape: its prompts are new each time. What fits\nexactly goes first, several that fit come in their order, the last one again.\n\nExamples:\n  glm-testkit mock replay session.jsonl\n  glm-testkit mock replay session.jsonl --match shape --speed max --port 0',
    )
    .action((file: string, flags: Flags) => replay(file, flags, io));

export const diffCommand = (io: Io): Command =>
  new Command('diff')
    .description('ask a live endpoint what was recorded or is prepared, and show where its answers have another shape')
    .argument('<file>', 'what mock record wrote, or a file or folder of fixtures')
    .option('--model <id>', 'model for fixtures that name none (default glm-4.6)')
    .option('--upstream <url>', 'base URL of the endpoint')
    .option('--yes', 'the calls may be made, and paid for; not needed on the loopback interface')
    .option('--timeout <duration>', 'how long one call may take (default 2m)')
    .option('--api-key-file <file>', 'read the key from this file instead of GLM_API_KEY')
    .option('--json', 'one line of JSON per request')
    .addHelpText(
      'after',
      '\nExit code: 0 no breaking difference, 1 at least one, 3 no answer to compare.\n\nExamples:\n  glm-testkit mock diff session.jsonl --upstream http://127.0.0.1:4010/api/paas/v4\n  glm-testkit mock diff fixtures/ --upstream https://open.bigmodel.cn/api/paas/v4 --yes\n  glm-testkit mock diff session.jsonl --upstream https://open.bigmodel.cn/api/paas/v4 --yes',
    )
    .action((file: string, flags: Flags) => compareLive(file, flags, io));

async function record(flags: Flags, io: Io): Promise<void> {
  const settings = checked(recordSettings, flags, 'options');
  const { upstream, out } = settings;
  let count = 0;
  const recorder = await startRecorder({
    upstream,
    port: settings.port,
    cassette: openCassette(out),
    warn: warning(io),
    onRecorded: exchange => {
      count++;
      io.err(`${lineOf(exchange)}\n`);
    },
  });
  io.out(`recording ${upstream} to ${out}\n  base URL  ${recorder.baseUrl}\n`);
  await onceAborted(io.stop);
  await recorder.close();
  io.err(`${counted(count, 'exchange')} recorded in ${out}\n`);
}

async function replay(file: string, flags: Flags, io: Io): Promise<void> {
  const [settings, cassette] = together(
    () => checked(replaySettings, flags, 'options'),
    () => readCassette(file),
  );
  const { exchanges } = told(cassette, file, io);
  const server = await startReplay({ exchanges, ...settings, warn: warning(io) });
  const pace = settings.speed === 0 ? 'all at once' : `at ${settings.speed} times the speed`;
  const how = [...new Set(exchanges.map(one => matchOf(one, settings.match)))].join(' or ');
  io.out(
    `replaying ${counted(exchanges.length, 'exchange')} of ${file} ${pace}, matched by ${how || 'body'}\n  base URL  ${server.baseUrl}\n`,
  );
  await onceAborted(io.stop);
  await server.close();
  if (server.unmatched() > 0) io.err(`${counted(server.unmatched(), 'request')} not in the recording\n`);
}

async function compareLive(file: string, flags: Flags, io: Io): Promise<void> {
  const keyFile = typeof flags.apiKeyFile === 'string' ? flags.apiKeyFile : undefined;
  const [settings, source, key] = together(
    () => checked(diffSettings, flags, 'options'),
    () => sourceIn(file),
    () => readKey(io.env, keyFile),
  );
  const { samples, skipped } =
    'exchanges' in source
      ? samplesOf(told(source, file, io).exchanges)
      : samplesOfFixtures(source.fixtures, settings.model);
  announce(samples, skipped, settings.upstream, io);
  if (!settings.yes && !isLoopback(new URL(settings.upstream).hostname))
    throw new UsageError(
      'needs_yes',
      `${new URL(settings.upstream).host} is not this machine: pass --yes to make these calls`,
    );
  const options = { upstream: settings.upstream, key, timeoutMs: settings.timeout, signal: io.stop };
  const secrets = new Set([key]);
  const results: DiffResult[] = [];
  for await (const result of diff(samples, options)) {
    results.push(result);
    io.out(plainLines(redactText(settings.json ? jsonLine(result) : paragraph(result), secrets)));
  }
  io.err(`${summary(results, samples.length)}\n`);
  io.exitWith(verdict(results));
}

/** Recordings are JSON Lines; YAML, JSON and folders hold fixtures. */
function sourceIn(file: string): Cassette | Loaded {
  const prepared = /\.(?:ya?ml|json)$/.test(file) || (existsSync(file) && statSync(file).isDirectory());
  return prepared ? loadFixtures([file]) : readCassette(file);
}

/** Runs every reading before any is used, so that all mistakes are told at once. */
function together<T extends readonly unknown[]>(...readings: { [K in keyof T]: () => T[K] }): T {
  const mistakes: UsageError[] = [];
  const values = readings.map(read => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      mistakes.push(error);
      return undefined;
    }
  });
  const [first] = mistakes;
  if (first !== undefined) throw new UsageError(first.code, mistakes.map(({ message }) => message).join('\n'));
  return values as unknown as T;
}

const warning = (io: Io) => (sentence: string) => io.err(`warning: ${plainLines(sentence)}\n`);

function told(cassette: Cassette, file: string, io: Io): Cassette {
  for (const line of cassette.torn) warning(io)(`${file}: line ${line} was not written to its end and is left out`);
  return cassette;
}

function lineOf({ request, response }: RecordedExchange): string {
  const { status = 'no answer', chunks, ending, endMs } = response;
  return oneLine(
    `${request.method} ${request.path}  ${status}  ${ending}  ${counted(chunks.length, 'chunk')}  ${formatDuration(endMs)}`,
  );
}

function announce(samples: readonly Sample[], skipped: number, upstream: string, io: Io): void {
  const { requests, promptTokens, completionTokens } = estimate(samples);
  io.err(
    `${counted(requests, 'request')} to ${upstream}, about ${promptTokens} prompt and ${completionTokens} completion tokens\n`,
  );
  if (skipped > 0)
    io.err(
      `${skipped} are left out: recorded calls that did not end well, were refused for the moment (401, 403, 429, 5xx) or ask for a task that is gone, and fixtures whose request would have to be guessed\n`,
    );
}

const jsonLine = ({ sample, differences, failure }: DiffResult) =>
  `${JSON.stringify({ request: sample.name, ...(failure !== undefined && { failure }), differences })}\n`;

function paragraph({ sample, differences, failure }: DiffResult): string {
  if (failure !== undefined) return `${sample.name}: ${failure}\n`;
  if (differences.length === 0) return `${sample.name}: same shape\n`;
  const lines = differences.map(
    ({ severity, what, recorded, live }) => `  ${severity.padEnd(8)}  ${what}: recorded ${recorded}, live ${live}\n`,
  );
  return `${sample.name}:\n${lines.join('')}`;
}

function summary(results: readonly DiffResult[], planned: number): string {
  const of = (severity: string) =>
    results.flatMap(({ differences }) => differences).filter(difference => difference.severity === severity).length;
  const failed = results.filter(({ failure }) => failure !== undefined).length;
  const asked = results.length < planned ? `${results.length} of ` : '';
  return `${asked}${counted(planned, 'request')}: ${of('breaking')} breaking, ${of('notable')} notable, ${of('info')} other differences, ${failed} without an answer`;
}

function verdict(results: readonly DiffResult[]): number {
  const breaks = results.some(({ differences }) => differences.some(({ severity }) => severity === 'breaking'));
  if (breaks) return exitCodes.failed;
  const unheard = results.length === 0 || results.some(({ failure }) => failure !== undefined);
  return unheard ? exitCodes.unmeasurable : exitCodes.ok;
}
