/** An Io that remembers, to run commands in tests as the binary would. */
import { Command } from 'commander';
import { type Io, runProgram } from '../../src/core/program.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one room's command; the exit code is the program's own or the one the command set. */
export async function run(
  command: (io: Io) => Command,
  argv: readonly string[],
  options: { env?: Record<string, string>; stop?: AbortSignal } = {},
): Promise<Ran> {
  let out = '';
  let err = '';
  let set: number | undefined;
  const io: Io = {
    out: text => {
      out += text;
    },
    err: text => {
      err += text;
    },
    env: options.env ?? {},
    stop: options.stop ?? new AbortController().signal,
    exitWith: code => {
      set = code;
    },
  };
  const code = await runProgram(new Command('glm-testkit').addCommand(command(io)), argv, io);
  return { code: code === 0 ? (set ?? 0) : code, out, err };
}
