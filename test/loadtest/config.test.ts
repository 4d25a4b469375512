import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { expect, test } from 'vitest';
import { isLoopback } from '../../src/core/loopback.ts';
import { readLoadConfig } from '../../src/loadtest/config.ts';

const env = { GLM_API_KEY: 'a.b' };
const local = { url: 'http://127.0.0.1:8080/api/paas/v4', model: 'glm-4.6' };
const read = (more: object = {}) => readLoadConfig({ ...local, ...more }, env).plan;

test.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['[::1]', true],
  ['localhost', true],
  ['127.0.0.1.evil.example', false],
  ['localhost.evil.example', false],
  ['10.0.0.1', false],
  ['0.0.0.0', false],
  ['open.bigmodel.cn', false],
])('%s is this machine: %s', (host, expected) => {
  expect(isLoopback(new URL(`http://${host}/`).hostname)).toBe(expected);
});

test('load goes to another machine only with a yes and a limit', () => {
  const url = 'https://open.bigmodel.cn/api/paas/v4';
  const refused = /--yes-load-this-endpoint and a budget/;
  expect(() => read({ url })).toThrow(refused);
  expect(() => read({ url, yes_load_this_endpoint: true })).toThrow(
    /to load it anyway pass a budget: --max-tokens-total/,
  );
  expect(() => read({ url, max_tokens_total: '500' })).toThrow(/to load it anyway pass --yes-load-this-endpoint$/);
  expect(() => read({ url, yes_load_this_endpoint: true, max_requests: '5' })).toThrow(/pass a budget/);
  expect(read({ url, yes_load_this_endpoint: true, max_tokens_total: '500' }).budget).toMatchObject({ maxTokens: 500 });
  const money = { max_cost: '1.5', price: '0.6/2.2 USD' };
  expect(read({ url, yes_load_this_endpoint: true, ...money })).toMatchObject({
    currency: 'USD',
    budget: { maxCost: 1.5, price: { input: 0.6, output: 2.2 } },
  });
});

test.each<[object, string]>([
  [{}, 'socket'],
  [{ stream: false }, 'autocannon'],
  [{ stream: false, rate: '5' }, 'socket'],
  [{ stream: false, driver: 'undici' }, 'undici'],
  [{ stream: false, url: 'https://127.0.0.1/v4' }, 'socket'],
])('options %j choose driver %s', (more, driver) => {
  expect(read(more).driver).toBe(driver);
});

