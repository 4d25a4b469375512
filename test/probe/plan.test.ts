import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { type ProbeFile, probeSchema } from '../../src/probe/config.ts';
import { endpointKind } from '../../src/probe/endpoint.ts';
import { outlinesOf } from '../../src/probe/outline.ts';
import { planOf } from '../../src/probe/plan.ts';
import { createSecret, readSecret, type SecretReaders, systemReaders } from '../../src/probe/secret.ts';
import { standardTokens, tokenFloor } from '../../src/probe/settings.ts';
import { fileOf, planFor } from '../support/probe.ts';

const url = 'http://127.0.0.1:1/api/paas/v4';
const checksOf = async (file: ProbeFile) => (await planFor(file)).checks;

test('checks × targets × models, each with its id', async () => {
  const file = fileOf(
    url,
    [
      { kind: 'chat', model: ['a', 'b'] },
      { kind: 'chat', name: 'other', targets: ['away'] },
    ],
    {
      targets: { home: { url }, away: { url, defaults: { model: 'c' } } },
      defaults: {},
    },
  );
  expect((await checksOf(file)).map(({ id }) => id)).toEqual([
    'home/chat/a',
    'home/chat/b',
    'away/chat/a',
    'away/chat/b',
    'away/other/c',
  ]);
});

test('the nearest word wins, key by key, and a schedule as a whole', async () => {
  const file = fileOf(url, [{ kind: 'chat_stream' }, { kind: 'chat', cron: '0 * * * *', deadlines: { total: '9s' } }], {
    targets: { home: { url, defaults: { deadlines: { idle: '2s' }, expect: { ttft: '3s' }, interval: '10m' } } },
    defaults: {
      model: 'm',
      deadlines: { idle: '1s', total: '30s' },
      expect: { total: '20s', ttft: '1s' },
      timezone: 'Asia/Shanghai',
    },
  });
  const [stream, unary] = await checksOf(file);
  expect(stream).toMatchObject({
    schedule: { kind: 'interval', everyMs: 600_000, jitter: 0.1 },
    deadlines: { connect: 5000, first_byte: 15_000, first_token: 30_000, idle: 2000, total: 30_000 },
    expect: { totalMs: 20_000, ttftMs: 3000, content: 'task', usage: 'required' },
  });
  expect(unary).toMatchObject({
    schedule: { kind: 'cron', pattern: '0 * * * *', timezone: 'Asia/Shanghai' },
    // Nothing waits longer than the whole call, and no first token is expected of a body that comes at once.
    deadlines: { connect: 5000, first_byte: 9000, first_token: 9000, idle: 2000, total: 9000 },
    expect: { totalMs: 20_000, ttftMs: undefined },
  });
});

test('an interval nearby takes the place of a cron pattern further off', async () => {
  const file = fileOf(url, [{ kind: 'chat', interval: '2m' }], { defaults: { model: 'm', cron: '0 * * * *' } });
  expect((await checksOf(file))[0]?.schedule).toMatchObject({ kind: 'interval', everyMs: 120_000 });
});

test('a disabled check is not there', () => {
  const config = probeSchema.parse(fileOf(url, [{ kind: 'chat', enabled: false }]));
  expect(outlinesOf(config)).toEqual([]);
});

test('a prompt of one’s own is expected to be answered, not to be right', async () => {
  const [check] = await checksOf(fileOf(url, [{ kind: 'chat', prompt: 'Hi' }]));
  expect(check?.expect.content).toBe('any');
});

test.each([
  ['https://open.bigmodel.cn/api/paas/v4', 'cn'],
  ['https://api.z.ai/api/paas/v4', 'intl'],
  ['https://api.z.ai/api/coding/paas/v4', 'coding'],
  ['https://open.bigmodel.cn/api/coding/paas/v4', 'coding'],
  ['https://api.z.ai.example.com/api/paas/v4', 'gateway'],
  ['http://127.0.0.1:4010/api/paas/v4', 'gateway'],
])('%s is %s', (at, kind) => {
  expect(endpointKind(at)).toBe(kind);
});

