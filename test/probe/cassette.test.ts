/** What a failing run leaves behind, played by the mock and judged again. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { chatCall, createCaller } from '../../src/core/call.ts';
import { readCassette } from '../../src/core/cassette/cassette.ts';
import { createRandom } from '../../src/core/random.ts';
import { startReplay } from '../../src/mock-server/recording/replay.ts';
import { removeSurplus, surplusOf, writeCassette } from '../../src/probe/cassette.ts';
import { command } from '../../src/probe/cli.ts';
import { explain } from '../../src/probe/explain.ts';
import { runCheck } from '../../src/probe/probe.ts';
import * as fake from '../support/fake-glm.ts';
import { run } from '../support/io.ts';
import { callOf, checkFor, doorFor, planFor, scratch } from '../support/probe.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function folder(): string {
  const { path, remove } = scratch();
  cleanups.push(remove);
  return path;
}

async function serve(reply: fake.Reply) {
  const server = await fake.createFakeGlm(reply);
  cleanups.push(() => server.close());
  return server;
}

const { stream, word, last, done } = fake;
const canary = 'canary-id.canary-secret';

/** Runs one streamed check that leaves a cassette. */
async function recordOne(url: string, more: object = {}, how: { maxBytes?: number; seed?: string } = {}) {
  const { maxBytes = 1 << 20, seed = 'test' } = how;
  const dir = folder();
  const check = await checkFor(url, { kind: 'chat_stream', prompt: 'Hi', ...more }, { key: canary });
  const cassettes = { dir, keep: 10, maxBytes };
  return { dir, check, run: await runCheck(check, doorFor({ cassettes, random: createRandom(seed) })) };
}

test('a good run leaves none, a bad one does and names it', async () => {
  const server = await serve(fake.good);
  const good = await recordOne(server.url);
  expect([good.run.cassette, readdirSync(good.dir)]).toEqual([null, []]);
  server.reply = stream([word('a')]);
  const bad = await recordOne(server.url);
  expect(readdirSync(bad.dir)).toEqual([
    expect.stringMatching(/^\d{8}T\d{6}-\d{3}Z_home_chat_stream_glm-4\.6_truncated_[0-9a-f]{8}\.jsonl$/),
  ]);
  expect(bad.run.cassette).toBe(join(bad.dir, readdirSync(bad.dir)[0] as string));
  expect(statSync(bad.run.cassette as string).mode & 0o777).toBe(0o600);
});

test('it holds request, headers and every frame with its time, and never the key', async () => {
  const server = await serve((response, request) => {
    response.setHeader('set-cookie', 'session=canary-cookie-1');
    stream([word(canary), word('b')], 'fin')(response, request);
  });
  const { run: bad } = await recordOne(server.url);
  const { exchanges } = readCassette(bad.cassette as string);
  expect(exchanges).toMatchObject([
    { request: { method: 'POST', path: '/api/paas/v4/chat/completions' }, response: { status: 200, ending: 'fin' } },
  ]);
  const times = exchanges[0]?.response.chunks.map(({ atMs }) => atMs) ?? [];
  expect(times.length).toBeGreaterThan(0);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(readFileSync(bad.cassette as string, 'utf8')).not.toMatch(/canary-(secret|cookie)/);
});

test.each<[string, fake.Reply, object]>([
  ['a FIN in mid-stream', stream([word('a'), word('b')], 'fin'), {}],
  ['an RST in mid-stream', stream([word('a'), word('b')], 'reset'), {}],
  ['a stall', stream([word('a')], 'hang'), { deadlines: { idle: '100ms' } }],
  [
    'a stall that the whole call’s deadline ends',
    stream([word('a')], 'hang'),
    { deadlines: { total: '150ms', idle: '60s' } },
  ],
  ['silence', fake.hang, { deadlines: { first_byte: '100ms' } }],
  ['an error frame', stream(['data: {"error":{"code":1305,"message":"x"}}\n\n']), {}],
  ['a gateway page', fake.html(502), {}],
  ['a business code', fake.apiError(429, '1305'), {}],
  ['a wrong answer', fake.good, { expect: { content: { text: 'ping' } } }],
])('%s, replayed by the mock, fails the same way again', async (_name, reply, more) => {
  const { run: first, check } = await recordOne((await serve(reply)).url, more);
  expect(first.state).toBe('bad');
  const { verdict } = explain(first.cassette as string);
  expect(verdict).toMatchObject({ reason: first.reason, deadline: first.deadline, detail: first.detail });
  const { exchanges } = readCassette(first.cassette as string);
  const replay = await startReplay({ exchanges });
  cleanups.push(() => replay.close({ graceMs: 0 }));
  // The same nonces: a replay answers what was asked then.
  const body = exchanges[0]?.request.body as { messages: { content: string }[] };
  const again = await askAgain(replay.baseUrl, body, check.deadlines);
  expect(again.outcome.kind).toBe(first.reason === 'wrong_answer' ? 'ok' : first.reason);
  expect(replay.unmatched()).toBe(0);
});

const silent = { deadlines: { idle: '100ms' } };

