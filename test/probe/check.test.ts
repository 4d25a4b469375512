import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { command } from '../../src/probe/cli.ts';
import * as fake from '../support/fake-glm.ts';
import { run } from '../support/io.ts';
import { launch } from '../support/process.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const canary = 'canary-id.canary-secret';
const env = { GLM_API_KEY: canary };

async function serve(reply: fake.Reply) {
  const server = await fake.createFakeGlm(reply);
  cleanups.push(() => server.close());
  return server;
}

function folder() {
  const path = mkdtempSync(join(tmpdir(), 'probe-'));
  cleanups.push(() => rmSync(path, { recursive: true }));
  return path;
}

/** The fake knows no arithmetic, so it is asked something of which only visibility is expected. */
const check = (url: string, ...more: string[]) =>
  run(command, ['probe', 'check', '--url', url, '--model', 'glm-4.6', '--prompt', 'Say pong.', ...more], { env });

const { stream, word, thought, last, done } = fake;

test('a good endpoint is good by both checks and exits 0', async () => {
  const server = await serve(fake.good);
  const { code, out } = await check(server.url);
  expect(code).toBe(0);
  expect(out).toMatch(/^chat +good/m);
  expect(out).toMatch(/^chat_stream +good/m);
  expect(server.requests.map(({ body }) => [body.stream, body.thinking, body.max_tokens])).toEqual([
    [false, { type: 'disabled' }, 64],
    [true, { type: 'disabled' }, 64],
  ]);
});

function packed(which: 'chat' | 'chat_stream'): fake.Reply {
  const [type, text] =
    which === 'chat'
      ? ['application/json', JSON.stringify(fake.completion({ content: 'pong' }))]
      : ['text/event-stream', [word('pong'), last(), done].join('')];
  return response => {
    response.writeHead(200, { 'content-type': type, 'content-encoding': 'gzip' });
    response.end(gzipSync(text));
  };
}

test.each<readonly [string, string, fake.Reply, object, number]>([
  ['a stall', 'chat_stream', stream([word('a')], 'hang'), { reason: 'stalled', deadline: 'idle' }, 1],
  ['no head', 'chat_stream', fake.hang, { reason: 'timeout_first_byte', deadline: 'first_byte' }, 1],
  ['no head', 'chat', fake.hang, { reason: 'timeout_first_byte', deadline: 'first_byte' }, 1],
  ['no token', 'chat_stream', fake.hangAfterHead, { reason: 'timeout_first_token', deadline: 'first_token' }, 1],
  ['a FIN', 'chat_stream', stream([word('a')], 'fin'), { reason: 'truncated', fault_domain: 'provider' }, 1],
  ['an RST', 'chat_stream', stream([word('a')], 'reset'), { reason: 'reset', fault_domain: 'network' }, 1],
  [
    'an error frame',
    'chat_stream',
    stream(['data: {"error":{"code":1305}}\n\n']),
    { reason: 'error_in_stream', code: '1305' },
    1,
  ],
  ['a gateway page', 'chat', fake.html(502), { reason: 'gateway_error', http_status: 502 }, 1],
  [
    'only thinking',
    'chat_stream',
    stream([thought('a'), last('length'), done]),
    { reason: 'reasoning_only', finish_reason: 'length' },
    1,
  ],
  [
    'no usage',
    'chat',
    fake.json(200, fake.completion({ content: 'a' }, 'stop', null)),
    { reason: 'usage_missing', usage: null },
    1,
  ],
  [
    'a rate limit',
    'chat',
    fake.apiError(429, '1302'),
    { reason: 'rate_limited', fault_domain: 'account', code: '1302' },
    3,
  ],
  [
    'an empty purse',
    'chat_stream',
    fake.apiError(429, '1113'),
    { reason: 'balance_exhausted', fault_domain: 'account' },
    3,
  ],
  ['a wrong model', 'chat', fake.apiError(400, '1211'), { reason: 'model_unavailable', fault_domain: 'client' }, 3],
  ...(['chat', 'chat_stream'] as const).map(
    which =>
      [
        'gzip unasked',
        which,
        packed(which),
        { reason: 'contract', detail: expect.stringContaining('gzip') },
        1,
      ] as const,
  ),
  ['review', 'chat_stream', stream([word('a'), last('sensitive'), done]), { reason: 'content_filtered' }, 3],
])('%s of %s gets its name', async (_name, which, reply, expected, exit) => {
  const server = await serve(reply);
  const { code, out, err } = await check(
    server.url,
    '--check',
    which,
    '--max-gap',
    '60ms',
    '--timeout',
    '150ms',
    '--json',
  );
  expect(JSON.parse(out).results).toMatchObject([{ check: which, model: 'glm-4.6', ...expected }]);
  expect(code).toBe(exit);
  expect(out + err).not.toContain('canary');
});

