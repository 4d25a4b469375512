/** Scenarios as data: what they do to a plan, who they strike, how they are asked for. */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/core/random.ts';
import { businessCodes } from '../../../src/core/wire/errors.ts';
import { createFaultBook } from '../../../src/mock-server/faults/book.ts';
import { parseFaults, splitPath } from '../../../src/mock-server/faults/fault.ts';
import type { Beat } from '../../../src/mock-server/plan.ts';
import { scenarioNamed, scenarios } from '../../../src/mock-server/scenarios/index.ts';
import { faultsPage } from '../../../src/mock-server/scenarios/page.ts';
import { base, createTestEngine } from '../../support/mock-engine.ts';

const weather = {
  model: 'glm-4.6',
  messages: [{ role: 'user', content: 'Hermes asks the Claude Agent SDK: what is the weather in Beijing, 北京?' }],
  tools: [
    {
      type: 'function',
      function: {
        name: 'get_weather',
        parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      },
    },
  ],
};

interface Planned {
  readonly status: number;
  readonly beats: readonly Beat[];
}

/** The plan of one call under a fault, read to its end. */
async function planUnder(fault: string, fields: object): Promise<Planned> {
  const { engine, key, clock } = createTestEngine({ replyTokens: 30, timing: 'ttft=2ms,itl=1ms' });
  const { plan } = await engine.handle({
    method: 'POST',
    path: `${base}/chat/completions`,
    headers: { authorization: `Bearer ${key}`, ...(fault && { 'x-glm-fault': fault }) },
    body: JSON.stringify({ ...weather, ...fields }),
    arrivedMs: clock.now(),
  });
  return {
    status: plan.head?.status ?? 0,
    beats: [...plan.beats].map(beat => ({ ...beat, at: beat.at + (plan.head?.at ?? 0) })),
  };
}

/** Its effect needs something that this call does not have: no web search takes place in generated replies. */
const unseen = new Set(['silent-search']);

test.each(scenarios.filter(({ name }) => !unseen.has(name)).map(({ name }) => [name]))(
  '%s changes the plan of a stream',
  async name => {
    const fault = `${name},rate=1`;
    const fields = { stream: true, tools: name.startsWith('tool-') ? weather.tools : undefined };
    expect(await planUnder(fault, fields)).not.toEqual(await planUnder('', fields));
  },
);

test.each(scenarios.map(({ name }) => [name]))('%s gives the same plan again under the same seed', async name => {
  const fault = `${name},rate=0.5`;
  expect(await planUnder(fault, { stream: true })).toEqual(await planUnder(fault, { stream: true }));
});

test('every fault of the sheet and every business code has a scenario, under its own number', () => {
  for (let n = 1; n <= 32; n++) expect(scenarioNamed(`F${n}`)?.id).toBe(`F${n}`);
  for (const { code } of businessCodes) expect(scenarioNamed(code)?.id).toBe(code);
});

test('names and ids are unique, and names are words', () => {
  const all = scenarios.flatMap(({ name, id }) => [name, id]);
  expect(new Set(all).size).toBe(all.length);
  for (const { name } of scenarios) expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
});

test.each([
  ['stalll', 'no fault is called "stalll", perhaps "stall"; glm-testkit mock scenarios lists them all'],
  ['stall,after=x', 'stall: after must be a whole number from 0 to 1000000, not "x"'],
  ['stall,for=soon', 'stall: for must be a duration such as 300ms or 60s, or forever, not "soon"'],
  ['stall,after', 'stall: "after" is not name=value'],
  ['stall,code=1', 'stall: no parameter is called "code"; allowed are after, for, rate, nth, first, model'],
  [
    'stall,rate=2,nth=0',
    'stall: rate must be a number from 0 to 1, not "2"; stall: nth must be a whole number from 1 to 1000000000, not "0"',
  ],
  ['overlaod', 'no fault is called "overlaod", perhaps "overloaded"; glm-testkit'],
  ['Trunctated', 'no fault is called "Trunctated", perhaps "truncated"; glm-testkit'],
  ['xyzzy', 'no fault is called "xyzzy"; glm-testkit'],
  ['window-exhausted,code=1302', 'window-exhausted: code must be 1308 or 1310, not "1302"'],
  ['error-in-stream,code=9999', 'error-in-stream: code must be a business code of the API, such as 1302, not "9999"'],
  ['error-in-stream,value=octal', 'error-in-stream: value must be text or number, not "octal"'],
  ['reasoning-only,value=banana', 'reasoning-only: value must be stop or length, not "banana"'],
  ['drip,value=0', 'drip: value must be a whole number from 1 to 65536, not "0"'],
  ['glued-frames,value=2.5', 'glued-frames: value must be a whole number from 2 to 1000, not "2.5"'],
  ['identity-filter,marker=', 'identity-filter: marker must be a text that is not empty, not ""'],
  ['overloaded,nth=3,first=2', 'overloaded: nth and first do not go together'],
  ['', '"" names no fault; glm-testkit mock scenarios lists them all'],
])('the fault %j is refused with all its mistakes', (text, message) => {
  expect(() => parseFaults(text)).toThrow(message);
});

