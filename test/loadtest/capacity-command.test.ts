import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import type { CapacityResult } from '../../src/loadtest/capacity.ts';
import { command } from '../../src/loadtest/cli.ts';
import { requestsAt } from '../../src/loadtest/search/capacity.ts';
import { createMock, type MockOptions } from '../../src/mock-server/index.ts';
import * as fake from '../support/fake-glm.ts';
import { run } from '../support/io.ts';

const folder = mkdtempSync(join(tmpdir(), 'load-'));
afterAll(() => rmSync(folder, { recursive: true }));

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function capacity(options: MockOptions, ...flags: string[]) {
  const mock = await createMock(options);
  cleanups.push(() => mock.close({ graceMs: 0 }));
  const argv = ['load', 'capacity', '--url', mock.baseUrl, '--model', 'glm-4.6', '--seed', '1', ...flags];
  const ran = await run(command, argv, { env: { GLM_API_KEY: mock.apiKey } });
  return { ...ran, asked: mock.requests() };
}

test('the account’s limit is found with one-token requests, as text and as JSON', async () => {
  const limits: MockOptions = { timing: 'ttft=60ms,itl=1ms', limits: { concurrency: 5 } };
  const found = await capacity(limits, '--find-limit', '--to', '40', '--json');
  expect([found.code, JSON.parse(found.out)]).toEqual([0, { kind: 'found', ceiling: 5 }]);
  expect(found.err).toMatch(/ {2}8 at once: \d+ answered, \d+ refused with 1302, 0 failed/);
  expect(Math.max(...found.asked.map(({ completionTokens }) => completionTokens))).toBeLessThanOrEqual(1);
  const below = await capacity(limits, '--find-limit', '--from', '9', '--to', '9');
  expect(below.code).toBe(1);
  expect(below.out).toMatch(/^Even 9 requests in flight are refused with 1302\. Begin with fewer \(--from 1\)/);
});

test('requests a minute that are used up are no limit of requests in flight', async () => {
  const used = await capacity({ limits: { requestsPerMinute: 1 } }, '--find-limit', '--to', '4');
  expect(used.out).toMatch(/^Even one request at a time is refused with 1302: that is no limit of requests in flight/);
});

test('a small budget does not keep the level down that the limit is found with', async () => {
  const limits: MockOptions = { timing: 'ttft=60ms,itl=1ms', limits: { concurrency: 5 } };
  const found = await capacity(limits, '--find-limit', '--to', '16', '--max-tokens-total', '9000', '--json');
  expect([found.code, JSON.parse(found.out)]).toEqual([0, { kind: 'found', ceiling: 5 }]);
});

/** Refuses most of the first sixteen that ask for one token together, and answers all others at once. */
function hasty(longer: fake.Reply): fake.Reply {
  let asked = 0;
  return (response, request) => {
    if (request.body.max_tokens !== 1) return longer(response, request);
    asked++;
    const reply = asked > 20 && asked <= 31 ? fake.apiError(429, '1302') : fake.goodStream;
    reply(response, request);
  };
}

async function limitOf(reply: fake.Reply) {
  const server = await fake.createFakeGlm(reply);
  cleanups.push(() => server.close());
  const argv = ['load', 'capacity', '--url', server.url, '--model', 'glm-4.6', '--find-limit', '--to', '16'];
  return run(command, argv, { env: { GLM_API_KEY: 'a.b' } });
}

test.each<[string, fake.Reply, RegExp]>([
  ['a wrong key', fake.apiError(401, '1000'), /another reason: auth, the key or token was refused \(1000\)\.\n$/],
  ['a limit of another kind', fake.apiError(429, '1303'), /another reason: rate_limited, .* \(1303\)\.\n$/],
  [
    'a gateway in between',
    fake.html(502),
    /another reason: gateway_error, an answer that is not the API speaking \(HTML\)\.\n$/,
  ],
])('%s ends the search for the limit and is named', async (_, reply, why) => {
  const { code, out } = await limitOf(reply);
  expect([code, out]).toEqual([3, expect.stringMatching(why)]);
  expect(out).toMatch(/^Unclear: no number at once was answered in full; /);
});

test('answers that are too short to overlap are asked for again with more tokens', async () => {
  let open = 0;
  const { code, out, err } = await limitOf(
    hasty((response, request) => {
      if (open >= 5) return fake.apiError(429, '1302')(response, request);
      open++;
      setTimeout(() => {
        open--;
        fake.goodStream(response, request);
      }, 50);
    }),
  );
  expect([code, out]).toEqual([0, 'The account answers 5 requests in flight; one more is refused with 1302.\n']);
  expect(err).toContain('the answers were too short to overlap; asking for 64 tokens');
});

