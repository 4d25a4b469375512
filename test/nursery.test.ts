/** The mock's process starts again with a small nursery, once, and no other verb does. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { argumentsFor } from '../src/nursery.ts';

const execve = () => undefined as never;
const self = (line: string, more: Partial<Parameters<typeof argumentsFor>[0]> = {}) => ({
  argv: ['node', 'cli.js', ...line.split(' ').filter(Boolean)],
  execArgv: [],
  env: {},
  execve,
  execPath: 'node',
  platform: 'linux' as const,
  ...more,
});
const limited = ['--max-semi-space-size=4', '--heap-growing-percent=300', '--no-allocation-site-pretenuring'];

test.each(['mock', 'mock --port 0 --key a.b'])('"%s" starts again with the same words', line => {
  expect(argumentsFor(self(line))).toEqual(['node', ...limited, 'cli.js', ...line.split(' ')]);
});

test('what Node itself was told stays', () => {
  const again = argumentsFor(self('mock', { execArgv: ['--inspect'] }));
  expect(again).toEqual(['node', '--inspect', ...limited, 'cli.js', 'mock']);
});

test.each(['', 'load run', 'probe serve', 'mock scenarios', 'mock report x'])('"%s" runs as it is', line => {
  expect(argumentsFor(self(line))).toBeUndefined();
});

test.each([
  ['has the limit', { execArgv: limited }],
  ['has another limit', { execArgv: ['--max_semi_space_size=64'] }],
  ['has one from the environment', { env: { NODE_OPTIONS: '--max-semi-space-size=16' } }],
  ['has a parent that listens', { channel: {} }],
  ['is on Windows', { platform: 'win32' as const }],
  ['has an older Node', { execve: undefined }],
])('a process that %s runs as it is', (_, more) => {
  expect(argumentsFor(self('mock', more as Partial<ReturnType<typeof self>>))).toBeUndefined();
});

test('the command does so', () => {
  const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
  const tell = 'data:text/javascript,console.error(JSON.stringify([process.pid,process.execArgv]))';
  const run = spawnSync(process.execPath, ['--import', tell, cli, 'mock', '--check-config'], { encoding: 'utf8' });
  const [first, second] = run.stderr
    .trim()
    .split('\n')
    .map(line => JSON.parse(line)) as [number, string[]][];
  expect(run.status).toBe(0);
  expect(second?.[0]).toBe(first?.[0]);
  expect(second?.[1]).toEqual(expect.arrayContaining(limited));
});