test('a path may begin with faults, and keeps the rest', () => {
  expect(splitPath('/~stall,after=5/api/paas/v4/chat/completions')).toEqual({
    faults: 'stall,after=5',
    path: '/api/paas/v4/chat/completions',
  });
  expect(splitPath('/~crlf/~drip,value=3/api/x').faults).toBe('crlf;drip,value=3');
  expect(splitPath('/api/paas/v4').faults).toBe('');
});

describe('who is struck', () => {
  const strikesOf = (text: string, calls: readonly { key?: string; model?: string }[], seed = 1) => {
    const book = createFaultBook([text]);
    const random = createRandom(seed);
    return calls.map(
      ({ key = 'a', model }, n) =>
        book.strike({ keyId: key, own: [], model: () => model, random: random.fork(n) }).length,
    );
  };
  const four = [{}, {}, {}, {}];

  test('by number', () => {
    expect(strikesOf('overloaded,nth=3', four)).toEqual([0, 0, 1, 0]);
    expect(strikesOf('overloaded,first=2', four)).toEqual([1, 1, 0, 0]);
  });

  test('each key counts for itself', () => {
    expect(strikesOf('overloaded,first=1', [{ key: 'a' }, { key: 'b' }, { key: 'a' }])).toEqual([1, 1, 0]);
  });

  test('by model, and others are not counted', () => {
    const calls = [{ model: 'glm-5' }, { model: 'glm-4.6' }, { model: 'glm-4.6' }];
    expect(strikesOf('overloaded,model=glm-4.6,first=1', calls)).toEqual([0, 1, 0]);
  });

  test('by rate, under the seed', () => {
    const many = Array.from({ length: 2000 }, () => ({}));
    const share = strikesOf('overloaded,rate=0.2', many).reduce((sum, hit) => sum + hit, 0) / many.length;
    expect(share).toBeGreaterThan(0.17);
    expect(share).toBeLessThan(0.23);
    expect(strikesOf('overloaded,rate=0.2', many)).toEqual(strikesOf('overloaded,rate=0.2', many));
    expect(strikesOf('overloaded,rate=0.2', many, 2)).not.toEqual(strikesOf('overloaded,rate=0.2', many));
  });

  test('a fault of one key leaves others alone, and a reset begins its count anew', () => {
    const book = createFaultBook();
    const ask = (keyId: string) =>
      book.strike({ keyId, own: [], model: () => undefined, random: createRandom(1) }).length;
    book.set(['1302,first=1'], 'a');
    expect([ask('a'), ask('b'), ask('a')]).toEqual([1, 0, 0]);
    book.reset('a');
    expect(ask('a')).toBe(1);
    expect(book.list()).toEqual({ everybody: [], keys: { a: ['1302,first=1'] } });
  });
});

test('a fault that is misspelt in a header is refused at once, in a way that no client repeats', async () => {
  const { chat } = createTestEngine();
  const told = await chat('hi', { 'x-glm-fault': 'nonsense' });
  expect(told.status).toBe(418);
  expect(told.header('x-should-retry')).toBe('false');
  expect(told.code).toBe('mock_bad_fault');
  expect(told.message).toContain('no fault is called "nonsense"');
});

