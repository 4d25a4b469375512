/** Servers under test as processes of their own, on one core, with the load on the other. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import { cpuOf } from './cpu.ts';

export interface Server {
  /** Up to and without `/chat/completions`. */
  readonly baseUrl: string;
  readonly origin: string;
  readonly key: string;
  readonly pid: number;
  /** CPU time used so far, in ms. */
  cpuMs(): number;
  /** Resident memory in MiB. */
  rssMib(): number;
  /** Whether it still runs. */
  alive(): boolean;
  end(): Promise<void>;
}

const canPin = cpus().length > 1 && spawnSync('taskset', ['--version']).status === 0;

/** A command line bound to one core, where that is possible. */
export const pinned = (core: number, command: readonly string[]): string[] =>
  canPin ? ['taskset', '-c', String(core), ...command] : [...command];

/** Starts a command and waits for the line that names its address. */
export async function startServer(
  command: readonly string[],
  address: RegExp = /base URL\s+(\S+)/,
  core = 0,
): Promise<Server> {
  const [file = '', ...args] = pinned(core, command);
  const child: ChildProcess = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
  const { baseUrl, key } = await new Promise<{ baseUrl: string; key: string }>((resolve, reject) => {
    let found = '';
    child.once('exit', code => reject(new Error(`${command.join(' ')} ended with ${code}`)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', line => {
      found ||= address.exec(line)?.[1] ?? '';
      const testKey = /test key\s+(\S+)/.exec(line)?.[1];
      if (testKey !== undefined) resolve({ baseUrl: found, key: testKey });
      else if (found !== '' && !command.includes('mock')) resolve({ baseUrl: found, key: 'none.none' });
    });
  });
  const proc = (file: string) => readFileSync(`/proc/${child.pid}/${file}`, 'utf8');
  return {
    baseUrl,
    origin: new URL(baseUrl).origin,
    key,
    pid: child.pid ?? 0,
    cpuMs: () => cpuOf(child.pid ?? 0),
    rssMib: () => Number(/VmRSS:\s+(\d+)/.exec(proc('status'))?.[1] ?? 0) / 1024,
    alive: () => child.exitCode === null && child.signalCode === null,
    end: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
