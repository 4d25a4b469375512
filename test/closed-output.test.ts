import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import * as fake from './support/fake-glm.ts';
import { launch } from './support/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'glm-closed-'));
afterAll(() => rmSync(folder, { recursive: true }));

const target = async () => ['--url', await fake.refusedUrl(), '--model', 'glm-4.6'];

test.each<[string, readonly string[], readonly string[]]>([
  [
    'a failed gate',
    ['load', 'run', '-c', '1', '-d', '1s', '--max-requests', '1', '--threshold', 'error_rate<1%', '--no-calibrate'],
    ['-o', folder],
  ],
  ['a failed check', ['probe', 'check', '--prompt', 'Say pong.'], ['--junit', join(folder, 'check.xml')]],
])('%s stays one when nobody reads the report, and its files are written', async (_, verb, files) => {
  const process = launch([...verb, ...(await target()), ...files], { env: { GLM_API_KEY: 'a.b' } });
  process.child.stdout?.destroy();
  expect([await process.ended, process.err()]).toEqual([1, expect.not.stringMatching(/EPIPE|^\s+at /m)]);
  expect(readdirSync(folder)).toContain(verb[0] === 'load' ? 'result.json' : 'check.xml');
});

test('help that nobody reads to its end is no failure', async () => {
  const process = launch(['load', 'run', '--help']);
  process.child.stdout?.destroy();
  expect([await process.ended, process.err()]).toEqual([0, '']);
});

test('a terminal that is closed ends a load test as Ctrl-C does: with its report', async () => {
  const server = await fake.createFakeGlm(fake.good);
  const out = join(folder, 'hangup');
  const argv = ['load', 'run', '--url', server.url, '--model', 'glm-4.6', '-c', '1', '-d', '1h', '-o', out];
  const { child, notes, ended } = launch([...argv, '--no-calibrate'], { env: { GLM_API_KEY: 'a.b' } });
  await notes(/\d ok/);
  child.kill('SIGHUP');
  expect(await ended).toBe(0);
  await server.close();
  expect(readdirSync(out)).toContain('result.json');
});