test('the journal names the faults that struck', async () => {
  const { chat } = createTestEngine({ faults: ['1305,first=1', 'crlf'] });
  const stream = { messages: [{ role: 'user', content: 'hi' }], stream: true };
  expect((await chat(stream)).entry.faults).toEqual(['overloaded']);
  expect((await chat(stream)).entry.faults).toEqual(['crlf']);
});

/** Whether a scenario changes what came out, of a stream and of a body: the journal must say so exactly then. */
const always = scenarios.filter(({ defaults }) => defaults?.marker === undefined);

test.each(always.flatMap(({ name }) => [true, false].map(stream => [name, stream] as const)))(
  'the journal names %s (stream: %s) exactly when it changed the answer',
  async (name, stream) => {
    const ask = async (fault: string | undefined) => {
      const { engine, key } = createTestEngine({ seed: 3, timing: 'ttft=5ms,itl=1ms' });
      const { plan, settle } = await engine.handle({
        method: 'POST',
        path: `${base}/chat/completions`,
        headers: { authorization: key, ...(fault !== undefined && { 'x-glm-fault': fault }) },
        body: JSON.stringify({ model: 'glm-4.6', stream, messages: [{ role: 'user', content: 'tea, 茶' }] }),
        arrivedMs: 0,
      });
      const { status, at } = plan.head ?? {};
      const wire = { status, at, beats: [...plan.beats] };
      settle({ ending: 'complete', headSent: true, beats: wire.beats.length, bytes: 1, worstLatenessMs: 0 });
      return { wire, entry: engine.journal.entries()[0] };
    };
    const [sound, struck] = [await ask(undefined), await ask(`${name},rate=1`)];
    const changed = !isDeepStrictEqual(sound.wire, struck.wire);
    expect(struck.entry?.asked).toEqual([name]);
    expect(struck.entry?.faults).toEqual(changed ? [name] : []);
  },
);

test('the journal does not name a fault that had no effect', async () => {
  const { chat } = createTestEngine({ replyTokens: 5, thinkingTokens: 0 });
  const stream = { messages: [{ role: 'user', content: 'hi' }], stream: true };
  expect((await chat(stream, { 'x-glm-fault': 'truncated,after=50' })).entry.faults).toEqual([]);
  expect((await chat(stream, { 'x-glm-fault': 'truncated,after=2' })).entry.faults).toEqual(['truncated']);
  expect((await chat('hi', { 'x-glm-fault': 'identity-filter' })).entry.faults).toEqual([]);
  expect((await chat('Hermes', { 'x-glm-fault': 'crlf; identity-filter' })).entry.faults).toEqual(['identity-filter']);
});

test('a fault in the path is no part of the path that is answered and noted', async () => {
  const { ask } = createTestEngine();
  const told = await ask({
    at: `/~no-usage${base}/chat/completions`,
    body: { model: 'glm-4.6', messages: [{ role: 'user', content: 'hi' }] },
  });
  expect(told.status).toBe(200);
  expect(told.text).not.toContain('usage');
  expect(told.entry.path).toBe(`${base}/chat/completions`);
});

test('docs/faults.md is what `npm run faults` writes', () => {
  const text = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
  const clients = JSON.parse(text('test/clients/javascript/faults.json'));
  expect(text('docs/faults.md')).toBe(faultsPage(clients));
});

test('a parameter out of range is refused in every way of asking', async () => {
  const wrong = 'window-exhausted,code=1302';
  const says = 'window-exhausted: code must be 1308 or 1310';
  const { ask, engine } = createTestEngine({ keys: ['a.b'] });
  const told = [
    await ask({ headers: { 'x-glm-fault': wrong } }),
    await ask({ at: `/~${wrong}/api/paas/v4/chat/completions` }),
  ];
  for (const { status, message } of told) {
    expect(status).toBe(418);
    expect(message).toContain(says);
  }
  expect(() => createTestEngine({ faults: [wrong] })).toThrow(says);
  expect(() => engine.control.apply({ kind: 'faults', faults: [wrong] })).toThrow(says);
  expect(() => engine.control.apply({ kind: 'fixtures', fixtures: [{ reply: { fault: wrong } }] })).toThrow(says);
});
