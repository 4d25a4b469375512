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
  says(pattern: RegExp, deadlineMs?: number): Promise<RegExpExecArray>;
  /** The same on standard error. */
  notes(pattern: RegExp, deadlineMs?: number): Promise<RegExpExecArray>;
  /** The exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

export interface LaunchOptions {
  readonly env?: Record<string, string>;
  readonly stdin?: string;
  /** What the command is started by, such as `ip netns exec NAME`. */
  readonly by?: readonly string[];
}

export function launch(argv: readonly string[], options: LaunchOptions = {}): Command {
  const { PATH = '', TMPDIR } = process.env;
  const env = { PATH, ...(TMPDIR && { TMPDIR }), ...options.env };
  const [program = '', ...args] = [...(options.by ?? []), process.execPath, cli, ...argv];
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
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
  const hear = (stream: keyof typeof heard, pattern: RegExp, deadlineMs?: number) => {
    const look = () => {
      const found = pattern.exec(heard[stream]);
      if (found === null && over) throw new Error(`ended without ${pattern}: ${heard.out}${heard.err}`);
      return found ?? undefined;
    };
    return until(`${pattern} on standard ${stream === 'out' ? 'output' : 'error'}`, look, deadlineMs);
  };
  const says: Command['says'] = pattern => hear('out', pattern);
  const notes: Command['notes'] = (pattern, deadlineMs) => hear('err', pattern, deadlineMs);
  return { child, out: () => heard.out, err: () => heard.err, says, notes, ended };
}
