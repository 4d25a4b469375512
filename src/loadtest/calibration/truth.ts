/** Starts the server of known truth in a process of its own, so that it does not share the event loop it is to judge. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Truth {
  readonly baseUrl: string;
  end(): Promise<void>;
}

export interface TruthPace {
  readonly ttftMs: number;
  readonly gapMs: number;
  readonly events: number;
}

/** From source or from the package: the server lies beside this file with the same ending. */
const program = fileURLToPath(import.meta.url).replace(/truth\.(ts|js)$/, 'truth-server.$1');

/** @returns undefined when no process could be started */
export function startTruth({ ttftMs, gapMs, events }: TruthPace): Promise<Truth | undefined> {
  const args = [program, `--ttft=${ttftMs}`, `--gap=${gapMs}`, `--events=${events}`];
  const child = spawn(process.execPath, [...process.execArgv, ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = new Promise<void>(resolve => child.once('exit', () => resolve()));
  const end = () => {
    child.kill();
    return exited;
  };
  return new Promise(resolve => {
    child.once('error', () => resolve(undefined));
    child.once('exit', () => resolve(undefined));
    createInterface({ input: child.stdout }).once('line', line => resolve({ baseUrl: line, end }));
  });
}