test.each<[string, fake.Reply, object, string]>([
  ['a stalled stream', stream([word('a')], 'hang'), silent, 'stalled'],
  ['a truncated stream', stream([word('a')]), {}, 'truncated'],
])(
  '%s, replayed to the probe itself, gives the same verdict although it asks with another nonce',
  async (_, reply, more, reason) => {
    const { run: first } = await recordOne((await serve(reply)).url, more);
    const replay = await startReplay({ exchanges: readCassette(first.cassette as string).exchanges });
    cleanups.push(() => replay.close({ graceMs: 0 }));
    const { run: again } = await recordOne(replay.baseUrl, more, { seed: 'another' });
    expect(again).toMatchObject({ reason, deadline: first.deadline, fault_domain: 'provider' });
    const prompts = [first, again].map(promptOf);
    expect(prompts[0]).not.toBe(prompts[1]);
    expect(replay.unmatched()).toBe(0);
  },
);

const promptOf = ({ cassette }: { cassette: string | null }) =>
  JSON.stringify(readCassette(cassette as string).exchanges[0]?.request.body);

test('a replay that knows no such request is nobody’s outage, and the verdict says what to do', async () => {
  const { run: first } = await recordOne((await serve(stream([word('a')]))).url);
  const { exchanges } = readCassette(first.cassette as string);
  const replay = await startReplay({ exchanges, match: 'body' });
  cleanups.push(() => replay.close({ graceMs: 0 }));
  const { run: again } = await recordOne(replay.baseUrl, {}, { seed: 'another' });
  expect(again).toMatchObject({
    reason: 'not_found',
    fault_domain: 'client',
    detail: expect.stringMatching(/^HTTP 418, code mock_no_recording: .* --match /),
  });
});

async function askAgain(baseUrl: string, body: object, deadlines: object) {
  const caller = createCaller({ baseUrl, key: canary, connection: 'fresh', deadlines });
  const record = await caller.call(chatCall(body as Record<string, unknown>));
  caller.close();
  return record;
}

test('an answer too long to keep is cut, says so, and ends where it was cut', async () => {
  const words = Array.from({ length: 200 }, (_, i) => word(`word ${i} `));
  const server = await serve(stream([...words, last('network_error'), done]));
  const { run: bad } = await recordOne(server.url, {}, { maxBytes: 4096 });
  expect(bad.reason).toBe('network_error');
  const [exchange] = readCassette(bad.cassette as string).exchanges;
  const kept = exchange?.response.chunks.reduce((sum, chunk) => sum + ('text' in chunk ? chunk.text.length : 0), 0);
  expect(kept).toBeLessThanOrEqual(4096);
  expect(exchange?.response.ending).toBe('aborted');
  expect(exchange?.note?.lost).toBeGreaterThan(4096);
  expect(explain(bad.cassette as string).verdict.detail).toMatch(/^kept are the first \d+ bytes, and \d+ more came/);
});

test('the first and the last stay, and so do files of others', async () => {
  const dir = folder();
  writeFileSync(join(dir, 'notes.txt'), 'mine');
  const check = await checkFor('http://127.0.0.1:1/v4', 'chat_stream');
  const place = { dir, keep: 2 };
  for (let day = 1; day <= 5; day++) {
    const run = { run_id: `run-${day}`, reason: 'stalled', started_at_ms: day * 86_400_000 } as const;
    writeCassette(place, { check, run }, [callOf()], new Set());
    removeSurplus(place);
  }
  expect(
    readdirSync(dir)
      .map(name => name.slice(0, 8))
      .toSorted(),
  ).toEqual(['19700102', '19700106', 'notes.tx']);
});

const fileAt = (minute: number, check: string, reason = 'stalled') =>
  `20261128T12${String(minute).padStart(2, '0')}00-000Z_home_${check}_glm-4.6_${reason}_run${minute}.jsonl`;

test.each([
  ['nothing beyond the number', [fileAt(1, 'a'), fileAt(2, 'a')], 2, []],
  [
    'one of the noisy check, not the quiet one’s only',
    [fileAt(0, 'b'), ...[1, 2, 3].map(at => fileAt(at, 'a'))],
    3,
    [fileAt(2, 'a')],
  ],
  ['the densest, not the beginning of an outage', [1, 30, 31, 32, 33].map(at => fileAt(at, 'a')), 4, [fileAt(31, 'a')]],
  [
    'one check, whatever the reason',
    [fileAt(0, 'b'), fileAt(1, 'a', 'dns'), fileAt(2, 'a', 'timeout_total'), fileAt(3, 'a')],
    3,
    [fileAt(2, 'a', 'timeout_total')],
  ],
  ['the older of two', [fileAt(1, 'a'), fileAt(2, 'a')], 1, [fileAt(1, 'a')]],
  ['no file of another kind', ['notes.txt', '20261128.jsonl', fileAt(1, 'a')], 1, []],
  ['all', [fileAt(1, 'a'), fileAt(2, 'b')], 0, [fileAt(1, 'a'), fileAt(2, 'b')]],
])('of too many cassettes go: %s', (_, files, keep, gone) => {
  expect(surplusOf(files, keep)).toEqual(gone);
});

