/** The command as it is installed. */
import { exec, execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const bin = fileURLToPath(new URL('../src/bin.ts', import.meta.url));
const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** Runs it on a Node that says it is another. */
const runOn = (version: string) =>
  new Promise<{ code: number; out: string; err: string }>(resolve => {
    const claim = `Object.defineProperty(process,"versions",{value:{...process.versions,node:"${version}"}})`;
    const args = ['--import', `data:text/javascript,${encodeURIComponent(claim)}`, bin, '--help'];
    execFile(process.execPath, args, (error, out, err) => resolve({ code: Number(error?.code ?? 0), out, err }));
  });

test.each(['18.20.0', '20.19.5', '22.18.9'])(
  'Node %s is told that it is too old, in one line and without a stack',
  async version => {
    expect(await runOn(version)).toEqual({
      code: 2,
      out: '',
      err: `error: glm-testkit needs Node ${engines.node.replace('>=', '>= ')}, and this is ${version}\n`,
    });
  },
);

test.each(['22.19.0', '23.0.0', '24.1.0'])('Node %s runs it', async version => {
  expect(await runOn(version)).toMatchObject({ code: 0, out: expect.stringContaining('Usage: glm-testkit') });
});

test.skipIf(!existsSync('/dev/full'))(
  'an output that cannot be written is said, in one line and without a stack',
  async () => {
    const command = `"${process.execPath}" "${bin}" --help > /dev/full`;
    const { code, err } = await new Promise<{ code: number; err: string }>(resolve =>
      exec(command, (error, _, err) => resolve({ code: Number(error?.code ?? 0), err })),
    );
    expect(code).toBe(1);
    expect(err).toMatch(/^error: the output could not be written: .*ENOSPC.*\n$/);
  },
);