test('a refused port is the network’s fault', async () => {
  const { code, out } = await check(await fake.refusedUrl(), '--check', 'chat');
  expect(code).toBe(1);
  expect(out).toContain('tcp (network): no connection (refused, unreachable) [ECONNREFUSED]');
});

test('a failure is told in the service’s own words, without the key and not at length', async () => {
  const server = await serve(
    fake.apiError(429, '1113', `余额不足\n for key ${env.GLM_API_KEY}. ${'please recharge '.repeat(50)}`),
  );
  const words = '余额不足 for key ***. please recharge';
  const { out } = await check(server.url, '--timing');
  expect(out).toContain(`chat: the service says: ${words}`);
  expect(out).toContain(` ms  the service says: ${words}`);
  expect(out).toContain('For the vendor’s support: x-log-id log-1.');
  const results = JSON.parse((await check(server.url, '--json')).out).results;
  for (const { message } of results) {
    expect(message).toMatch(/^余额不足 for key \*\*\*\. please .*…$/);
    expect([...message]).toHaveLength(200);
  }
});

test('what a good answer says of itself is no message', async () => {
  const server = await serve(fake.apiError(401, '1000', 'no'));
  const { out } = await check(server.url, '--check', 'auth_rejected', '--json');
  expect(JSON.parse(out).results).toMatchObject([{ state: 'good', message: null }]);
});

test('whatever a server writes, it moves no cursor and breaks no line', async () => {
  const evil = '\x1b[2J\x1b]0;pwn\x07\r\n\u009b31m\u202e';
  const replies = [
    fake.apiError(400, `${evil}1`),
    fake.json(200, { ...fake.completion({ content: 'hi' }, evil), model: `${evil}x` }),
    stream([word('hi'), fake.chunk({ content: '' }, { finish_reason: evil, usage: fake.usage })]),
  ];
  for (const reply of replies)
    for (const how of [['--timing'], ['--exit-style', 'nagios']]) {
      const server = await serve(reply);
      const { out } = await check(server.url, '--prompt', 'hi', ...how);
      expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
      if (how.length === 2) expect(out.trimEnd().split('\n')).toHaveLength(1);
    }
});

test('JSON results have every field, null where there is nothing', async () => {
  const server = await serve(fake.good);
  const { out } = await check(server.url, '--check', 'chat_stream', '--json');
  const [result] = JSON.parse(out).results;
  const target = new URL(server.url).host;
  expect(result).toEqual({
    version: 1,
    run_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    id: `${target}/chat_stream/glm-4.6`,
    target,
    check: 'chat_stream',
    kind: 'chat_stream',
    model: 'glm-4.6',
    vantage: 'local',
    started_at_ms: expect.any(Number),
    state: 'good',
    reason: null,
    fault_domain: null,
    cause: null,
    deadline: null,
    detail: null,
    skipped: null,
    warnings: [],
    timing: {
      dns_ms: null,
      tcp_ms: expect.any(Number),
      tls_ms: null,
      head_ms: expect.any(Number),
      ttft_ms: expect.any(Number),
      first_visible_token_ms: expect.any(Number),
      max_gap_ms: expect.any(Number),
      gaps_ms: expect.any(Array),
      total_ms: expect.any(Number),
      tokens_per_second: expect.toSatisfy(rate => rate === null || rate > 0),
    },
    usage: fake.usage,
    cost: null,
    calls: 1,
    finish_reason: 'stop',
    http_status: 200,
    code: null,
    message: null,
    log_id: 'log-1',
    response_model: 'glm-4.6',
    contract: {
      frames: expect.arrayContaining(['choices[].delta.content: string', 'usage.total_tokens: number']),
      headers: ['content-type', 'date', 'x-log-id'],
      ...{ fingerprint: null, error: null },
    },
    used_up: null,
    connection: 'fresh',
    certificate_ends_at_ms: null,
    clock_skew_ms: expect.any(Number),
    readings: {},
    confirmations: [],
    log: expect.any(Array),
    cassette: null,
  });
});