test('a folder that cannot be written to is told in the log, and the verdict is not lost', async () => {
  const server = await serve(fake.html(502));
  const check = await checkFor(server.url, 'chat');
  const file = join(folder(), 'file');
  writeFileSync(file, '');
  const bad = await runCheck(check, doorFor({ cassettes: { dir: join(file, 'in'), keep: 1, maxBytes: 9999 } }));
  expect(bad).toMatchObject({ reason: 'gateway_error', cassette: null });
  expect(bad.log.at(-1)).toMatch(/^no cassette: .*cannot be made/);
});

test('an old cassette that cannot be deleted is told in the log; verdict and new cassette are not lost', async () => {
  const dir = folder();
  mkdirSync(join(dir, fileAt(1, 'a')));
  const check = await checkFor((await serve(fake.html(502))).url, 'chat');
  const bad = await runCheck(check, doorFor({ cassettes: { dir, keep: 1, maxBytes: 9999 } }));
  expect(bad).toMatchObject({ state: 'bad', reason: 'gateway_error', fault_domain: 'provider' });
  expect(readCassette(bad.cassette as string).exchanges).toHaveLength(1);
  expect(bad.log.at(-1)).toMatch(/^too many cassettes: .*: old cassettes cannot be deleted \(/);
});

test('a call that never left this machine is explained by what was said then', async () => {
  const { run: bad } = await recordOne(await fake.refusedUrl());
  expect(bad).toMatchObject({ reason: 'tcp', cassette: expect.any(String) });
  expect(explain(bad.cassette as string).verdict).toMatchObject({
    reason: 'tcp',
    fault_domain: 'network',
    detail: 'ECONNREFUSED',
  });
});

test('another config judges the same cassette by its own expectations, deadlines and codes', async () => {
  const server = await serve(fake.apiError(429, '1302'));
  const { run: bad } = await recordOne(server.url);
  const plan = await planFor({
    credentials: { main: { key: { env: 'KEY' } } },
    targets: { home: { url: server.url } },
    checks: [{ kind: 'chat_stream', model: 'glm-4.6' }],
    codes: { 1302: 'overloaded' },
  });
  expect(explain(bad.cassette as string).verdict.reason).toBe('rate_limited');
  expect(explain(bad.cassette as string, plan).verdict).toMatchObject({
    reason: 'overloaded',
    fault_domain: 'provider',
  });
});

test('a self-checking task is checked again from its cassette', async () => {
  const server = await serve(fake.good);
  const dir = folder();
  const check = await checkFor(server.url, 'chat_stream');
  const bad = await runCheck(check, doorFor({ cassettes: { dir, keep: 9, maxBytes: 9999 } }));
  expect(explain(bad.cassette as string).verdict).toMatchObject({
    reason: 'wrong_answer',
    detail: 'the answer does not hold the right number',
  });
});

test('explain tells the story of a cassette, and of the runs that check printed', async () => {
  const server = await serve(stream([word('a')], 'fin'));
  const { dir, run: bad } = await recordOne(server.url);
  const one = await run(command, ['probe', 'explain', bad.cassette as string]);
  expect(one.code).toBe(1);
  expect(one.out).toMatch(/first token[\s\S]*truncated \(provider\): the stream ended without a finish_reason/);
  const results = join(dir, 'results.json');
  writeFileSync(results, JSON.stringify({ results: [bad, { cassette: null }] }));
  const several = await run(command, ['probe', 'explain', results, '--json']);
  expect(JSON.parse(several.out).explanations).toMatchObject([
    { said_then: 'truncated', reason: 'truncated', state: 'bad' },
  ]);
});

test.each([
  ['a file that is not there', 'no/such.jsonl', undefined, 'no such file'],
  [
    'a recording of the mock',
    'other.jsonl',
    '{"version":1,"at":"2026-01-01T00:00:00.000Z","n":1,"base":"","request":{"method":"GET","path":"/","query":[],"headers":{},"fingerprint":""},"response":{"headMs":0,"headers":[],"chunks":[],"ending":"fin","endMs":0}}',
    'was not recorded by the probe (it has no note); mock replay plays it',
  ],
  ['runs without a cassette', 'runs.json', '{"results":[{"cassette":null}]}', 'none of its runs left a cassette'],
  ['something else', 'x.txt', 'hello', 'not a recording'],
])('explain refuses %s', async (_name, name, text, message) => {
  const path = join(folder(), name);
  if (text !== undefined) writeFileSync(path, text);
  expect(await run(command, ['probe', 'explain', path])).toMatchObject({
    code: 2,
    err: expect.stringContaining(message),
  });
});

test('random bytes in a stream are recorded as they came, whatever they are', async () => {
  const random = createRandom(3);
  const bytes = Uint8Array.from({ length: 3000 }, () => Math.floor(random() * 256));
  const server = await serve(response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(bytes);
  });
  const { run: bad } = await recordOne(server.url);
  const { verdict } = explain(bad.cassette as string);
  expect([verdict.reason, verdict.state]).toEqual([bad.reason, 'bad']);
});