test('where longer answers do not overlap either, the limit cannot be told', async () => {
  let asked = 0;
  const { code, out } = await limitOf(
    hasty((response, request) => {
      asked++;
      (asked > 20 && asked <= 31 ? fake.apiError(429, '1302') : fake.goodStream)(response, request);
    }),
  );
  expect(code).toBe(3);
  expect(out).toMatch(
    /^Cannot be told: answers of \S+ ms do not overlap; of 16 at once 11 were refused with 1302, and 16 were answered another time\./,
  );
});

test('a level that keeps the SLO is found, and one that keeps none exits 1', async () => {
  const keeps = await capacity({}, '--slo', 'e2e<10s', '--to', '2', '--no-stream', '--json');
  expect([keeps.code, JSON.parse(keeps.out).kind]).toEqual([0, 'at_least']);
  const none = await capacity({ timing: 'ttft=30ms' }, '--slo', 'e2e<5ms', '--to', '2', '--no-stream');
  expect(none.code).toBe(1);
  const lines = none.out.split('\n').map(line => line.trim().replace(/ +/g, ' '));
  expect(lines[0]).toBe('Not even the first level keeps the SLO for 95 % of requests.');
  expect(none.out).toMatch(/What spoils it: of (\d+) requests at 1, \1 slow\./);
  expect(lines.slice(lines.indexOf('level verdict good 95 % bounds answers/s n not good') + 1)).toEqual([
    expect.stringMatching(/^1 fail 0\.0 % 0\.0–\S+ \S+ (\d+) \1 slow$/),
    '',
  ]);
});

test('an account’s limit is named as what spoils a level, and is no knee', async () => {
  const limits: MockOptions = { timing: 'ttft=40ms,itl=1ms', replyTokens: 5, limits: { concurrency: 3 } };
  const { code, out } = await capacity(limits, '--slo', 'e2e<10s', '--to', '8', '--json');
  const { level, tried, usl } = JSON.parse(out) as CapacityResult;
  expect([code, level]).toEqual([0, 3]);
  expect(tried.find(one => one.level === 4)?.failures?.rate_limited).toBeGreaterThan(3);
  expect(usl).not.toMatchObject({ knee: expect.any(Number) });
});

test.each([
  ['as many as are asked for, where they take long enough', 20, 100, 72],
  ['two seconds of them at least', 500, 20, 1000],
  ['twenty times the limit of the SLO', 100, 800, 1600],
])('a stay at a rate has %s', (_, level, belowMs, requests) => {
  expect(requestsAt('rate', level, 72, [{ measure: 'e2e_ms', belowMs }])).toBe(requests);
});

test.each([
  ['as many as are asked for', 8, 72, 72],
  ['a whole number of turns', 7, 72, 77],
  ['a turn at least four times', 100, 72, 400],
])('a stay of requests under way has %s', (_, level, asked, requests) => {
  expect(requestsAt('concurrency', level, asked, [])).toBe(requests);
});

test('a level above the account’s limit is really tried, however few requests the verdict needs', async () => {
  const limits: MockOptions = { timing: 'ttft=400ms,itl=1ms', replyTokens: 2, limits: { concurrency: 90 } };
  const { code, out } = await capacity(limits, '--slo', 'e2e<10s', '--from', '110', '--to', '110', '--json');
  const { kind, tried } = JSON.parse(out) as CapacityResult;
  expect([code, kind, tried[0]!.verdict]).toEqual([1, 'none', 'fail']);
});

/** Answers two at a time, in 10 ms each: two hundred a second. */
function twoHundredASecond(): fake.Reply {
  const waiting: (() => void)[] = [];
  let free = 2;
  const serve = () => {
    for (; free > 0 && waiting.length > 0; free--) waiting.shift()?.();
  };
  return (response, request) => {
    waiting.push(() =>
      setTimeout(() => {
        fake.good(response, request);
        free++;
        serve();
      }, 10),
    );
    serve();
  };
}

test('a rate that only a queue takes in is no capacity, however short its burst', async () => {
  const server = await fake.createFakeGlm(twoHundredASecond());
  cleanups.push(() => server.close());
  const levels = ['--by', 'rate', '--from', '300', '--to', '300', '--slo', 'e2e<150ms'];
  const argv = ['load', 'capacity', '--url', server.url, '--model', 'glm-4.6', '--no-stream', ...levels];
  const { code, out, err } = await run(command, argv, { env: { GLM_API_KEY: 'a.b' } });
  expect([code, out]).toEqual([1, expect.stringContaining('Not even the first level keeps the SLO')]);
  expect(err).toMatch(/^ {2}rate 300: 900 requests, about 3\.0+ s$/m);
});

test('a budget that is used up before there is an answer says what to do', async () => {
  const { code, err } = await capacity({}, '--slo', 'e2e<10s', '--max-tokens-total', '500');
  expect([code, err]).toEqual([
    2,
    expect.stringMatching(/the budget is used up before the search has an answer; raise it/),
  ]);
});

