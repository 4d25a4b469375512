import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { command } from '../../src/loadtest/cli.ts';
import type { Comparison } from '../../src/loadtest/compare.ts';
import type { LoadResult } from '../../src/loadtest/result.ts';
import { run } from '../support/io.ts';
import { makeRun, type Scene } from './results.ts';

const folder = mkdtempSync(join(tmpdir(), 'compare-'));
afterAll(() => rmSync(folder, { recursive: true }));

const calm: Scene = { load: { kind: 'closed', levels: [10] }, durationMs: 60_000, ttftMs: 150, tokens: 30, itlMs: 20 };
const put = (name: string, content: string | LoadResult) => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const a = makeRun({ ...calm, seed: 1 }).result;
const other = (name: string, scene: Partial<Scene>, more: Partial<LoadResult> = {}) =>
  put(`${name}.json`, makeRun({ ...calm, ...scene }, { run_id: name, ...more }).result);
const paths = {
  a: put('a.json', a),
  same: other('same', { seed: 1 }),
  again: other('again', { seed: 2 }),
  slow: other('slow', { seed: 3, ttftMs: 300 }),
  short: other('short', { seed: 4, durationMs: 2000 }),
  invalid: other('invalid', { seed: 5 }, { validity: 'INVALID' }),
};
const compare = (...argv: string[]) => run(command, ['load', 'compare', ...argv]);

test.each<[keyof typeof paths, keyof typeof paths, string, number]>([
  ['a', 'same', 'same', 0],
  ['a', 'slow', 'regression', 1],
  ['slow', 'a', 'improvement', 0],
  ['a', 'short', 'inconclusive', 3],
  ['a', 'invalid', 'inconclusive', 3],
])('%s against %s is %s and exits %d', async (left, right, verdict, expected) => {
  const { code, out } = await compare(paths[left], paths[right], '--json');
  const { verdict: found, rows } = JSON.parse(out) as Comparison;
  expect([found, code]).toEqual([verdict, expected]);
  expect(rows.length).toBeGreaterThan(0);
});

test('a run is not compared with itself', async () => {
  const { code, out, err } = await compare(paths.a, put('copy.json', a));
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(`a and b are the same run, ${a.run_id}; give a baseline and a run to judge`);
});

test('two runs of the same server are no regression', async () => {
  const { code, out } = await compare(paths.a, paths.again);
  expect(code).not.toBe(1);
  expect(out).toMatch(/TTFT|E2E/);
});

test('a folder stands for its result.json, and the table goes into the summary', async () => {
  mkdirSync(join(folder, 'run'));
  writeFileSync(join(folder, 'run', 'result.json'), JSON.stringify(a));
  const summary = put('summary.md', '# before\n');
  const { code, out } = await compare(
    join(folder, 'run'),
    paths.slow,
    '--summary',
    summary,
    '--measure',
    'ttft_content',
  );
  expect(code).toBe(1);
  expect(out).toMatch(/regression/i);
  expect(readFileSync(summary, 'utf8')).toMatch(/^# before\n[\s\S]*\|/);
});

test('the same seed says the same, to the last digit', async () => {
  const texts = [await compare(paths.a, paths.slow, '--seed', '7'), await compare(paths.a, paths.slow, '--seed', '7')];
  expect(texts[0]?.out).toBe(texts[1]?.out);
});

test.each<[string, string, RegExp]>([
  ['no file', join(folder, 'nowhere'), /nowhere: no such file or folder; load run -o writes one/],
  ['a folder without a result', folder, /result\.json: no such file/],
  [
    'half a file',
    put('half.json', JSON.stringify(a).slice(0, 5000)),
    /half\.json is not a result of load run \(version 3\)$/m,
  ],
  ['an empty file', put('empty.json', ''), /empty\.json is not a result/],
  ['null', put('null.json', 'null'), /null\.json is not a result/],
  [
    'an older version',
    put('old.json', JSON.stringify({ ...a, version: 1 })),
    /not a result .*\(version 3\), found version 1/,
  ],
  ['a newer version', put('new.json', JSON.stringify({ ...a, version: 4 })), /found version 4/],
  ['a result with a hole', put('hole.json', JSON.stringify({ ...a, config: undefined })), /hole\.json is not a result/],
  [
    'intervals that are none',
    put('odd.json', JSON.stringify({ ...a, intervals: [1, 'x'] })),
    /odd\.json is not a result/,
  ],
])('%s is refused in one sentence', async (_, path, message) => {
  for (const pair of [
    [paths.a, path],
    [path, paths.a],
  ]) {
    const { code, out, err } = await compare(...pair);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err).not.toMatch(/ at .*\.ts/);
  }
});

test.each([
  [['--measure', 'speed'], /--measure knows .*found "speed"/],
  [['--seed', '-1'], /--seed: must be a whole number/],
  [['--summary', join(folder, 'no', 'such.md')], /such\.md: cannot be written/],
])('%j is refused', async (flags, message) => {
  const { code, err } = await compare(paths.a, paths.slow, ...flags);
  expect([code, err]).toEqual([2, expect.stringMatching(message)]);
});
