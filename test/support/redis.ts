/** A redis-server of a test's own. */
import { spawn } from 'node:child_process';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** As a power failure would. */
  kill(): Promise<void>;
}

export interface RedisOptions {
  readonly port?: number;
  /** Listens everywhere when there is one. */
  readonly password?: string;
}

/** @throws when redis-server is not installed */
export async function startRedis({ port: wanted, password }: RedisOptions = {}): Promise<RedisServer> {
  const port = wanted ?? (await freePort());
  const access = password === undefined ? ['--bind', '127.0.0.1'] : ['--bind', '0.0.0.0', '--requirepass', password];
  const child = spawn('redis-server', ['--port', String(port), '--save', '', '--appendonly', 'no', ...access]);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', text => {
    said += text;
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('close', () => resolve());
    child.once('error', error => reject(new Error(`${error.message}; on Debian: apt install redis-server`)));
  });
  await Promise.race([
    until('redis-server to be ready', () => said.includes('Ready to accept connections')),
    ended.then(() => Promise.reject(new Error(`redis-server ended: ${said}`))),
  ]);
  const kill = () => {
    child.kill('SIGKILL');
    return ended;
  };
  const secret = password === undefined ? '' : `:${password}@`;
  return { url: `redis://${secret}127.0.0.1:${port}`, port, kill };
}