/** A file that says what is done about a refusal. */
const onLimit = (what: string) => {
  const file = join(folder, `${what}.yaml`);
  writeFileSync(file, `on_limit: ${what}\n`);
  return file;
};

test.each<[string, MockOptions, string[], RegExp]>([
  [
    'a refusal that the file lets end a run',
    { timing: 'ttft=20ms', limits: { concurrency: 1 } },
    ['--config', onLimit('abort'), '--find-limit', '--from', '4', '--to', '8'],
    /on_limit ended the search by the first 1302 \(rate_limited\); write on_limit: record in the file that --config names/,
  ],
  [
    'an account that is empty',
    { limits: { balance: 0 } },
    ['--config', onLimit('backoff'), '--slo', 'e2e<10s'],
    /on_limit ended the search by the first 1113 \(balance_exhausted\)/,
  ],
  [
    'a budget that keeps the level down',
    { timing: 'ttft=20ms' },
    ['--slo', 'e2e<10s', '--from', '8', '--to', '8', '--max-tokens-total', '220000', '--max-tokens', '50000'],
    /the budget has no room for the worst case of so many requests at once: \d+ requests waited/,
  ],
])('%s ends the search with its own reason', async (_, options, flags, why) => {
  const { code, out, err } = await capacity(options, ...flags);
  expect([code, out, err]).toEqual([2, '', expect.stringMatching(why)]);
  expect(err).not.toContain('used up');
});

/** A file of another run, whose moments the levels of a search overrule. */
function traceFile(): string {
  const [trace, file] = [join(folder, 'trace.csv'), join(folder, 'trace.yaml')];
  writeFileSync(trace, 'timestamp\n0\n1\n');
  writeFileSync(file, `trace: ${trace}\n`);
  return file;
}

test.each<[string[], RegExp]>([
  [[], /capacity needs --slo/],
  [['--by', 'rate', '--config', traceFile()], /^\S+ capacity needs --slo/],
  [['--slo', 'e2e<1s', '--from', '9', '--to', '3'], /--from 9 is above --to 3: lower the one, or raise the other/],
  [
    ['--slo', 'e2e<1s', '--from', '1.5', '--to', '0.7'],
    /--from 1\.5 is above .*\n.*--from 1\.5 counts .* take 2\n.*--to 0\.7 counts .* take 1\n/,
  ],
  [['--slo', 'e2e<1s', '--to', '0'], /--to: must be a number from 0\.01 to 1,000,000, found 0/],
  [
    ['--slo', 'e2e<1s', '--by', 'rate', '--from', '0.0000001'],
    /--from: must be a number from 0\.01 to 1,000,000, found 0\.0/,
  ],
  [
    ['--slo', 'e2e<1s', '--by', 'rate', '--from', '2000000'],
    /--from: must be a number from 0\.01 to 1,000,000, found 2/,
  ],
  [['--slo', 'e2e<1s', '--by', 'users'], /--by: knows only concurrency, rate/],
  [['--slo', 'e2e<1s', '--attainment', '95'], /--attainment: must be a percentage below 100/],
  [['--slo', 'e2e<1s', '--precision', '0%'], /--precision: must be above 0%/],
  [['--slo', 'e2e<1s', '--by', 'rate', '--no-stream', '--driver', 'autocannon'], /fixed number of connections/],
  [['--slo', 'fast'], /--slo: "fast" is not a limit/],
  [['--slo', 'e2e<1s', '-c', '5'], /unknown option '-c'/],
  [['--find-limit', '--from', '0.5', '--by', 'rate', '--to', '0.7'], /must be whole/],
  [
    ['--find-limit', '--slo', 'e2e<1s', '--attainment', '99%'],
    /^--attainment goes with no --find-limit; leave it out$/m,
  ],
  [
    ['--to', 'many', '--timeout', 'long'],
    /^error: options:\n {2}--to: must be a number.*\n {2}--timeout: "long" is not a duration.*\ncapacity needs --slo/,
  ],
])('%j is refused', async (flags, message) => {
  const { code, out, err, asked } = await capacity({}, ...flags);
  expect([code, out, asked]).toEqual([2, '', []]);
  expect(err).toMatch(message);
});

test('Ctrl-C before there is an answer is no answer', async () => {
  const stop = new AbortController();
  stop.abort();
  const mock = await createMock();
  cleanups.push(() => mock.close({ graceMs: 0 }));
  const argv = ['load', 'capacity', '--url', mock.baseUrl, '--model', 'glm-4.6', '--find-limit'];
  const { code, out, err } = await run(command, argv, { env: { GLM_API_KEY: mock.apiKey }, stop: stop.signal });
  expect([code, out, err]).toEqual([3, '', 'stopped before the search had an answer\n']);
});