test.each<[object, RegExp]>([
  [{ driver: 'autocannon' }, /cannot measure streams/],
  [{ driver: 'autocannon', stream: false, url: 'https://127.0.0.1/v4' }, /does not verify certificates/],
  [{ driver: 'autocannon', stream: false, rate: '5' }, /leave --driver out for --rate/],
  [{ driver: 'curl' }, /driver: knows only socket, undici, autocannon/],
  [{ concurrency: 'many' }, /--concurrency: stages "many": "many" is not DURATION:LEVEL/],
  [{ concurrency: '0' }, /never leave 0/],
  [{ concurrency: '10s:5', duration: '5s' }, /stages bring their own times/],
  [{ rate: '5', trace: 'x' }, /exclude each other/],
  [{ rate: '1000000', duration: '1h' }, /^3,600,000,000 requests are more than the 10,000,000 that a run plans/],
  [
    { rate: '5', arrival: 'gamma', shape: '0.001' },
    /^--shape 0\.001 of the gamma law must lie from 0\.01 to 10,000: less is burstier, 1 is Poisson, more is more even$/,
  ],
  [{ max_cost: '5' }, /--max-cost needs --price/],
  [{ price: 'cheap' }, /price: is not a price/],
  [{ prompt: 'x', input_tokens: '50' }, /--prompt cannot go with made-up prompts/],
  [{ threshold: ['nonsense'] }, /--threshold: "nonsense" is no threshold/],
  [{ slo: 'fast' }, /--slo: "fast" is not a limit/],
  [{ as: 'wrk' }, /as: knows only vllm/],
  [{ duration: '10' }, /duration: "10" is not a duration/],
  [{ url: 'ftp://127.0.0.1/' }, /url: is not an http\(s\) URL/],
  [{ url: 'http://u:canary@127.0.0.1/v4' }, /url: must hold no user, password or query/],
  [{ slo: '' }, /--slo: "" is not a limit/],
  [{ concurrency: '1.5' }, /--concurrency: counts requests under way, which are whole; found 1.5/],
  [{ rate: '-1' }, /--rate: stages "-1"/],
  [{ model: '' }, /--model: must not be empty/],
  [{ timeout: '0' }, /--timeout: must be above 0/],
  [{ idle: '0' }, /--idle: must be above 0/],
  [{ duration: '0' }, /--duration: must be above 0/],
  [{ url: 'http://127.0.0.1/v4/chat/completions' }, /--url: must end before \/chat\/completions/],
  [{ prompts: '/no/such/file' }, /--prompts: \/no\/such\/file: no such file/],
  [{ ca: '/no/such/file', url: 'https://127.0.0.1/v4' }, /--ca: \/no\/such\/file: no such file/],
  [{ api_key_file: '/no/such/file' }, /--api-key-file: \/no\/such\/file: no such file/],
  [{ stream: false, threshold: ['ttft_content:p95<1s'] }, /--threshold "ttft_content:p95<1s" needs streamed answers/],
  [{ stream: false, threshold: ['tpot:p50<50ms', 'itl:p50<50ms'] }, /"tpot:p50<50ms" needs .*\n.*"itl:p50<50ms" needs/],
  [{ stream: false, slo: 'ttft_content<1s,e2e<2s' }, /--slo ttft_content needs streamed answers/],
  [{ threshold: ['goodput>95%'] }, /--threshold "goodput>95%" needs --slo/],
  [{ agents: '2' }, /--agents needs --redis/],
  [{ redis: 'redis://127.0.0.1' }, /say how many with --agents/],
  [{ redis: '127.0.0.1:6379', agents: '2' }, /--redis: is not a redis:\/\/ or rediss:\/\/ URL/],
  [{ agents: '3', redis: 'redis://127.0.0.1', concurrency: '5s:2' }, /--agents 3 cannot share 2 requests under way/],
  [{ agents: '2', redis: 'redis://127.0.0.1', workers: '2', as: 'vllm' }, /--workers .*\n--as /],
  [{ concurrency: '5', rate: '5' }, /--concurrency goes with no --rate and no --trace/],
  [{ arrival: 'gamma' }, /--arrival goes with --rate/],
  [{ rate: '5', shape: '2' }, /--shape goes with --rate and --arrival gamma/],
  [{ speed: '2', scale: '3' }, /--speed goes with --trace.*\n--scale goes with --trace/],
  [{ max_in_flight: '5' }, /--max-in-flight goes with --rate or --trace/],
  [{ retries: '5', backoff: '1s' }, /--retries goes with --on-limit backoff.*\n--backoff /],
  [{ prefix_tokens: '5' }, /--prefix-tokens goes with --cache shared-prefix/],
  [{ ca: '/etc/hosts' }, /--ca goes with an https URL/],
  [{ trace: '/dev/null' }, /--trace: \/dev\/null: is empty/],
  [{ out: '' }, /--out: must not be empty/],
  [{ junit: '', summary: '', prom: '' }, /--junit: .*\n.*--summary: .*\n.*--prom: must not be empty/],
  [{ colour: 'red' }, /unknown key --colour/],
])('options %j are refused', (more, message) => {
  expect(() => read(more)).toThrow(message);
});