test('metrics are written as a whole file', async () => {
  const server = await serve(fake.good);
  const path = join(folder(), 'glm.prom');
  await check(server.url, '--prom', path);
  const text = readFileSync(path, 'utf8');
  expect(text).toMatch(/^glm_probe_success\{.*check="chat_stream".*\} 1$/m);
  expect(text).toMatch(/^glm_probe_success\{.*check="chat",.*\} 1$/m);
  expect(readdirSync(join(path, '..'))).toEqual(['glm.prom']);
  expect(text).not.toContain('canary');
});

test('counters go on from run to run in the same file, and what is not looked at any more goes', async () => {
  const server = await serve(fake.good);
  const path = join(folder(), 'glm.prom');
  const count = (pattern: RegExp) => pattern.exec(readFileSync(path, 'utf8'))?.[1];
  const good = /^glm_probe_runs_total\{.*check="chat_stream".*outcome="success"\} (\d+)$/m;
  const tokens = /^glm_probe_output_tokens_total\{.*check="chat_stream".*\} (\d+)$/m;
  const all = /^glm_probe_run_duration_seconds_count\{.*check="chat_stream".*\} (\d+)$/m;
  const inf = /^glm_probe_run_duration_seconds_bucket\{le="\+Inf",.*check="chat_stream".*\} (\d+)$/m;
  const success = /^glm_probe_success\{.*check="chat_stream".*\} (\d+)$/m;
  await check(server.url, '--prom', path);
  const each = Number(count(tokens));
  await check(server.url, '--prom', path);
  expect([good, tokens, all, inf, success].map(count)).toEqual(['2', `${2 * each}`, '2', '2', '1']);
  server.reply = fake.apiError(429, '1305');
  await check(server.url, '--prom', path);
  server.reply = fake.good;
  await check(server.url, '--prom', path);
  expect([good, all, success].map(count)).toEqual(['3', '3', '1']);
  expect(readFileSync(path, 'utf8')).toMatch(/^glm_probe_api_errors_total\{.*code="1305"\} 2$/m);
  if (existsSync('/usr/bin/promtool'))
    expect(execFileSync('/usr/bin/promtool', ['check', 'metrics'], { input: readFileSync(path) }).toString()).toBe('');
  await check(server.url, '--prom', path, '--check', 'chat');
  expect([good, success].map(count)).toEqual([undefined, undefined]);
});

test.each(['--prom', '--junit', '--record'])('nothing is asked when there is no place for %s', async flag => {
  let asked = 0;
  const server = await serve((req, res) => {
    asked++;
    fake.good(req, res);
  });
  for (const where of ['/proc/no/such/place', '/dev/null/x']) {
    const { code, out, err } = await check(server.url, flag, where);
    expect([code, out, err]).toEqual([2, '', expect.stringContaining(`${flag} ${where}: cannot be written`)]);
  }
  expect(asked).toBe(0);
});

