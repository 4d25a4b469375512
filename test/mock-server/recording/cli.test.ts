import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import type { Io } from '../../../src/core/program.ts';
import { createMock } from '../../../src/mock-server/create-mock.ts';
import { diffCommand, recordCommand, replayCommand } from '../../../src/mock-server/recording/cli.ts';
import { run } from '../../support/io.ts';
import { completionOf } from '../../support/mock-engine.ts';
import { until } from '../../support/until.ts';
import { recorded } from './recorded.ts';
import { call, closing, hello, key, scratch } from './tools.ts';

const file = scratch();
const keep = closing();

const written = (...lines: unknown[]) => {
  const path = file('given.jsonl');
  writeFileSync(path, lines.map(line => (typeof line === 'string' ? line : `${JSON.stringify(line)}\n`)).join(''));
  return path;
};

/** Starts a command that serves until it is stopped. */
async function serve(command: (io: Io) => Command, argv: readonly string[]) {
  const stop = new AbortController();
  let out = '';
  const heard = (io: Io) =>
    command({
      ...io,
      out: text => {
        out += text;
        io.out(text);
      },
    });
  const ran = run(heard, [...argv, '--port', '0'], { stop: stop.signal });
  keep({ close: () => stop.abort() });
  const baseUrl = await until('a base URL', () => /base URL {2}(\S+)/.exec(out)?.[1]);
  const end = () => {
    stop.abort();
    return ran;
  };
  return { baseUrl, end };
}

test('a session is recorded, replayed and compared, and the key is in no file and no output', async () => {
  const canary = 'canary-id.canary-secret';
  const mock = keep(await createMock({ keys: [canary] }));
  const path = file('session.jsonl');
  const recorder = await serve(recordCommand, ['record', '--upstream', mock.baseUrl, '--out', path]);
  const auth = { headers: { authorization: `Bearer ${canary}` } };
  const first = await call(recorder.baseUrl, hello(`my key is ${canary}`), auth);
  const done = await recorder.end();
  expect(done).toMatchObject({
    code: 0,
    err: expect.stringMatching(
      /POST \/api\/paas\/v4\/chat\/completions {2}200 {2}complete {2}(?:1 chunk|[2-9] chunks|\d{2,} chunks) {2}.*\n1 exchange recorded/,
    ),
  });

  const replay = await serve(replayCommand, ['replay', path, '--speed', 'max']);
  const again = await call(replay.baseUrl, hello(`my key is ${canary}`), auth);
  // The mock says the prompt back, a token at a time: the client heard its key, the recording did not.
  expect(again.chunks.map(({ length }) => length)).toEqual(first.chunks.map(({ length }) => length));
  const [said, kept] = [first, again].map(({ chunks }) => completionOf(Buffer.concat(chunks).toString()).content);
  expect(said).toContain(canary);
  expect(kept).toBe(said?.replaceAll(canary, '*'.repeat(canary.length)));
  expect((await call(replay.baseUrl, hello('else'), auth)).status).toBe(418);
  const replayed = await replay.end();
  expect(replayed).toMatchObject({
    code: 0,
    err: expect.stringMatching(/^warning: no recorded .*\n1 request not in the recording\n$/),
  });

  const env = { GLM_API_KEY: canary };
  const compared = await run(diffCommand, ['diff', path, '--upstream', mock.baseUrl], { env });
  expect(compared).toEqual({
    code: 0,
    out: 'POST /chat/completions (n 1): same shape\n',
    err: expect.stringMatching(
      /^1 request to \S+, about \d+ prompt and \d+ completion tokens\n1 request: 0 breaking, .*\n$/,
    ),
  });
  expect(JSON.stringify([done, replayed, compared]) + readFileSync(path, 'utf8')).not.toMatch(/canary-/);
});

test('a breaking difference ends with 1, no answer with 3', async () => {
  const mock = keep(await createMock({ keys: [key] }));
  const path = written(recorded({ response: { status: 404 } }));
  const env = { GLM_API_KEY: mock.apiKey };
  const differs = await run(diffCommand, ['diff', path, '--upstream', mock.baseUrl, '--json'], { env });
  expect(differs.code).toBe(1);
  expect(JSON.parse(differs.out).differences[0]).toEqual({
    severity: 'breaking',
    what: 'status',
    recorded: '404',
    live: '200',
  });
  const gone = await run(diffCommand, ['diff', path, '--upstream', 'http://127.0.0.1:9/v4'], { env });
  expect(gone).toMatchObject({ code: 3, out: 'POST /chat/completions (n 1): cannot be reached (ECONNREFUSED)\n' });
});

