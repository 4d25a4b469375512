/**
 * `glm-testkit demo`: the three programs at work on each other in under 30 seconds. Each one is started as a user would
 * start it, as a process of its own; nothing leaves this machine.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { onceAborted } from './core/aborted.ts';
import { UsageError } from './core/errors.ts';
import { exitCodes, type Io, stoppedByHangup } from './core/program.ts';

const model = 'glm-4.6';

export const command = (io: Io): Command =>
  new Command('demo')
    .description('start a mock, check it, load it for ten seconds, and show where the metrics are')
    .option('-d, --duration <duration>', 'how long to load it', '10s')
    .option('--keep', 'leave the mock running until Ctrl-C')
    .addHelpText('after', '\nExamples:\n  glm-testkit demo\n  glm-testkit demo --keep')
    .action((flags: { duration: string; keep?: true }) => demo(flags, stoppedByHangup(io)));

async function demo({ duration, keep }: { duration: string; keep?: true }, io: Io): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'glm-testkit-demo-'));
  title(io, '1. a mock that answers as the GLM API answers', 'mock --port 0 --timing ttft=200ms,itl=10ms');
  const mock = await startMock(io);
  try {
    const client = { io, env: { ...process.env, GLM_API_KEY: mock.key } };
    const at = ['--url', mock.baseUrl, '--model', model];
    if (io.stop.aborted) return stopped(io);
    title(io, '2. the probe checks it: one streamed and one unary call', 'probe check');
    const checked = await run(['probe', 'check', ...at, '--prom', join(folder, 'probe.prom')], client);
    if (io.stop.aborted) return stopped(io);
    title(io, `3. the load tester keeps 20 streams open for ${duration}`, `load run -c 20 -d ${duration}`);
    const loaded = await run(
      ['load', 'run', ...at, '-c', '20', '-d', duration, '--prom', join(folder, 'load.prom')],
      client,
    );
    if (io.stop.aborted) return stopped(io);
    title(io, '4. all three export to Prometheus');
    io.out(await metricsSample(mock.url));
    io.out(
      `  mock   ${mock.url}/metrics${keep ? '' : '   (while it runs: --keep leaves it running)'}\n  probe  ${join(folder, 'probe.prom')}\n  load   ${join(folder, 'load.prom')}\n`,
    );
    if (checked !== 0 || loaded !== 0) io.exitWith(exitCodes.failed);
    if (keep) await leaveRunning(mock, io);
  } finally {
    await mock.end();
  }
}

function stopped(io: Io): void {
  io.err('the demo was stopped before its end\n');
  io.exitWith(exitCodes.failed);
}

const title = (io: Io, text: string, line = '') =>
  io.out(`\n── ${text} ──${line === '' ? '' : `\n   glm-testkit ${line}`}\n\n`);

/** This same command line, whether it runs from source or from the package. */
const self = () => [...process.execArgv, fileURLToPath(import.meta.url).replace(/demo\.(ts|js)$/, 'cli.$1')];

interface RunningMock {
  readonly url: string;
  readonly baseUrl: string;
  readonly key: string;
  end(): Promise<void>;
}

/** Apart from the terminal: Ctrl-C is for the demo, which ends the others in their order. None outlives it. */
function start(args: readonly string[], env: NodeJS.ProcessEnv = process.env): ChildProcess {
  const child = spawn(process.execPath, [...self(), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    windowsHide: true,
  });
  const end = () => child.kill('SIGTERM');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  return child;
}

function startMock(io: Io): Promise<RunningMock> {
  const child = start(['mock', '--port', '0', '--timing', 'ttft=200ms,itl=10ms']);
  child.stderr?.on('data', (text: Buffer) => io.err(text.toString()));
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
  const end = () => {
    child.kill('SIGTERM');
    return ended;
  };
  return new Promise((resolve, reject) => {
    let baseUrl = '';
    child.once('exit', () => reject(new UsageError('no_mock', 'the mock did not start; its message is above')));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', line => {
      io.out(`${line}\n`);
      baseUrl ||= /base URL\s+(\S+)/.exec(line)?.[1] ?? '';
      const key = /test key\s+(\S+)/.exec(line)?.[1];
      if (key !== undefined) resolve({ url: new URL(baseUrl).origin, baseUrl, key, end });
    });
  });
}

/** Runs one of our commands with its output shown as it comes. @returns its exit code */
function run(args: readonly string[], { io, env }: { io: Io; env: NodeJS.ProcessEnv }): Promise<number> {
  const child = start(args, env);
  child.stdout?.on('data', (text: Buffer) => io.out(text.toString()));
  child.stderr?.on('data', (text: Buffer) => io.err(text.toString()));
  const hangUp = () => child.kill('SIGINT');
  io.stop.addEventListener('abort', hangUp, { once: true });
  return new Promise(resolve =>
    child.once('close', code => {
      io.stop.removeEventListener('abort', hangUp);
      resolve(code ?? exitCodes.failed);
    }),
  );
}

/** A few telling lines of what the mock counted. */
async function metricsSample(url: string): Promise<string> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text
    .split('\n')
    .filter(line =>
      /^glm_mock_(requests_total|output_tokens_total|chunk_lateness_seconds_(count|bucket\{le="0\.00[23]"\}))/.test(
        line,
      ),
    );
  return `${lines.map(line => `  ${line}`).join('\n')}\n\n`;
}

async function leaveRunning(mock: RunningMock, io: Io): Promise<void> {
  io.out(`\n  the mock keeps running at ${mock.baseUrl}; Ctrl-C ends it\n`);
  await onceAborted(io.stop);
}
