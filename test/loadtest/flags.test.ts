import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, expect, test } from 'vitest';
import { configKeys } from '../../src/core/spelling.ts';
import { runFlags, targetFlags } from '../../src/loadtest/commands/flags.ts';
import { readLoadConfig } from '../../src/loadtest/config.ts';

const folder = mkdtempSync(join(tmpdir(), 'load-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'load.yaml');

const given = (...argv: string[]) =>
  configKeys(runFlags(targetFlags(new Command())).parse(argv, { from: 'user' }).opts());

test('no flag has a value that nobody gave', () => {
  expect(given()).toEqual({});
});

test.each<[string, string[], boolean]>([
  ['calibrate: false', [], false],
  ['calibrate: false', ['--calibrate'], true],
  ['calibrate: true', ['--no-calibrate'], false],
  ['seed: 1', ['--no-calibrate'], false],
  ['seed: 1', [], true],
])('%j in the file and %j beside it: calibrates %s', (text, argv, calibrate) => {
  writeFileSync(file, `url: http://127.0.0.1:1/v4\nmodel: glm-4.6\n${text}\n`);
  const { plan } = readLoadConfig(given('--config', file, ...argv), { GLM_API_KEY: 'a.b' });
  expect(plan.calibrate).toBe(calibrate);
});