test('calls to another machine need --yes, after their number and cost were told', async () => {
  const ran = await run(diffCommand, ['diff', written(recorded()), '--upstream', 'https://open.bigmodel.invalid/v4'], {
    env: { GLM_API_KEY: 'canary.secret' },
  });
  expect(ran).toEqual({
    code: 2,
    out: '',
    err: expect.stringMatching(
      /^1 request to https:.*tokens\nerror: open\.bigmodel\.invalid is not this machine: pass --yes to make these calls\n$/,
    ),
  });
  expect(ran.err).not.toContain('canary');
});

test('a replay says how it matches, and does', async () => {
  const strict = await serve(replayCommand, ['replay', written(recorded()), '--speed', 'max']);
  expect((await call(strict.baseUrl, hello('else'))).status).toBe(418);
  expect((await strict.end()).out).toMatch(/ all at once, matched by body\n/);
  const loose = await serve(replayCommand, ['replay', written(recorded()), '--speed', 'max', '--match', 'shape']);
  expect((await call(loose.baseUrl, hello('else'))).chunks.join('')).toBe('data: 1\n\n');
  expect(await loose.end()).toMatchObject({ out: expect.stringMatching(/, matched by shape\n/), err: '' });
});

test('a torn line is warned about', async () => {
  const replay = await serve(replayCommand, ['replay', written(recorded(), '{"version"')]);
  expect((await replay.end()).err).toMatch(
    /^warning: .*given\.jsonl: line 2 was not written to its end and is left out\n/,
  );
});

test.each<[string, (io: Io) => Command, string[], RegExp[]]>([
  ['record with nothing', recordCommand, ['record'], [/--upstream: is missing/, /--out: is missing/]],
  [
    'record with a wrong URL and port',
    recordCommand,
    ['record', '--upstream', 'nope', '--out', 'x', '--port', 'y'],
    [/--upstream: is not an http\(s\) URL/, /--port: must be a whole number/],
  ],
  [
    'record with a key in the URL',
    recordCommand,
    ['record', '--upstream', 'http://127.0.0.1/?key=canary-0123456789', '--out', 'x'],
    [/--upstream: must hold no user, password or query/],
  ],
  [
    'record into a folder that is not there',
    recordCommand,
    ['record', '--upstream', 'http://127.0.0.1:9', '--out', '/no/x'],
    [/\/no\/x: cannot be written/],
  ],
  [
    'replay of nothing at a wrong speed',
    replayCommand,
    ['replay', 'none.jsonl', '--speed', 'fast', '--match', 'loosely'],
    [
      /--speed: must be a factor above 0 such as 1 or 10, or max for all at once, found "fast"/,
      /--match: /,
      /none\.jsonl: no such file/,
    ],
  ],
  [
    'replay that stands still',
    replayCommand,
    ['replay', 'none.jsonl', '--speed', '0'],
    [/--speed: .* above 0.*found 0$/m],
  ],
  [
    'diff with everything wrong',
    diffCommand,
    ['diff', 'none.jsonl', '--timeout', 'x'],
    [/--upstream: is missing/, /--timeout: "x" is not a duration/, /none\.jsonl: no such file/, /no API key/],
  ],
])('%s ends with 2, and all mistakes are told', async (_, command, argv, sentences) => {
  const ran = await run(command, argv);
  expect({ code: ran.code, out: ran.out }).toEqual({ code: 2, out: '' });
  for (const sentence of sentences) expect(ran.err).toMatch(sentence);
  expect(ran.err).not.toMatch(/canary|^\s+at /m);
});

test('fixtures are compared too: those that say plainly what they want, the others are counted', async () => {
  const path = file('shop.yaml');
  const fixtures = [
    { name: 'greets', match: { last_user: 'hello' }, reply: { content: 'Hi' } },
    { name: 'streams', match: { last_user: 'go', stream: true, model: 'glm-4.5' }, reply: { content: 'Gone' } },
    { name: 'guesses', match: { last_user: '/a+/' }, reply: { content: 'A' } },
    { name: 'fails', reply: { error: { code: 1305 } } },
  ];
  writeFileSync(path, JSON.stringify({ fixtures }));
  const mock = keep(await createMock({ keys: [key] }));
  const env = { GLM_API_KEY: mock.apiKey };
  const ran = await run(diffCommand, ['diff', path, '--upstream', mock.baseUrl, '--model', 'glm-4.6'], { env });
  expect(ran).toMatchObject({ code: 0, out: expect.stringMatching(/^greets:.*\nstreams:.*\n/s) });
  expect(ran.err).toMatch(/^2 requests to .*\n2 are left out: /);
  const asked = await mock.journal();
  expect(asked.map(({ model, stream }) => [model, stream])).toEqual([
    ['glm-4.6', false],
    ['glm-4.5', true],
  ]);
});
