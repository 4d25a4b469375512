/** `npm run test:rules`: alert rules, their tests, routes, inhibition and live metrics by Debian's tools, then every mutant. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command as probe } from '../src/probe/cli.ts';
import { ruleFiles } from '../src/probe/rules.ts';
import { run } from '../test/support/io.ts';
import { liveMetrics } from '../test/support/live-metrics.ts';
import { fileOf } from '../test/support/probe.ts';
import { cases, inhibitionMistakes } from './rules/inhibition.ts';
import { missingCheckTest } from './rules/missing.ts';
import { tool } from './rules/promtool.ts';
import { routesOf } from './rules/routes.ts';
import { readRules } from './rules/rule-file.ts';

const rules = new URL('../dashboards/rules/', import.meta.url).pathname;
const alertmanager = new URL('../dashboards/alertmanager/alertmanager.yml', import.meta.url).pathname;
const ymlIn = (folder: string) =>
  readdirSync(folder)
    .filter(name => name.endsWith('.yml'))
    .map(name => join(folder, name));

await step('promtool check rules', async () => {
  await must('promtool', ['check', 'rules', ...ymlIn(rules)]);
  return `${ymlIn(rules).length} files`;
});
await step('promtool test rules', async () => {
  const tests = ymlIn(join(rules, 'tests'));
  await must('promtool', ['test', 'rules', ...tests]);
  return `${tests.length} files`;
});
await step('probe rules', async () => inScratch(rulesOfConfig));
await step('amtool check-config', async () => {
  await must('amtool', ['check-config', alertmanager]);
  return 'the example';
});
await step('amtool config routes test', async () => {
  const routes = routesOf(ruleFiles.map(name => readRules(readFileSync(join(rules, name), 'utf8'))));
  for (const { labels, receiver } of routes) {
    const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
    const how = ['config', 'routes', 'test', `--config.file=${alertmanager}`, `--verify.receivers=${receiver}`];
    await must('amtool', [...how, ...pairs]);
  }
  return `${routes.length} alerts`;
});
await step('who inhibits whom, by Alertmanager', async () => {
  const mistakes = await inScratch(folder => inhibitionMistakes(alertmanager, folder));
  if (mistakes.length > 0) throw new Error(mistakes.join('\n'));
  return `${cases.length} pairs`;
});
await step('promtool check metrics', async () => {
  const live = Object.entries(await liveMetrics());
  for (const [name, text] of live) {
    const { ok, text: said } = await tool('promtool', ['check', 'metrics'], text);
    if (!ok || said !== '') throw new Error(`${name}: ${said}`);
  }
  return `${live.length} live outputs`;
});
const mutation = spawnSync(process.execPath, [new URL('rules-mutate.ts', import.meta.url).pathname], {
  stdio: 'inherit',
});
process.exitCode = mutation.status ?? 1;

async function step(name: string, act: () => Promise<string>): Promise<void> {
  process.stdout.write(`${name}: ${await act()}\n`);
}

async function must(name: 'promtool' | 'amtool', args: readonly string[]): Promise<void> {
  const { ok, text } = await tool(name, args);
  if (!ok) throw new Error(`${name} ${args.join(' ')}\n${text}`);
}

async function inScratch<Result>(act: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'rules-'));
  try {
    return await act(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What the verb writes is sound, too, and a check that is not there is missed. */
async function rulesOfConfig(folder: string): Promise<string> {
  const config = join(folder, 'probe.yaml');
  // JSON is YAML.
  writeFileSync(config, JSON.stringify(fileOf('http://127.0.0.1:4010', [{ kind: 'chat' }, { kind: 'chat_stream' }])));
  const out = join(folder, 'rules');
  const { code, err } = await run(probe, ['probe', 'rules', '-c', config, '-o', out], { env: { KEY: 'a.b' } });
  if (code !== 0) throw new Error(err);
  await must('promtool', ['check', 'rules', ...ymlIn(out)]);
  const test = join(out, 'missing.test.yml');
  writeFileSync(test, JSON.stringify(missingCheckTest));
  await must('promtool', ['test', 'rules', test]);
  return 'sound, and a check that is missing is missed';
}
