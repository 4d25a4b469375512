/** wrk on the other core: requests per second of one request, sent as fast as it is answered. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pinned, type Server } from './server.ts';

export const hasWrk = () => spawnSync('wrk', ['--version']).error === undefined;

export interface WrkResult {
  readonly perSecond: number;
  /** CPU of the server per request, in µs. */
  readonly cpuUs: number;
}

/** @param body the JSON text; `SALT` in it becomes a number that differs in every request */
export function wrk(server: Server, body: string, seconds: number, connections = 64): WrkResult {
  const script = join(mkdtempSync(join(tmpdir(), 'glm-bench-')), 'post.lua');
  writeFileSync(script, luaOf(server.key, body));
  const before = server.cpuMs();
  const [file = '', ...args] = pinned(1, [
    'wrk',
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '-s',
    script,
    `${server.baseUrl}/chat/completions`,
  ]);
  const { stdout } = spawnSync(file, args, { encoding: 'utf8' });
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1] ?? 0);
  if (requests === 0 || /Non-2xx/.test(stdout)) throw new Error(`wrk failed:\n${stdout}`);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1] ?? 0);
  return { perSecond, cpuUs: ((server.cpuMs() - before) * 1000) / requests };
}

/** What wrk itself can do: requests for each second of its own CPU time. */
export function wrkAsClient(server: Server, seconds: number, connections = 64): number {
  const script = join(mkdtempSync(join(tmpdir(), 'glm-bench-')), 'post.lua');
  writeFileSync(script, luaOf(server.key, '{"model":"truth","messages":[{"role":"user","content":"Tell me."}]}'));
  const command = `wrk -t1 -c${connections} -d${seconds}s -s ${script} ${server.baseUrl}/chat/completions; times`;
  const [file = '', ...args] = pinned(1, ['bash', '-c', command]);
  const { stdout } = spawnSync(file, args, { encoding: 'utf8' });
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1] ?? 0);
  // The last line of `times` has user and system time of the children, such as 0m1.250s.
  const times = [...(stdout.trim().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  const cpuSeconds = times.reduce((sum, [, minutes, rest]) => sum + 60 * Number(minutes) + Number(rest), 0);
  if (requests === 0 || cpuSeconds === 0) throw new Error(`wrk failed:\n${stdout}`);
  return requests / cpuSeconds;
}

const luaOf = (key: string, body: string) => `
local count = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer ${key}"
request = function()
  count = count + 1
  return wrk.format(nil, nil, nil, (string.gsub(${JSON.stringify(body)}, "SALT", tostring(count))))
end
`;