test('all mistakes are told at once, of one setting or of several together', () => {
  const messageOf = (more: object, environment: Readonly<Record<string, string>> = env) => {
    try {
      readLoadConfig({ ...local, ...more }, environment);
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };
  expect(messageOf({ concurrency: '0', rate: 'x', timeout: '0', model: '' }).split('\n')).toEqual([
    'options:',
    expect.stringMatching(/--model/),
    expect.stringMatching(/--concurrency: stages "0": never leave 0/),
    expect.stringMatching(/--rate: stages "x"/),
    expect.stringMatching(/--timeout/),
  ]);
  const several = {
    concurrency: '5',
    rate: '5',
    agents: '2',
    max_cost: '1',
    driver: 'autocannon',
    prompts: '/no/file',
  };
  const lines = messageOf(several, {}).split('\n');
  for (const flag of ['--agents', '--concurrency', 'autocannon', '--max-cost', '--prompts', 'no API key'])
    expect(lines.filter(line => line.includes(flag))).toHaveLength(1);
});

test('a mistake of form hides no file that is not there, and no key that is missing', () => {
  const wrong = { timeout: 'long', prompts: '/no/prompts', trace: '/no/trace', ca: '/no/ca', shape: 2, agents: 2 };
  const message = (() => {
    try {
      return readLoadConfig({ ...local, ...wrong }, {});
    } catch (error) {
      return (error as Error).message;
    }
  })();
  expect(String(message).split('\n')).toEqual([
    'options:',
    expect.stringMatching(/^ {2}--timeout: "long" is not a duration/),
    '--trace: /no/trace: no such file',
    '--prompts: /no/prompts: no such file',
    '--ca: /no/ca: no such file',
    expect.stringMatching(/^no API key/),
  ]);
});

test('every certificate of --ca is looked at, whatever the driver, and told beside the other mistakes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'load-'));
  const put = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'test' }]);
  const damaged = cert.replace(/MII.{8}/, 'MIIAAAAAAAA');
  const secure = { url: 'https://127.0.0.1/v4', driver: 'undici' };
  for (const [ca, said] of [
    [put('key.pem', key), /--ca: .*key\.pem holds a private key and no certificate/],
    [put('second.pem', `${cert}\n${damaged}`), /--ca: .*second\.pem holds a certificate that is damaged/],
  ] as const) {
    expect(() => read({ ...secure, ca, max_cost: '5' })).toThrow(said);
    expect(() => read({ ...secure, ca, max_cost: '5' })).toThrow(/--max-cost needs --price/);
  }
  expect(read({ ...secure, ca: put('chain.pem', `${cert}\n${cert}`) }).ca).toContain(cert);
  rmSync(folder, { recursive: true });
});

test('a file may hold settings of several kinds of runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'load-'));
  const file = join(folder, 'load.yaml');
  writeFileSync(file, 'concurrency: 20\narrival: gamma\nshape: 2\nretries: 3\n');
  expect(read({ config: file, rate: '5' }).arrivals).toMatchObject({ kind: 'open', law: 'gamma', shape: 2 });
  expect(read({ config: file }).arrivals).toMatchObject({ kind: 'closed' });
  rmSync(folder, { recursive: true });
});

test('a key that cannot be sent is blamed on where it stands', () => {
  const folder = mkdtempSync(join(tmpdir(), 'load-'));
  const file = join(folder, 'key');
  writeFileSync(file, 'kéy.canary');
  const of = (more: object, environment: Readonly<Record<string, string>>) => () =>
    readLoadConfig({ ...local, ...more }, environment);
  expect(of({}, { ZAI_API_KEY: 'kéy.canary' })).toThrow(/^the API key in the environment holds a character/);
  expect(of({ api_key_file: file }, env)).toThrow(
    `the API key in ${file}, which --api-key-file names, holds a character`,
  );
  rmSync(folder, { recursive: true });
});

test('agents share a rate whatever it is, and requests under way down to one each', () => {
  for (const more of [{ rate: '1' }, { concurrency: '3' }])
    expect(read({ agents: '3', redis: 'redis://127.0.0.1', ...more })).toMatchObject({ model: 'glm-4.6' });
});

test('a run without a seed gets one', () => {
  expect(read().seed).toEqual(expect.any(Number));
  expect(read({ seed: '42' }).seed).toBe(42);
});
