/** The program behind the command. The only file that touches the signals and the exit code. */
import { Command } from 'commander';
import { exitCodes, type Io, runProgram } from './core/program.ts';
import { packageVersion } from './core/version.ts';
import { command as demo } from './demo.ts';
import { command as drill } from './drill/cli.ts';
import { command as load } from './loadtest/cli.ts';
import { command as mock } from './mock-server/cli.ts';
import { command as probe } from './probe/cli.ts';
import { command as token } from './token.ts';

const stop = new AbortController();
let exitCode: number = exitCodes.ok;

let printing = true;

const io: Io = {
  out: text => {
    if (printing) process.stdout.write(text);
  },
  err: text => process.stderr.write(text),
  env: process.env,
  stop: stop.signal,
  onHangup: reload => void process.on('SIGHUP', reload),
  exitWith: code => {
    exitCode = code;
  },
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  });
}
// A reader that goes away (`| head`) ends the printing, not the work: files are still written, and the verdict stays.
process.stdout.on('error', error => {
  if (!printing) return;
  printing = false;
  if ('code' in error && error.code === 'EPIPE') return;
  io.err(`error: the output could not be written: ${error.message}\n`);
  exitCode ||= exitCodes.failed;
  process.exitCode ||= exitCodes.failed;
});
// Nobody listening to the progress is no reason to lose the result.
process.stderr.on('error', () => {});

const program = new Command('glm-testkit')
  .description('mock, probe and load-test the GLM chat API')
  .version(packageVersion())
  .enablePositionalOptions() // what follows a verb is the verb's
  .addCommand(mock(io))
  .addCommand(probe(io))
  .addCommand(load(io))
  .addCommand(drill(io))
  .addCommand(demo(io))
  .addCommand(token(io));

const code = await runProgram(program, process.argv.slice(2), io);
process.exitCode = code || exitCode;
