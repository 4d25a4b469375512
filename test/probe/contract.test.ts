/** What is learnt of the shape of a service's answers, and when it is told that it changed. */
import { expect, test } from 'vitest';
import type { CallRecord } from '../../src/core/call/record.ts';
import { type Contract, contractOf, type KnownContract, learn, learningRuns } from '../../src/probe/contract.ts';
import { usedUpIn } from '../../src/probe/quota.ts';
import { callOf } from '../support/probe.ts';
import { runAt } from '../support/probe-runs.ts';

const bytes = (text: string) => [{ atMs: 1, bytes: Buffer.from(text) }];
const head = { status: 200, atMs: 0, headers: ['Content-Type', 'x', 'X-Log-Id', 'y', 'Content-Length', '7'] };
const same = (text: string) => text;

const seen = (text: string, record: Partial<CallRecord> = {}, lost = 0, clean = same) =>
  contractOf([callOf(record, { tape: { head, lost, parts: bytes(text) } })], clean);

const streamed = (...frames: object[]) =>
  seen(`${frames.map(frame => `data: ${JSON.stringify(frame)}\n\n`).join('')}data: [DONE]\n\n`, { firstEventMs: 1 });

test('the keys of all frames together, with their types, and the names of lasting headers', () => {
  expect(
    streamed({ id: 'a', choices: [{ delta: { role: 'r' } }] }, { choices: [{ delta: { content: 'c' } }] }),
  ).toEqual({
    frames: ['choices[].delta.content: string', 'choices[].delta.role: string', 'id: string'],
    headers: ['content-type', 'x-log-id'],
    ...{ fingerprint: null, error: null },
  });
  expect(streamed({ system_fingerprint: 'fp_1', model: null })).toMatchObject({
    frames: ['model: null', 'system_fingerprint: string'],
    fingerprint: 'fp_1',
  });
});

test.each([
  ['an answer that was cut', { outcome: { kind: 'truncated' } }, 0],
  ['an answer that was too long to keep', {}, 5],
] as const)('%s has no shape', (_, record, lost) => {
  expect(seen('{"a":1}', record, lost)).toMatchObject({ frames: null, headers: null });
});

test.each(['', 'no JSON', '[[[[[[[[[[[[1]]]]]]]]]]]]', '"text"', 'null'])('a body of %j is no trouble', text => {
  expect(seen(text)?.headers).toEqual(['content-type', 'x-log-id']);
});

test('a service that uses secrets and endless texts as keys gets neither through', () => {
  const body = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`key-${i}-${'x'.repeat(999)}`, 1]));
  const { frames } = seen(JSON.stringify({ ...body, 'my-secret': 1 }), {}, 0, text =>
    text.replaceAll('my-secret', '***'),
  ) as Contract;
  expect(frames).toHaveLength(200);
  expect(frames?.every(path => path.length <= 100)).toBe(true);
  expect(JSON.stringify(frames)).not.toContain('my-secret');
});

test('nothing that was answered means that nothing is known', () => {
  expect(contractOf([callOf({ outcome: { kind: 'tcp' } })], same)).toBeNull();
  expect(learn(undefined, { contract: null, state: 'bad', response_model: null }).changes).toEqual([]);
});

test('numbers and ids of an error’s text make no difference, another wording does', () => {
  const error = (message: string) =>
    seen(JSON.stringify({ error: { code: '1305', message } }), { code: '1305' })?.error;
  expect(error('busy, id 2026052109deadbeef, retry in 5 s')).toEqual(
    error('busy, id 20270101beefdead00, retry in 17 s'),
  );
  expect(error('busy')).not.toEqual(error('gone'));
});

type Answer = Partial<Contract & { model: string }>;

/** Answers of a service in turn; what was told after each. */
function told(...answers: readonly Answer[]) {
  let known: KnownContract | undefined;
  return answers.map(({ model = 'glm-4.6', ...contract }) => {
    const whole = { frames: ['a'], headers: ['h'], fingerprint: null, error: null, ...contract };
    const next = learn(known, runAt(0, { contract: whole, response_model: model }));
    known = JSON.parse(JSON.stringify(next.known)) as KnownContract; // as it comes back from the disk
    return next.changes.map(({ part, detail }) => `${part}: ${detail}`);
  });
}