test.each([
  ['glm-4.6', 'off', 32],
  ['glm-4.6', 'on', 1024],
  ['glm-5.3', 'off', 1024],
  ['glm-4.1v-thinking-flash', 'off', 1024],
  ['glm-4-flash', 'on', 32],
  ['my-own', 'off', 32],
] as const)('%s with thinking %s needs at least %i tokens', (model, thinking, floor) => {
  expect([tokenFloor(model, thinking), standardTokens(model, thinking)]).toEqual([floor, 2 * floor]);
});

const canary = 'canary-id.canary-secret';

test('no way of printing a plan shows a secret', async () => {
  const file = fileOf(url, [{ kind: 'chat' }], {
    notifications: [{ kind: 'slack', url: { env: 'KEY' }, secret: { env: 'KEY' } }],
    exporter: { bearer: { env: 'KEY' }, basic: { username: 'me', password: { env: 'KEY' } } },
    targets: { home: { url, proxy: { env: 'KEY' } } },
  });
  const plan = await planFor(file, canary);
  const check = plan.checks[0] as NonNullable<(typeof plan.checks)[0]>;
  const shown = [
    JSON.stringify(plan),
    inspect(plan, { depth: 9, showHidden: true }),
    String(check.endpoint.key),
    `${check.endpoint.key}`,
  ];
  expect(shown.join()).not.toMatch(/canary-(id|secret)/);
  expect([check.endpoint.key.reveal(), check.endpoint.key.source]).toEqual([canary, 'env KEY']);
});

const readers: SecretReaders = {
  env: { SET: ' value\n', EMPTY: '' },
  file: path => (path === 'empty' ? '\n' : `text of ${path}\n`),
  command: async argv => `${argv.join(' ')}\n`,
};

test.each([
  [{ env: 'SET' }, 'value', 'env SET'],
  [{ file: 'key' }, 'text of key', 'file key'],
  [{ command: ['pass', 'show', 'glm'] }, 'pass show glm', 'command pass'],
])('a secret from %j', async (source, value, name) => {
  const secret = await readSecret(source, readers);
  expect([secret.reveal(), secret.source]).toEqual([value, name]);
});

test.each([
  [{ env: 'UNSET' }, 'env UNSET: is not set'],
  [{ env: 'EMPTY' }, 'env EMPTY: is not set'],
  [{ file: 'empty' }, 'file empty: is empty'],
])('no secret from %j', async (source, message) => {
  await expect(readSecret(source, readers)).rejects.toThrow(message);
});

test('a command’s output is the secret; what a failing one prints is repeated nowhere', async () => {
  const { command } = systemReaders({});
  expect(await command([process.execPath, '-p', '"s3cret"'])).toBe('s3cret\n');
  const failing = command([
    process.execPath,
    '-e',
    `console.log('${canary}'); console.error('${canary}'); process.exit(1)`,
  ]);
  const error: unknown = await failing.catch(thrown => thrown);
  expect(inspect(error)).not.toContain('canary-secret');
  await expect(command(['/no/such/program'])).rejects.toThrow('command /no/such/program: failed');
});

test('proxies come from the config before the environment, and none means none', async () => {
  const at = async (proxy: NonNullable<ProbeFile['targets'][string]['proxy']> | undefined) => {
    const remote = 'https://api.z.ai/api/paas/v4';
    const file = fileOf(remote, [{ kind: 'chat' }], { targets: { home: { url: remote, ...(proxy && { proxy }) } } });
    const env = { KEY: 'a.b', HTTPS_PROXY: 'http://env:1', PROXY: 'http://me:pw@secret:2' };
    const plan = await planOf(probeSchema.parse(file), { ...readers, env });
    return plan.checks[0]?.endpoint.proxy?.reveal();
  };
  expect([
    await at(undefined),
    await at('none'),
    await at({ url: 'http://file:3' }),
    await at({ env: 'PROXY' }),
  ]).toEqual(['http://env:1', undefined, 'http://file:3', 'http://me:pw@secret:2']);
});

test('a secret cannot be changed', () => {
  expect(Object.isFrozen(createSecret('test', 'x'))).toBe(true);
});
