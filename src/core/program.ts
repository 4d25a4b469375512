/** What every command shares: how it ends, how it fails, how Ctrl-C is heard. */
import { type Command, CommanderError } from 'commander';
import { UsageError } from './errors.ts';

/** Exit codes: 0 fine, 1 what was measured failed, 2 you asked wrongly, 3 it could not be measured, 4 fine with warnings. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, unmeasurable: 3, degraded: 4 } as const;

export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by the first Ctrl-C or SIGTERM: finish gracefully. A second one ends the process. */
  readonly stop: AbortSignal;
  /** Calls back on SIGHUP: read your file again. */
  readonly onHangup?: (reload: () => void) => void;
  /** Set by a command whose measurement failed. */
  exitWith(code: number): void;
}

/** For a command that reads no file again: a terminal that is closed ends it gracefully, as Ctrl-C does. */
export function stoppedByHangup(io: Io): Io {
  const hangup = new AbortController();
  io.onHangup?.(() => hangup.abort());
  return { ...io, stop: AbortSignal.any([io.stop, hangup.signal]) };
}

/** Runs a command line and resolves to the exit code; a usage error is one clear message on stderr. */
export async function runProgram(program: Command, argv: readonly string[], io: Io): Promise<number> {
  quiet(program, io);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    // Its own mistakes have 1; a command may have said another code.
    if (error instanceof CommanderError) return error.exitCode === 1 ? exitCodes.usage : error.exitCode;
    if (!(error instanceof UsageError)) throw error;
    io.err(`error: ${error.message}\n`);
    return exitCodes.usage;
  }
}

/** Commander must neither exit nor print by itself, in any subcommand. */
function quiet(command: Command, io: Io): void {
  command.exitOverride().configureOutput({ writeOut: io.out, writeErr: io.err });
  for (const inner of command.commands) quiet(inner, io);
}