test('a reader that closes its pipe loses the report, and nothing else', async () => {
  const server = await serve(fake.good);
  const dir = folder();
  const files = ['--prom', join(dir, 'glm.prom'), '--junit', join(dir, 'glm.xml')];
  const argv = ['probe', 'check', '--url', server.url, '--model', 'glm-4.6', '--prompt', 'Say pong.', ...files];
  const process = launch(argv, { env: { GLM_API_KEY: 'a.b' } });
  process.child.stdout?.destroy();
  expect([await process.ended, process.err()]).toEqual([0, '']);
  expect(readdirSync(dir).sort()).toEqual(['glm.prom', 'glm.xml']);
});

test.each(['no proxy at all', 'me:canary@', 'socks5://me:canary@proxy'])(
  'a proxy such as %s is a usage error that does not repeat it',
  async text => {
    const { code, out, err } = await run(
      command,
      ['probe', 'check', '--url', 'http://example.invalid/v4', '--model', 'glm-4.6'],
      { env: { GLM_API_KEY: 'a.b', HTTP_PROXY: text, http_proxy: text } },
    );
    expect([code, out, err]).toEqual([
      2,
      '',
      expect.stringContaining('write the URL of one, such as http://proxy:3128, or leave it out'),
    ]);
    expect(err).not.toContain('canary');
  },
);

test('a deadline of nothing is told by its flag', async () => {
  const { code, err } = await check('http://127.0.0.1:1/v4', '--timeout', '0s');
  expect([code, err]).toEqual([2, expect.stringContaining('--timeout: must be at least 1ms and at most 1d')]);
});

test('an address of IPv6 has a name, too', async () => {
  const { code, err } = await check('http://[::1]:1/v4', '--check', 'chat');
  expect([code, err]).toEqual([1, '']);
});

test('the key may come from a file', async () => {
  const server = await serve(fake.good);
  const path = join(folder(), 'key');
  writeFileSync(path, 'file-id.file-secret\n');
  await check(server.url, '--api-key-file', path, '--check', 'chat');
  expect(server.requests[0]?.authorization).toBe('Bearer file-id.file-secret');
});

test.each([
  ['env GLM_API_KEY', { GLM_API_KEY: 'one two' }, []],
  ['env ZHIPUAI_API_KEY', { GLM_API_KEY: ' ', ZHIPUAI_API_KEY: 'one two' }, []],
  ['env ZAI_API_KEY', { ZAI_API_KEY: 'one\ntwo' }, []],
  ['file KEYS', { ZAI_API_KEY: 'a.b' }, ['--api-key-file', 'KEYS']],
])('several keys in %s are refused by that name, and not repeated', async (source, env, flags) => {
  const keys = join(folder(), 'keys');
  writeFileSync(keys, 'one\ntwo\n');
  const given = flags.map(flag => (flag === 'KEYS' ? keys : flag));
  const args = ['probe', 'check', '--url', 'http://127.0.0.1:1/v4', '--model', 'glm-4.6', ...given];
  const { code, err } = await run(command, args, { env });
  const sentence = `the API key in ${source.replace('KEYS', keys)} holds white space; put one key there and nothing else`;
  expect([code, err]).toEqual([2, `error: ${sentence}\n`]);
});

test.each<[string, string[], string]>([
  ['an unknown check', ['--check', 'nope'], 'knows only chat, chat_stream, chat_async'],
  ['a bare number as duration', ['--timeout', '30'], 'is not a duration'],
  ['a limit that is no number', ['--max-tokens', 'many'], '--max-tokens: must be a whole number from 1 to 131072'],
  ['a file that is not there', ['--ca', '/no/such/file'], 'no such file'],
])('%s is refused with exit code 2', async (_name, flags, message) => {
  const { code, err } = await check('http://127.0.0.1:1/v4', ...flags);
  expect([code, err]).toEqual([2, expect.stringContaining(message)]);
});

test.each(['http://u:canary@h/v4', 'http://h/v4?k=canary', 'http://u:canary@h/v4#canary'])(
  'what a URL such as %s holds is not repeated',
  async url => {
    const { code, out, err } = await check(url);
    expect([code, err]).toEqual([2, expect.stringContaining('--url: must hold no user, password or query')]);
    expect(out + err).not.toContain('canary');
  },
);

