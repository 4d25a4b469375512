/** `probe check`: runs checks once and prints a verdict. */
import { Command, CommanderError } from 'commander';
import { systemClock } from '../../core/clock.ts';
import { checked } from '../../core/config.ts';
import { UsageError } from '../../core/errors.ts';
import { folderAt, openPlaces } from '../../core/places.ts';
import type { Io } from '../../core/program.ts';
import { createRandom, freshSeed } from '../../core/random.ts';
import { configKeys } from '../../core/spelling.ts';
import { writeTextfile } from '../../core/textfile.ts';
import { cassettesOf } from '../cassette.ts';
import { checkKinds } from '../config.ts';
import { exitCodeOf, nagios } from '../exit.ts';
import { type CheckFlags, checkFlags, planOfFlags } from '../flags.ts';
import { loadPlan } from '../load.ts';
import type { ProbeCheck, ProbePlan } from '../plan.ts';
import { runChecks } from '../probe.ts';
import { jsonReport } from '../report/json.ts';
import { junitReport } from '../report/junit.ts';
import { nagiosMistake, nagiosReport } from '../report/nagios.ts';
import { textReport } from '../report/text.ts';
import { writeMetrics } from '../report/textfile.ts';
import type { Cassettes, ProbeRun } from '../run.ts';
import { systemReaders } from '../secret.ts';
import { suggestion } from '../suggest.ts';

const append = (value: string, list: readonly string[] = []) => [...list, value];

const examples = `
Without a file the key is read from GLM_API_KEY, ZHIPUAI_API_KEY or ZAI_API_KEY, or from --api-key-file.

Exit code: 0 good, 1 the provider or the network failed, 2 wrong usage, 3 account, request or this program,
4 degraded, with --fail-on degraded. With --exit-style nagios: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, wrong usage, too.

Examples:
  GLM_API_KEY=… glm-testkit probe check --url https://open.bigmodel.cn/api/paas/v4 --model glm-4.6
  glm-testkit probe check --url http://127.0.0.1:4010/api/paas/v4 --model glm-4.6 --check chat_stream --json
  glm-testkit probe check -c probe.yaml bigmodel --fail-on degraded`;

export const checkCommand = (io: Io): Command =>
  endingInStyle(new Command('check'), io)
    .description('run checks once and print a verdict')
    .argument('[which...]', 'with a file: only these targets, or target/check/model')
    .option('-c, --config <file>', 'checks to run; or say --url and --model')
    .option('--url <base>', 'base URL, up to and without /chat/completions')
    .option('--model <id>', 'model to ask')
    .option('--check <name>', `${checkKinds.join(', ')}; may be repeated (default: chat and chat_stream)`, append)
    .option('--prompt <text>', 'what to ask in place of a self-checking task')
    .option('--max-tokens <n>', 'limit of the answer')
    .option('--timeout <duration>', 'for a whole call (default: 60s)')
    .option('--max-gap <duration>', 'longest silence between two tokens (default: 15s)')
    .option('--ca <file>', 'PEM of a certificate authority to trust as well')
    .option('--proxy <url>', 'proxy to go through (default: HTTPS_PROXY, HTTP_PROXY, NO_PROXY)')
    .option('--api-key-file <file>', 'file that holds the API key')
    .option('--timing', 'print what happened when, below the table')
    .option('--json', 'print JSON')
    .option('--junit <file>', 'write a JUnit report')
    .option('--prom <file>', 'write metrics for the textfile collector; its counters go on from run to run')
    .option('--record <folder>', 'leave a cassette of every run there, for mock replay and probe explain')
    .option('--fail-on <what>', 'failure or degraded (default: failure)')
    .option('--exit-style <style>', 'plain or nagios (default: plain)')
    .addHelpText('after', examples)
    .action((which: string[], flags: Record<string, unknown>) => runCheckVerb(which, flags, io));

/** A flag that does not exist ends the command before it runs, and 2 would be CRITICAL there, too. */
function endingInStyle(command: Command, io: Io): Command {
  const complain = command.error.bind(command);
  command.error = (message, more) => {
    if (command.opts().exitStyle !== 'nagios') return complain(message, more);
    io.out(nagiosMistake(message.replace(/^error: /, '')));
    throw new CommanderError(nagios.unmeasurable.code, 'usage', message);
  };
  return command;
}

