import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { command } from '../../src/mock-server/cli.ts';
import { run } from '../support/io.ts';
import { completionOf } from '../support/mock-engine.ts';
import { launch } from '../support/process.ts';
import { dial, post } from '../support/raw.ts';

const folder = mkdtempSync(join(tmpdir(), 'glm-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

/** How a file names a variable of the environment. */
const variable = (name: string) => `$\{${name}}`;

async function serve(argv: readonly string[], env: Record<string, string> = {}) {
  const mock = launch(['mock', '--port', '0', ...argv], { env });
  cleanups.push(async () => {
    mock.child.kill('SIGKILL');
    await mock.ended;
  });
  const [, baseUrl = ''] = await mock.says(/base URL {2}(\S+)/);
  await mock.says(/curl .*\n/);
  const key = /test key {2}(\S+)/.exec(mock.out())?.[1] ?? '';
  return { ...mock, baseUrl, key };
}

const chat = '/api/paas/v4/chat/completions';
const hello = {
  model: 'glm-4.6',
  messages: [{ role: 'user', content: 'hi' }],
  stream: true,
  thinking: { type: 'disabled' },
};
const send = (baseUrl: string, key: string, body: object = hello) =>
  fetch(`${baseUrl}/chat/completions`, { method: 'POST', headers: { authorization: key }, body: JSON.stringify(body) });

const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** What the printed line does, done by hand where there is no curl. */
async function paste(line: string): Promise<string> {
  if (hasCurl) {
    const shell = spawn('bash', ['-c', line]);
    let text = '';
    shell.stdout.setEncoding('utf8').on('data', part => {
      text += part;
    });
    await once(shell, 'close');
    return text;
  }
  const [, url = '', authorization = '', body = ''] =
    /curl (\S+) -H 'Authorization: (.*?)' .* -d '(.*)'/.exec(line) ?? [];
  return (await fetch(url, { method: 'POST', headers: { authorization }, body })).text();
}

test('the greeting names everything for a first call, and its curl line works when pasted', async () => {
  const mock = await serve([]);
  expect(mock.out()).toMatch(/^glm-testkit mock \d+\.\d+\.\d+ · profile cn · era 2026 · seed 1\n/);
  expect(mock.baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/api\/paas\/v4$/);
  expect(mock.key).toMatch(/^[0-9a-f]{32}\.\w{16}$/);
  const line =
    mock
      .out()
      .split('\n')
      .find(text => text.startsWith('  curl ')) ?? '';
  expect(completionOf(await paste(line.trim())).content).toContain('你好');
  expect((await fetch(/metrics {3}(\S+)/.exec(mock.out())?.[1] ?? '')).status).toBe(200);
  expect(mock.err()).toBe('');
});

test('with TLS the greeting names a file with the certificate alone, and its curl line trusts it', async () => {
  const mock = await serve(['--tls']);
  expect(mock.baseUrl).toMatch(/^https:/);
  expect(mock.out()).toMatch(/trust {5}NODE_EXTRA_CA_CERTS=\S+\.pem · SSL_CERT_FILE=\S+\.pem/);
  const [, path = ''] = /SSL_CERT_FILE=(\S+)/.exec(mock.out()) ?? [];
  const pem = readFileSync(path, 'utf8');
  expect(pem).toContain('BEGIN CERTIFICATE');
  expect(pem).not.toContain('PRIVATE');
  const [, line = ''] = /^ {2}(curl .*)$/m.exec(mock.out()) ?? [];
  if (hasCurl) expect(completionOf(await paste(line)).content).toContain('你好');
  mock.child.kill('SIGTERM');
  expect(await mock.ended).toBe(0);
  expect(existsSync(path)).toBe(false);
});

test('a key of the user opens, and is not shown', async () => {
  const mock = await serve(['--key', 'canary-id.canary-secret'], { GLM_API_KEY: 'canary-id.canary-secret' });
  const answers = [await send(mock.baseUrl, 'canary-id.canary-secret'), await send(mock.baseUrl, 'canary-id.wrong')];
  expect(answers.map(answer => answer.status)).toEqual([200, 401]);
  expect(mock.out() + mock.err()).not.toContain('canary-secret');
  expect(mock.out()).toContain('"Authorization: Bearer $GLM_API_KEY"');
  expect(mock.out()).toContain('your key  as given, not shown; the line below takes it from GLM_API_KEY');
});

test('Ctrl-C lets a running stream end, and a new client is refused', async () => {
  const mock = await serve(['--timing', 'ttft=10ms,itl=20ms', '--reply-tokens', '40']);
  const client = await dial(mock.baseUrl);
  cleanups.push(() => client.socket.destroy());
  client.socket.write(post(chat, mock.key, hello, 'Connection: close'));
  await client.hears(/data: /);
  mock.child.kill('SIGINT');
  await client.closed;
  expect(client.heard()).toMatch(/\[DONE\]\n\n\r\n0\r\n\r\n$/);
  expect(await mock.ended).toBe(0);
  expect(mock.err()).toBe('closing: running answers have 10s to end\n');
  await expect(dial(mock.baseUrl)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a second Ctrl-C ends at once', async () => {
  const mock = await serve(['--timing', 'ttft=1h']);
  const client = await dial(mock.baseUrl);
  client.socket.write(post(chat, mock.key, hello));
  await client.hears(/200 OK/);
  mock.child.kill('SIGINT');
  mock.child.stderr?.once('data', () => mock.child.kill('SIGINT'));
  expect(await mock.ended).toBe(130);
  await client.closed;
});

test('SIGTERM with a short grace breaks what does not end', async () => {
  const mock = await serve(['--timing', 'ttft=1h', '--grace', '50ms']);
  const client = await dial(mock.baseUrl);
  client.socket.write(post(chat, mock.key, hello));
  await client.hears(/200 OK/);
  mock.child.kill('SIGTERM');
  expect(await mock.ended).toBe(0);
  await client.closed;
});

test('flags win over the file, and the file over the defaults', async () => {
  const config = file(
    'mock.yaml',
    `seed: 5\nprofile: intl\nera: "2025"\nreply_tokens: 3\nkeys: ["${variable('MY_KEY')}"]\n`,
  );
  const mock = await serve(['--config', config, '--reply-tokens', '7', '--era', '2024'], { MY_KEY: 'a.canary' });
  expect(mock.out()).toMatch(/profile intl · era 2024 · seed 5/);
  expect(mock.out()).not.toContain('canary');
  const { usage } = completionOf(await (await send(mock.baseUrl, 'a.canary')).text());
  expect(usage.completion_tokens).toBe(7);
});

test.each<[string, string[], number, RegExp]>([
  ['a key that is given twice', ['--key', 'a.b', '--key', 'a.b', '--models', '*'], 0, /^settings are good\n$/],
  ['good flags', ['--port', '0', '--timing', 'flash', '--grace', '1s'], 0, /^settings are good\n$/],
  [
    'a good file',
    ['--config', file('good.yaml', 'seed: 3\ntiming: ttft=1s\nwire: { range_code: "1214" }\n')],
    0,
    /^settings are good\n$/,
  ],
  ['a bad file', ['--config', file('bad.yaml', 'sed: 3\n')], 2, /bad\.yaml.*\n.*unknown key sed \(perhaps seed\)\n$/],
  ['half a certificate', ['--tls-cert', 'x.pem'], 2, /--tls-key is missing\n$/],
  ['a certificate that is not there', ['--tls-cert', 'no.pem', '--tls-key', 'no.pem'], 2, /no\.pem: no such file\n$/],
])('--check-config says of %s whether it is good', async (_, argv, code, text) => {
  const ran = await run(command, ['mock', '--check-config', ...argv]);
  expect({ code: ran.code, text: ran.out + ran.err }).toEqual({ code, text: expect.stringMatching(text) });
});

test('all mistakes are told at once, each by its flag, without a stack', async () => {
  const flags = [
    '--port',
    '99999',
    '--seed',
    'x',
    '--era',
    '1999',
    '--timing',
    'slow',
    '--reply-tokens',
    '0',
    '--key',
    'nodot',
    '--grace',
    'soon',
    '--wire',
    'nope=1',
    '--workers',
    '0',
  ];
  const mock = launch(['mock', ...flags]);
  expect(await mock.ended).toBe(2);
  expect(mock.out()).toBe('');
  for (const name of [
    '--port',
    '--seed',
    '--era',
    '--timing',
    '--reply-tokens',
    '--key',
    '--grace',
    'nope',
    '--workers',
  ])
    expect(mock.err()).toContain(name);
  expect(mock.err()).toMatch(/^error: /);
  expect(mock.err()).not.toMatch(/^\s+at /m);
});

test.each<[string, string[], RegExp]>([
  ['an unknown flag', ['--prot', '1'], /unknown option '--prot'/],
  ['a file that is not there', ['--config', 'none.yaml'], /none\.yaml: no such file/],
  ['a file that is no YAML', ['--config', file('broken.yaml', 'a: [1\n')], /broken\.yaml: /],
  ['a file that is a list', ['--config', file('list.yaml', '- 1\n')], /list\.yaml: must hold settings as key: value/],
  [
    'a variable that is not set',
    ['--config', file('env.yaml', `keys: ["${variable('NOT_SET_ANYWHERE')}"]\n`)],
    /keys\.0: the environment variable NOT_SET_ANYWHERE is not set, which .*env\.yaml names/,
  ],
  ['an empty host', ['--host', ''], /--host: must be an address to listen on, such as 127\.0\.0\.1/],
  [
    'a limit that is misspelt',
    ['--limit', 'concurency=2'],
    /--limit: unknown key concurency \(perhaps concurrency\); allowed: concurrency, requestsPerMinute, /,
  ],
  [
    'a wire setting that there is not',
    ['--wire', 'x=y'],
    /--wire: unknown key x; allowed: jwtExpUnit, jwtSignatureCode, rangeCode, /,
  ],
  ['a limit of nothing', ['--limit', 'concurrency=0'], /--limit\.concurrency: must be .* from 1 to 1000000, found 0$/m],
  ['an unknown profile', ['--profile', 'us'], /--profile: must be cn or intl, found "us"/],
  ['a port in words', ['--port', 'abc'], /--port: must be a whole number from 0 to 65535, found "abc"/],
  [
    'one id with two secrets',
    ['--key', 'a.b', '--key', 'a.c'],
    /--key: the id "a" comes with 2 different secrets, and/,
  ],
  ['a model without a name', ['--models', ''], /--models: must be one whole model code .*, found ""/],
  ['a pattern of models', ['--models', 'my-*'], /--models: must be one whole .* there are no patterns, found "my-\*"/],
  ['a wire setting without a value', ['--wire', 'rangeCode'], /--wire rangeCode: write name=value/],
  [
    'a certificate that is none',
    ['--tls-cert', file('c.pem', 'x'), '--tls-key', file('k.pem', 'y')],
    /c\.pem and .*k\.pem: not a certificate with its key/,
  ],
])('%s ends with 2 and one sentence', async (_, argv, text) => {
  const ran = await run(command, ['mock', '--port', '0', ...argv]);
  expect({ code: ran.code, out: ran.out }).toEqual({ code: 2, out: '' });
  expect(ran.err).toMatch(text);
});

test.each(['1', '2'])('a port in use ends with 2 and one sentence, with %s workers', async workers => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  cleanups.push(() => other.close());
  const { port } = other.address() as { port: number };
  const mock = launch(['mock', '--port', String(port), '--workers', workers]);
  cleanups.push(() => mock.child.kill('SIGKILL'));
  expect(await mock.ended).toBe(2);
  expect([mock.out(), mock.err()]).toEqual([
    '',
    `error: port ${port} is in use; choose another with --port, or 0 for any\n`,
  ]);
});

test('every flag of the help is a setting that is accepted', async () => {
  const { out, code } = await run(command, ['mock', '--help']);
  expect(code).toBe(0);
  const flags = [...out.matchAll(/^ {2}(?:-\w, )?--([\w-]+)( <)?/gm)].map(([, name = '', value]) => ({
    name,
    takes: value !== undefined,
  }));
  const samples: Record<string, string> = {
    ...{
      config: file('empty.yaml', 'seed: 1\n'),
      port: '0',
      host: '127.0.0.1',
      key: 'a.b',
      profile: 'intl',
      era: '2025',
    },
    ...{ seed: '7', timing: 'flash', models: '*', 'reply-tokens': '5', 'thinking-tokens': '0', 'task-time': '2s' },
    ...{
      'cache-delay': '1s',
      'max-body-bytes': '4096',
      'journal-size': '5',
      workers: '2',
      wire: 'object=never',
      grace: '1s',
      fault: 'stall,after=5',
      limit: 'concurrency=2',
      unmatched: 'error',
      fixtures: file('fixtures.yaml', '- reply: { content: hi }\n'),
    },
  };
  const argv = flags
    .filter(({ name }) => !['help', 'tls-cert', 'tls-key', 'check-config', 'fail-on-unused'].includes(name))
    .flatMap(({ name, takes }) =>
      takes && samples[name] !== undefined ? [`--${name}`, samples[name]] : takes ? [] : [`--${name}`],
    );
  expect(argv.length).toBeGreaterThan(30);
  expect(await run(command, ['mock', '--check-config', ...argv])).toEqual({
    code: 0,
    out: 'settings are good\n',
    err: '',
  });
});

test('a JWT in seconds is warned about on standard error, without a secret', async () => {
  const mock = await serve(['--key', 'an-id.canary-secret']);
  const { SignJWT } = await import('jose');
  const token = await new SignJWT({ api_key: 'an-id', exp: Math.floor(Date.now() / 1000) + 60 })
    .setProtectedHeader({ alg: 'HS256', sign_type: 'SIGN' })
    .sign(new TextEncoder().encode('canary-secret'));
  expect((await send(mock.baseUrl, token)).status).toBe(200);
  mock.child.kill('SIGTERM');
  await mock.ended;
  expect(mock.err()).toContain('warning: a JWT of key an-id has exp in seconds');
  expect(mock.err()).not.toContain('canary');
  expect(mock.err()).not.toContain(token);
});

test('a flag behind a subcommand is the subcommand’s, though mock has one of that name', async () => {
  const out = file('session.jsonl', '');
  const upstream = 'http://127.0.0.1:9/api/paas/v4';
  const record = launch(['mock', 'record', '--upstream', upstream, '--out', out, '--port', '0']);
  cleanups.push(async () => {
    record.child.kill('SIGKILL');
    await record.ended;
  });
  const [, port = ''] = await record.says(/base URL +http:\/\/127\.0\.0\.1:(\d+)\//);
  expect(Number(port)).not.toBe(4010);
});

test('scenarios --json is an array of five fields each, every fault of the catalogue among them', async () => {
  const { out } = await run(command, ['mock', 'scenarios', '--json']);
  const list = JSON.parse(out) as Record<string, unknown>[];
  expect(new Set(list.map(one => Object.keys(one).join()))).toEqual(new Set(['name,id,outcome,fault_domain,evidence']));
  const ids = list.map(({ id }) => id);
  expect(Array.from({ length: 32 }, (_, i) => `F${i + 1}`).filter(id => !ids.includes(id))).toEqual([]);
});
