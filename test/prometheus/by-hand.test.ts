/** "The same without Docker": the commands of dashboards/README.md, run as they stand there; only the ports are others. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { blocksOf } from '../support/markdown.ts';
import { until } from '../support/until.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'dashboards/README.md'), 'utf8');
const section = page.split('\n## ').find(text => text.startsWith('The same without Docker\n')) ?? '';
const blocks = blocksOf(section).filter(({ language }) => language === 'sh');

/** A shell that runs block after block, and takes what it started along when it ends. */
function openShell(folder: string) {
  const command = (name: string, line: string) =>
    writeFileSync(join(folder, name), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  command('sudo', 'echo "not here: $*"');
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, TMPDIR: folder };
  const shell: ChildProcess = spawn('bash', [], { cwd: root, env, stdio: ['pipe', 'pipe', 'pipe'] });
  let heard = '';
  for (const stream of [shell.stdout, shell.stderr])
    stream?.setEncoding('utf8').on('data', text => {
      heard += text;
    });
  const ended = new Promise<void>(resolve => shell.once('close', () => resolve()));
  // As in the shell of somebody who types.
  shell.stdin?.write('shopt -s expand_aliases\n');
  // What a block leaves in the background is a process of this shell, and not of a shell in between.
  shell.stdin?.write("trap 'kill $(jobs -p); wait' EXIT\n");
  let count = 0;
  return {
    /** @returns what it said */
    run: async (text: string) => {
      const from = heard.length;
      const mark = `done-${++count}`;
      shell.stdin?.write(`${text}\necho "${mark}:$?"\n`);
      const [, code] = await until(
        `the end of ${text}`,
        () => new RegExp(`${mark}:(\\d+)`).exec(heard) ?? undefined,
        140_000,
      );
      expect(code, heard.slice(from)).toBe('0');
      return heard.slice(from);
    },
    heard: () => heard,
    close: async () => {
      shell.stdin?.end();
      await ended;
    },
  };
}

test('the commands bring up the stack, and a drill on it sees the alert come and go', async () => {
  expect(blocks.length).toBe(4);
  const folder = mkdtempSync(join(tmpdir(), 'by-hand-'));
  const shell = openShell(folder);
  const ports = new Map<string, number>();
  for (const port of ['4010', '9464', '9090', '9093']) ports.set(port, await freePort());
  const here = (text: string) => text.replace(/\b(4010|9464|9090|9093)\b/g, port => String(ports.get(port)));
  try {
    const [install, prepare, start, drill] = blocks.map(({ text }) => here(text));
    expect(await shell.run(install ?? '')).toMatch(/not here: apt-get install prometheus prometheus-alertmanager/);
    expect(await shell.run(prepare ?? '')).toMatch(/rules\/slo\.yml/);
    await shell.run(start ?? '');
    const answers = (port: string, path: string) =>
      until(
        `an answer at ${port}`,
        () =>
          fetch(`http://127.0.0.1:${ports.get(port)}${path}`).then(
            ({ ok }) => ok,
            () => false,
          ),
        60_000,
      );
    await answers('4010', '/healthz');
    await answers('9464', '/healthz');
    await answers('9090', '/-/ready');
    await answers('9093', '/-/ready');
    const said = await shell.run(drill ?? '');
    expect(said).toMatch(/^overloaded +overloaded +[\d.]+s +[\d.]+s +GlmProbeDown$/m);
    expect(said).toMatch(/^1 of 1 faults told and cleared/m);
  } catch (error) {
    throw new Error(shell.heard(), { cause: error });
  } finally {
    await shell.close();
    rmSync(folder, { recursive: true });
  }
});
