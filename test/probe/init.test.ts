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

const canary = '0123456789abcdef0123456789abcdef.Canary5ecret4242';
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
    'Which endpoint (cn, intl, coding-cn, coding-intl, or a URL)?',
    'Which environment variable holds the key?',
    'How often?',
  ]);
  const { config, defects } = validate(readFileSync(out, 'utf8'), options);
  expect([defects, config?.targets.coding?.url]).toEqual([[], 'https://open.bigmodel.cn/api/coding/paas/v4']);
});

/** Answers of a person, one after the other; then the person has gone. */
const person = (...answers: (string | undefined)[]) => {
  const left = [...answers];
  return async (_question: string, usual: string) => {
    const said = left.shift();
    return said === '' ? usual : said;
  };
};

test('a wrong answer is told why and asked for again', async () => {
  const out = place();
  const ask = person(
    'mars',
    'http://u:p@h/v4',
    'https://Gateway.example:8080/v4',
    '',
    canary,
    'MY_KEY',
    'soon',
    '1s',
    '10m',
  );
  const { code, err } = await run(io => initCommand(io, ask), ['init', '--out', out]);
  expect([code, err.trimEnd().split('\n')]).toEqual([
    0,
    [
      '  must be one of cn, intl, coding-cn, coding-intl, or a URL such as https://gateway.example/v4',
      '  must hold no user, password or query; the key comes from the environment or a file',
      '  must be the name of an environment variable; the key itself does not belong here',
      '  must be a duration such as 5m',
      expect.stringMatching(/^ {2}defaults\.interval: /),
    ],
  ]);
  const { config, defects } = validate(readFileSync(out, 'utf8'), options);
  expect(defects).toEqual([]);
  expect(config).toMatchObject({
    credentials: { main: { key: { env: 'MY_KEY' } } },
    targets: { 'gateway.example:8080': { url: 'https://Gateway.example:8080/v4' } },
    defaults: { model: 'glm-4.6', interval: 600_000 },
  });
});

test('whoever leaves the questions leaves nothing behind', async () => {
  const out = place();
  for (const ask of [person(undefined), person('cn', '', undefined)]) {
    const { code, err } = await run(io => initCommand(io, ask), ['init', '--out', out]);
    expect([code, err, existsSync(out)]).toEqual([130, '\nnothing is written\n', false]);
  }
});

test('three wrong answers to one question end it, for they may come from no person', async () => {
  const out = place();
  const ask = person('yes', 'y', 'YES', 'cn');
  const { code, err } = await run(io => initCommand(io, ask), ['init', '--out', out]);
  expect([code, existsSync(out)]).toEqual([2, false]);
  expect(err).toContain('3 answers were none; nothing is written');
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