test('without a key nothing is sent', async () => {
  const server = await serve(fake.good);
  const { code, err } = await run(command, ['probe', 'check', '--url', server.url, '--model', 'glm-4.6']);
  expect([code, err, server.requests.length]).toEqual([2, expect.stringContaining('GLM_API_KEY'), 0]);
});

test('a file, its targets and its checks may be picked', async () => {
  const server = await serve(fake.good);
  const path = join(folder(), 'probe.yaml');
  const file = `
credentials: { main: { key: { env: GLM_API_KEY } } }
targets: { here: { url: "${server.url}" }, there: { url: "${await fake.refusedUrl()}" } }
defaults: { model: [glm-4.6, glm-5.1], prompt: Say pong. }
checks: [{ kind: chat }, { kind: models }]
`;
  writeFileSync(path, file);
  const ids = async (...more: string[]) => {
    const { code, out } = await run(command, ['probe', 'check', '-c', path, '--json', ...more], { env });
    return [code, ...JSON.parse(out).results.map(({ id }: { id: string }) => id)];
  };
  expect(await ids('here', '--check', 'chat')).toEqual([0, 'here/chat/glm-4.6', 'here/chat/glm-5.1']);
  expect(await ids('there/chat/glm-5.1')).toEqual([1, 'there/chat/glm-5.1']);
  const slip = await run(command, ['probe', 'check', '-c', path, 'ther/chat/glm-5.1'], { env });
  expect([slip.code, slip.err]).toEqual([
    2,
    'error: ther/chat/glm-5.1: neither a target nor a check; did you mean there/chat/glm-5.1?\n',
  ]);
  const { code, err } = await run(command, ['probe', 'check', '-c', path, 'nowhere'], { env });
  expect([code, err]).toEqual([
    2,
    expect.stringContaining('nowhere: neither a target nor a check; there are here/chat'),
  ]);
});

test('flags of a target have no place beside a file', async () => {
  const path = join(folder(), 'probe.yaml');
  const { code, err } = await run(command, ['probe', 'check', '-c', path, '--model', 'm'], { env });
  expect([code, err]).toEqual([2, expect.stringContaining('--model: say this in')]);
});

test.each<[string, string[], fake.Reply, number]>([
  ['degraded is fine', [], stream([word('a'), last()]), 0],
  ['degraded may fail', ['--fail-on', 'degraded'], stream([word('a'), last()]), 4],
  ['WARNING', ['--exit-style', 'nagios'], stream([word('a'), last()]), 1],
  ['OK', ['--exit-style', 'nagios'], fake.good, 0],
  ['CRITICAL', ['--exit-style', 'nagios'], fake.html(502), 2],
  ['UNKNOWN', ['--exit-style', 'nagios'], fake.apiError(429, '1302'), 3],
])('%s: exit codes %j', async (word, flags, reply, exit) => {
  const server = await serve(reply);
  const { code, out } = await check(server.url, '--check', 'chat_stream', ...flags);
  expect(code).toBe(exit);
  if (flags.includes('nagios')) expect(out).toMatch(new RegExp(`^GLM ${word} - .* \\| '.*_total'=[0-9.]+s`));
});

test('a JUnit report tells failures of the service from errors of others, and is XML whatever a server says', async () => {
  const path = join(folder(), 'report.xml');
  const server = await serve(fake.apiError(400, '<&"\u0000>'));
  await check(server.url, '--check', 'chat', '--junit', path);
  const xml = readFileSync(path, 'utf8');
  expect(xml).toContain('tests="1" failures="1" errors="0" skipped="0"');
  expect(xml).toContain('<failure type="unknown_code"');
  expect([xml.includes('<&'), xml.includes('\u0000')]).toEqual([false, false]);
});

test('--record leaves a cassette of every run, without the key', async () => {
  const server = await serve(fake.good);
  const dir = join(folder(), 'deep', 'cassettes');
  const { out } = await check(server.url, '--check', 'chat_stream', '--record', dir, '--json');
  const [{ cassette }] = JSON.parse(out).results;
  expect(readdirSync(dir)).toHaveLength(1);
  expect(readFileSync(cassette, 'utf8')).not.toContain('canary');
});

