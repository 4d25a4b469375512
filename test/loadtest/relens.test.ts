import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { command } from '../../src/loadtest/cli.ts';
import { run } from '../support/io.ts';
import { unaryRun } from './results.ts';

const made = mkdtempSync(join(tmpdir(), 'relens-'));
afterAll(() => rmSync(made, { recursive: true }));

const relens = (path: string, ...more: string[]) => run(command, ['load', 'relens', path, ...more], { env: {} });

function unaryRecords(): string {
  const path = join(made, 'unary.ndjson');
  const records = unaryRun().records.map(record => ({ ...record, status: 200, chunks: 0 }));
  writeFileSync(path, records.map(record => `${JSON.stringify(record)}\n`).join(''));
  return path;
}

test('a folder without records says that with agents they stay elsewhere', async () => {
  const { code, err } = await relens(made);
  expect([code, err]).toEqual([2, expect.stringMatching(/requests\.ndjson: no such file; .* not with --agents/)]);
});

test.each(['vllm', 'sglang', 'evalscope'])('%s measures streams, and says nothing of unary answers', async tool => {
  const { code, err } = await relens(unaryRecords(), '--as', tool);
  expect([code, err]).toEqual([2, expect.stringContaining(`--as ${tool}: unary: ${tool} measures streams`)]);
});

test('who has figures of unary answers shows them, and the others say why not', async () => {
  const { code, out } = await relens(unaryRecords());
  expect(code).toBe(0);
  expect(out).toContain('as vllm would say it: nothing (unary: vllm measures streams)');
  expect(out).toMatch(/as guidellm would say it: \d+ of \d+ requests succeeded/);
  expect(out).not.toContain(': 0 of');
});
