import { expect, test } from 'vitest';
import { createMock } from '../../../src/mock-server/index.ts';
import { matchers } from '../../../src/mock-server/verdict/matchers.ts';
import { journal, refused, type Step } from './entries.ts';

const { toHaveReceivedChat, toHaveAborted, toHaveRetried, toBeResilient } = matchers;

const mock = (...steps: Step[]) => ({ journal: async () => journal(...steps) });

const limited = refused('1302', 429);
const gone: Step = { ending: 'client_gone', beats: 5, durationMs: 180 };

test.each<[string, ReturnType<typeof toHaveReceivedChat>, boolean]>([
  ['a chat came', toHaveReceivedChat(mock({})), true],
  ['none came', toHaveReceivedChat(mock({ method: 'GET', path: '/api/paas/v4/models' })), false],
  ['exactly two', toHaveReceivedChat(mock({}, {}), { times: 2 }), true],
  ['not two', toHaveReceivedChat(mock({}), { times: 2 }), false],
  ['none at all', toHaveReceivedChat(mock(), { times: 0 }), true],
  ['of a model', toHaveReceivedChat(mock({}, { model: 'glm-5' }), { model: 'glm-5', times: 1 }), true],
  ['streamed', toHaveReceivedChat(mock({}), { stream: false }), false],
  ['by a key’s id', toHaveReceivedChat(mock({}), { key: 'key' }), true],
  ['by a whole key', toHaveReceivedChat(mock({}), { key: 'key.secret' }), true],
  ['by another key', toHaveReceivedChat(mock({}), { key: 'other.secret' }), false],
  ['aborted', toHaveAborted(mock({}, gone)), true],
  ['not aborted', toHaveAborted(mock({})), false],
  ['aborted late enough', toHaveAborted(mock(gone), { afterChunk: 5 }), true],
  ['aborted too early', toHaveAborted(mock(gone), { afterChunk: 6 }), false],
  ['aborted in time', toHaveAborted(mock(gone), { withinMs: 200 }), true],
  ['aborted too late', toHaveAborted(mock(gone), { withinMs: 100 }), false],
  ['aborted twice', toHaveAborted(mock(gone, gone), { times: 2 }), true],
  ['retried', toHaveRetried(mock(limited, {})), true],
  ['not retried', toHaveRetried(mock(limited)), false],
  ['retried twice', toHaveRetried(mock(limited, limited, {}), { times: 2 }), true],
  ['retried after a code', toHaveRetried(mock(limited, {}), { after: '1302' }), true],
  ['retried after an outcome', toHaveRetried(mock(limited, {}), { after: 'rate_limited' }), true],
  ['retried after another code', toHaveRetried(mock(limited, {}), { after: '1305' }), false],
  ['resilient', toBeResilient(mock(limited, {})), true],
  ['not resilient', toBeResilient(mock(limited)), false],
])('%s', async (_, result, pass) => {
  expect((await result).pass).toBe(pass);
  expect((await result).message()).not.toBe('');
});

test('a failure lists what was received, one line per request', async () => {
  const result = await toHaveReceivedChat(mock({ faults: ['stall'] }, limited, gone), { model: 'glm-5', times: 2 });
  expect(result.message()).toMatchInlineSnapshot(`
    "expected 2 chat requests with model glm-5, found 0 among
      #1 POST /api/paas/v4/chat/completions glm-4.6 stream key key 200 ok 100 ms [stall]
      #2 POST /api/paas/v4/chat/completions glm-4.6 stream key key 429 1302 rate_limited 10 ms
      #3 POST /api/paas/v4/chat/completions glm-4.6 stream key key 200 aborted after 5 chunks 180 ms"
  `);
});

test('a key’s id is shortened', async () => {
  const result = await toHaveAborted(mock({ keyId: '0123456789abcdef0123456789abcdef' }));
  expect(result.message()).toContain(' key 01234567… ');
});

test('a long list keeps its end', async () => {
  const result = await toHaveAborted(mock(...Array.from({ length: 60 }, () => ({}))), { afterChunk: 2 });
  expect(result.message().split('\n')).toHaveLength(52);
  expect(result.message()).toMatch(
    /^expected at least 1 aborted requests with afterChunk 2, found 0 among\n {2}… 10 before\n/,
  );
});

test('the other way round says so', async () => {
  expect((await toHaveReceivedChat(mock({}))).message()).toMatch(
    /^expected other than at least 1 chat requests, found 1/,
  );
});

test.each([undefined, null, 'mock', {}])('%o is no mock, even under .not', async value => {
  await expect(toHaveReceivedChat(value)).rejects.toMatchObject({ code: 'not_a_mock' });
});

test.each([
  [toHaveReceivedChat, { modle: 'x' }, 'toHaveReceivedChat has no option modle; it has model, times, stream, key'],
  [toHaveAborted, { within: 5 }, 'toHaveAborted has no option within; it has afterChunk, times, withinMs'],
  [toHaveRetried, { code: '1302' }, 'toHaveRetried has no option code; it has after, times'],
  [toBeResilient, { failon: 'warn' }, 'the verdict has no option failon; it has failOn, width and nowMs,'],
] as const)('a misspelt option of %o would match everything, and is refused', async (matcher, wanted, message) => {
  await expect(matcher(mock({}), wanted as object)).rejects.toThrow(message);
});

test('a hang-up that the mock has not heard of yet is waited for', async () => {
  let looks = 0;
  const late = { journal: () => journal(++looks < 4 ? { ...gone, ending: 'open' } : gone) };
  expect((await toHaveAborted(late)).pass).toBe(true);
  expect(looks).toBe(4);
});

test('without anything open there is nothing to wait for', async () => {
  let looks = 0;
  const none = { journal: () => journal({}, { fingerprint: ++looks }) };
  expect((await toHaveAborted(none)).pass).toBe(false);
  expect(looks).toBe(1);
});

test('the verdict reads more than the journal keeps', async () => {
  const forgetful = { journal: () => journal({}), history: () => ({ entries: journal(limited), dropped: 9, lost: 0 }) };
  const { pass, message } = await toBeResilient(forgetful);
  expect(pass).toBe(false);
  expect(message()).toContain('10 requests');
});

expect.extend(matchers);

test('vitest takes them', async () => {
  const claims = expect(mock(limited, {})) as unknown as Record<keyof typeof matchers, (o?: unknown) => Promise<void>>;
  await claims.toHaveReceivedChat({ times: 2 });
  await claims.toHaveRetried({ after: '1302' });
  await claims.toBeResilient();
  await expect(claims.toHaveAborted()).rejects.toThrow('found 0 among');
});

test('a stream that was refused counts as a stream that was asked for', async () => {
  const { pass } = await toHaveReceivedChat(mock(limited), { stream: true });
  expect(pass).toBe(true);
});

test('a key of a mock is a room that the matchers look into', async () => {
  const whole = await createMock();
  try {
    const room = whole.key('spec-17');
    await fetch(`${room.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: room.apiKey },
      body: JSON.stringify({ model: 'glm-4.6', messages: [{ role: 'user', content: 'hi' }] }),
    });
    expect(await toHaveReceivedChat(room, { times: 1 })).toMatchObject({ pass: true });
    expect(await toHaveReceivedChat(whole.key('other'))).toMatchObject({ pass: false });
    expect(await toBeResilient(room)).toMatchObject({ pass: true });
  } finally {
    await whole.close();
  }
});
