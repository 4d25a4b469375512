/** The command as a process of its own: for signals, exit codes and what really lands on the two outputs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { until } from './until.ts';

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

export interface Command {
  readonly child: ChildProcess;
  out(): string;
  err(): string;
  /** Waits until standard output matches; fails with everything that was said when the process ends first. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** The exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

export function launch(
  argv: readonly string[],
  options: { env?: Record<string, string>; stdin?: string } = {},
): Command {
  const { PATH = '', TMPDIR } = process.env;
  const env = { PATH, ...(TMPDIR && { TMPDIR }), ...options.env };
  const child = spawn(process.execPath, [cli, ...argv], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const heard = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', text => {
    heard.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', text => {
    heard.err += text;
  });
  child.stdin.on('error', () => {}); // a command that does not read may be gone before it is written to
  child.stdin.end(options.stdin ?? '');
  let over = false;
  const ended = new Promise<number | string>(resolve =>
    child.once('close', (code, signal) => {
      over = true;
      resolve(code ?? signal ?? '');
    }),
  );
  const says = (pattern: RegExp) =>
    until(`${pattern} on standard output`, () => {
      const found = pattern.exec(heard.out);
      if (found === null && over) throw new Error(`ended without ${pattern}: ${heard.out}${heard.err}`);
      return found ?? undefined;
    });
  return { child, out: () => heard.out, err: () => heard.err, says, ended };
}
