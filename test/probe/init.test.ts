import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { validate } from '../../src/probe/validate.ts';
import { initCommand } from '../../src/probe/verbs/init.ts';
import { run } from '../support/io.ts';
import { scratch } from '../support/probe.ts';

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function place(): string {
  const { path, remove } = scratch();
  cleanups.push(remove);
  return join(path, 'probe.yaml');
}

const options = { env: { GLM_API_KEY: 'a.b', MY_KEY: 'a.b' }, nowMs: 0 };

test('flags alone write a file that validate finds nothing wrong with', async () => {
  const out = place();
  const flags = [
    '--region',
    'intl',
    '--model',
    'glm-5.3',
    '--key-env',
    'MY_KEY',
    '--interval',
    '10m',
    '--check',
    'chat',
  ];
  const { code, out: said } = await run(io => initCommand(io, undefined), ['init', ...flags, '--out', out]);
  expect([code, said]).toEqual([0, `${out} written; next: glm-testkit probe validate ${out}\n`]);
  const { config, defects } = validate(readFileSync(out, 'utf8'), options);
  expect(defects).toEqual([]);
  expect(config).toMatchObject({
    credentials: { main: { key: { env: 'MY_KEY' } } },
    targets: { zai: { url: 'https://api.z.ai/api/paas/v4' } },
    defaults: { model: 'glm-5.3', interval: 600_000 },
    checks: [{ kind: 'chat' }],
  });
});

test('what no flag said is asked, and an empty answer is the usual one', async () => {
  const out = place();
  const asked: string[] = [];
  const ask = async (question: string, usual: string) => {
    asked.push(question);
    return question.startsWith('Which endpoint') ? 'coding-cn' : usual;
  };
  await run(io => initCommand(io, ask), ['init', '--model', 'glm-4.6', '--out', out]);
  expect(asked).toEqual([
    'Which endpoint (cn, intl, coding-cn, coding-intl)?',
    'Which environment variable holds the key?',
    'How often?',
  ]);
  const { config, defects } = validate(readFileSync(out, 'utf8'), options);
  expect([defects, config?.targets.coding?.url]).toEqual([[], 'https://open.bigmodel.cn/api/coding/paas/v4']);
});

test('a file that is there is not written over', async () => {
  const out = place();
  writeFileSync(out, 'mine');
  const { code, err } = await run(io => initCommand(io, undefined), ['init', '--out', out]);
  expect([code, err, readFileSync(out, 'utf8')]).toEqual([
    2,
    expect.stringContaining('is there already; pass --force'),
    'mine',
  ]);
  await run(io => initCommand(io, undefined), ['init', '--out', out, '--force']);
  expect(readFileSync(out, 'utf8')).toContain('credentials:');
});

test.each([
  [
    'a key in place of its variable',
    ['--key-env', '0123456789abcdef0123456789abcdef.Canary5ecret4242'],
    'the key itself does not belong here',
  ],
  ['an unknown region', ['--region', 'eu'], '--region: must be one of cn, intl, coding-cn, coding-intl'],
  ['an unknown check', ['--check', 'ping'], 'knows only chat'],
  ['an interval without a unit', ['--interval', '5'], 'must be a duration such as 5m'],
])('%s is refused, and nothing is written', async (_name, flags, message) => {
  const out = place();
  const { code, err } = await run(io => initCommand(io, undefined), ['init', ...flags, '--out', out]);
  expect([code, err, existsSync(out)]).toEqual([2, expect.stringContaining(message), false]);
  expect(err).not.toContain('Canary');
});

test.each(['bad: model # x', '- {', 'true', '模型'])('a model called %s is that model in the file', async model => {
  const out = place();
  const { code } = await run(io => initCommand(io, undefined), ['init', '--model', model, '--out', out]);
  expect([code, validate(readFileSync(out, 'utf8'), options).config?.defaults.model]).toEqual([0, model]);
});

test.each(['1s', '0s'])('an interval of %s writes no file that has to be mended first', async interval => {
  const out = place();
  const { code, err } = await run(io => initCommand(io, undefined), ['init', '--interval', interval, '--out', out]);
  expect([code, existsSync(out)]).toEqual([2, false]);
  expect(err).toContain(`${out} is not written; it would say`);
});
