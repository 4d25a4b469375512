/** `glm-testkit mock`: describes the command and hands over. */
import { Command } from 'commander';
import { formatDuration } from '../core/duration.ts';
import { UsageError } from '../core/errors.ts';
import { plainLines } from '../core/one-line.ts';
import { exitCodes, type Io } from '../core/program.ts';
import type { MockConfig } from './config.ts';
import { validateCommand } from './fixtures/cli.ts';
import { loadFixtures } from './fixtures/load.ts';
import { greeting } from './greeting.ts';
import { withTestKey } from './keys.ts';
import { type Mock, type MockDoor, startMock } from './mock.ts';
import { diffCommand, recordCommand, replayCommand } from './recording/cli.ts';
import { scenariosCommand } from './scenarios/cli.ts';
import { type Flags, settingsOf } from './settings.ts';
import { certificateFor } from './tls.ts';
import { removeTrust, writeTrust } from './trust.ts';
import { coverageCommand, reportCommand } from './verdict/cli.ts';
import { startWorkers } from './workers.ts';

const collect = (value: string, all: string[] = []) => [...all, value];

export const command = (io: Io): Command =>
  new Command('mock')
    .description('a server that answers as the GLM API answers')
    .option('-c, --config <file>', 'settings in YAML or JSON; flags win over them')
    .option('-p, --port <number>', 'port, 0 for any free one (default 4010)')
    .option('--host <address>', 'address to listen on (default 127.0.0.1)')
    .option('--key <id.secret>', 'accept this API key; repeatable (default: one test key, printed)', collect)
    .option('--any-key', 'accept any well-formed key')
    .option('--profile <name>', 'cn answers as open.bigmodel.cn, intl as api.z.ai (default cn)')
    .option('--era <year>', 'wire format of 2024, 2025 or 2026 (default 2026)')
    .option('--seed <number>', 'everything random comes from it (default 1)')
    .option(
      '--timing <pace>',
      'instant, a preset (flash, air, flagship, busy), or ttft=300ms,itl=20ms (default instant)',
    )
    .option('--strict', 'also refuse odd conversations and undocumented fields, and say which')
    .option('--fault <fault>', 'strike requests, for example stall,after=5 or overloaded,rate=0.2; repeatable', collect)
    .option('-f, --fixtures <path>', 'a file or folder of prepared answers; repeatable', collect)
    .option('--unmatched <mode>', 'when no fixture fits: fallback to a generated reply, or error (default fallback)')
    .option('--fail-on-unused', 'exit 1 at the end when a fixture was never used or can never be')
    .option('--limit <name=value>', 'limit what one key may do, for example concurrency=2; repeatable', collect)
    .option('--models <code>', 'also answer for this model code, * for any; repeatable', collect)
    .option('--reply-tokens <n>', 'length of generated answers')
    .option('--thinking-tokens <n>', 'length of generated thinking')
    .option('--task-time <duration>', 'how long an asynchronous task is PROCESSING (default 1s)')
    .option('--cache-delay <duration>', 'how long until a repeated prompt counts as cached (default 0)')
    .option('--max-body-bytes <n>', 'refuse larger request bodies (default 32 MiB)')
    .option('--journal-size <n>', 'how many requests are remembered (default 1000)')
    .option('--workers <n>', 'processes that share the port (default 1)')
    .option('--tls', 'serve HTTPS with a certificate made for this run')
    .option('--tls-cert <file>', 'serve HTTPS with this certificate')
    .option('--tls-key <file>', 'and this key')
    .option('--wire <name=value>', 'settle a fact that is not known for sure; repeatable, see the README', collect)
    .option('--grace <duration>', 'on Ctrl-C, how long running answers may take to end (default 10s)')
    .option('--check-config', 'only check the settings: exit 0 or 2')
    .addHelpText(
      'after',
      '\nExamples:\n  glm-testkit mock\n  glm-testkit mock --port 8080 --timing ttft=300ms,itl=20ms --key my-id.my-secret',
    )
    .action((flags: Flags) => run(flags, io))
    .enablePositionalOptions() // what follows a subcommand's name is the subcommand's
    .addCommand(scenariosCommand(io))
    .addCommand(validateCommand(io))
    .addCommand(reportCommand(io))
    .addCommand(coverageCommand(io))
    .addCommand(recordCommand(io))
    .addCommand(replayCommand(io))
    .addCommand(diffCommand(io));

async function run(flags: Flags, io: Io): Promise<void> {
  const { grace, failOnUnused, ...settings } = settingsOf(flags, io);
  if (failOnUnused && settings.workers > 1)
    throw new UsageError('no_workers', '--fail-on-unused counts in one process: leave --workers out');
  if (flags.checkConfig) {
    await certificateFor({ ...settings, tls: false });
    loadFixtures(settings.fixtures);
    return io.out('settings are good\n');
  }
  const { config, key } = withTestKey(settings);
  const certificate = await certificateFor(config);
  const warn = (sentence: string) => io.err(`warning: ${plainLines(sentence)}\n`);
  const adminToken = io.env.GLM_MOCK_ADMIN_TOKEN || undefined;
  const { mock, unused } = await start(config, {
    warn,
    ...(certificate && { certificate }),
    ...(adminToken && { adminToken }),
  });
  const trust = certificate?.generated ? writeTrust(certificate.cert, mock.url) : undefined;
  io.out(greeting(mock, config, settings.keys.length > 0 ? undefined : key, trust));
  if (!io.stop.aborted) await new Promise(resolve => io.stop.addEventListener('abort', resolve, { once: true }));
  io.err(`closing: running answers have ${formatDuration(grace)} to end\n`);
  await mock.close({ graceMs: grace });
  if (trust !== undefined) removeTrust(trust);
  const left = unused();
  if (left.length > 0) io.err(`never answered a request: ${left.join(', ')}\n`);
  if (failOnUnused && left.length > 0) io.exitWith(exitCodes.failed);
}

interface Started {
  readonly mock: Mock;
  /** Fixtures without a use so far; workers cannot say. */
  unused(): readonly string[];
}

async function start(config: MockConfig, door: MockDoor & { warn: (sentence: string) => void }): Promise<Started> {
  if (config.workers > 1) return { mock: await startWorkers(config, door), unused: () => [] };
  const { mock, engine } = await startMock(config, door);
  return { mock, unused: () => engine.control.state().fixtures.unused };
}