async function runCheckVerb(which: readonly string[], given: Record<string, unknown>, io: Io): Promise<void> {
  try {
    await runAndTell(which, checked(checkFlags, configKeys(given), 'options'), io);
  } catch (error) {
    if (!(error instanceof UsageError) || given.exitStyle !== 'nagios') throw error;
    // 2 would be CRITICAL, and page for a service that nobody looked at.
    io.out(nagiosMistake(error.message));
    io.exitWith(nagios.unmeasurable.code);
  }
}

async function runAndTell(which: readonly string[], flags: CheckFlags, io: Io): Promise<void> {
  const plan = await planFor(flags, io);
  const { junit, prom, record } = flags;
  const checks = chosen(plan, which, flags);
  openPlaces({ record: folderAt(record, { mode: 0o700 }), junit, prom });
  const seed = freshSeed();
  const door = { clock: systemClock, stop: io.stop, random: createRandom(seed), cassettes: cassettesFor(flags, plan) };
  const runs = await runChecks(checks, door);
  // Before the report: whoever has read it may open them.
  if (junit !== undefined) writeTextfile(junit, junitReport(runs));
  if (prom !== undefined) await writeMetrics(prom, runs, systemClock);
  io.out(reportOf(runs, flags));
  io.exitWith(exitCodeOf(runs, flags.exit_style, flags.fail_on === 'degraded'));
}

/** Flags that describe a target have no place beside a file that does. */
const fileless = ['url', 'model', 'prompt', 'max_tokens', 'timeout', 'max_gap', 'ca', 'proxy', 'api_key_file'] as const;

function planFor(flags: CheckFlags, io: Io): Promise<ProbePlan> {
  const readers = systemReaders(io.env);
  if (flags.config === undefined) return planOfFlags(flags, readers);
  const both = fileless.filter(name => flags[name] !== undefined).map(name => `--${name.replaceAll('_', '-')}`);
  if (both.length > 0)
    throw new UsageError('flag_beside_file', `${both.join(', ')}: say this in ${flags.config}, or leave --config out`);
  return loadPlan(flags.config, readers);
}

/** @throws {UsageError} `no_check` when nothing is left to run */
function chosen({ checks }: ProbePlan, which: readonly string[], flags: CheckFlags): readonly ProbeCheck[] {
  const strange = which.filter(word => !checks.some(({ id, target }) => word === id || word === target));
  if (strange.length > 0)
    throw new UsageError('no_check', `${strange.join(', ')}: neither a target nor a check${meant(strange, checks)}`);
  const wanted = (check: ProbeCheck) => which.length === 0 || which.includes(check.id) || which.includes(check.target);
  const list = checks.filter(check => wanted(check) && (flags.check?.includes(check.kind) ?? true));
  if (list.length === 0) throw new UsageError('no_check', `nothing to run: there are ${idsOf(checks)}`);
  return list;
}

/** What was probably meant, or all that there is. */
function meant(strange: readonly string[], checks: readonly ProbeCheck[]): string {
  const known = [...new Set(checks.flatMap(({ target, id }) => [target, id]))];
  return strange.map(word => suggestion(word, known)).find(near => near !== '') ?? `; there are ${idsOf(checks)}`;
}

const idsOf = (checks: readonly ProbeCheck[]) => checks.map(({ id }) => id).join(', ');

/** Asked for on the command line, good runs leave one, too. */
function cassettesFor({ record }: CheckFlags, plan: ProbePlan): Cassettes | undefined {
  if (record === undefined) return cassettesOf(plan);
  const { keep, max_bytes: maxBytes } = plan.cassettes;
  return { dir: record, keep, maxBytes, all: true };
}

function reportOf(runs: readonly ProbeRun[], { json, timing, exit_style: style }: CheckFlags): string {
  if (json) return jsonReport(runs);
  return style === 'nagios' ? nagiosReport(runs) : textReport(runs, { timing });
}