const usual = Array.from({ length: learningRuns }, () => ({}));
const after = (...answers: Answer[]) => told(...usual, ...answers).slice(learningRuns);

test.each<[string, Answer[], string[][]]>([
  ['the same again', [{}, {}], [[], []]],
  ['a key that comes and stays', [{ frames: ['a', 'b'] }, { frames: ['a', 'b'] }], [['frame_shape: new key b'], []]],
  [
    'a key that comes and goes',
    [{ frames: ['a', 'b'] }, {}, { frames: ['a', 'b'] }],
    [['frame_shape: new key b'], [], []],
  ],
  ['a key that goes for good', [{ frames: [] }, { frames: [] }], [['frame_shape: no more key a'], []]],
  ['a header', [{ headers: ['h', 'via'] }], [['headers: new header via']]],
  [
    'another model, and back',
    [{ model: 'glm-5' }, {}],
    [['model: model glm-5 in place of glm-4.6'], ['model: model glm-4.6 in place of glm-5']],
  ],
  [
    'a fingerprint',
    [{ fingerprint: 'f1' }, {}, { fingerprint: 'f2' }],
    [[], [], ['fingerprint: fingerprint f2 in place of f1']],
  ],
  [
    'texts of a code',
    [
      { error: { code: '1', text: 'x' } },
      { error: { code: '2', text: 'y' } },
      { error: { code: '1', text: 'z' } },
      { error: { code: '1', text: 'x' } },
    ],
    [[], [], ['error_text: code 1 has another text'], []],
  ],
  ...['constructor', '__proto__', 'toString'].map((code): [string, Answer[], string[][]] => [
    `texts of the code ${code}`,
    ['x', 'x', 'y'].map(text => ({ error: { code, text } })),
    [[], [], [`error_text: code ${code} has another text`]],
  ]),
])('%s', (_, answers, expected) => {
  expect(after(...answers)).toEqual(expected);
});

test('what is optional is learnt before anything is told', () => {
  const changing = Array.from({ length: learningRuns }, (_, i) => ({ frames: ['a', ...(i % 2 ? ['usage'] : [])] }));
  expect(told(...changing, { frames: ['a'] }, { frames: ['a', 'usage'] }).flat()).toEqual([]);
});

test('what is known of a service that says something new every time stays small', () => {
  const wild = Array.from({ length: 500 }, (_, i) => ({
    ...{ frames: [`k${i}`], headers: [`h${i}`] },
    error: { code: `${i}`, text: `${i}` },
  }));
  let known: KnownContract | undefined;
  for (const contract of wild) known = learn(known, runAt(0, { contract: { fingerprint: null, ...contract } })).known;
  expect(JSON.stringify(known).length).toBeLessThan(16_384);
});

test.each([
  [
    '1308',
    'Usage limit reached for 5 hour. Your limit will reset at 2026-01-16 06:12:24',
    'hours',
    '2026-01-15T22:12:24Z',
  ],
  ['1310', '您已达到每周/每月使用上限，您的限额将在 2026-10-13 01:47:29 重置', 'days', '2026-10-12T17:47:29Z'],
  ['1317', 'no time', 'days', null],
  ['1317', '9999-99-99 99:99:99', 'days', null],
])('code %s with %j', (code, message, window, at) => {
  const call = callOf({ code }, { tape: { parts: bytes(JSON.stringify({ error: { code, message } })) } });
  expect(usedUpIn([call])).toEqual({ window, resets_at_ms: at === null ? null : Date.parse(at) });
});

test('other codes say nothing about windows', () => {
  const coded = ['1302', '', 'constructor', '__proto__', 'toString'].map(code => callOf({ code }));
  expect([[], [callOf()], ...coded.map(call => [call])].map(usedUpIn).filter(one => one !== null)).toEqual([]);
});