test('what a server sends back is shown without the key it was sent', async () => {
  const server = await serve((response, { authorization = '' }) => {
    response.writeHead(429, { 'content-type': 'application/json', 'x-log-id': authorization });
    response.end(JSON.stringify({ error: { code: authorization.slice(7), message: authorization } }));
  });
  const dir = folder();
  const { out, err } = await check(server.url, '--timing', '--record', dir, '--junit', join(dir, 'junit.xml'));
  const files = readdirSync(dir).map(name => readFileSync(join(dir, name), 'utf8'));
  expect(files).toHaveLength(3);
  expect([out, err, ...files].join()).not.toContain('canary-secret');
});

test('nor is it shown in another spelling, whole or cut', async () => {
  const spellings = ['base64', 'base64url', 'hex'] as const;
  const spelt = (text: string) => spellings.map(spelling => Buffer.from(text).toString(spelling));
  const server = await serve((response, { authorization = '' }) => {
    const words = [...spelt(authorization), ...spelt(`user:${authorization.slice(7)}`)].join(' ');
    response.writeHead(401, { 'content-type': 'application/json', 'x-log-id': words });
    response.end(JSON.stringify({ error: { code: '1000', message: `${'.'.repeat(140)} ${words}` } }));
  });
  const dir = folder();
  const { out, err } = await check(server.url, '--json', '--record', dir);
  const all = [out, err, ...readdirSync(dir).map(name => readFileSync(join(dir, name), 'utf8'))].join();
  expect(out).toContain('***');
  // What is said in base64 of a text in the middle of another: the same characters, but for those at its ends.
  for (const said of ['canary-secret', 'anary-secret', 'nary-secret'].flatMap(spelt))
    expect(all).not.toContain(said.slice(0, -4));
});

test('nor is it shown in part, where words of a server are cut to a length', async () => {
  const server = await serve((response, { authorization = '' }) => {
    response.writeHead(429, { 'content-type': 'application/json' });
    const code = `that is no such key ${authorization.split('.')[1]}`;
    response.end(JSON.stringify({ error: { code, message: 'no' } }));
  });
  const { out, err } = await check(server.url, '--timing', '--json');
  expect(out).toContain('code that is no such key ***');
  expect(out + err).not.toContain('canary-s');
});

test.each<[string, string[], Record<string, string>]>([
  ['no key', ['--url', 'http://127.0.0.1:1/v4', '--model', 'glm-4.6'], {}],
  ['no URL', [], env],
  ['a wrong flag', ['--url', 'http://127.0.0.1:1/v4', '--model', 'glm-4.6', '--timeout', '3'], env],
  ['a flag that does not exist', ['--url', 'http://127.0.0.1:1/v4', '--modle', 'glm-4.6'], env],
  ['no file', ['-c', '/no/such/probe.yaml'], env],
])('a plugin that is asked wrongly is UNKNOWN, not CRITICAL: %s', async (_, flags, variables) => {
  const { code, out } = await run(command, ['probe', 'check', ...flags, '--exit-style', 'nagios'], { env: variables });
  expect([code, out]).toEqual([3, expect.stringMatching(/^GLM UNKNOWN - [^\n|]+\n$/)]);
});

test('Ctrl-C ends the check under way and starts no other', async () => {
  const stop = new AbortController();
  const server = await serve(() => stop.abort());
  const argv = ['probe', 'check', '--url', server.url, '--model', 'glm-4.6', '--json'];
  const { code, out } = await run(command, argv, { env, stop: stop.signal });
  expect(JSON.parse(out).results).toMatchObject([
    { check: 'chat', reason: 'cancelled', state: 'skipped', skipped: 'shutdown', calls: 1 },
    { check: 'chat_stream', reason: null, state: 'skipped', skipped: 'shutdown', calls: 0 },
  ]);
  expect([code, server.requests.length]).toEqual([3, 1]);
});
