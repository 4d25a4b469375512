import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { command } from '../../src/probe/cli.ts';
import { ruleFiles } from '../../src/probe/rules.ts';
import { run } from '../support/io.ts';
import { fileOf, scratch } from '../support/probe.ts';

const promtool = '/usr/bin/promtool';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function place() {
  const { path, remove } = scratch();
  cleanups.push(remove);
  const config = join(path, 'probe.yaml');
  const checks = [
    { kind: 'chat' as const, interval: '1m', slo: { availability: '99%' } },
    { kind: 'models' as const, cron: '0 6 * * *' },
  ];
  writeFileSync(config, stringify(fileOf('http://127.0.0.1:4010', checks)));
  const out = join(path, 'rules');
  const rules = (...more: string[]) =>
    run(command, ['probe', 'rules', '-c', config, '-o', out, ...more], { env: { KEY: 'my-id.my-secret' } });
  return { path, out, rules };
}

test('the rules of the package are written as they are, and one file for the checks of the config', async () => {
  const { out, rules } = place();
  const ran = await rules();
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(readdirSync(out).sort()).toEqual([...ruleFiles, 'checks.yml'].sort());
  const ours = join(import.meta.dirname, '../../dashboards/rules');
  for (const file of ruleFiles)
    expect(readFileSync(join(out, file), 'utf8')).toBe(readFileSync(join(ours, file), 'utf8'));
  const { groups } = parse(readFileSync(join(out, 'checks.yml'), 'utf8'));
  expect(groups[0].rules.map(({ expr }: { expr: string }) => expr)).toEqual([
    'absent(glm_probe_interval_seconds{target="home",check="chat",model="glm-4.6"})',
    'absent(glm_probe_interval_seconds{target="home",check="models",model="glm-4.6"})',
  ]);
});

test('how soon an outage is told is printed, and stands above the checks', async () => {
  const { out, rules } = place();
  const [, table = ''] = (await rules()).out.split('\n\n');
  expect(table).toMatch(/^home\/chat\/glm-4\.6 +1m +2m +availability 99% +9m +9 +22m +22$/m);
  expect(table).toMatch(/^home\/models\/glm-4\.6 +1440m +2880m +none +- +- +- +-$/m);
  expect(readFileSync(join(out, 'checks.yml'), 'utf8').replaceAll(/^# ?/gm, '')).toContain(table);
});

test('links lead where you say', async () => {
  const { out, rules } = place();
  await rules('--runbooks', 'https://wiki.example/alerts');
  for (const file of readdirSync(out)) {
    const links = [...readFileSync(join(out, file), 'utf8').matchAll(/runbook_url: (\S+)/g)].map(([, url]) => url);
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter(url => !url?.startsWith('https://wiki.example/alerts#glm'))).toEqual([]);
  }
});

test('a model’s name cannot break out of its rule', async () => {
  const { path, out } = place();
  const config = join(path, 'odd.yaml');
  const model = 'a"} or vector(1) # \\';
  writeFileSync(config, stringify(fileOf('http://127.0.0.1:4010', [{ kind: 'chat', model }])));
  await run(command, ['probe', 'rules', '-c', config, '-o', out], { env: { KEY: 'a.b' } });
  const { groups } = parse(readFileSync(join(out, 'checks.yml'), 'utf8'));
  expect(groups[0].rules[0].expr).toContain(String.raw`model="a\"} or vector(1) # \\"`);
});

test('a model’s name is no template of the rule’s labels', async () => {
  const { path, out } = place();
  const config = join(path, 'odd.yaml');
  const model = `{{ x }} "模型" \\ '`;
  writeFileSync(config, stringify(fileOf('http://127.0.0.1:4010', [{ kind: 'chat', model }])));
  await run(command, ['probe', 'rules', '-c', config, '-o', out], { env: { KEY: 'a.b' } });
  const { groups } = parse(readFileSync(join(out, 'checks.yml'), 'utf8'));
  expect(groups[0].rules[0].labels.model).toBe(`{{ ${JSON.stringify(model)} }}`);
  if (existsSync(promtool)) execFileSync(promtool, ['check', 'rules', join(out, 'checks.yml')], { stdio: 'pipe' });
});

test.each([
  [['--runbooks', 'a b'], /runbooks: must be an address without spaces/],
  [['--runbooks', 'x#y'], /runbooks: must be an address/],
  [['--out'], /argument missing/],
])('%j is refused with a sentence', async (flags, sentence) => {
  const { code, err } = await place().rules(...flags);
  expect(code).toBe(2);
  expect(err).toMatch(sentence);
});

test('a place that takes no files is named', async () => {
  const { path } = place();
  writeFileSync(join(path, 'file'), '');
  const argv = ['probe', 'rules', '-c', join(path, 'probe.yaml'), '-o', join(path, 'file', 'rules')];
  const { code, err } = await run(command, argv, { env: { KEY: 'a.b' } });
  expect(code).toBe(2);
  expect(err).toMatch(/^error: --out .*rules: cannot be written \(it is a file\)/);
});
